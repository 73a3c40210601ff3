"""The same for any model: what changes when a word is left out, or when a region of the photo is blurred away.

    share of a part = log(p_c / p_r) of the whole - log(p_c / p_r) of the work without the part

These effects need not add up to the log-odds: two words that say the same are each missed little. A region's blur is
that of the deletion curves (`deletion.py`), so that no edge is drawn that the photo does not have.
"""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image

from sakka.arrays import TINY, DoubleArray, FloatArray, Pixels, log_probabilities
from sakka.catalog.works import Catalog, Work
from sakka.explain.deletion import blurred, without_cells
from sakka.explain.tokens import TITLE, Token, tokenized
from sakka.explain.words import WordShare, word_share
from sakka.models.base import CreatorModel
from sakka.models.feature_model import EncodedTextModel, PhotoFeatureModel
from sakka.models.question import Question
from sakka.photos.held import HeldPhoto
from sakka.words import normalise

TEXTS_AT_ONCE = 256
CELLS = 7  # a side: 49 questions a photo


def words_left_out(model: CreatorModel, work: Work, creator: int, against: int) -> list[WordShare]:
    """The effect of leaving out each word of a text, in the order of the text."""
    tokens = tokenized(work.title, work.description).tokens
    texts = {True: normalise(work.title), False: normalise(work.description)}

    def without(token: Token) -> Work:
        title = token.field == TITLE
        text = texts[title]
        rest = {**texts, title: f"{text[: token.start]} {text[token.stop :]}"}
        return Work("without", title=rest[True], description=rest[False])

    whole = [Work("whole", title=texts[True], description=texts[False])]
    predict = text_predictor(model)
    found: list[WordShare] = []
    for start in range(0, len(tokens), TEXTS_AT_ONCE):
        some = tokens[start : start + TEXTS_AT_ONCE]
        asked = Catalog.from_works([*whole, *(without(token) for token in some)])
        odds = log_odds(predict(asked), creator, against)
        found += [word_share(token, share) for token, share in zip(some, (odds[0] - odds[1:]).tolist(), strict=True)]
    return found


def regions_left_out(
    model: CreatorModel, pixels: Pixels, creator: int, against: int, cells: int = CELLS
) -> DoubleArray:
    """The effect of blurring away each of `cells` x `cells` regions, shape (cells, cells)."""
    hidden = blurred(pixels)
    whole = np.zeros(cells * cells, dtype=np.bool_)
    asked = [pixels]
    for cell in range(cells * cells):
        mask = whole.copy()
        mask[cell] = True
        asked.append(without_cells(pixels, hidden, mask.reshape(cells, cells)))
    odds = log_odds(photo_predictor(model)(np.stack(asked)), creator, against)
    effects: DoubleArray = (odds[0] - odds[1:]).reshape(cells, cells)
    return effects


def log_odds(probabilities: FloatArray, creator: int, against: int) -> DoubleArray:
    """Log(p_c / p_r) of each row of probabilities, shape (n_works,)."""
    logarithms: DoubleArray = log_probabilities(probabilities[:, [creator, against]].astype(np.float64), TINY)
    return logarithms[:, 0] - logarithms[:, 1]


def photo_predictor(model: CreatorModel) -> Callable[[Pixels], FloatArray]:
    """What predicts from photos as pixels, shape (n, height, width, 3): the probabilities, (n, n_creators).

    A model that does not read a frozen network is asked about pictures in memory, one at a time, so that nothing of
    them enters a cache.
    """
    if isinstance(model, PhotoFeatureModel):
        return model.predict_pixels
    return lambda photos: _predict_one_by_one(model, photos)


def text_predictor(model: CreatorModel) -> Callable[[Catalog], FloatArray]:
    """What predicts from works of which only the texts count; of texts with words left out nothing enters a cache."""
    if isinstance(model, EncodedTextModel):
        return lambda works: model.predict_texts(works.texts)
    return model.predict_proba


def _predict_one_by_one(model: CreatorModel, photos: Pixels) -> FloatArray:
    return np.concatenate([model.predict_proba(Question.of_parts(_in_memory(photo)).works) for photo in photos])


def _in_memory(photo: Pixels) -> HeldPhoto:
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "PNG", compress_level=0)
    return HeldPhoto(buffer.getvalue())
