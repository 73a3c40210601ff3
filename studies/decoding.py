"""What it costs that the photos of others are decoded by processes of their own.

    python -m studies decoding [--works 64] [--rounds 5]

The same photos of a drawn market (640 x 640 pixels, JPEG) as files of one's own, which the process that asks decodes,
and under their SHA-256 as photos that were fetched, which `photos/decoders.py` decodes. The features of all are
computed in turn, one way and the other, on all cores and with an empty cache; then the photos are read one by one, at
the size that networks want and whole. It fails where anything differs by a bit, or where the mean rate of features,
fetched over own, is below `LEAST_RATE`.
"""

import argparse
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path

import pytest

from sakka.cache import CACHE_VARIABLE
from sakka.catalog.works import Catalog, Work
from sakka.market import MarketSettings, write_market
from sakka.networks.encoders import PhotoEncoder, photo_encoders
from sakka.networks.features import cache_path, every_photo_features
from sakka.photos.by_sha256 import store
from sakka.photos.decode import read_photo
from sakka.photos.decoders import Decoders
from sakka.photos.store import photo_sha256
from studies.crafted_photos import resident_mib
from studies.figures import Figure
from studies.stages import family_of, process_cpu_s

WORKS, ROUNDS, CREATORS, SEED, PHOTO_PX, INPUT_PX = 64, 5, 4, 3, 640, 224
LEAST_RATE = 0.95
OWN, FETCHED = "files of one's own", "fetched"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--works", type=int, default=WORKS, help="works of the market")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each is measured")


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Compute features and read photos both ways, in turn; then what one of the processes takes."""
    with tempfile.TemporaryDirectory(prefix="sakka-decoding-") as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        patch.setenv(CACHE_VARIABLE, str(folder / "cache"))
        write_market(folder / "market", MarketSettings(CREATORS, asked.works, SEED, photo_px=PHOTO_PX))
        own = sorted((folder / "market").rglob("*.jpg"))
        both = {OWN: own, FETCHED: [store(path, photo_sha256(path), folder / "fetched") for path in own]}
        (encoder,) = photo_encoders("lite0")
        rate = yield from in_turn("features", both, lambda paths: features(paths, encoder), asked.rounds)
        yield from in_turn("read at the networks' size", both, lambda paths: read_all(paths, INPUT_PX), asked.rounds)
        yield from in_turn("read whole", both, lambda paths: read_all(paths, None), asked.rounds)
        yield from start_of_one(own[0], asked.rounds)
    if rate < LEAST_RATE:
        sys.exit(f"FAILED: the rate of features is {rate:.3f} of that without, at least {LEAST_RATE} is wanted")


def in_turn(
    what: str, both: dict[str, list[Path]], do: Callable[[list[Path]], bytes], rounds: int
) -> Generator[Figure, None, float]:
    """Do the same with both in turn; returns the mean of the rates, fetched over own."""
    seconds: dict[str, list[float]] = {way: [] for way in both}
    processor_s: dict[str, list[float]] = {way: [] for way in both}
    given = {do(paths) for paths in both.values()}  # loads what is loaded once
    for number in range(rounds):
        for way in list(both)[:: 1 if number % 2 else -1]:
            before_s, started_s = family_cpu_s(), time.perf_counter()
            given.add(do(both[way]))
            seconds[way].append(time.perf_counter() - started_s)
            processor_s[way].append(family_cpu_s() - before_s)
    assert len(given) == 1, f"{what}: not the same bytes"
    n = len(both[OWN])
    for way in both:
        yield Figure.over(f"{what}: {way}", "photos a second", [n / each for each in seconds[way]], n)
        yield Figure.over(
            f"{what}: {way}", "ms of processor a photo", [1000 * each / n for each in processor_s[way]], n
        )
    rates = [own / fetched for own, fetched in zip(seconds[OWN], seconds[FETCHED], strict=True)]
    rate = Figure.over(what, "rate, fetched over own", rates, n)
    yield rate
    return rate.value


def features(paths: Sequence[Path], encoder: PhotoEncoder) -> bytes:
    """The vectors of photos, computed anew."""
    works = [Work(str(n), photos=(str(path),), photos_sha256=(photo_sha256(path),)) for n, path in enumerate(paths)]
    cache_path(encoder).unlink(missing_ok=True)
    return every_photo_features(Catalog.from_works(works), encoder).tobytes()


def read_all(paths: Sequence[Path], at_least_px: int | None) -> bytes:
    """The SHA-256 of all pixels."""
    pixels = hashlib.sha256()
    for path in paths:
        pixels.update(read_photo(path, at_least_px=at_least_px).tobytes())
    return pixels.digest()


def start_of_one(photo: Path, rounds: int) -> Iterator[Figure]:
    """What a process takes until its first photo, and the memory that it holds then."""
    before, seconds, mib = family_of(os.getpid()), [], []
    for _ in range(rounds):
        decoders = Decoders(1)
        started_s = time.perf_counter()
        read_photo(photo, decode=decoders.pixels)
        seconds.append(time.perf_counter() - started_s)
        mib += [resident_mib(each) for each in family_of(os.getpid()) if each not in before]
        decoders.close()
    yield Figure.over("start of a process", "s until the first photo is read", seconds)
    yield Figure.over("start of a process", "MiB that it holds", mib)


def family_cpu_s() -> float:
    """The processor time of this process and of those that it has started."""
    return sum(map(process_cpu_s, family_of(os.getpid())))
