"""Every command that reads a folder says what is wrong with one that is not there, is a file, or is an address."""

from pathlib import Path

import pytest
from tests.command import run

COMMANDS = {
    "fit": "fit {} -o out",
    "experiment": "experiment {} -o out",
    "audit": "audit {} -o out",
    "labels": "labels {}",
    "catalog show": "catalog show {}",
    "unknown-creators": "unknown-creators {} -o out",
    "tune": "tune {} -o out --model text-linear",
    "index build": "index build {} {} -o out",
    "describe": "describe {} --creator Mori",
    "identify": "identify {} --title brooch",
    "explain": "explain {} --title brooch",
    "creators list": "creators list {}",
    "model show": "model show {}",
    "creators add": "creators add {} new.csv",
    "creators remove": "creators remove {} Mori",
    "serve": "serve {} --port 0",
    "report": "report {}",
    "similar": "similar {} --work a",
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_folder_that_is_not_there_is_said_to_be_missing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, error = run(COMMANDS[name].format("nowhere", "nowhere").split(), monkeypatch, capsys)
    assert (code, out) == (2, "")
    assert error.startswith("sakka: there is no folder nowhere; expected")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_file_in_a_folder_s_place_is_said_to_be_one(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "works.csv").write_text("id,creator\n", encoding="utf-8")
    code, _, error = run(COMMANDS[name].format("works.csv", "works.csv").split(), monkeypatch, capsys)
    assert code == 2
    assert error.startswith("sakka: works.csv is a file; expected")


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "similar"])
def test_an_address_is_shown_as_it_was_given(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    address = "ftp://shop.example/works"
    code, _, error = run(COMMANDS[name].format(address, address).split(), monkeypatch, capsys)
    assert code == 2
    assert error.startswith(
        (f"sakka: {address} is no address of a folder: expected s3://", f"sakka: {address} is an addr")
    )


@pytest.mark.parametrize("command", ["fit catalog -o {}", "experiment catalog -o {}", "audit catalog -o {}"])
def test_nothing_is_written_to_a_folder_named_like_an_address(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    monkeypatch.setattr("sakka.remote.folder.TRIES", 1)
    code, _, error = run(command.format("s3://bucket/out").split(), monkeypatch, capsys)
    assert code == 2
    assert error.startswith("sakka: s3://bucket/out can't be ")
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "command", ["tune catalog -o {} --model text-linear", "search {} moon", "fit catalog -o {}", "serve {} --port 0"]
)
@pytest.mark.parametrize("password", ["secret", "a/secret", "a#b?secret", "a@secret"])
def test_a_password_in_an_address_is_never_shown(
    command: str, password: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, error = run(command.format(f"https://me:{password}@shop.example/out").split(), monkeypatch, capsys)
    assert code == 2
    assert "https://shop.example/out" in error
    assert "secret" not in out + error


def test_a_photo_s_address_is_not_taken_for_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from sakka import Catalog, Work, make_model
    from sakka.models.folder import save_model

    works = Catalog.from_works([Work("a", "Mori", "桜"), Work("b", "Sato", "革")])
    save_model(make_model("text-linear").fit(works), tmp_path / "model")
    arguments = ["identify", tmp_path / "model", "--photo", "https://shop.example/1.jpg"]
    code, _, error = run(arguments, monkeypatch, capsys)
    assert code == 2
    assert "https://shop.example/1.jpg is an address; give --fetch too to have it fetched" in error
    code, _, error = run(["explain", *arguments[1:]], monkeypatch, capsys)
    assert code == 2
    assert "https://shop.example/1.jpg is an address, and no photo is fetched; download it first" in error
