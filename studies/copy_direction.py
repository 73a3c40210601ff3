"""Which of two near-identical photos came first: how often the verdict is right, by what was done to the copy.

    sakka catalog build market --creators 20 --works 400 --seed 1 --min-works 10 -o market
    sakka catalog build market --creators 20 --works 400 --seed 2 --min-works 10 -o other-market
    python -m studies copy_direction paintings market --learn --seed 1150 --pairs 300 200
    python -m studies copy_direction paintings other-market --seed 2350 --pairs 300 230

`paintings` has the first 30 works by each of the 30 creators with the most. Photos of the catalogs are planted under a
second account (`inputs/planted_copies.py`): a market's are drawn anew at `DRAWN_PX`, paintings are files of 224 pixels,
half of them listed as they are. The second account is that of one of the three creators nearest in style, or of any,
half each. Days of listing are hidden. A verdict is right where it names the account whose photo it is, and wrong where
it names the other; where both come from a third, any verdict is wrong.

`--learn` plants copies of every other work, with changes of `KNOWN` only. It writes the weights into `direction.json`,
and the limits at which `GIVEN` of held-out copies get a verdict, at most `MOST_WRONG` name the owner as the one who
copied, and as few verdicts as may be are given where both come from a third file. The figures come from the other works
and other seeds; half of their pairs have changes of `UNKNOWN`. Where the marketplace re-encodes all files ("served")
less is left to see, and where the copying account had a better version than the one that was listed ("better") the
files point the wrong way: both have figures of their own.
"""

import argparse
import json
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from PIL import Image
from scipy.optimize import minimize
from scipy.stats import beta

from sakka.arrays import DoubleArray, Features, IntArray, Mask
from sakka.catalog.works import Catalog
from sakka.copies.direction.cues import CUES, FileCues, file_cues
from sakka.copies.direction.manner import manner_cues
from sakka.copies.direction.photo_file import photo_file
from sakka.copies.direction.verdict import ALL_CUES, LEAST_FILES, MODEL_FILE, DirectionModel, direction_model, verdict
from sakka.errors import SakkaError
from sakka.evaluation.metrics import exact_interval
from sakka.files import write_json
from sakka.networks.encoders import photo_encoders
from sakka.networks.features import photo_features
from sakka.progress import track
from studies.figures import Figure
from studies.inputs.planted_copies import KNOWN, UNKNOWN, plant

DRAWN_PX = 512
SHARES = {"copied": 0.76, "third": 0.17, "better": 0.07}
NEAREST_CREATORS = 3
MOST_WRONG = 0.005
GIVEN = 0.65
THRESHOLDS = tuple(np.arange(0.2, 4, 0.05).round(2).tolist())
MOST_AGAINST = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5)
FOLDS = 10
PENALTY = 1.0
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Measured:
    """A planted pair and what was seen of it.

    Attributes:
        catalog: Which catalog it is of.
        case: One of `planted_copies.CASES`.
        changes: What was done to the copy.
        unknown: Whether that is among what weights were never learned on.
        served: Whether the marketplace re-encoded both files.
        niche: Whether the second account is that of a creator who is near in style.
        files: What the files say; None where they can't be laid on each other.
        manner: Whose other works the photos look like.
    """

    catalog: str
    case: str
    changes: str
    unknown: bool
    served: bool
    niche: bool
    files: FileCues | None
    manner: dict[str, float]

    @property
    def cues(self) -> list[float]:
        """All cues in the order of `ALL_CUES`."""
        values = {**(self.files.values if self.files else {}), **self.manner}
        return [values.get(name, 0.0) for name in ALL_CUES]


