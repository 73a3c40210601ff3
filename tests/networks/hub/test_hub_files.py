"""Files of a hub, from a real server on the loopback interface."""

import json
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub
import pytest
from tests.networks.hub.tiny_hub import COMMIT, Repository, TinyHub, tiny_hub

from sakka.errors import ModelError, SakkaError, WeightsError
from sakka.networks.hub import files as hub_files_module
from sakka.networks.hub.files import HubFiles, hub_files
from sakka.networks.hub.revision import Revision, named_revision

CONFIG = b'{"model_type": "vit"}'
FILES = {
    "config.json": CONFIG,
    "preprocessor_config.json": b'{"size": 32}',
    "model.safetensors": bytes(range(256)) * 8,
    "pytorch_model.bin": b"a pickle",
    "modeling.py": b"print('a program')",
}
TOKEN = "hf_0123456789"


@pytest.fixture
def hub(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TinyHub]:
    """A hub with the repository tiny/vit, and an empty cache."""
    with tiny_hub() as hub:
        hub.repositories["tiny/vit"] = Repository(FILES)
        monkeypatch.setenv("SAKKA_CACHE", str(folder))
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield hub


def fetched(repository: str = "tiny/vit", commit: str = COMMIT) -> HubFiles:
    return hub_files(Revision(repository, commit), "photo")


def refusal(repository: str = "tiny/vit", commit: str = COMMIT, kind: type[SakkaError] = WeightsError) -> str:
    with pytest.raises(kind) as refused:
        fetched(repository, commit)
    said = str(refused.value)
    assert "\n" not in said
    assert TOKEN not in said
    return said


def test_settings_and_safetensors_are_fetched_once_and_nothing_else(hub: TinyHub) -> None:
    first = fetched()
    asked = len(hub.requests)
    assert sorted(path.name for path in first.folder.iterdir()) == [
        "config.json",
        "fetched.json",
        "model.safetensors",
        "preprocessor_config.json",
    ]
    assert first == fetched()
    assert len(hub.requests) == asked
    assert (first.licence, first.settings("config.json")) == ("apache-2.0", json.loads(CONFIG))
    assert hub.tokens == [f"Bearer {TOKEN}"] * asked
    assert not any("torch" in agent for agent in hub.agents)  # what else is installed here is not told


def test_shards_come_with_their_index(hub: TinyHub) -> None:
    names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    hub.repositories["tiny/vit"] = Repository(
        {"config.json": CONFIG, "model.safetensors.index.json": b"{}", **dict.fromkeys(names, b"weights")}
    )
    assert list(fetched().files) == sorted(["config.json", "model.safetensors.index.json", *names])


def test_a_changed_byte_is_refused(hub: TinyHub) -> None:
    kept = fetched()
    kept.check()
    weights = kept.folder / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[100] ^= 1
    weights.write_bytes(content)
    with pytest.raises(
        WeightsError, match=r"model.safetensors has SHA-256 \w+, expected \w+ as it was fetched; remove"
    ):
        fetched().check()
    weights.unlink()
    with pytest.raises(WeightsError, match="has SHA-256 no file"):
        fetched().check()


def test_a_damaged_list_of_files_is_refused(hub: TinyHub) -> None:
    (fetched().folder / "fetched.json").write_text("{}")
    assert "has no whole fetched.json" in refusal()


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("tiny/vit", "its main branch is at present hf:tiny/vit@0123456789abcdef"),
        ("tiny/vit@main", "got hf:tiny/vit@main, which can change; expected the 40 hexadecimal digits"),
        ("tiny/vit@v1.0", "/tiny/vit/commits/main"),
        ("tiny/gone@main", "/tiny/gone/commits/main"),
        ("../vit@main", "expected hf:REPOSITORY@COMMIT"),
        ("tiny/../vit@main", "expected hf:REPOSITORY@COMMIT"),
    ],
)
def test_what_names_no_commit_is_refused_with_the_commit_where_the_hub_knows_it(
    hub: TinyHub, what: str, said: str
) -> None:
    with pytest.raises(ModelError) as refused:
        named_revision(what)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((401, ""), "no such repository at http://127.0.0.1"),
        ((403, "GatedRepo"), "its terms are to be accepted (403)"),
        ((403, ""), "answered with 403"),
        ((503, ""), "answered with 503"),
    ],
)
def test_a_hub_that_refuses_is_told_in_one_line(hub: TinyHub, answer: tuple[int, str], said: str) -> None:
    hub.repositories["tiny/vit"].refusal = answer
    assert said in refusal()


def test_a_repository_or_commit_that_is_not_there_is_told(hub: TinyHub) -> None:
    assert "no such repository at" in refusal("tiny/gone")
    assert "no such commit (404)" in refusal(commit="f" * 40)


def test_pickled_weights_are_refused(hub: TinyHub) -> None:
    hub.repositories["tiny/vit"] = Repository({"config.json": CONFIG, "pytorch_model.bin": b"a pickle"})
    assert "its weights are pytorch_model.bin, which can hold a program; expected model.safetensors" in refusal(
        kind=ModelError
    )
    hub.repositories["tiny/vit"] = Repository({"config.json": CONFIG})
    assert "it has no weights" in refusal(kind=ModelError)
    assert not any("resolve" in request for request in hub.requests)


def test_too_large_weights_are_refused_before_they_are_fetched(hub: TinyHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_files_module, "MOST_WEIGHTS_BYTES", 2047)
    assert "have 2,048 bytes, expected at most 2,047" in refusal(kind=ModelError)
    assert not any("resolve" in request for request in hub.requests)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda content: content[:-1], "came cut off; try again"),
        (lambda content: content[:-1] + b"!", "model.safetensors came with other bytes than the hub announced"),
        (lambda content: content + b"!", "more than the 2,048 bytes that the hub announced"),
    ],
)
def test_a_file_that_comes_otherwise_than_announced_is_refused_and_not_kept(
    hub: TinyHub, change: object, said: str
) -> None:
    content = FILES["model.safetensors"]
    hub.repositories["tiny/vit"].sent["model.safetensors"] = change(content)  # type: ignore[operator]
    assert said in refusal()
    hub.repositories["tiny/vit"].sent.clear()
    fetched().check()


def test_another_answer_than_a_hub_gives_is_told(hub: TinyHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", f"{hub.address}/tiny/vit/resolve/main/config.json?")
    assert "does not answer as a hub does" in refusal()


def test_without_a_connection_the_line_says_so_and_what_was_fetched_is_used(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setenv("SAKKA_CACHE", str(folder))
    with tiny_hub() as hub:
        hub.repositories["tiny/vit"] = Repository(FILES)
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        before = fetched()
    assert fetched() == before
    assert f"no connection to {hub.address} (" in refusal("tiny/other")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert fetched() == before
    assert "not on this machine, and HF_HUB_OFFLINE is set" in refusal("tiny/other")
