import json
from pathlib import Path

import numpy as np
import pytest
from tests.catalogs import tiny_catalog

from sakka.catalog.works import Catalog, Work
from sakka.cli import main


def run(
    arguments: list[object], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str]:
    monkeypatch.setattr("sys.argv", ["sakka", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        main()
    printed = capsys.readouterr()
    return int(caught.value.code or 0), printed.out + printed.err


def test_unknown_creators_are_told_by_what_they_write(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = next(path for path in tiny_catalog(folder / "photos", works=1).photo_paths if path is not None)
    generator = np.random.default_rng(0)
    words = [f"w{place}" for place in range(60)]
    works = [
        Work(
            f"{maker}-{number}",
            f"maker {maker}",
            " ".join(generator.choice(words[maker * 5 :][:5], 4)),
            photos=(str(photo),),
        )
        for maker in range(10)
        for number in range(12)
    ]
    Catalog.from_works(works).write(folder / "catalog")
    arguments = ["unknown-creators", folder / "catalog", "-o", folder / "out", "--photo-model", "dummy"]
    code, output = run(arguments, monkeypatch, capsys)
    assert code == 0, output
    results = json.loads((folder / "out" / "unknown-creators.json").read_text())
    areas = {each["model"]: each["value"] for each in results if each["measure"] == "auroc"}
    assert areas["fused"] > 0.9
    assert set(areas) == {"fused", "fused: title", "fused: photo and title"}  # the dummy reads no photo
    shares = [each["value"] for each in results if each["measure"] in ("refused", "named", "correct", "false_accepts")]
    assert all(share is None or 0 <= share <= 1 for share in shares)
    assert "AUROC" in (folder / "out" / "unknown-creators.md").read_text()


def test_too_few_creators_are_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_catalog(folder / "photos", works=2).write(folder / "catalog")
    code, output = run(["unknown-creators", folder / "catalog", "-o", folder / "out"], monkeypatch, capsys)
    assert code == 2
    assert "got 12 works of 12 that have both a photo and a text, by 6 creators, expected 10 creators or more" in output


def test_works_without_both_a_photo_and_a_text_are_named_as_what_is_lacking(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_catalog(folder / "photos", creators=12, works=2, without_photo=1, without_text=1).write(folder / "catalog")
    code, output = run(["unknown-creators", folder / "catalog", "-o", folder / "out"], monkeypatch, capsys)
    assert code == 2
    assert "got 0 works of 24 that have both a photo and a text, by 0 creators" in output
    assert "both are needed" in output
