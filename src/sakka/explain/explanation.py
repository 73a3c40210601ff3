"""Why a work was given to a creator: what its words and the regions of its photos said against the runner-up.

    log(p_c / p_r) = photo + text + rest

Where the fusion is log-linear, learned or by a ratio, the log-odds of the fused model are a times those of the photo
model plus b times those of the text model plus a term a creator, so with `text-linear` and a frozen photo model with a
linear head every word and every region has an exact share; those of a work with several photos are weighted as the
model pools them. The rest is what no word and no region said: how much the creators list, the constant terms of both
models, and what vectors of the catalog said (`models/column.py`). Other models are asked again without each word and
without each region (`leaving_out.py`); what these effects leave of the log-odds goes to the rest as well.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt

from sakka.arrays import TINY, DoubleArray, Probabilities, top
from sakka.catalog.works import Catalog, Work
from sakka.errors import ModelError
from sakka.explain.names import label_of
from sakka.explain.words import WordShare, word_shares
from sakka.models.base import CreatorModel
from sakka.models.feature_model import PhotoFeatureModel, TextFeatureModel
from sakka.models.question import Question
from sakka.photos.held import HeldPhoto


class _RowsOfNumbers:
    """Tells pydantic, with which the API describes its answers, that an array is served as rows of numbers."""

    def __get_pydantic_core_schema__(self, _source: Any, handler: Any) -> Any:
        return handler.generate_schema(list[list[float]])


Regions = Annotated[npt.NDArray[np.float32], _RowsOfNumbers()]


@dataclass(frozen=True)
class Explanation:
    """What spoke for a creator and against another.

    Attributes:
        creator: The creator spoken for.
        against: The creator compared with; the runner-up unless another was asked for.
        probability: The model's probability of the creator, 0 to 1.
        against_probability: That of the other.
        log_odds: log(probability / against_probability), in nats.
        photo_share: The photos' part of it: the sum of `photo_shares`.
        text_share: The text's part of it: the sum over `words`.
        rest: What neither said; `photo_share + text_share + rest` is `log_odds`.
        words: The text's words in order, title first, with their shares.
        photo: Which photo spoke most, for or against, from 0; None without a photo.
        photo_shares: The share of each photo that is read, in nats, the featured one's first.
        regions: Shares over that photo, squashed, in nats, float32, shape (rows, columns); they sum to the photo's
            share. None without a photo.
        exact_words: Whether the words' shares are the model's own terms and not the effect of leaving a word out.
        exact_regions: The same for the regions.
    """

    creator: str
    against: str
    probability: float
    against_probability: float
    log_odds: float
    photo_share: float
    text_share: float
    rest: float
    words: tuple[WordShare, ...]
    photo: int | None
    photo_shares: tuple[float, ...]
    regions: Regions | None
    exact_words: bool
    exact_regions: bool

    def strongest_words(self, count: int = 5, *, speaking_for: bool = True) -> list[tuple[str, float]]:
        """The words that spoke most for the creator, or against, each once with the sum of its shares.

        Args:
            count: How many at most.
            speaking_for: False: those that spoke against.
        """
        sums: dict[str, float] = {}
        for word in self.words:
            name = word.text.casefold()
            sums[name] = sums.get(name, 0.0) + word.share
        sign = 1.0 if speaking_for else -1.0
        ordered = sorted((item for item in sums.items() if sign * item[1] > 0), key=lambda item: -sign * item[1])
        return ordered[:count]


def explain(
    model: CreatorModel,
    asked: Question | Work,
    *,
    creator: str | None = None,
    against: str | None = None,
    photo_root: Path | None = None,
) -> Explanation:
    """Say which words and which regions of the photo spoke for a creator and against another.

    Args:
        model: Any fitted model; a fused one is explained by its two models.
        asked: The work; its own creator is not looked at.
        creator: Whom to speak for; None: the most probable creator.
        against: Whom to compare with; None: the most probable of the others.
        photo_root: The folder that a `Work`'s relative photo paths start at.

    Raises:
        ModelError: A creator is unknown to the model, both are the same, the model knows fewer than two, or the work
            has nothing that the model reads.
        PhotoError: The photo can't be read.
    """
    question = asked if isinstance(asked, Question) else Question.of_work(asked, photo_root)
    works = question.works
    model.check_can_read(works)
    probabilities = model.predict_proba(works)[0]
    chosen, other = _pair(model, probabilities, creator, against)
    shares = model.part_shares(works, chosen, other)
    if not shares and not model.kept_columns:
        raise ModelError(f"the model {model.name} reads nothing of a work; explain a model that does")
    words: list[WordShare] = []
    maps: list[DoubleArray] = []
    exact_words = exact_regions = True
    for name, factor in shares.items():
        reader = model.reader(name)
        assert reader is not None
        if name == "text":
            words, exact_words = _words(reader, factor, question.work, chosen, other)
        else:
            maps, exact_regions = _regions(reader, factor, works, chosen, other)
    log_odds = float(np.log(max(float(probabilities[chosen]), TINY) / max(float(probabilities[other]), TINY)))
    photo_shares = tuple(float(each.sum()) for each in maps)
    photo_share = float(sum(photo_shares))
    strongest = int(np.argmax(np.abs(photo_shares))) if maps else None
    text_share = float(sum(word.share for word in words))
    return Explanation(
        creator=model.creators_[chosen],
        against=model.creators_[other],
        probability=float(probabilities[chosen]),
        against_probability=float(probabilities[other]),
        log_odds=log_odds,
        photo_share=photo_share,
        text_share=text_share,
        rest=log_odds - photo_share - text_share,
        words=tuple(words),
        photo=strongest,
        photo_shares=photo_shares,
        regions=None if strongest is None else maps[strongest].astype(np.float32),
        exact_words=exact_words,
        exact_regions=exact_regions,
    )


def _pair(
    model: CreatorModel, probabilities: Probabilities, creator: str | None, against: str | None
) -> tuple[int, int]:
    """The columns of the creator and of the one compared with."""
    if len(model.creators_) < 2:
        raise ModelError("the model knows one creator only, so there is nobody to compare with")
    order = top(probabilities).tolist()
    other = None if against is None else label_of(model.creators_, against)
    chosen = next(label for label in order if label != other) if creator is None else label_of(model.creators_, creator)
    if other is None:
        other = next(label for label in order if label != chosen)
    if chosen == other:
        raise ModelError(f"{creator} can't be compared with itself; name another creator to compare with")
    return chosen, other


def _words(reader: CreatorModel, factor: float, work: Work, creator: int, against: int) -> tuple[list[WordShare], bool]:
    """The words' shares times the factor, and whether they are exact."""
    from sakka.explain.leaving_out import words_left_out

    exact = isinstance(reader, TextFeatureModel)
    if isinstance(reader, TextFeatureModel):
        words, _ = word_shares(reader, work, creator, against)
    else:
        words = words_left_out(reader, work, creator, against)
    return [replace(word, share=factor * word.share) for word in words], exact


