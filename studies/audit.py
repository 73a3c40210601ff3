"""Precision and recall of an audit by planting what it should find, and whether it keeps a stated error rate.

    python -m studies audit [--data FOLDER] [--seeds 2] [--market-seed 4] [--only paintings|market]
    python -m studies audit --catalog FOLDER [--seeds 11 12 13 14 15]

Planted in a catalog: `MOVED` of the works are put under another creator; copies of `SHARED` of the works, changed as in
`inputs/photo_copies.py`, are listed by another creator; half the works of `SPLIT` of the creators, drawn at random, get
an account of their own with another name. A work is under a wrong creator where it was moved, or is a copy that was not
told of as a shared photo; not where that account is the same person's. What was wrong in the catalog before counts as
a false finding, so precision is a lower bound. The limits in `audit/` were chosen on market 1 and on paintings with
seed 1, and so was how the chance of being right is estimated. At each stated false-discovery rate the works under a
wrong creator are the same list that `sakka audit --fdr` gives. With several seeds the figures are means over them, with
the standard deviation.
"""

import argparse
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from benchmarks.data import data_folder, read_listing

from sakka.audit.error_rates import reported
from sakka.audit.run import Audit, audit_catalog
from sakka.catalog.works import Catalog, Work
from sakka.photos.decode import read_photo
from studies.figures import Figure
from studies.inputs.photo_copies import TRANSFORMS, copy_of

MOVED, SHARED, SPLIT = 0.02, 0.01, 0.12
RATES = (0.1, 0.2)


@dataclass(frozen=True)
class Planted:
    """A catalog with known faults.

    Attributes:
        works: The catalog.
        moved: Id of each work under a wrong creator -> the right one.
        shared: Ids of the copies under another creator -> id of the original.
        split: The pairs of accounts of one person.
    """

    works: Catalog
    moved: dict[str, str]
    shared: dict[str, str]
    split: set[frozenset[str]]

    def wrong(self, split: set[frozenset[str]]) -> dict[str, str]:
        """Id of each work that stands under a creator who did not make it -> who made it.

        Args:
            split: The pairs of accounts of one person, also those that were there before.
        """
        listed = dict(zip(self.works.ids, self.works.table["creator"], strict=True))
        makers = self.moved | {copy: listed[original] for copy, original in self.shared.items()}
        return {each: maker for each, maker in makers.items() if not _of_one_person((listed[each], maker), split)}


def plant(works: Catalog, folder: Path, seed: int, *, copies: float = SHARED) -> Planted:
    """Plant faults in a catalog; copies of the photos of a share of the works are written into `folder`."""
    generator = np.random.default_rng(seed)
    creators = works.creators
    paths = works.photo_paths
    listed = [replace(work, photos=() if path is None else (str(path),))
              for work, path in zip(works, paths, strict=True)]  # fmt: skip
    chosen = generator.permutation(len(listed))
    moved_rows, copied_rows = np.split(chosen, [round(MOVED * len(listed))])
    copied = [row for row in copied_rows.tolist() if listed[row].photos][: round(copies * len(listed))]
    moved: dict[str, str] = {}
    for row in moved_rows.tolist():
        moved[listed[row].id] = str(listed[row].creator)
        listed[row] = replace(listed[row], creator=_other(creators, listed[row].creator, generator))
    shared: dict[str, str] = {}
    for row in copied:
        name = list(TRANSFORMS)[int(generator.integers(len(TRANSFORMS)))]
        path = folder / f"{len(shared)}.jpg"
        path.write_bytes(copy_of(read_photo(Path(listed[row].photos[0])), name, generator))
        thief = _other(creators, listed[row].creator, generator)
        listed.append(Work(f"copy-{len(shared)}", thief, listed[row].title, photos=(str(path),)))
        shared[listed[-1].id] = listed[row].id
    split: set[frozenset[str]] = set()
    for person in generator.permutation(len(creators))[: round(SPLIT * len(creators))].tolist():
        account = f"studio {len(split) + 1}"
        split.add(frozenset((creators[person], account)))
        for at, work in enumerate(listed):
            if work.creator == creators[person] and generator.random() < 0.5:
                listed[at] = replace(work, creator=account)
    return Planted(Catalog.from_works(listed), moved, shared, split)


def _other(creators: tuple[str, ...], own: str | None, generator: np.random.Generator) -> str:
    others = [name for name in creators if name != own]
    return others[int(generator.integers(len(others)))]


def findings_of(title: str, planted: Planted, audit: Audit, known: set[frozenset[str]]) -> Iterator[Figure]:
    """How much of what was planted was found, and how much of what was found was planted.

    Args:
        title: What the catalog is.
        planted: The catalog with known faults.
        audit: What was found in it.
        known: Pairs of accounts of one person that were there before.
    """
    ids = planted.works.ids
    if audit.accuracy is not None:
        yield Figure(f"{title}, the models", "accuracy", audit.accuracy, len(planted.works))
    split = planted.split | known
    wrong = planted.wrong(split)
    yield from _wrong_creators(title, planted, audit, wrong, split)
    shared = [each for each in audit.of_kind("shared photo") if not _of_one_person(each.creators, split)]
    correct = [each for each in shared if any(ids[row] in planted.shared for row in each.rows)]
    wanted = planted.shared.keys() & wrong
    got = {ids[row] for each in correct for row in each.rows} & wanted
    yield from _shares(f"{title}, shared photo", len(correct), len(shared), len(got), len(wanted))
    people = audit.of_kind("one person")
    correct = [each for each in people if _of_one_person(each.creators, split)]
    got_pairs = {frozenset(each.creators) for each in correct} & split
    yield from _shares(f"{title}, one person", len(correct), len(people), len(got_pairs), len(split))


