import contextlib
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from lancedb.index import IvfSq
from tests.search.test_index import again

from sakka.catalog.works import Catalog, Work
from sakka.errors import SearchError
from sakka.search.enough import of_creators
from sakka.search.filters import Filters
from sakka.search.find import search, similar
from sakka.search.hits import by_creator, folded, fused
from sakka.search.index import Index
from sakka.search.recommend import _chosen, for_person, related_creators, similar_by_others


def test_similar_gives_the_order_of_exact_products_without_the_work_itself(index: Index, works: Catalog) -> None:
    rows = [row for row in index.rows(works.ids).values() if row["style"] is not None]
    own = np.float32(index.row("work-02-003")["style"])
    expected = sorted(rows, key=lambda row: -float(np.float32(row["style"]) @ own))
    hits = similar(index, "work-02-003", count=8)
    assert [hit.work.id for hit in hits] == [row["id"] for row in expected if row["id"] != "work-02-003"][:8]
    assert hits[0].score == pytest.approx(float(np.float32(expected[1]["style"]) @ own), abs=1e-4)


def test_one_maker_is_probable_for_works_of_the_maker_and_falls_with_the_score(index: Index) -> None:
    hits = similar(index, "work-02-003", count=29)
    chances = [hit.same_creator for hit in hits]
    assert all(chance is not None and 0 <= chance <= 1 for chance in chances)
    assert chances == sorted(chances, reverse=True)  # type: ignore[type-var]
    assert {hit.work.creator for hit in hits[:4]} == {"creator 02"}


def test_a_photo_from_outside_finds_what_the_work_of_the_photo_finds(index: Index) -> None:
    known = index.work("work-04-004")
    hits = similar(index, Work("outside", photos=known.photos), count=5)
    assert hits[0].work.id == known.id
    assert hits[0].score == pytest.approx(1, abs=1e-3)
    assert [hit.work.id for hit in hits[1:]] == [hit.work.id for hit in similar(index, known.id, count=4)]


def test_a_work_without_a_photo_is_compared_by_its_text(index: Index) -> None:
    hits = similar(index, "work-03-000", count=3)
    assert {hit.work.creator for hit in hits} == {"creator 03"}
    assert all(hit.same_creator is None for hit in hits)


def test_filters_and_other_creators_leave_no_other_works(index: Index) -> None:
    others = similar(index, "work-02-003", count=40, other_creators=True)
    assert "creator 02" not in {hit.work.creator for hit in others}
    period = Filters(after=datetime(2015, 1, 8), before=datetime(2015, 1, 15), creators=("creator 01", "creator 02"))
    found = similar(index, "work-02-003", count=40, filters=period)
    assert {hit.work.id for hit in found} == {"work-01-001", "work-02-001"}
    assert similar(index, "work-02-003", filters=Filters(categories=("it's",))) == []
    assert len(similar(index, "work-02-003", count=40, of_one_creator=1)) == 6


def test_an_unwanted_example_pushes_its_kind_down(index: Index) -> None:
    def rank(**more: list[str]) -> float:
        hits = similar(index, "work-01-003", like=["work-05-003"], count=40, **more)
        return float(np.mean([place for place, hit in enumerate(hits) if hit.work.creator == "creator 05"]))

    assert rank(unlike=["work-05-004"]) > rank()


def test_a_near_identical_work_is_folded_and_that_of_the_query_left_out(own_index: Index, works: Catalog) -> None:
    own_index.add(again(works, [works.ids.index("work-02-004")], "-copy"))
    hits = {hit.work.id: hit for hit in similar(own_index, "work-02-003", count=40)}
    both = {"work-02-004", "work-02-004-copy"} & set(hits)
    assert len(both) == 1
    assert {*both, *hits[both.pop()].near_identical} == {"work-02-004", "work-02-004-copy"}
    found = {hit.work.id for hit in similar(own_index, "work-02-004", count=40)}
    assert not found & {"work-02-004", "work-02-004-copy"}


def test_words_are_found_in_japanese_and_in_english(index: Index) -> None:
    assert {hit.work.creator for hit in search(index, "桜", count=3)} == {"creator 00"}
    assert {hit.work.creator for hit in search(index, "Silver wire", count=3)} == {"creator 03"}
    for hit in search(index, "桜", count=3, ways=("text",)):
        assert "桜" in hit.work.title + hit.work.description


def test_a_photo_beside_the_words_brings_its_style_forward(index: Index) -> None:
    def mean_place(**more: str) -> float:
        hits = search(index, "brooch コサージュ", count=36, **more)
        return float(np.mean([place for place, hit in enumerate(hits) if hit.work.creator == "creator 03"]))

    assert mean_place(photo="work-03-003") < mean_place()
    assert search(index, "brooch", photo="work-03-003")[0].same_creator is not None


