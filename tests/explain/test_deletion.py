from pathlib import Path

import numpy as np
from tests.catalogs import QUICK_PHOTO, tiny_catalog

from sakka.cache import cache_folder
from sakka.catalog.works import Catalog, Work
from sakka.explain import explain
from sakka.explain.deletion import area, blurred, steps_of, without_cells, without_words
from sakka.explain.tokens import tokenized
from sakka.models.fused import FusedModel
from sakka.models.text.linear import LinearText


def test_cells_are_replaced_and_all_else_stays() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    hidden = blurred(pixels)
    gone = np.zeros((4, 4), dtype=np.bool_)
    gone[1, 2] = True
    left = without_cells(pixels, hidden, gone)
    np.testing.assert_array_equal(left[75:93, 130:150], hidden[75:93, 130:150])  # well inside of the cell
    np.testing.assert_array_equal(left[130:, :90], pixels[130:, :90])
    np.testing.assert_array_equal(without_cells(pixels, hidden, np.zeros((4, 4), np.bool_)), pixels)
    np.testing.assert_array_equal(without_cells(pixels, hidden, np.ones((4, 4), np.bool_)), hidden)


def test_words_are_taken_out_of_the_field_that_they_stand_in() -> None:
    work = Work("1", "Mori", title="rose and rose", description="a rose", category="c", photos=("x",))
    tokens = tokenized(work.title, work.description).tokens
    left = without_words(work, tokens, np.array([True, False, False, False, True]))
    assert left == Work("1", title="     and rose", description="a     ")


def test_each_step_takes_away_what_comes_next_and_the_last_takes_all() -> None:
    gone = steps_of(np.array([2, 0, 1]), 3, 6)
    assert [each.sum() for each in gone] == [0, 0, 1, 2, 2, 2, 3]
    assert gone[2].tolist() == [False, False, True]
    assert all((gone[step + 1] >= gone[step]).all() for step in range(6))
    assert area([1.0, 1.0, 0.0, 0.0]) == 0.5


def test_taking_away_what_is_named_first_lowers_the_probability_faster_than_by_lot(folder: Path) -> None:
    works = tiny_catalog(folder, creators=5, works=20)
    model = LinearText().fit(works.take(np.arange(60)))
    generator = np.random.default_rng(0)
    named, drawn = [], []
    for work in works.take(np.arange(60, 100)):
        found = explain(model, work)
        tokens = tokenized(work.title, work.description).tokens
        column = model.creators_.index(found.creator)
        shares = np.array([word.share for word in found.words])
        for areas, order in ((named, np.argsort(-shares)), (drawn, generator.permutation(len(tokens)))):
            steps = steps_of(order, len(tokens), len(tokens))
            texts = Catalog.from_works([without_words(work, tokens, gone) for gone in steps])
            areas.append(area(model.predict_proba(texts)[:, column]))
    assert np.mean(named) < 0.8 * np.mean(drawn)


def test_a_question_from_outside_leaves_nothing_in_the_cache(folder: Path) -> None:
    works = tiny_catalog(folder, creators=3, works=4)
    model = FusedModel(photo_settings={**QUICK_PHOTO, "dtype": "float32"}).fit(works.take(np.arange(9)))
    kept = {path: path.stat().st_size for path in cache_folder().rglob("*") if path.is_file()}
    asked = next(iter(works.take([10])))
    assert explain(model, asked, photo_root=works.photo_root).regions is not None
    assert {path: path.stat().st_size for path in cache_folder().rglob("*") if path.is_file()} == kept
