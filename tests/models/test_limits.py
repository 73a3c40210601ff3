"""The limits between the answers: a hard rule, hand-counted limits, and how they follow the length of a text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sakka.arrays import IntArray
from sakka.catalog.works import Catalog, Work
from sakka.models.dummy import DummyModel
from sakka.models.held_out import Seen, cuts_of, held_out_views
from sakka.models.learning_limits import LEAST_WORKS, HeldOut, learn_limits, least_named
from sakka.models.limits import ViewLimits, decide, parts_of, views_of

NONE = "none of the known creators"
probabilities = st.floats(0, 1)


@given(probabilities, st.none() | probabilities, st.floats(0, 0.49), st.none() | probabilities)
def test_none_is_said_where_the_p_value_is_at_most_the_false_refusal_rate_and_nowhere_else(
    probability: float, p_value: float | None, rate: float, named_from: float | None
) -> None:
    answer, _ = decide(ViewLimits(200, 1.0, named_from), True, probability, p_value, rate)
    assert (answer == NONE) is (p_value is not None and p_value <= rate)
    assert decide(None, True, probability, p_value, rate)[0] != NONE


def test_a_model_without_limits_names_from_0_9_on_and_never_says_none() -> None:
    assert decide(None, True, 0.9, None) == ("named", "no threshold")
    assert decide(None, True, 0.89, None) == ("not sure enough", "no threshold")


def test_the_view_is_what_a_work_offers_of_what_is_read() -> None:
    works = Catalog.from_works(
        [
            Work("a", title="桜", description="髪飾り", photos=("a.png",)),
            Work("b", description="髪飾り"),
            Work("c", title=" ", photos=("c.png",)),
            Work("d", title="桜"),
        ]
    )
    there = parts_of(works)
    assert views_of(there * np.array([4, 1, 1])) == ["photos, title and description", "description", "photos", "title"]
    assert views_of(there) == ["photo, title and description", "description", "photo", "title"]
    assert views_of(there * np.array([0, 1, 1])) == ["title and description", "description", None, "title"]
    assert views_of(there * np.array([1, 0, 0])) == ["photo", None, "photo", None]


def test_works_are_asked_about_with_less_of_their_text_and_only_where_less_is_left() -> None:
    works = Catalog.from_works(
        [Work("a", title="桜", description="髪飾りです"), Work("b", title="革の財布"), Work("c")]
    )
    found = [(cut.rows.tolist(), cut.works.texts, cut.is_whole, cut.is_shortened) for cut in cuts_of(works)]
    assert found == [
        ([0, 1, 2], ["桜\n髪飾りです", "革の財布", ""], True, False),
        ([0, 1], ["", ""], True, False),
        ([0], ["桜"], False, False),
        ([0], ["髪飾りです"], False, False),
        ([0, 1], ["桜\n髪飾", "革の"], False, True),
        ([0, 1], ["桜\n髪", "革"], False, True),
    ]


def held_out(n: int, sureness: np.ndarray, amounts: np.ndarray, *, calibrated: bool = True) -> HeldOut:
    table = np.stack([sureness, 1 - sureness], axis=1).astype(np.float32)
    labels: IntArray = np.zeros(n, dtype=np.int64)
    return HeldOut(table, labels, amounts, is_calibrated=calibrated)


def test_a_view_of_few_works_has_no_limits() -> None:
    def learned(n: int) -> dict[str, ViewLimits]:
        return dict(learn_limits({"title": [held_out(n, np.linspace(0.5, 0.9, n), np.ones(n))]}))

    assert learned(LEAST_WORKS - 1) == {}
    assert learned(LEAST_WORKS)["title"].works == LEAST_WORKS


def test_what_is_too_sure_is_taken_at_a_temperature_unless_its_fusion_was_learned_so() -> None:
    labels = (np.arange(200) % 5 == 0).astype(np.int64)  # the first creator is right four times of five
    table = np.tile(np.float32([[0.99, 0.01]]), (200, 1))
    parts = {"title": [HeldOut(table, labels, np.ones(200))]}
    assert learn_limits(parts)["title"].temperature == pytest.approx(np.log(99) / np.log(4), rel=0.01)  # type: ignore[arg-type]
    learned = {"title": [HeldOut(table, labels, np.ones(200), is_calibrated=True)]}
    assert learn_limits(learned)["title"].temperature == 1.0  # type: ignore[arg-type]


def test_a_creator_is_named_from_where_95_in_100_are_correct_never_below_a_half_and_maybe_nowhere() -> None:
    everywhere = np.linspace(0.2, 0.9, 71, dtype=np.float32)
    assert least_named(everywhere, np.ones(71, dtype=np.bool_)) == pytest.approx(0.5, abs=0.011)
    assert least_named(everywhere, np.arange(71) % 2 == 0) is None
    assert least_named(everywhere[:18], np.ones(18, dtype=np.bool_)) is None  # one more wrong would be 18 of 19


def test_works_with_several_photos_are_also_asked_about_by_the_featured_one() -> None:
    several = Work("a", title="bow", photos=("1.png", "2.png"))
    works = Catalog.from_works([several, Work("b", photos=("3.png",)), Work("c", photos=("4.png", "5.png"))])
    cuts = [cut for cut in cuts_of(works) if cut.is_by_featured]
    assert [(cut.rows.tolist(), cut.works.photo_counts.tolist(), cut.works.texts) for cut in cuts] == [
        ([0, 2], [1, 1], ["bow", ""]),
        ([0], [1], [""]),
    ]


@pytest.mark.parametrize("read", [5, 1])
def test_each_question_about_a_held_out_work_counts_once(read: int) -> None:
    works = Catalog.from_works([Work("a", title="bow", photos=("1.png", "2.png")), Work("b", title="bag")])
    said = np.full((2, 2), 0.5, dtype=np.float32)
    photo = Seen(said, said, np.minimum(works.photo_counts, read))
    text = DummyModel().fit(Catalog.from_works([Work("x", creator="Mori"), Work("y", creator="Sato")]))
    found = held_out_views(works, np.zeros(2, np.int64), photo, text, lambda *given: given[1], is_learned=True)
    whole = {view: sum(len(part.labels) for part in parts if not part.is_shortened) for view, parts in found.items()}
    views = {"photos and title": 1, "photos": 1} if read > 1 else {}
    assert whole == {**views, "photo and title": 1, "photo": 1, "title": 2}
