"""The protocol of strangers: a fifth of the creators are held out, models are fitted on the others, scores compared.

In each of five divisions another fifth of the creators are strangers. The works of the others are parted 3:1:1; the
photo and the text model are fitted on the training part, the fusion is learned on the validation part, and every score
of `models/strangers.py` is taken on both test works and strangers' works.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sakka.analysis.figures import Table, results
from sakka.analysis.strangers import Parts, strangers_table
from sakka.errors import SplitError
from sakka.files import write_json, write_text
from sakka.models.base import FoldPrediction, Probabilities
from sakka.models.registry import make_model
from sakka.models.stacking import fit_fusion
from sakka.models.strangers import stranger_scores
from sakka.report.plain import markdown
from sakka.splits import Fold, IntArray, deal
from sakka.works import Catalog

DIVISIONS = 5
LEAST_CREATORS = 10


def judge_strangers(works: Catalog, photo_model: str, text_model: str, *, seed: int = 0) -> Table:
    """Run the protocol on the works that have both a photo and a text.

    Args:
        works: The works.
        photo_model: The photo model's name.
        text_model: The text model's name.
        seed: Divides the creators and the works.

    Raises:
        SplitError: There are fewer than `LEAST_CREATORS` creators.
    """
    works = works.take(np.flatnonzero(works.has_photo & works.has_text))
    creators = works.creators
    if len(creators) < LEAST_CREATORS:
        raise SplitError(f"got works by {len(creators)} creators, expected {LEAST_CREATORS} or more; use more works")
    places = works.creator_indices(creators)
    folds = [fold for fold, _ in divisions(places, len(creators), seed=seed)]
    answers = [list(make_model(name).predict_folds(works, folds, creators)) for name in (photo_model, text_model)]
    return strangers_table(
        [_scores(photo, text, places) for photo, text in zip(*answers, strict=True)],
    )


def write_strangers(table: Table, folder: Path) -> None:
    """Write a table as strangers.json and strangers.md."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "strangers.json", results([table]))
    write_text(folder / "strangers.md", markdown(table))


def divisions(places: IntArray, n_creators: int, *, seed: int) -> Iterator[tuple[Fold, IntArray]]:
    """Give for each division its fold, whose test part ends with the strangers' works, and the strangers.

    Args:
        places: Each work's creator as a column, shape (n_works,).
        n_creators: How many creators there are.
        seed: Divides the creators and the works.
    """
    group = deal(np.zeros(n_creators, dtype=np.int64), np.random.default_rng((seed, 5)), DIVISIONS)
    part = deal(places, np.random.default_rng((seed, 6)), DIVISIONS)
    for number in range(DIVISIONS):
        strange = group[places] == number
        train, validation, test = (np.flatnonzero(~strange & own) for own in (part > 1, part == 1, part == 0))
        rows = np.concatenate([test, np.flatnonzero(strange)])
        yield Fold(number, 0, train, validation, rows), np.flatnonzero(group == number)


def _scores(photo: FoldPrediction, text: FoldPrediction, places: IntArray) -> dict[str, Parts]:
    fold = photo.fold
    known = np.unique(places[fold.train])
    seen, read = (_known_only(np.concatenate([each.validation, each.test]), known) for each in (photo, text))
    n_validation, n_known = len(fold.validation), len(fold.validation) + int(np.isin(places[fold.test], known).sum())
    own = np.searchsorted(known, places[fold.validation])
    fusion = fit_fusion(seen[:n_validation], read[:n_validation], own)
    scores = stranger_scores(seen, read, fusion.predict(seen, read), own)
    cuts = [n_validation, n_known]
    return {name: (parts[0], parts[1], parts[2]) for name, each in scores.items() if (parts := np.split(each, cuts))}


def _known_only(table: Probabilities, known: IntArray) -> Probabilities:
    """Leave out the creators that nothing was learned of; rows sum to 1 again."""
    kept = table[:, known]
    normal: Probabilities = kept / kept.sum(axis=1, keepdims=True)
    return normal
