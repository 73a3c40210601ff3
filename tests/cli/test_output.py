"""Where nothing can be written, every command says so in one line, before it computes."""

import resource
from pathlib import Path

import pytest
from tests.catalogs import tiny_catalog
from tests.command import run

from sakka.cli.output import check_output, writing_to
from sakka.errors import CatalogError, SakkaError

BEFORE_THE_COMPUTING = (
    "fit {catalog} -o {output}",
    "experiment {catalog} -o {output}",
    "audit {catalog} -o {output}",
    "unknown-creators {catalog} -o {output}",
    "text-candidates {catalog} -o {output}",
    "tune {catalog} -o {output} --model text-linear",
    "labels {catalog} -o {output}",
    "demo -o {output}",
    "catalog build market -o {output}",
)


@pytest.mark.parametrize("command", BEFORE_THE_COMPUTING)
def test_an_output_that_cannot_be_written_is_one_line_before_the_catalog_is_even_read(
    folder: Path, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "letter.txt").write_text("mine")
    output = folder / "letter.txt" / "below"
    arguments: list[object] = list(command.format(catalog=folder / "none", output=output).split())
    code, _, error = run(arguments, monkeypatch, capsys)
    assert code == 2
    assert error == f"sakka: {output} can't be written to (Not a directory); give another --output\n"
    assert (folder / "letter.txt").read_text() == "mine"


def test_an_output_that_is_a_file_is_refused_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "letter.txt").write_text("mine")
    tiny_catalog(folder / "photos", creators=2, works=3).write(folder / "catalog")
    code, _, error = run(["audit", folder / "catalog", "-o", folder / "letter.txt"], monkeypatch, capsys)
    assert code == 2
    assert "letter.txt can't be written to (Not a directory)" in error


def test_a_folder_that_can_be_made_is_not_made_by_the_check(folder: Path) -> None:
    check_output(folder / "new" / "below")
    assert list(folder.iterdir()) == []


def test_what_can_not_be_written_later_is_the_same_line(folder: Path) -> None:
    line = r"out can't be written to \(No space left on device\); give another --output"
    with pytest.raises(SakkaError, match=line), writing_to(folder / "out"):
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("command", ["catalog build market -o {output}", "fit {catalog} -o {output}"])
def test_a_name_that_is_no_utf_8_is_one_line(
    folder: Path, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments: list[object] = list(command.format(catalog=folder / "none", output="out-\udcff").split())
    code, _, error = run(arguments, monkeypatch, capsys)
    assert (code, error) == (2, "sakka: 'out-\\udcff' is no UTF-8; choose another name\n")


def test_a_full_disk_is_one_line_before_and_after(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog = tiny_catalog(folder / "photos", creators=2, works=3)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
        code, _, error = run(["catalog", "build", "market", "-o", folder / "out"], monkeypatch, capsys)
        with pytest.raises(CatalogError, match="can't be written: File too large"):
            catalog.write(folder / "written")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (code, error) == (
        2,
        f"sakka: {folder / 'out'} can't be written to (File too large); give another --output\n",
    )


def test_an_error_line_is_bounded(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "works.csv").write_text(f"{'x' * 100_000},y\n")
    code, _, error = run(["catalog", "build", folder / "works.csv", "-o", folder / "out"], monkeypatch, capsys)
    assert code == 2
    assert "has no column for id or creator" in error
    assert len(error) < 1000