def _wrong_creators(
    title: str, planted: Planted, audit: Audit, makers: dict[str, str], split: set[frozenset[str]]
) -> Iterator[Figure]:
    """At each stated rate: the realised one, how many are copies, and how many of the moved works were found."""
    ids, wrong = planted.works.ids, audit.of_kind("wrong creator")
    moved = planted.moved.keys() & makers
    chances = np.array([each.error_rate for each in wrong], dtype=np.float64)
    for rate in RATES:
        found = {ids[wrong[place].rows[0]]: wrong[place].creators[1] for place in reported(chances, rate)}
        correct = found.keys() & makers
        named = [each for each in correct if _of_one_person((found[each], makers[each]), split)]
        row = f"{title}, wrong creator, stated rate {rate:g}"
        yield Figure(row, "realised rate", 1 - len(correct) / len(found) if found else 0.0, len(found))
        yield Figure(row, "copies", len(found.keys() & planted.shared) / max(1, len(found)), len(found))
        yield Figure(row, "recall", len(found.keys() & moved) / max(1, len(moved)), len(moved))
        yield Figure(row, "the right creator named", len(named) / max(1, len(correct)), len(correct))
    told = {ids[row] for each in [*wrong, *audit.of_kind("shared photo")] for row in each.rows}
    row = f"{title}, wrong creator or shared photo"
    yield Figure(row, "recall", len(told & moved) / max(1, len(moved)), len(moved))


def _of_one_person(creators: Collection[str], split: set[frozenset[str]]) -> bool:
    """Whether accounts are one person's, who may have three."""
    first, *others = creators
    known = {first}
    while more := {name for pair in split if pair & known for name in pair} - known:
        known |= more
    return known.issuperset(others)


def _shares(row: str, correct: int, found: int, got: int, wanted: int) -> Iterator[Figure]:
    yield Figure(row, "precision", correct / max(1, found), found)
    yield Figure(row, "recall", got / max(1, wanted), wanted)


def market(seed: int, folder: Path) -> tuple[Catalog, set[frozenset[str]]]:
    """Draw a simulated market; its second accounts are in the truth."""
    from sakka.catalog.build import build_catalog
    from sakka.market import MarketSettings

    settings = MarketSettings(creators=40, works=1600, seed=seed, difficulty=0.3, second_account_share=0.1)
    works = build_catalog("market", folder=folder, market=settings, min_works=7)
    return works, second_accounts(works, folder / "market" / "truth.parquet")


def second_accounts(works: Catalog, path: Path) -> set[frozenset[str]]:
    """The pairs of accounts of one person by a market's truth; none where there is no such file."""
    import polars as pl

    if not path.is_file():
        return set()
    truth = dict(pl.read_parquet(path).select("id", "person").iter_rows())
    accounts: dict[int, set[str]] = {}
    for work in works:
        accounts.setdefault(truth[work.id], set()).add(str(work.creator))
    return {frozenset(names) for names in accounts.values() if len(names) == 2}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--data", type=Path, help="folder with paintings/ (or SAKKA_BENCHMARK_DATA)")
    parser.add_argument("--catalog", type=Path, help="a built catalog, in the place of paintings and market")
    parser.add_argument("--seeds", type=int, nargs="+", default=[2], help="what is planted is drawn with each")
    parser.add_argument("--market-seed", type=int, default=4)
    parser.add_argument("--only", choices=["paintings", "market"])


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Plant and audit."""
    with tempfile.TemporaryDirectory(prefix="sakka-audit-") as scratch:
        for title, works, known in _catalogs(asked, Path(scratch)):
            by_seed = []
            for seed in asked.seeds:
                folder = Path(scratch) / f"{len(works)}-{seed}"
                by_seed.append(list(audited(f"{title}, planted with seed {seed}", works, known, folder, seed)))
                yield from by_seed[-1]
            if len(by_seed) > 1:
                yield from _over(title, by_seed)


def _catalogs(asked: argparse.Namespace, scratch: Path) -> Iterator[tuple[str, Catalog, set[frozenset[str]]]]:
    """What is planted in: its title, the works, and the pairs of accounts of one person that were there before."""
    if asked.catalog is not None:
        works = Catalog.read(asked.catalog)
        yield asked.catalog.name, works, second_accounts(works, asked.catalog / "market" / "truth.parquet")
        return
    if asked.only != "paintings":
        yield f"market of seed {asked.market_seed}", *market(asked.market_seed, scratch / "market")
    data = data_folder(asked.data)
    if data is not None and asked.only != "market":
        yield "paintings", read_listing(data / "paintings" / "works.csv"), set()


def _over(title: str, by_seed: list[list[Figure]]) -> Iterator[Figure]:
    """Means over the seeds of the figures, which come in one order."""
    for figures in zip(*by_seed, strict=True):
        row = title + figures[0].row.partition("planted with seed")[2].lstrip(" 0123456789")
        n = sum(each.n or 0 for each in figures)
        yield Figure.over(f"{row}, over seeds", figures[0].measure, [each.value for each in figures], n)


def audited(title: str, works: Catalog, known: set[frozenset[str]], folder: Path, seed: int) -> Iterator[Figure]:
    """Plant faults in a catalog, audit it and count."""
    folder.mkdir()
    planted = plant(works, folder, seed)
    yield from findings_of(title, planted, audit_catalog(planted.works, fdr=max(RATES)), known)
