"""New creators without fitting again: `FusedModel.add_creators` beside a model fitted anew with the same works.

    python -m benchmarks.new_creators CATALOG [-o FOLDER] [--divisions 0 1 2 3 4]

Protocol: in each of five divisions another fifth of the creators with `LEAST_WORKS` works or more are new. The works of
the others are parted 4:1 into training and test; a fused model is fitted on the training part. Then 1, 5, 10 and 20
works of each new creator are added, all new creators at once, and beside it a model is fitted anew on the training part
and the same works. Both name the creators of the known creators' test works and of what is left of the new creators'
works from the 21st on, so that each number of works is judged on the same ones.

Recall is the mean over the new creators of the share of their works that are named rightly.
"""

import argparse
import copy
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sakka.arrays import IntArray
from sakka.catalog.splits import deal
from sakka.catalog.works import Catalog
from sakka.files import write_json
from sakka.models.fused import FusedModel

DIVISIONS = 5
SIZES = (1, 5, 10, 20)
LEAST_WORKS = 30
SEED = 0


@dataclass(frozen=True)
class Division:
    """Which works are for what.

    Attributes:
        number: Which division it is.
        new: The new creators.
        train: Works of the known creators to learn from, rows.
        known: Their test works, rows.
        strange: The new creators' test works, rows.
        order: The works of each new creator that may be added, by chance, shape (n_new, 20).
    """

    number: int
    new: tuple[str, ...]
    train: IntArray
    known: IntArray
    strange: IntArray
    order: IntArray


def division(works: Catalog, number: int) -> Division:
    """One of the five divisions."""
    creators, labels = works.creators, works.creator_indices()
    able = np.flatnonzero(np.bincount(labels) >= LEAST_WORKS)
    group = np.full(len(creators), -1)
    group[able] = deal(np.zeros(len(able), dtype=np.int64), np.random.default_rng((SEED, 5)), DIVISIONS)
    part = deal(labels, np.random.default_rng((SEED, 6)), DIVISIONS)
    new = group[labels] == number
    generator = np.random.default_rng((SEED, 7, number))
    own = [generator.permutation(np.flatnonzero(labels == place)) for place in np.flatnonzero(group == number)]
    return Division(
        number,
        tuple(creators[place] for place in np.flatnonzero(group == number)),
        np.flatnonzero(~new & (part > 0)),
        np.flatnonzero(~new & (part == 0)),
        np.concatenate([rows[max(SIZES) :] for rows in own]),
        np.stack([rows[: max(SIZES)] for rows in own]),
    )


def measure(model: FusedModel, works: Catalog, parts: Division) -> dict[str, float]:
    """Recall of the new creators and accuracy on the known ones, fused and for each of the two models."""
    found: dict[str, float] = {}
    for name, each in (("fused", model), ("photo", model.photo_model_), ("text", model.text_model_)):
        if each is None:
            continue
        known, strange = works.take(parts.known), works.take(parts.strange)
        answers, others = each.predict_proba(strange), each.predict_proba(known)
        right = answers.argmax(axis=1) == strange.creator_indices(model.creators_)
        labels = strange.creator_indices()
        found[f"{name} recall"] = float(np.mean([right[labels == place].mean() for place in np.unique(labels)]))
        named = others.argmax(axis=1)
        found[f"{name} known"] = float((named == known.creator_indices(model.creators_)).mean())
        if name == "fused":
            taken = np.isin(
                named, [model.creators_.index(creator) for creator in parts.new if creator in model.creators_]
            )
            found["known named new"] = float(taken.mean())
            found["known accepted"] = float(model.knows(known, others).mean())
            found["new accepted"] = float(model.knows(strange, answers).mean())
    return found


def judge(works: Catalog, parts: Division, *, fits_anew: bool) -> Iterator[dict[str, object]]:
    """The figures of one division: of the model before, then grown and fitted anew for each number of works."""
    base = FusedModel(seed=SEED).fit(works.take(parts.train))
    yield {"division": parts.number, "way": "before", "works": 0, **measure(base, works, parts)}
    for size in SIZES:
        added = works.take(parts.order[:, :size].ravel())
        grown = copy.deepcopy(base)
        start = time.perf_counter()
        grown.add_creators(added)
        seconds = time.perf_counter() - start
        yield {"division": parts.number, "way": "added", "works": size, "seconds": seconds,
               **measure(grown, works, parts)}  # fmt: skip
        if fits_anew:
            rows = np.concatenate([parts.train, parts.order[:, :size].ravel()])
            start = time.perf_counter()
            anew = FusedModel(seed=SEED).fit(works.take(rows))
            seconds = time.perf_counter() - start
            yield {"division": parts.number, "way": "fitted anew", "works": size, "seconds": seconds,
                   **measure(anew, works, parts)}  # fmt: skip


def summary(rows: list[dict[str, object]]) -> list[str]:
    """A line for each way and number of works: means and deviations over the divisions."""
    lines = []
    for way, size in dict.fromkeys((row["way"], row["works"]) for row in rows):
        own = [row for row in rows if (row["way"], row["works"]) == (way, size)]
        told = []
        for name in [key for key in own[0] if key not in ("division", "way", "works")]:
            values = np.array([row[name] for row in own], dtype=float)
            spread = values.std(ddof=1) if len(values) > 1 else float("nan")
            told.append(f"{name} {values.mean():.3f} ± {spread:.3f}")
        lines.append(f"{way}, {size} works: {', '.join(told)}")
    return lines


def main() -> None:
    """Measure and print; with a folder, also write new_creators.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.new_creators", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("catalog", type=Path)
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--divisions", type=int, nargs="+", default=list(range(DIVISIONS)))
    parser.add_argument("--only-added", action="store_true", help="fit nothing anew")
    asked = parser.parse_args()
    works = Catalog.read(asked.catalog)
    rows: list[dict[str, object]] = []
    for number in asked.divisions:
        parts = division(works, number)
        print(f"division {number}: {len(parts.new)} new creators, {len(parts.train):,} works of known ones learned, "
              f"{len(parts.known):,} judged, {len(parts.strange):,} of new ones judged", flush=True)  # fmt: skip
        for row in judge(works, parts, fits_anew=not asked.only_added):
            rows.append(row)
            print(f"  {summary([row])[0].replace(' ± nan', '')}", flush=True)
            if asked.output is not None:
                asked.output.mkdir(parents=True, exist_ok=True)
                write_json(asked.output / "new_creators.json", rows)
    print("\n".join(summary(rows)))


if __name__ == "__main__":
    main()
