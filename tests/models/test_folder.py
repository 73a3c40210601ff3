import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save
from tests.catalogs import tiny_catalog
from tests.killed import at_every_file_operation
from tests.model_folders import sign_anew

from sakka.catalog.works import Catalog
from sakka.cli import main
from sakka.errors import ModelError, ModelFolderError
from sakka.files import canonical_json, with_checksum
from sakka.models.adding_creators import extensible
from sakka.models.base import CreatorModel
from sakka.models.dummy import DummyModel
from sakka.models.folder import FORMAT_VERSION, changing_model, check_can_hold_model, load_model, save_model
from sakka.models.fused import FusedModel
from sakka.models.registry import make_model
from sakka.object_labels.table import LabelTable

SMALL_BYTES = 1500


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fused model with every kind of file in it: JSON, tensors, a long text, models inside."""
    folder = tmp_path_factory.mktemp("saved")
    works = tiny_catalog(folder / "photos")

    def labels(found: Catalog, threshold: float) -> LabelTable:
        vectors = np.random.default_rng(0).random((len(found), 92), dtype=np.float32)
        return LabelTable(tuple(found.ids), vectors)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sakka.paper.models.labels_lightgbm.find_labels", labels)
        settings = {"iterations": 2}
        save_model(FusedModel("labels-lightgbm", "dummy", photo_settings=settings).fit(works), folder / "model")
    return folder / "model"


@pytest.fixture
def model(saved: Path) -> Iterator[Path]:
    """The saved model, put back as it was after the test."""
    before = {path: path.read_bytes() for path in saved.rglob("*") if path.is_file()}
    yield saved
    for path in saved.rglob("*"):
        if not path.is_dir() and path not in before:
            path.unlink()
    for path, content in before.items():
        path.write_bytes(content)


def places_to_change(length: int) -> list[int]:
    return list(range(length)) if length <= SMALL_BYTES else [0, 1, 8, length // 3, length // 2, length - 2, length - 1]


def refused(folder: Path) -> str:
    with pytest.raises(ModelFolderError) as caught:
        load_model(folder)
    message = str(caught.value)
    assert "\n" not in message
    assert str(folder) in message
    return message


def exit_code_and_message(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[object, str]:
    monkeypatch.setattr("sys.argv", ["sakka", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
    return caught.value.code, capsys.readouterr().err


def test_every_kind_of_file_is_in_the_model(saved: Path) -> None:
    names = {path.relative_to(saved).as_posix() for path in saved.rglob("*") if path.is_file()}
    assert names == {
        "manifest.json",
        "model.json",
        "tensors.safetensors",
        "photo/model.json",
        "photo/tensors.safetensors",
        "photo/texts/lightgbm.txt",
        "text/model.json",
        "text/tensors.safetensors",
    }
    assert load_model(saved).name == "fused"


def test_a_model_with_any_byte_of_any_file_changed_is_refused(model: Path) -> None:
    for path in sorted(path for path in model.rglob("*") if path.is_file()):
        content = path.read_bytes()
        for place in places_to_change(len(content)):
            flipped = 0x80 if place % 3 == 0 else 0x01  # the first makes bytes that are not UTF-8
            path.write_bytes(content[:place] + bytes([content[place] ^ flipped]) + content[place + 1 :])
            assert "was changed" in refused(model), (path, place)
        path.write_bytes(content)
    load_model(model)


@pytest.mark.parametrize("change", [lambda content: content[:-1], lambda content: content + b"\n", lambda content: b""])
def test_a_file_made_shorter_or_longer_is_refused(model: Path, change: Any) -> None:
    for path in sorted(path for path in model.rglob("*") if path.is_file()):
        content = path.read_bytes()
        path.write_bytes(change(content))
        assert "was changed" in refused(model)
        path.write_bytes(content)


def test_the_command_line_refuses_a_changed_model_in_one_line_with_exit_code_2(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in sorted(path for path in model.rglob("*") if path.is_file()):
        content = path.read_bytes()
        path.write_bytes(content[:-3] + b"\xff" + content[-2:])
        code, message = exit_code_and_message(["identify", str(model), "--title", "桜"], monkeypatch, capsys)
        assert code == 2
        assert message.startswith("sakka: ")
        assert message.count("\n") == 1
        path.write_bytes(content)


@pytest.mark.parametrize("name", ["model.json", "photo/tensors.safetensors", "text/model.json", "manifest.json"])
def test_a_missing_file_is_refused(model: Path, name: str) -> None:
    (model / name).unlink()
    assert refused(model)


def test_a_new_file_is_refused(model: Path) -> None:
    (model / "photo" / "weights.pickle").write_bytes(b"cos\nsystem\n")
    assert "photo/weights.pickle is new" in refused(model)


def test_a_pipe_in_the_place_of_a_file_is_refused(model: Path) -> None:
    (model / "tensors.safetensors").unlink()
    os.mkfifo(model / "tensors.safetensors")
    assert "tensors.safetensors" in refused(model)
    (model / "tensors.safetensors").unlink()


MANIFESTS: list[Any] = [
    [],
    {},
    3,
    None,
    {"files": 3},
    {"format": FORMAT_VERSION},
    {"format": "one", "files": {}},
    {"format": None, "files": None},
    {"format": FORMAT_VERSION, "files": [["model.json", "0"]]},
    {"format": FORMAT_VERSION, "files": {"../model.json": "0"}},
]


@pytest.mark.parametrize("content", MANIFESTS, ids=str)
def test_a_manifest_that_was_written_by_hand_is_refused(model: Path, content: Any) -> None:
    whole = with_checksum(content) if isinstance(content, dict) else content
    (model / "manifest.json").write_text(canonical_json(whole))
    assert refused(model)


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a":' * 200_000, "1" * 10_000, "\x00", '{"sha256": "\\ud800"}'])
def test_json_that_is_deep_or_strange_is_refused(model: Path, text: str) -> None:
    (model / "manifest.json").write_text(text)
    assert refused(model)


DESCRIPTIONS: list[Any] = [
    [],
    {},
    {"name": "fused"},
    {"name": "os", "settings": {}},
    {"name": "dummy", "settings": {"command": "ls"}},
    {"name": "dummy", "settings": [], "creators": 3},
    {"name": "fused", "settings": {}, "creators": [], "values": {}, "texts": [], "children": ["../../outside"]},
    {"name": "fused", "settings": {}, "creators": [], "values": {}, "texts": [], "children": []},
    {"name": "dummy", "settings": {}, "creators": ["a"], "values": {}, "texts": ["../../secret"], "children": []},
]


@pytest.mark.parametrize("description", DESCRIPTIONS, ids=str)
def test_a_description_that_makes_no_sense_gives_one_line_even_when_signed(model: Path, description: Any) -> None:
    (model / "model.json").write_text(canonical_json(description))
    sign_anew(model)
    with pytest.raises(ModelError):
        load_model(model)


@pytest.mark.parametrize(
    "change", [lambda shares: shares * np.nan, lambda shares: shares / 0, lambda shares: shares[1:]]
)
def test_numbers_that_are_none_and_wrong_shapes_are_refused_even_when_signed(model: Path, change: Any) -> None:
    path = model / "text" / "tensors.safetensors"
    with np.errstate(divide="ignore"):
        path.write_bytes(save({name: change(array) for name, array in load(path.read_bytes()).items()}))
    sign_anew(model)
    with pytest.raises(ModelFolderError, match=r"model/text can't be read .*(no number|expected \(6 creators)"):
        load_model(model)


def test_loading_runs_nothing_from_the_folder(model: Path, folder: Path) -> None:
    traces = folder / "ran"
    evil = f"cposix\nsystem\n(S'touch {traces}'\ntR."
    for name in ("tensors.safetensors", "photo/texts/lightgbm.txt", "photo/tensors.safetensors"):
        before = (model / name).read_bytes()
        (model / name).write_text(evil)
        sign_anew(model)
        with pytest.raises(ModelError):
            load_model(model).predict_proba(Catalog.from_works([]))
        (model / name).write_bytes(before)
    assert not traces.exists()


@pytest.mark.parametrize("version", [FORMAT_VERSION - 1, FORMAT_VERSION + 1])
def test_a_folder_of_another_version_is_refused_with_what_to_do(model: Path, version: int) -> None:
    manifest = json.loads((model / "manifest.json").read_text())
    content = {**{key: value for key, value in manifest.items() if key != "sha256"}, "format": version}
    (model / "manifest.json").write_text(canonical_json(with_checksum(content)))
    expected = f"has format {version}, expected {FORMAT_VERSION}; fit and save the model again"
    assert refused(model).endswith(expected)


def test_a_model_of_another_class_is_refused(model: Path) -> None:
    with pytest.raises(ModelError, match="holds a fused model, expected dummy"):
        load_model(model, DummyModel)


def test_a_folder_with_other_things_is_not_overwritten(folder: Path) -> None:
    (folder / "letter.txt").write_text("mine")
    works = tiny_catalog(folder / "photos")
    for target, message in ((folder, "not a saved model"), (folder / "letter.txt", "is a file")):
        with pytest.raises(ModelFolderError, match=message):
            check_can_hold_model(target)
        with pytest.raises(ModelFolderError, match=message):
            save_model(DummyModel().fit(works), target)
    assert (folder / "letter.txt").read_text() == "mine"


def test_a_model_that_is_not_fitted_is_not_saved(folder: Path) -> None:
    with pytest.raises(ModelFolderError, match="not fitted"):
        save_model(DummyModel(), folder / "model")


def test_a_saved_model_takes_the_place_of_an_older_one(folder: Path) -> None:
    works = tiny_catalog(folder / "photos")
    save_model(DummyModel().fit(works), folder / "model")
    save_model(DummyModel().fit(works.take(range(7))), folder / "model")
    assert load_model(folder / "model").creators_ == works.take(range(7)).creators


@pytest.mark.parametrize("mapped", [False, True])
def test_a_model_that_is_saved_while_it_is_loaded_is_one_of_the_two(
    folder: Path, monkeypatch: pytest.MonkeyPatch, mapped: bool
) -> None:
    works = tiny_catalog(folder / "photos")
    old, new = (FusedModel("dummy", "dummy").fit(works.take(range(rows))) for rows in (7, len(works)))
    save_model(old, folder / "model")
    waiting = [new]

    def made(name: str, **settings: Any) -> CreatorModel:
        if waiting:  # the manifest and the description are read by now, the arrays are not
            save_model(waiting.pop(), folder / "model")
        return make_model(name, **settings)

    monkeypatch.setattr("sakka.models.folder.make_model", made)
    loaded = load_model(folder / "model", FusedModel, mapped=mapped)
    assert not waiting
    assert loaded.creators_ == new.creators_
    assert loaded.works_.tolist() == new.works_.tolist()
    assert loaded.manifest_sha256_ == load_model(folder / "model").manifest_sha256_


def test_who_changes_a_model_keeps_others_out_from_its_reading_to_its_saving(folder: Path) -> None:
    works = tiny_catalog(folder / "photos")
    save_model(make_model("text-linear").fit(works), folder / "model")
    with ThreadPoolExecutor(1) as pool:
        with changing_model(folder / "model") as model:
            with pytest.raises(ModelFolderError, match=r"another process is at work in .*model; wait"):
                changing_model(folder / "model").__enter__()
            saved = pool.submit(save_model, DummyModel().fit(works), folder / "model")
            extensible(model).remove_creator(model.creators_[0])
            assert not wait([saved], timeout=0.05).done
            assert len(load_model(folder / "model").creators_) == len(works.creators)
        saved.result(timeout=10)
    assert load_model(folder / "model").name == "dummy"
    assert sorted(path.name for path in folder.iterdir()) == ["model", "photos"]


def test_a_model_whose_changing_fails_stays_as_it_was(folder: Path) -> None:
    save_model(make_model("text-linear").fit(tiny_catalog(folder / "photos")), folder / "model")
    before = (folder / "model" / "manifest.json").read_bytes()
    with pytest.raises(ModelError, match="no creator is called 'Mori'"), changing_model(folder / "model") as model:
        extensible(model).remove_creator("Mori")
    assert (folder / "model" / "manifest.json").read_bytes() == before
    with pytest.raises(ModelFolderError, match="there is no folder"), changing_model(folder / "absent" / "model"):
        pass
    assert not (folder / "absent").exists()


def test_a_model_whose_saving_is_killed_anywhere_is_the_old_or_the_new_one(folder: Path) -> None:
    works = tiny_catalog(folder / "photos")
    old, new = (DummyModel().fit(works.take(range(rows))) for rows in (7, len(works)))
    save_model(old, folder / "model")
    found = set()
    for number in at_every_file_operation(lambda: save_model(new, folder / "model")):
        found.add(load_model(folder / "model").creators_)
        save_model(old, folder / "model")
        assert sorted(path.name for path in folder.iterdir()) == ["model", "photos"], number
    assert found == {old.creators_, new.creators_}


def test_a_folder_that_is_no_model_is_refused(folder: Path) -> None:
    (folder / "empty").mkdir()
    assert "not a saved model" in refused(folder / "empty")
    assert "there is no folder" in refused(folder / "missing")