class Source:
    """A catalog whose photos are planted."""

    def __init__(self, folder: Path) -> None:
        self.works = Catalog.read(folder)
        self.name = folder.name
        source = json.loads((folder / "catalog.json").read_text())["source"]
        self.paths = self.works.photo_paths
        self.market = source["settings"] if source["kind"] == "market" else None
        names = self.works.table["creator"].to_list()
        self.group = np.array(self.works.ids)
        if self.market is not None:
            truth = pl.read_parquet(folder / "market" / "truth.parquet").select("id", "person", "group")
            of = {each: (str(person), group) for each, person, group in truth.iter_rows()}
            names = [of[each][0] for each in self.works.ids]
            self.group = np.array([of[each][1] for each in self.works.ids])
        self.creators = np.array(names)
        self.encoder = photo_encoders("lite0")[0]
        self.columns = self.encoder.blocks(None, None)[0]
        self.vectors, self.has_photo = photo_features(self.works, self.encoder, self.columns)
        values = self.vectors.astype(np.float32)
        sd = values.std(axis=0) + 1e-6
        self.names = np.unique(self.creators)
        self.middles = {name: (values[self.creators == name] / sd).mean(axis=0) for name in self.names}

    def image(self, row: int) -> Image.Image:
        """The picture of a work as it was taken."""
        if self.market is None:
            return Image.open(self.paths[row]).convert("RGB")  # type: ignore[arg-type]
        from sakka.market import MarketSettings
        from sakka.market.photo import draw_photo

        return draw_photo(MarketSettings(**{**self.market, "photo_px": DRAWN_PX}), self.works.ids[row])

    def own_file(self, row: int, generator: np.random.Generator) -> bytes | None:
        """The file that is listed as it is, for half of what is no market."""
        if self.market is not None or generator.random() >= 0.5:
            return None
        return Path(str(self.paths[row])).read_bytes()

    def other_creator(self, own: str, generator: np.random.Generator) -> tuple[str, bool]:
        """A creator who copies, and whether it is one who is near in style."""
        others = [name for name in self.names if name != own]
        if generator.random() < 0.5:
            distances = sorted((np.linalg.norm(self.middles[own] - self.middles[name]), name) for name in others)
            return distances[int(generator.integers(NEAREST_CREATORS))][1], True
        return str(generator.choice(others)), False

    def other_works(self, creator: str, row: int) -> Features:
        """The vectors of a creator's works but those that show the item of a row."""
        mine = (self.creators == creator) & (self.group != self.group[row]) & self.has_photo
        return self.vectors[mine]


def measured(source: Source, row: int, generator: np.random.Generator, *, development: bool) -> Measured:
    """Plant a pair of a work's photo and look at it."""
    owner = str(source.creators[row])
    thief, niche = source.other_creator(owner, generator)
    case = str(generator.choice(list(SHARES), p=list(SHARES.values())))
    changes = KNOWN if development or generator.random() < 0.5 else UNKNOWN
    image = source.image(row)
    pair = plant(image, case, changes, generator, None if case == "better" else source.own_file(row, generator))
    accounts = owner, thief
    if case == "third":
        accounts = thief, str(generator.choice([each for each in source.names if each not in accounts]))
    files = photo_file(pair.first), photo_file(pair.second)
    side = (source.encoder.input_px, source.encoder.input_px)
    pixels = np.stack([np.asarray(each.image.resize(side, Image.Resampling.BICUBIC)) for each in files])
    shown = source.encoder.vectors(pixels)[:, source.columns]
    manner = manner_cues(shown, *(source.other_works(each, row) for each in accounts))
    return Measured(source.name, case, pair.changes, changes is UNKNOWN, pair.served, niche, file_cues(*files), manner)


def planted(folder: Path, pairs: int, seed: int, *, development: bool) -> list[Measured]:
    """Planted pairs of one catalog."""
    generator = np.random.default_rng(seed)
    source = Source(folder)
    rows = [row for row in np.flatnonzero(source.has_photo).tolist() if (row % 2 == 0) == development]
    return [
        measured(source, int(generator.choice(rows)), generator, development=development)
        for _ in track(range(pairs), f"pairs of {folder.name}", total=pairs)
    ]


