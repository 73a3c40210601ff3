"""How fast a whole table is identified, beside the bare network; its memory; and its bytes after it was killed.

    python -m studies table_identification --paintings FOLDER [--only speed] [--photos 1000] [--turns 3]

Speed: the same photos go in turn through a plain loop of decoding and network on the same threads in the same batches,
through `identify_table` from csv to csv with an empty cache of features, and once more with the features cached. The
loop stops at the network's maps: what a vector is made of them, loading the model and all else count as the table's.
Beside the seconds that went by stand those of the process's own cores, which other work on the machine disturbs less.
Photos are the paintings' (224 pixels), and photos of the market as JPEGs of 1,200 pixels with noise.

Memory: the peak of a process that identifies 1,000 titles, and of one that identifies many more.

Kills: `sakka identify` on photos and texts is killed (SIGKILL) each time that it has stored some more parts and a drawn
moment has passed, started again after each kill, and its output is compared with that of a run that nothing killed.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from sakka import FusedModel, build_catalog, save_model
from sakka.arrays import Pixels
from sakka.cache import CACHE_VARIABLE, cache_folder
from sakka.engines.threads import work_off
from sakka.market import MarketSettings
from sakka.models.asked_table import open_table
from sakka.models.identify_table import PartsLayout, identify_table
from sakka.networks.backbones import INPUT_PX
from sakka.networks.encoders import BATCH_PHOTOS
from sakka.networks.extractor import PhotoExtractor
from sakka.networks.features import photo_pixels
from studies.figures import Figure
from studies.page_answer import altered

PARTS = ("speed", "memory", "kills")
LEARNED = 200  # works that the model is fitted on; speed does not depend on it
DRAWN = 40  # large photos that differ in their pixels
FEW_TEXTS, KILLED_TEXTS = 1_000, 9_000
MOST_S = 2.0  # between what was waited for and the kill
PEAK = """
import resource, sys
from pathlib import Path
from sakka.models.asked_table import open_table
from sakka.models.identify_table import identify_table
identify_table(Path(sys.argv[1]), open_table(sys.argv[2]), sys.argv[3])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--paintings", type=Path, required=True, help="a folder with works.csv and its photos")
    parser.add_argument("--only", choices=PARTS, action="append", help="a part of the study; repeatable")
    parser.add_argument("--photos", type=int, default=1000, help="photos of each kind")
    parser.add_argument("--turns", type=int, default=3, help="how often each way is measured")
    parser.add_argument("--texts", type=int, default=100_000, help="titles of the larger table")
    parser.add_argument("--kills", type=int, default=5, help="how often a run is killed")
    parser.add_argument("--seed", type=int, default=0)


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Fit a model, then measure speed, memory and kills."""
    with tempfile.TemporaryDirectory(prefix="sakka-table-") as name:
        folder = Path(name)
        os.environ[CACHE_VARIABLE] = str(folder / "cache")
        paintings = build_catalog(asked.paintings / "works.csv")
        rows = np.random.default_rng(asked.seed).permutation(len(paintings))
        learned, chosen = paintings.take(rows[:LEARNED]), paintings.take(rows[LEARNED : LEARNED + asked.photos])
        model = FusedModel(photo_settings={"mirrored": False}).fit(learned)
        save_model(model, folder / "model")
        titles = [work.title for work in paintings]
        small = [str(path) for path in chosen.photo_paths]
        parts = asked.only or PARTS
        if "speed" in parts:
            large = _large_photos(folder / "large", asked.photos, asked.seed)
            for kind, photos in (("224 pixels", small), ("1,200 pixels", large)):
                yield from _speed(folder, f"{len(photos):,} photos of {kind}", photos, titles, asked.turns)
        if "memory" in parts:
            yield from _memory(folder, titles, asked.texts)
        if "kills" in parts:
            yield from _kills(folder, small, titles, asked.kills, np.random.default_rng(asked.seed))


def _large_photos(folder: Path, count: int, seed: int) -> list[str]:
    market = MarketSettings(creators=12, works=60, seed=seed)
    works = build_catalog("market", folder=folder / "market", market=market)
    listed = [work for work in works if work.photos]
    generator = np.random.default_rng(seed)
    drawn = [altered(works, work, generator) for work in listed[:DRAWN]]
    paths = [folder / f"{number:05}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(drawn[number % DRAWN] + number.to_bytes(4))  # behind the picture's end: a photo of its own
    return [str(path) for path in paths]


def _write_table(path: Path, titles: Sequence[str], photos: Sequence[str], rows: int) -> Path:
    """A csv of titles, the first with photos."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "title", "photo"))
        for row in range(rows):
            title = f"{titles[row % len(titles)]} {titles[7 * row % len(titles)]}"
            writer.writerow((row, title, photos[row] if row < len(photos) else ""))
    return path


