"""An index whose build, or whose additions and removals, are killed again and again: is a work lost or doubled?

    python -m studies index_kills [--kills 20]

An index of 2,000 works of the simulated market in 10 shards, photo coordinates simulated as in `index_scale`, stands on
an S3 server on loopback (moto). A process that builds it is killed by SIGKILL at a random moment within the time that
an undisturbed build takes, and started again, which goes on with what is there; once it came to its end, the next build
begins. So with the merge, all shards being there. Afterwards each work must be there once, with every value that the
index of an undisturbed build on the local disk has, and no file may be left that no version of the table names. Last, a
process that adds and removes works is killed: each work that was there before must be there once.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest
from tests.s3_server import put_objects, s3_server

from sakka.search import database
from sakka.search.index import Index
from sakka.search.shards import read_plan, write_shards
from studies.figures import Figure
from studies.index_scale import Simulation, from_outside

WORKS, SHARD_WORKS = 2000, 200
LONGEST_S = 2.0  # before a process that adds and removes is killed


class Child:
    """A process that runs a function of this module on an address, from when it is ready."""

    def __init__(self, function: str, address: str) -> None:
        command = [sys.executable, "-c", f"from studies.index_kills import {function}; {function}({address!r})"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.process.stdout.readline()

    def killed_after(self, seconds: float) -> bool:
        """Kill it after some seconds; False where it had ended by then."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
        with self.process:
            return self.process.wait() == -signal.SIGKILL


def ready() -> None:
    """Tell the parent process that work begins now."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()


def go_on(address: str) -> None:
    """Go on with a build, where it has not come to its end."""
    simulation = Simulation.of(WORKS)
    plan = read_plan(address)
    ready()
    if plan is not None:
        Index.from_plan(simulation.seen(plan), simulation.catalog)


def change(address: str) -> None:
    """Add works and remove half of them until killed."""
    index = Index.open(address)
    ready()
    number = os.getpid() * 1000
    while True:
        works = from_outside(number, 20)
        index.add(works)
        index.remove(works.ids[:10])
        number += 1


@dataclass
class Builds:
    """Builds of one index that were killed.

    Attributes:
        expected: The rows of an undisturbed build.
        kills: How often a process was killed.
        builds: How often the index became whole.
        lost: Works missing in any of these.
        doubled: Works there twice in any of these.
        changed: How many of these differ in any value or in the order of the rows.
        left: Data files that no version of the table names.
    """

    expected: pa.Table
    kills: int = 0
    builds: int = 0
    lost: int = 0
    doubled: int = 0
    changed: int = 0
    left: int = 0

    def look_at(self, index: Index) -> None:
        """Compare an index that is whole."""
        found = rows_of(index)
        ids = found["id"].to_pylist()
        self.builds += 1
        self.lost += len(set(self.expected["id"].to_pylist()) - set(ids))
        self.doubled += len(ids) - len(set(ids))
        self.changed += not found.equals(self.expected)
        self.left += len(database.file_names(index.address) - _named(str(index.table.uri)))

    def figures(self, row: str) -> Iterator[Figure]:
        """What became of them."""
        measures = {"kills": self.kills, "builds that became whole": self.builds, "works lost": self.lost}
        measures |= {"works doubled": self.doubled, "builds with other values": self.changed, "files left": self.left}
        for measure, value in measures.items():
            yield Figure(row, measure, value, WORKS)


def _named(address: str) -> set[str]:
    """The data files that any version of a table names: earlier ones stay a while for who reads them."""
    lance = database.lance_module()
    versions = [each["version"] for each in lance.dataset(address).versions()]
    fragments = (each for version in versions for each in lance.dataset(address, version=version).get_fragments())
    return {file.path for fragment in fragments for file in fragment.data_files()}


def rows_of(index: Index) -> pa.Table:
    """All rows of an index in their order."""
    return index.table.to_arrow().replace_schema_metadata(None)


def builds_killed(address: str, whole_shards: int, kills: int, expected: pa.Table) -> Builds:
    """Kill builds of which some shards are whole already, until so many processes were killed."""
    simulation, builds, chance = Simulation.of(WORKS), Builds(expected), random.Random(0)

    def begun() -> None:
        plan = simulation.begin(address, SHARD_WORKS)
        write_shards(plan, simulation.catalog, list(range(whole_shards)))

    def ended() -> None:
        plan = read_plan(address)
        if plan is not None:
            Index.from_plan(simulation.seen(plan), simulation.catalog)

    begun()
    start = time.perf_counter()
    ended()
    longest_s = time.perf_counter() - start
    while builds.kills < kills:
        begun()
        while builds.kills < kills and Child("go_on", address).killed_after(chance.uniform(0, longest_s)):
            builds.kills += 1
        ended()
        builds.look_at(Index.open(address))
    return builds


def changes_killed(folder: Path, kills: int) -> Iterator[Figure]:
    """Kill a process that adds and removes works, again and again, and look at what the index holds then."""
    before = set(rows_of(Index.open(folder))["id"].to_pylist())
    chance = random.Random(0)
    for _ in range(kills):
        Child("change", str(folder)).killed_after(chance.uniform(0, LONGEST_S))
    ids = rows_of(Index.open(folder))["id"].to_pylist()
    changes = {each.rsplit("-", 1)[0] for each in ids if each.startswith("outside-")}
    row = "adding and removing"
    yield Figure(row, "kills", kills, len(before))
    yield Figure(row, "works lost", len(before - set(ids)), len(before))
    yield Figure(row, "works doubled", len(ids) - len(set(ids)), len(before))
    yield Figure(row, "additions that went through", len(changes), len(before))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--kills", type=int, default=20)


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Kill builds, merges and changes."""
    simulation = Simulation.of(WORKS)
    with tempfile.TemporaryDirectory(prefix="sakka-study-kills-") as scratch:
        folder = Path(scratch) / "index"
        expected = rows_of(Index.from_plan(simulation.begin(folder, SHARD_WORKS), simulation.catalog))
        with pytest.MonkeyPatch.context() as patch, s3_server(patch) as endpoint:
            patch.setenv("AWS_ALLOW_HTTP", "true")
            put_objects(endpoint, "bucket", {})
            for name, whole_shards in (("build", 0), ("merge", WORKS // SHARD_WORKS)):
                yield from builds_killed(f"s3://bucket/{name}", whole_shards, asked.kills, expected).figures(name)
        yield from changes_killed(folder, asked.kills)