def test_words_reach_a_work_whose_text_lacks_them_by_its_photo(own_index: Index, works: Catalog) -> None:
    silent = again(works, [works.ids.index("work-04-003")], "-silent").table
    photo = Catalog(silent).take([0])
    own_index.add(Catalog.from_works([Work("silent", photos=next(iter(photo)).photos)]))
    assert "silent" in {hit.work.id for hit in search(own_index, "レジン 貝殻 海", count=8, ways=("photo",))} | {
        each for hit in search(own_index, "レジン 貝殻 海", count=8, ways=("photo",)) for each in hit.near_identical
    }
    assert "silent" not in {hit.work.id for hit in search(own_index, "レジン 貝殻 海", count=40, ways=("text",))}


@pytest.mark.parametrize("words", ["", "  ", "☆！", "\x00"])
def test_a_query_without_a_word_is_refused(index: Index, words: str) -> None:
    with pytest.raises(SearchError, match="at least one word"):
        search(index, words)


@pytest.mark.parametrize("words", ['"花', "花 AND (", "title:花", "花*~^", "花" * 3000, "\ud800 花", "'; --"])
def test_a_strange_query_is_answered_or_refused_in_one_line(index: Index, words: str) -> None:
    with contextlib.suppress(SearchError):
        assert len(search(index, words, count=3)) == 3


@pytest.mark.parametrize("text", ["\ud800", "\x00", "\\", "'", "a" * 3000])
def test_strange_texts_are_answered_or_refused_in_one_line(index: Index, text: str) -> None:
    with pytest.raises(SearchError, match=r"^no work has the id [^\n]*$"):
        index.row(text)
    assert similar(index, "work-02-003", filters=Filters(creators=(text,), categories=(text,))) == []
    assert similar(index, Work("outside", title=text, description="桜"), count=1)
    assert index.remove([text]) == 0


def test_asking_with_nothing_is_refused(index: Index) -> None:
    with pytest.raises(SearchError, match="nothing to compare with"):
        similar(index)
    with pytest.raises(SearchError, match="no photo and no known word"):
        similar(index, Work("outside", title="zzzz"))
    with pytest.raises(SearchError, match="expected 1 or more"):
        similar(index, "work-01-001", count=0)
    with pytest.raises(SearchError, match="expected some of text, photo"):
        search(index, "花", ways=("smell",))


