"""fastText through our model is the library called directly."""

import sys
from pathlib import Path

import fasttext
import numpy as np
import pytest

from sakka.catalog.works import Catalog, Work
from sakka.errors import MissingPartError, ModelError
from sakka.models.folder import load_model, save_model
from sakka.paper.models.fasttext import LABEL, FastText, write_training_file
from sakka.paper.models.segmented import segment

NAMES = ("花 屋", "__label__0", "Mori, Ken", "</s>")
SUBJECTS = ("rose garden", "sea storm", "月と猫", "刺繍の花")


def catalog(seed: int, works: int = 80) -> Catalog:
    random = np.random.default_rng(seed)
    common = ["a", "of", "the", "__label__3", "の", "を", "2"]
    texts = [f"{SUBJECTS[n % 4]} {' '.join(random.choice(common, 5))}" for n in range(works)]
    return Catalog.from_works([Work(str(n), NAMES[n % 4], text) for n, text in enumerate(texts)])


def test_answers_are_those_of_the_library_called_directly(folder: Path) -> None:
    train, test = catalog(0), catalog(1)
    ours = FastText(epoch=20, dim=10, seed=3).fit(train).predict_proba(test)
    write_training_file(folder / "train.txt", segment(train), train.creator_indices())
    library = fasttext.train_supervised(
        str(folder / "train.txt"), epoch=20, dim=10, seed=3, thread=1, label=LABEL, verbose=0
    )
    assert 0.3 < ours.max(axis=1).mean() < 0.999  # neither untrained nor beyond telling apart
    for row, words in enumerate(segment(test)):
        labels, probabilities = library.predict(" ".join(words), k=-1)
        theirs = np.zeros(4)
        theirs[[int(label[1:]) for label in labels]] = probabilities - 1e-5  # the library adds 1e-5 to each
        np.testing.assert_allclose(ours[row], theirs, atol=2e-6)


def test_a_saved_model_has_no_file_of_the_library_and_answers_the_same(folder: Path) -> None:
    model = FastText(epoch=5, dim=10).fit(catalog(0))
    save_model(model, folder / "model")
    names = {path.name for path in (folder / "model").rglob("*") if path.is_file()}
    assert names == {"manifest.json", "model.json", "tensors.safetensors", "words.txt"}
    assert (load_model(folder / "model", FastText).predict_proba(catalog(1)) == model.predict_proba(catalog(1))).all()


def test_without_the_library_there_is_a_line_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fasttext", None)
    with pytest.raises(MissingPartError, match=r"pip install .*\[paper\]"):
        FastText(epoch=1).fit(catalog(0))


def test_a_vocabulary_that_is_left_empty_is_an_error_of_ours() -> None:
    with pytest.raises(ModelError, match="min_count"):
        FastText(epoch=1, min_count=10_000).fit(catalog(0))


def test_a_learning_rate_that_the_library_can_not_bear_is_an_error_of_ours() -> None:
    with pytest.raises(ModelError, match="try another lr"):
        FastText(epoch=5, lr=1e30).fit(catalog(0))