def _regions(
    reader: CreatorModel, factor: float, works: Catalog, creator: int, against: int
) -> tuple[list[DoubleArray], bool]:
    """The shares of the regions of each photo that is read times the factor, and whether they are exact.

    A model that does not say how it pools photos is asked about each alone, and they count alike.
    """
    from sakka.explain.leaving_out import regions_left_out
    from sakka.explain.regions import has_maps, region_shares
    from sakka.networks.backbones import INPUT_PX
    from sakka.networks.features import photo_pixels

    (photos,) = works.every_photo
    read = photos[: max(1, reader.photos_read)]
    weights = reader.photo_weights(works) if isinstance(reader, PhotoFeatureModel) else [1 / len(read)] * len(read)
    exact = isinstance(reader, PhotoFeatureModel) and has_maps(reader)
    maps: list[DoubleArray] = []
    for photo, weight in zip(read, weights, strict=True):
        assert isinstance(photo, HeldPhoto)
        if weight == 0 and maps:
            shares = np.zeros_like(maps[0])
        elif isinstance(reader, PhotoFeatureModel) and exact:
            shares, _ = region_shares(reader, photo, creator, against)
        else:
            shares = regions_left_out(reader, photo_pixels(photo, INPUT_PX), creator, against)
        maps.append(factor * weight * shares)
    return maps, exact
