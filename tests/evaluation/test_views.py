import numpy as np

from sakka.catalog.works import Catalog, Work
from sakka.evaluation.views import AS_THEY_ARE, outcomes_by_view, works_by_view
from sakka.models.fused import FusedModel
from sakka.models.limits import parts_of, views_of


def test_each_view_holds_the_works_that_have_all_of_it_and_nothing_else_of_them() -> None:
    works = Catalog.from_works(
        [Work("a", title="桜", description="髪飾り", photos=("a.png",)), Work("b", title="革"), Work("c")]
    )
    asked = {view: (rows.tolist(), views_of(parts_of(cut))) for view, rows, cut in works_by_view(works)}
    assert asked[AS_THEY_ARE] == ([0, 1], ["photo, title and description", "title"])
    assert asked["title"] == ([0, 1], ["title", "title"])
    for view in ("photo", "description", "photo and title", "photo, title and description"):
        assert asked[view] == ([0], [view])


def test_only_views_that_the_model_reads_and_that_have_works_are_measured() -> None:
    words = ("ume", "kiku")
    works = Catalog.from_works(
        Work(str(number), f"creator {number % 2}", words[number % 2], "") for number in range(60)
    )
    model = FusedModel().fit(works)
    found = outcomes_by_view(model, works)
    assert set(found) == {AS_THEY_ARE, "title"}
    assert found["title"].correct.all()
    assert not found["title"].has_p_values
    assert (found["title"].highest <= 1).all()
    np.testing.assert_array_equal(found["title"].named, found["title"].highest >= 0.9)  # too few works for limits
