"""How each creator fares: by the number of their works, by what a work has, and whom they are taken for."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from sakka.arrays import IntArray
from sakka.evaluation.display_names import model_words
from sakka.evaluation.figures import Cell, Figure, LeftOut, Table, standard_deviation, total
from sakka.evaluation.frame import EvaluatedRun, Predictor
from sakka.evaluation.metrics import Counts, count

TOP_PAIRS = 12
EXAMPLES = 2
MOST_IN_MATRIX = 30


def creators_table(run: EvaluatedRun) -> Table:
    """Works, precision, recall and F1 of every creator, the highest F1 first."""
    facts, columns = run.facts, run.compared
    rows_of = [run.of(each) for each in columns]
    pooled = [_counts(rows, facts.columns) for rows in rows_of]
    by_fold = [
        [_counts(fold, facts.columns) for fold in rows.sort("outer", maintain_order=True).partition_by("outer")]
        for rows in rows_of
    ]
    rows: list[tuple[Cell, ...]] = []
    for label in sorted(range(facts.columns), key=lambda label: (-pooled[0].f1[label], facts.creators[label])):
        creator = facts.creators[label]
        cells: list[Cell] = [creator, _works_figure(creator, [int(fold.works[label]) for fold in by_fold[0]])]
        for each, whole, folds in zip(columns, pooled, by_fold, strict=True):
            measures = ("precision", "recall", "f1") if each is columns[0] else ("recall",)
            cells += [_creator_figure(each, creator, label, name, [whole, *folds]) for name in measures]
        rows.append(tuple(cells))
    others = tuple(f"Recall, {model_words(each.model)}" for each in columns[1:])
    return Table(
        key="creators",
        title="Every creator",
        note=(
            "Precision, recall and F1, counted over all folds together, ± standard deviation of the fold figures. "
            "Recall is the share of a creator's works predicted correctly, "
            "precision the share of the works given that name that are theirs."
        ),
        head=("Creator", "Works", "Precision", "Recall", "F1", *others),
        rows=tuple(rows),
    )


def _counts(rows: pl.DataFrame, n_creators: int) -> Counts:
    return count(rows["label"].to_numpy(), rows["predicted"].to_numpy(), n_creators)


def _creator_figure(predictor: Predictor, creator: str, label: int, name: str, counts: Sequence[Counts]) -> Figure:
    whole, *folds = counts
    values = [float(getattr(fold, name)[label]) for fold in folds if fold.works[label] > 0]
    works, deviation = int(whole.works[label]), standard_deviation(values)
    made = Figure(predictor.model, predictor.row, f"{name} of {creator}", 0.0, deviation, works, len(values))
    return replace(made, value=float(getattr(whole, name)[label]), at=works)


def _works_figure(creator: str, by_fold: Sequence[int]) -> Figure:
    works = sum(by_fold)
    return Figure("catalog", "single", f"works of {creator}", works, standard_deviation(by_fold), works, len(by_fold))


def sizes_table(run: EvaluatedRun) -> Table:
    """The accuracy on the works of small and of large creators; the bands double in width."""
    works = np.bincount(run.facts.labels, minlength=run.facts.columns)
    rows: list[tuple[Cell, ...]] = []
    for low, high in bands(works):
        within = (works >= low) & (works < high)
        of_band = pl.col("label").is_in(np.flatnonzero(within).tolist())
        band, middle = f"{low}–{high - 1}", (max(low, works.min()) * min(high - 1, works.max())) ** 0.5
        figures = [run.accuracy_where(each, of_band, f"accuracy at {band} works") for each in run.compared]
        cells = (band, str(int(within.sum())), str(figures[0].n))
        rows.append((*cells, *(replace(each, at=float(middle)) for each in figures)))
    return Table(
        key="sizes",
        title="Accuracy by the number of a creator's works",
        note="Mean ± standard deviation over the outer folds of the accuracy on the works of the creators in a band.",
        head=("Works per creator", "Creators", "Works evaluated", *(model_words(each.model) for each in run.compared)),
        rows=tuple(rows),
    )


def bands(works: npt.NDArray[np.integer]) -> list[tuple[int, int]]:
    """Group creators by their number of works: from the smallest number on, each band twice as far as the last.

    Args:
        works: How many works each creator has, shape (n_creators,).

    Returns:
        The bands that hold a creator: first number, and the number past the last.

    >>> bands(np.array([50, 60, 130, 900]))
    [(50, 100), (100, 200), (800, 1600)]
    """
    low, found = max(1, int(works.min())), []
    while low <= int(works.max()):
        if ((works >= low) & (works < 2 * low)).any():
            found.append((low, 2 * low))
        low *= 2
    return found


def coverage(run: EvaluatedRun) -> Table | LeftOut:
    """The accuracy on works with both, with one and with neither of photo and text."""
    photo, text = pl.col("has_photo"), pl.col("has_text")
    cases = {
        "both photo and text": photo & text,
        "photo only": photo & ~text,
        "text only": ~photo & text,
        "neither": ~photo & ~text,
    }
    columns = run.compared
    works = run.of(columns[0])
    present = {words: case for words, case in cases.items() if works.select(case.any()).item()}
    if len(present) == 1:
        return LeftOut(
            "coverage", f"Every work has {next(iter(present))}, so there is no table of works that lack something."
        )
    rows: list[tuple[Cell, ...]] = []
    for words, case in present.items():
        figures = [run.accuracy_where(each, case, f"accuracy with {words}") for each in columns]
        rows.append((words, str(figures[0].n), *figures))
    return Table(
        key="coverage",
        title="Works that lack a photo or a text",
        note="Accuracy by what a work has. A model without what it reads answers with the creators' shares.",
        head=("Works with", "Works", *(model_words(each.model) for each in columns)),
        rows=tuple(rows),
    )


@dataclass(frozen=True)
class Confusion:
    """One creator whose works are given to another.

    Attributes:
        creator: Whose works they are, a column.
        predicted: Who was predicted instead, a column.
        works: How many works, over all folds.
        of: How many works of the creator were evaluated.
        examples: Rows of such works, those with a photo and then the most certain first.
        predicted_examples: Rows of works by the one predicted that were predicted correctly, in the same order.
    """

    creator: int
    predicted: int
    works: int
    of: int
    examples: tuple[int, ...]
    predicted_examples: tuple[int, ...]


def confusions(run: EvaluatedRun, top: int = TOP_PAIRS) -> list[Confusion]:
    """The pairs that the headline confuses most; among equals the larger share of the creator's works first.

    A creator who is predicted in several pairs has other works to compare in each, as far as there are enough.
    """
    rows = run.of(run.headline)
    most_certain = rows.sort(~pl.col("has_photo"), -pl.col("probability"), "work")
    examples = most_certain.group_by("label", "predicted", maintain_order=True).agg("work")
    found = {(label, predicted): tuple(works) for label, predicted, works in examples.iter_rows()}
    pairs = (
        rows.with_columns(of=pl.len().over("label"))
        .filter(~pl.col("correct"))
        .group_by("label", "predicted")
        .agg(pl.len().alias("works"), pl.col("of").first())
        .sort(-pl.col("works").cast(pl.Int64), "of", "label", "predicted")
    )
    seen: Counter[int] = Counter()
    made = []
    for label, predicted, works, of in pairs.head(top).iter_rows():
        theirs = found.get((predicted, predicted), ())
        start = seen[predicted] if seen[predicted] + EXAMPLES <= len(theirs) else 0
        seen[predicted] += EXAMPLES
        mistaken, compared = found[label, predicted][:EXAMPLES], theirs[start : start + EXAMPLES]
        made.append(Confusion(label, predicted, works, of, mistaken, compared))
    return made


@dataclass(frozen=True)
class ConfusionMatrix:
    """Whose works are given to whom.

    Attributes:
        creators: Columns of the predictions, those who are confused beside each other.
        counts: Works by each (row) that were given to each (column), over all folds, shape (n, n).
    """

    creators: tuple[int, ...]
    counts: IntArray


def confusion_matrix(run: EvaluatedRun, most: int = MOST_IN_MATRIX) -> ConfusionMatrix:
    """The creators with most wrong answers, to them or of their works, ordered by whom they are confused with.

    They are joined by average linkage, by how many of their works are given to the other of two, of the smaller number
    of works, and stand in the order of the tree's leaves.
    """
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    rows, n = run.of(run.headline), run.facts.columns
    counts = np.zeros((n, n), dtype=np.int64)
    np.add.at(counts, (rows["label"].to_numpy(), rows["predicted"].to_numpy()), 1)
    works = counts.sum(axis=1)
    wrong = works + counts.sum(axis=0) - 2 * counts.diagonal()
    shown = np.sort(np.argsort(-wrong, kind="stable")[: min(most, int((wrong > 0).sum()))])
    counts = counts[np.ix_(shown, shown)]
    if len(shown) > 2:
        fewer = np.maximum(1, np.minimum(works[shown][:, None], works[shown][None]))
        apart = 1 - np.minimum(1, (counts + counts.T) / fewer)
        np.fill_diagonal(apart, 0)
        order = leaves_list(linkage(squareform(apart), "average", optimal_ordering=True))
        shown, counts = shown[order], counts[np.ix_(order, order)]
    return ConfusionMatrix(tuple(shown.tolist()), counts)


def confusions_table(run: EvaluatedRun) -> Table:
    """The pairs of creators confused most often by what the run puts forward."""
    names, shown = run.facts.creators, run.headline
    works = run.of(shown)
    rows: list[tuple[Cell, ...]] = []
    for pair in confusions(run):
        creator, predicted = names[pair.creator], names[pair.predicted]
        confused = (pl.col("label") == pair.creator) & (pl.col("predicted") == pair.predicted)
        by_fold = works.group_by("outer").agg(confused.sum().alias("works")).sort("outer")["works"].to_list()
        wrong = total(shown.model, shown.row, f"named_count {creator} -> {predicted}", by_fold, pair.of)
        rows.append((creator, predicted, wrong, str(pair.of)))
    return Table(
        key="confusions",
        title="Who is taken for whom",
        note="The pairs with most works given to the wrong creator, over all folds.",
        head=("Creator", "Named instead", "Works", "Of the creator's works"),
        rows=tuple(rows),
    )