def test_a_filter_finds_all_its_works_though_they_are_in_no_partition_that_is_looked_at(
    own_index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_index.table.create_index("style", config=IvfSq(distance_type="l2", num_partitions=6))
    monkeypatch.setattr("sakka.search.lookup.PARTITIONS", 1)
    for creator in ("creator 00", "creator 04"):
        hits = similar(own_index, "work-02-003", count=10, filters=Filters(creators=(creator,)))
        assert [hit.work.creator for hit in hits] == [creator] * 5  # the first of six has no photo


def by_hand(index: Index, work: str, count: int, each: int) -> list[tuple[str, list[str]]]:
    """The creators of the works nearest to a work, each with its nearest works, from all products of vectors."""
    rows = index.rows(index.catalog().ids)
    own = np.array(rows[work]["style"])
    fits = {name: float(np.array(row["style"]) @ own) for name, row in rows.items() if row["style"] and name != work}
    best: dict[str, list[str]] = {}
    for name in sorted(fits, key=lambda name: -fits[name]):
        best.setdefault(rows[name]["creator"], []).append(name)
    return [(creator, names[:each]) for creator, names in list(best.items())[:count]]


@pytest.mark.parametrize(("count", "each"), [(6, 3), (2, 5), (3, 1)])
def test_works_by_creator_are_the_best_of_the_first_creators_though_one_creator_fills_what_is_fetched(
    index: Index, count: int, each: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sakka.search.enough.DEPTH", 2)
    monkeypatch.setattr("sakka.search.enough.DEEPER", 1)
    hits = similar(index, "work-02-003", count=count, of_one_creator=each, by_creator=True)
    found = [(name, [hit.work.id for hit in own]) for name, own in by_creator(hits)]
    assert found == by_hand(index, "work-02-003", count, each)


def test_words_by_creator_fill_three_works_of_each(index: Index) -> None:
    hits = search(index, "桜", count=4, by_creator=True)
    assert [len(own) for _, own in by_creator(hits)] == [3, 3, 3, 3]
    with pytest.raises(SearchError, match="expected 1 or more"):
        search(index, "桜", count=0, by_creator=True)


def test_words_by_creator_are_the_best_of_all_works_of_a_creator_in_their_order(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    best = {name: [hit.work.id for hit in own][:5] for name, own in by_creator(search(index, "桜 銀", count=36))}
    monkeypatch.setattr("sakka.search.find.CANDIDATES", 4)
    monkeypatch.setattr("sakka.search.enough.DEPTH", 2)
    hits = search(index, "桜 銀", count=2, of_one_creator=5, by_creator=True)
    found = {name: [hit.work.id for hit in own] for name, own in by_creator(hits)}
    assert len(found) == 2
    assert found == {name: best[name] for name in found}


def test_no_more_rows_are_asked_for_by_creator_than_are_ever_fetched(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    depths = []

    def fetch(depth: int, _filters: Filters) -> list[dict[str, object]]:
        depths.append(depth)
        return [{**row, "score": 1.0} for row in index.rows(index.catalog().ids[:6]).values()]

    of_creators(index, fetch, Filters(), 1, 10_000)
    assert depths == [120, 20_000]


def test_creators_that_have_enough_works_are_left_out_of_what_is_fetched_next(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = similar(index, "work-02-003", count=6, of_one_creator=1)
    monkeypatch.setattr("sakka.search.enough.DEPTH", 1)
    monkeypatch.setattr("sakka.search.enough.DEEPER", 1)
    monkeypatch.setattr("sakka.search.enough.MOST_FETCHED", 19)  # deeper than 18 is not looked
    assert [hit.work.id for hit in similar(index, "work-02-003", count=6, of_one_creator=1)] == [
        hit.work.id for hit in expected
    ]


def test_fusion_adds_reciprocal_ranks() -> None:
    rows = fused([(1.0, [{"id": "a"}, {"id": "b"}]), (2.0, [{"id": "b"}])])
    assert [(row["id"], row["score"]) for row in rows] == [
        ("b", pytest.approx(1 / 62 + 2 / 61)),
        ("a", pytest.approx(1 / 61)),
    ]


def test_rows_of_a_group_are_folded_into_the_first() -> None:
    blank = dict.fromkeys(("creator", "title", "description", "category", "created_at", "photos", "photos_sha256"))
    rows = [{**blank, "id": each, "near_identical": group, "score": 1} for each, group in ("ag", "bh", "cg", "dg")]
    hits = folded(rows)
    assert [(hit.work.id, hit.near_identical) for hit in hits] == [("a", ("c", "d")), ("b", ())]
    assert [(name, len(own)) for name, own in by_creator(hits)] == [(None, 2)]


def test_similar_works_by_others_are_by_different_other_creators(index: Index) -> None:
    creators = [hit.work.creator for hit in similar_by_others(index, "work-01-003", 4)]
    assert "creator 01" not in creators
    assert len(creators) == len(set(creators)) == 4


def test_a_person_gets_works_like_each_that_they_liked(index: Index) -> None:
    liked = ["work-01-003", "work-02-003"]
    hits = for_person(index, liked, 4)
    assert not {hit.work.id for hit in hits} & set(liked)
    assert {hit.work.creator for hit in hits} == {"creator 01", "creator 02"}
    with pytest.raises(SearchError, match="no works to recommend by"):
        for_person(index, [])


def test_variety_prefers_the_unlike_among_those_that_fit_alike() -> None:
    def row(each: str, score: float, style: list[float]) -> dict[str, object]:
        return {"id": each, "creator": each, "score": score, "style": style}

    rows = [row("a", 0.9, [1, 0]), row("b", 0.89, [1, 0]), row("c", 0.8, [0, 1])]
    assert _chosen(rows, 2, 1) == [0, 2]
    assert _chosen([{**each, "creator": "one"} for each in rows], 3, 2) == [0, 2]


def test_related_creators_are_ranked_with_probabilities_and_without_the_creator(index: Index) -> None:
    found = related_creators(index, "creator 01", 5)
    chances = [each.probability for each in found]
    assert {each.creator for each in found} == {f"creator 0{number}" for number in (0, 2, 3, 4, 5)}
    assert chances == sorted(chances, reverse=True)
    assert all(0 <= chance <= 1 for chance in chances)
    with pytest.raises(SearchError, match="near are creator 0"):
        related_creators(index, "creator 1")


def test_an_answer_does_not_write_to_the_feature_cache(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("written")

    monkeypatch.setattr("sakka.photos.store.PhotoCache.put", refuse)
    assert similar(index, Work("outside", photos=(str(Path(index.work("work-01-001").photos[0])),)))
