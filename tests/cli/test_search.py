import json
import shutil
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len
from tests.catalogs import QUICK_PHOTO, tiny_catalog
from tests.command import run

from sakka.catalog.works import Catalog, Work
from sakka.cli import main
from sakka.models.folder import save_model
from sakka.models.fused import FusedModel


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("find")
    works = tiny_catalog(root / "photos", creators=4, works=5)
    works.write(root / "catalog")
    tiny_catalog(root / "more-photos", creators=4, works=2, seed=3).take([0]).write(root / "more")
    save_model(FusedModel(photo_settings=QUICK_PHOTO).fit(works), root / "model")
    with pytest.MonkeyPatch.context() as patch:
        built = ["index", "build", root / "catalog", root / "model", "-o", root / "index"]
        patch.setattr("sys.argv", ["sakka", *map(str, built)])
        with pytest.raises(SystemExit) as caught:
            main()
        assert not caught.value.code
    return root


def test_an_index_of_works_without_photos_counts_them_and_its_hint_can_be_copied(
    built: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_catalog(folder / "photos", creators=2, works=2, without_photo=2).write(folder / "catalog")
    arguments = ["index", "build", folder / "catalog", built / "model", "-o", folder / "my index"]
    code, out, _ = run(arguments, monkeypatch, capsys)
    assert code == 0
    assert "style learned from 0 photos by 0 creators" in out
    assert f"try: sakka similar '{folder / 'my index'}' --work work-00-000" in out


def test_a_table_of_similar_works_fits_into_80_columns(
    built: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(["similar", built / "index", "--work", "work-02-003", "--top", 3], monkeypatch, capsys)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert len(lines) == 4
    assert "same creator" in lines[0]
    assert "creator 02" in lines[1]
    assert all(cell_len(line) <= 80 for line in lines)


def test_kept_columns_are_shown_and_limit_what_is_found(
    built: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    works = Catalog.read(built / "catalog")
    kept = [Work(**{**vars(work), "kept": {"price": 100 * place, "note": "x"}}) for place, work in enumerate(works)]
    Catalog.from_works(kept, works.photo_root).write(folder / "catalog")
    arguments = ["index", "build", folder / "catalog", built / "model", "-o", folder / "index"]
    assert run(arguments, monkeypatch, capsys)[0] == 0
    asked = ["similar", folder / "index", "--work", "work-02-003", "--filter", "price=500..900"]
    code, out, _ = run(asked, monkeypatch, capsys)
    lines = out.splitlines()
    assert code == 0
    assert lines[0].split() == ["work", "creator", "title", "price", "same", "creator"]
    assert all(cell_len(line) <= 80 for line in lines)
    found = json.loads(run([*asked, "--json"], monkeypatch, capsys)[1])
    assert sorted(each["work"]["kept"]["price"] for each in found) == [500, 600, 700, 800, 900]
    code, _, error = run([*asked[:-1], "cost=5"], monkeypatch, capsys)
    assert code == 2
    assert "the index keeps no column 'cost'; it keeps price, note" in error


def test_json_of_a_search_can_be_read_by_a_program(
    built: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(["search", built / "index", "桜 ブローチ", "--json", "--top", 2], monkeypatch, capsys)
    found = json.loads(out)
    assert code == 0
    assert len(found) == 2
    assert found[0]["work"]["creator"] == "creator 00"
    assert found[0]["same_creator"] is None


def test_results_can_be_grouped_by_creator(
    built: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["similar", built / "index", "--work", "work-02-003", "--by-creator", "--other-creators", "--top", "15"]
    code, out, _ = run(arguments, monkeypatch, capsys)
    assert code == 0
    titles = [line for line in out.splitlines() if line.startswith("creator ")]
    assert sorted(titles) == ["creator 00", "creator 01", "creator 03"]


def test_recommendations_come_for_a_work_a_person_and_a_creator(
    built: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for how in (["--work", "work-01-001"], ["--liked", "work-01-001", "--liked", "work-02-001"]):
        code, out, _ = run(["recommend", built / "index", *how, "--json"], monkeypatch, capsys)
        assert code == 0
        assert json.loads(out)
    code, out, _ = run(["recommend", built / "index", "--creator", "creator 01"], monkeypatch, capsys)
    assert code == 0
    assert "creator 0" in out


def test_works_are_added_and_removed(
    built: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(built / "index", folder / "index")
    code, out, _ = run(["index", "remove", folder / "index", "work-00-000", "none"], monkeypatch, capsys)
    assert (code, out) == (0, "1 work removed, 1 not found; the index holds 19\n")
    code, out, _ = run(["index", "add", folder / "index", built / "more"], monkeypatch, capsys)
    assert (code, out) == (0, "1 work added, 0 replaced; the index holds 20\n")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["similar", "{}", "--work", "a"], "is not an index"),
        (["similar", "{}/index", "--work", "work-02-03"], "near are work-02-003"),
        (["similar", "{}/index"], "nothing to compare with"),
        (["similar", "{}/index", "--work", "a", "--title", "b"], "give one of the two"),
        (["search", "{}/index", "☆"], "at least one word"),
        (["recommend", "{}/index"], "give one of"),
        (["recommend", "{}/index", "--creator", "creator 9"], "no creator is called"),
        (["similar", "{}/index", "--photo", "{}/none.png"], "none.png"),
        (["index", "build", "{}/catalog", "{}/none", "-o", "{}/i"], "there is no folder"),
    ],
)
def test_an_error_is_one_line_and_exit_code_2(
    built: Path,
    arguments: list[str],
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, err = run([each.format(built) for each in arguments], monkeypatch, capsys)
    assert (code, out) == (2, "")
    assert line in err
    assert err.count("\n") == 1


def test_a_missing_part_is_named_with_the_command_that_adds_it(
    built: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "lancedb", None)
    code, _, err = run(["similar", built / "index", "--work", "work-02-003"], monkeypatch, capsys)
    assert code == 2
    assert "[index]' adds it" in err
