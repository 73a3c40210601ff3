"""An index with a text encoder: 「くじら」 is found by "whale", which no list of words of the project has."""

from pathlib import Path
from typing import Any

import pytest
from tests.networks.tiny_text_encoders import offer_text_encoders

from sakka.catalog.works import Catalog, Work
from sakka.errors import ModelError, SearchError
from sakka.search.find import search
from sakka.search.index import Index

TITLES = ("くじらのブローチ", "猫のブローチ", "桜のコサージュ", "月のブローチ", "革のコサージュ", "", "丸いブローチ")


@pytest.fixture(autouse=True)
def _glossary(monkeypatch: pytest.MonkeyPatch) -> None:
    offer_text_encoders(monkeypatch)


def listed(*titles: str) -> Catalog:
    return Catalog.from_works(Work(f"work-{title}", "Mori", title) for title in titles)


@pytest.fixture
def spoken(model_folder: Path, folder: Path) -> Index:
    """An index of seven works by their texts alone."""
    return Index.build(folder / "spoken", listed(*TITLES), model_folder, text_encoder="glossary")


def found(index: Index, words: str, **asked: Any) -> list[str]:
    return [hit.work.title for hit in search(index, words, **asked)]


def test_words_of_another_language_find_the_works_that_mean_the_same(spoken: Index, model_folder: Path) -> None:
    assert found(spoken, "whale")[0] == "くじらのブローチ"
    assert found(spoken, "cherry blossom")[0] == "桜のコサージュ"
    plain = Index.build(Path(spoken.address).parent / "plain", listed(*TITLES), model_folder)
    assert found(plain, "whale") == []


def test_words_of_the_works_own_language_still_decide(spoken: Index) -> None:
    assert found(spoken, "丸いブローチ")[0] == "丸いブローチ"
    assert found(spoken, "月 whale")[:2] in (["月のブローチ", "くじらのブローチ"], ["くじらのブローチ", "月のブローチ"])


def test_a_search_by_photo_alone_reads_no_text(spoken: Index) -> None:
    assert found(spoken, "whale", ways=("photo",)) == []


def test_added_works_are_found_in_another_language_too(spoken: Index) -> None:
    spoken.remove([f"work-{TITLES[0]}"])
    assert "くじらのブローチ" not in found(spoken, "whale")
    spoken.add(listed("小さなくじら"))
    assert found(Index.open(spoken.address), "whale")[0] == "小さなくじら"


def test_the_index_notes_its_encoder_and_a_work_without_text_has_no_vector(spoken: Index) -> None:
    noted = Index.open(spoken.address).info["text_encoder"]
    assert (noted["encoder"], noted["key"], noted["sha256"]) == ("glossary", "glossary-1", "2" * 64)
    assert spoken.row("work-")["meaning"] is None


def test_an_index_without_an_encoder_is_as_it_was(index: Index) -> None:
    assert "text_encoder" not in index.info
    assert "meaning" not in index.table.schema.names


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("missing", "the index has texts through the encoder glossary, but .*No module named 'glossary'"),
        ("OtherGlossary", "the index has texts through glossary-1, and here the encoder glossary is glossary-2"),
    ],
)
def test_an_encoder_that_is_gone_or_another_is_told_in_one_line_when_it_is_needed(
    spoken: Index, monkeypatch: pytest.MonkeyPatch, function: str, said: str
) -> None:
    offer_text_encoders(monkeypatch, glossary=function)
    opened = Index.open(spoken.address)
    assert found(opened, "月", ways=("photo",)) == []
    with pytest.raises(SearchError, match=said):
        search(opened, "whale")
    with pytest.raises(SearchError, match=said):
        opened.add(listed("小さなくじら"))


def test_a_text_encoder_that_is_not_known_is_refused_before_any_work(model_folder: Path, folder: Path) -> None:
    with pytest.raises(ModelError, match="no text encoder is called 'runes'"):
        Index.build(folder / "index", listed(*TITLES), model_folder, text_encoder="runes")
    assert not (folder / "index").exists()
