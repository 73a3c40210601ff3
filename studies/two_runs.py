"""Two runs of the same works, such as before and after a change: what the test parts say, work by work.

    python -m studies two_runs CATALOG BEFORE AFTER

BEFORE and AFTER are run folders of `sakka experiment` with the same split, CATALOG is what one of them was run on. Of
the first photo model and the first text model of each, and of the two fused:

    before, after     share of the works named correctly, ± is the standard deviation over the outer folds (n - 1)
    log-loss saved    nats a work, with the 95 % paired bootstrap interval over the works
    gain              in points, with its interval; the works are those that both runs evaluate
    gain, groups once the same where near-identical works count as one: each by the share of its group, drawn as one

A run of a version that looked at one photo a work can be BEFORE.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from sakka.arrays import DoubleArray, IntArray
from sakka.catalog.works import Catalog
from sakka.copies.groups import near_identical
from sakka.evaluation.aggregate import evaluate_run
from sakka.evaluation.frame import FUSED_LEARNED, FUSED_RATIO, Predictor, ensemble, single
from sakka.evaluation.open_run import open_run
from studies.figures import Figure, group_means, mean_interval

POINTS = 100
PHOTO, TEXT = "photo", "text"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("catalog", type=Path)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """A row for each predictor that both runs have."""
    works = Catalog.read(asked.catalog)
    groups = pl.DataFrame({"id": works.ids, "group": near_identical(works).groups})
    before, after = predicted(asked.before), predicted(asked.after)
    for row in (each for each in before if each in after):
        both = before[row].join(after[row], on="id", suffix="_after").join(groups, on="id").sort("id")
        yield from figures_of(row, both)


def predicted(folder: Path) -> dict[str, pl.DataFrame]:
    """Of each predictor of a run: each work's `id`, `outer` fold, and means of `correct` and `log_loss`."""
    with openable(folder) as path:
        run = open_run(path)
        evaluated = evaluate_run(run)
    ids = run.works.select("id").with_row_index("work")
    return {
        row: evaluated.of(predictor)
        .group_by("work", "outer")
        .agg(pl.col("correct", "log_loss").mean())
        .join(ids, on="work")
        for row, predictor in _predictors(evaluated.facts.fused)
    }


def _predictors(fused: tuple[str, str] | None) -> Iterator[tuple[str, Predictor]]:
    if fused is None:
        return
    for modality, model in zip((PHOTO, TEXT), fused, strict=True):
        yield f"{modality}, single models", single(model)
        yield f"{modality}, ensemble", ensemble(model)
    yield "fused, best ratio", FUSED_RATIO
    yield "fused, learned", FUSED_LEARNED


@contextmanager
def openable(folder: Path) -> Iterator[Path]:
    """A run folder that can be opened: of an earlier version, whose works had one photo, one that says so."""
    works = pl.read_parquet(folder / "works.parquet")
    if "photos" in works.columns:
        yield folder
        return
    with TemporaryDirectory() as made:
        for each in folder.iterdir():
            if each.name != "works.parquet":
                (Path(made) / each.name).symlink_to(each.resolve())
        works.with_columns(photos=pl.col("has_photo").cast(pl.Int64)).write_parquet(Path(made) / "works.parquet")
        yield Path(made)


def figures_of(row: str, both: pl.DataFrame) -> Iterator[Figure]:
    """The figures of one predictor.

    Args:
        row: The predictor.
        both: A row a work: `outer`, `correct`, `log_loss`, the same with `_after`, and `group`.
    """
    folds = both.group_by("outer").agg(pl.col("correct", "correct_after").mean()).sort("outer")
    yield Figure.over(row, "before", folds["correct"].to_list(), len(both))
    yield Figure.over(row, "after", folds["correct_after"].to_list())
    gains: DoubleArray = POINTS * (both["correct_after"] - both["correct"]).to_numpy()
    groups: IntArray = both["group"].to_numpy()
    yield mean_interval(row, "gain, points", gains)
    yield mean_interval(row, "gain, groups once", group_means(gains, groups))
    yield mean_interval(row, "log-loss saved", (both["log_loss"] - both["log_loss_after"]).to_numpy())