def learn(some: Sequence[Measured], command: str) -> dict[str, Any]:
    """What `direction.json` holds, learned from planted pairs.

    The weights minimise the log-loss of the side that came first plus `PENALTY` times their squares, each cue brought
    to a mean square of 1; of pairs from a third file either side counts half. None is below 0: a cue that spoke against
    what it says could be explained to nobody.
    """
    table, sides = np.array([each.cues for each in some]), np.array([_side(each) for each in some])
    weighed = np.zeros_like(table)
    fold = np.arange(len(some)) % FOLDS
    for number in range(FOLDS):
        weighed[fold == number] = table[fold == number] * weights_of(table[fold != number], sides[fold != number])
    decided = np.array([each.files is not None and not each.files.both_beyond for each in some])
    limits = _limits(weighed, sides, decided)
    given = decided & _has_verdict(weighed, *limits)
    wrong = given & (np.sign(weighed.sum(axis=1)) != sides)
    n_given, n_wrong = int(given.sum()), int(wrong.sum())
    return {
        "command": command,
        "cases": {case: sum(each.case == case for each in some) for case in SHARES},
        "weights": dict(zip(ALL_CUES, np.round(weights_of(table, sides), 4).tolist(), strict=True)),
        "threshold": round(limits[0], 4),
        "most_against": limits[1],
        "held_out": {
            "pairs": len(some),
            "given": n_given,
            "wrong": n_wrong,
            "error_rate": round(float(beta.ppf(CONFIDENCE, n_wrong + 1, n_given - n_wrong)), 4),
        },
    }


def _side(pair: Measured) -> int:
    """1 where the first came first, 0 where neither did."""
    return int(pair.case != "third")


def weights_of(table: DoubleArray, sides: IntArray) -> DoubleArray:
    """The weights of the cues by logistic regression without a constant, shape (n_cues,)."""
    scale = np.sqrt((table**2).mean(axis=0)) + 1e-6
    scaled = table / scale

    def loss(weights: DoubleArray) -> tuple[float, DoubleArray]:
        score = scaled @ weights
        chance = (1 + sides) / 2
        value = (np.logaddexp(0, score) - chance * score).sum() + PENALTY * (weights**2).sum()
        return float(value), scaled.T @ (1 / (1 + np.exp(-score)) - chance) + 2 * PENALTY * weights

    bounds = [(0, None)] * table.shape[1]
    found: DoubleArray = minimize(loss, np.zeros(table.shape[1]), jac=True, method="L-BFGS-B", bounds=bounds).x / scale
    return found


def _has_verdict(weighed: DoubleArray, threshold: float, most_against: float) -> Mask:
    """Whether cues, as they are weighed, suffice for a verdict, shape (n_pairs,)."""
    of_files = weighed[:, : len(CUES)]
    against = np.minimum(of_files.clip(0).sum(axis=1), (-of_files).clip(0).sum(axis=1))
    supported = of_files.sum(axis=1) * np.sign(weighed.sum(axis=1)) >= LEAST_FILES
    enough: Mask = (np.abs(weighed.sum(axis=1)) >= threshold) & (against <= most_against) & supported
    return enough


def _limits(weighed: DoubleArray, sides: IntArray, decided: Mask) -> tuple[float, float]:
    """The threshold and the most that may speak against, of which the fewest pairs from a third file get a verdict.

    At least `GIVEN` of the others get one, and at most `MOST_WRONG` of them one that names the owner as the copier.
    """
    owned, scores = sides == 1, weighed.sum(axis=1)
    found = []
    for most_against in MOST_AGAINST:
        for threshold in THRESHOLDS:
            given = decided & _has_verdict(weighed, threshold, most_against)
            if given[owned].mean() >= GIVEN and (given & (scores < 0))[owned].mean() <= MOST_WRONG:
                found.append((float(given[~owned].mean()), -threshold, most_against))
    if not found:
        raise SakkaError(f"no limits give {GIVEN:.0%} of copies a verdict that is wrong in {MOST_WRONG:.1%}")
    _, threshold, most_against = min(found)
    return -threshold, most_against