def _speed(folder: Path, row: str, photos: Sequence[str], titles: Sequence[str], turns: int) -> Iterator[Figure]:
    extractor = PhotoExtractor("efficientnet_lite0")
    paths = [Path(photo) for photo in photos]
    table = _write_table(folder / "photos.csv", titles, photos, len(photos))

    def identify() -> None:
        identify_table(folder / "model", open_table(table, photo_root="/"), folder / "answers.csv")

    def uncached() -> None:
        for path in (cache_folder() / "features").glob("*.sqlite*"):
            path.unlink()
        identify()

    ways: dict[str, Callable[[], None]] = {
        "bare loop": lambda: _bare(paths, extractor.maps),
        "table, uncached": uncached,
        "table, cached": identify,
    }
    _bare(paths[: 4 * BATCH_PHOTOS], extractor.maps)  # loads the network
    clocks = {"s": time.perf_counter, "s of the cores": time.process_time}
    seconds = {clock: {way: np.zeros(turns) for way in ways} for clock in clocks}
    for turn in range(turns):
        for way, run in ways.items():  # cached comes after uncached
            started_s = {clock: read() for clock, read in clocks.items()}
            run()
            for clock, read in clocks.items():
                seconds[clock][way][turn] = read() - started_s[clock]
    for clock, by_way in seconds.items():
        for way, values in by_way.items():
            yield Figure.over(row, f"{clock}: {way}", values.tolist(), len(photos))
        for way in ("table, uncached", "table, cached"):
            yield Figure.over(row, f"{clock}: {way} / bare loop", (by_way[way] / by_way["bare loop"]).tolist(), turns)
    yield Figure(row, "load of the machine, 15 minutes", os.getloadavg()[2])


def _bare(paths: Sequence[Path], see: Callable[[Pixels], object]) -> None:
    """Decode photos and pass them through the network, batch by batch, as many at a time as PyTorch has threads."""
    batches = [paths[start : start + BATCH_PHOTOS] for start in range(0, len(paths), BATCH_PHOTOS)]
    for _ in work_off(batches, lambda batch: see(np.stack([photo_pixels(path, INPUT_PX) for path in batch])), "bare"):
        pass


def _memory(folder: Path, titles: Sequence[str], texts: int) -> Iterator[Figure]:
    for rows in (FEW_TEXTS, texts):
        table = _write_table(folder / "texts.csv", titles, (), rows)
        command = [sys.executable, "-c", PEAK, folder / "model", table, folder / "answers.csv"]
        started_s = time.perf_counter()
        peak = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        yield Figure("texts alone", f"MiB at most, {rows:,} works", peak, rows)
        yield Figure("texts alone", f"s, {rows:,} works", time.perf_counter() - started_s, rows)


def _kills(
    folder: Path, photos: Sequence[str], titles: Sequence[str], kills: int, generator: np.random.Generator
) -> Iterator[Figure]:
    table = _write_table(folder / "killed.csv", titles, photos, len(photos) + KILLED_TEXTS)
    whole, resumed = folder / "whole.csv", folder / "resumed.csv"
    if _started(folder, table, whole, "whole").wait():
        raise RuntimeError("sakka identify failed; run it on a table to see why")
    parts = -(-(len(photos) + KILLED_TEXTS) // 512)
    hit = 0
    for number in range(kills):
        running = _started(folder, table, resumed, "resumed")
        while running.poll() is None and _parts(resumed) < number * parts / (kills + 1):
            time.sleep(0.01)
        time.sleep(float(generator.uniform(0, MOST_S)))
        hit += running.poll() is None
        running.kill()
        running.wait()
    _started(folder, table, resumed, "resumed").wait()
    row = f"{len(photos):,} photos and {KILLED_TEXTS:,} texts, killed {hit} times"
    yield Figure(row, "bytes of the output", whole.stat().st_size)
    differing = sum(one != other for one, other in zip(_lines(whole), _lines(resumed), strict=True))
    yield Figure(row, "lines that differ", differing, len(_lines(whole)))


def _started(folder: Path, table: Path, output: Path, cache: str) -> subprocess.Popen[bytes]:
    sakka = Path(sys.executable).with_name("sakka")
    command = [sakka, "identify", folder / "model", table, "-o", output, "--photo-root", "/"]
    environment = {**os.environ, CACHE_VARIABLE: str(folder / cache)}
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)


def _parts(output: Path) -> int:
    return sum(1 for _ in PartsLayout(output).folder.glob("*.jsonl"))


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)