def figures_of(title: str, some: Sequence[Measured], model: DirectionModel) -> Iterator[Figure]:
    """Verdicts given, verdicts that are right, and owners named as the one who copied."""
    decided = [verdict(each.files, each.manner, model=model).came_first for each in some]
    given = sum(first is not None for first in decided)
    right = sum(first == 0 and each.case != "third" for first, each in zip(decided, some, strict=True))
    wronged = sum(first == 1 and each.case != "third" for first, each in zip(decided, some, strict=True))
    for measure, count, n in (
        ("verdict given", given, len(some)),
        ("right, of those given", right, given),
        ("owner named as copier", wronged, len(some)),
    ):
        yield Figure(title, measure, count / max(1, n), n, interval=exact_interval(count, n, 1 - CONFIDENCE))


def parts_of(some: Sequence[Measured]) -> Iterator[tuple[str, list[Measured]]]:
    """The pairs by catalog, case, change and account."""
    copied = [each for each in some if each.case == "copied"]
    tests: dict[str, Callable[[Measured], bool]] = {
        "known changes": lambda each: not each.unknown,
        "unknown changes": lambda each: each.unknown,
        "served": lambda each: each.served,
        "not served": lambda each: not each.served,
        "by one near in style": lambda each: each.niche,
        "by any": lambda each: not each.niche,
    }
    yield "copied", copied
    for name in sorted({each.catalog for each in some}):
        yield f"copied, {name}", [each for each in copied if each.catalog == name]
    for name, test in tests.items():
        yield f"copied, {name}", list(filter(test, copied))
    for change in (*KNOWN, *UNKNOWN):
        yield f"copied, {change}", [each for each in copied if change in each.changes.split(", ")]
    for case in ("third", "better"):
        yield case, [each for each in some if each.case == case]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("catalogs", type=Path, nargs="+", metavar="CATALOG", help="folders of catalogs")
    parser.add_argument("--learn", action="store_true", help="write the weights into src/sakka/copies/direction/")
    parser.add_argument("--pairs", type=int, nargs="+", default=[200], help="planted of each catalog, or of all alike")
    parser.add_argument("--seed", type=int, default=250)
    parser.add_argument("--kept", type=Path, help="a folder where what was seen is kept and read back")


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Plant copies; learn from them, or count what the verdicts are worth."""
    some = [pair for number, folder in enumerate(asked.catalogs) for pair in _kept_or_planted(asked, number, folder)]
    if asked.learn:
        folders = [folder.name for folder in asked.catalogs]
        words = ["python", "-m", "studies", "copy_direction", *folders, "--learn", "--seed", str(asked.seed)]
        learned = learn(some, shlex.join([*words, "--pairs", *map(str, asked.pairs)]))
        write_json(MODEL_FILE, learned)
        direction_model.cache_clear()
        yield Figure("development, held out", "verdict given", learned["held_out"]["given"] / len(some), len(some))
        yield Figure("development, held out", "wrong", learned["held_out"]["wrong"], learned["held_out"]["given"])
        return
    model = direction_model()
    for title, part in parts_of(some):
        yield from figures_of(title, part, model)
    by_files = [replace(each, manner={}) for each in some if each.case == "copied"]
    yield from figures_of("copied, by the files alone", by_files, model)


def _kept_or_planted(asked: argparse.Namespace, number: int, folder: Path) -> list[Measured]:
    seed = asked.seed + number
    path = None if asked.kept is None else asked.kept / f"{folder.name}-{seed}.json"
    if path is not None and path.is_file():
        return [_from_json(each) for each in json.loads(path.read_text())]
    some = planted(folder, asked.pairs[min(number, len(asked.pairs) - 1)], seed, development=asked.learn)
    if path is not None:
        write_json(path, [asdict(each) for each in some])
    return some


def _from_json(content: dict[str, Any]) -> Measured:
    files = content["files"]
    return Measured(**{**content, "files": None if files is None else FileCues(**files)})
