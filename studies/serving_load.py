"""How many works a server names the creators of under load, how long each takes, and what memory that needs.

    python -m studies serving_load [--only PART ...] [-- MODEL and options of `sakka serve`]

`sakka serve` runs in processes of its own; callers in another ask `POST /v1/identify` on loopback, so many at one time
and each again as soon as it is answered (`callers.py`). Every photo is a JPEG of 1,200 pixels of the drawn market with
bytes that no other has, so that no cache knows it. What the callers cost is taken from the same cores, and told.

- `rate`: beside the bare networks, which compute the vectors of decoded photos in full batches on all cores, and beside
  the networks with decoding, which have the same JPEGs to begin with. All are measured in turn, in several rounds; a
  ratio is the median of the rounds' ratios to the means of the bare networks before and after.
- `refusals`: more callers than may wait. How soon are those told that are refused, and how long do the others wait?
- `memory`: of the server's processes together, what they share counted once (PSS), after each part of many requests.
- `answer`: processor time of what one answer takes beside the networks, step by step in this process.
- `swap`: model, then index, are replaced under load, as `sakka fit` and a rename do it. What fails, and when does the
  new one answer?
"""

import argparse
import io
import math
import os
import shutil
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import httpx
import numpy as np
import torch
from PIL import Image

from sakka.catalog.works import Catalog, Work
from sakka.engines.threads import work_off
from sakka.files import writing_whole_folder
from sakka.models.feature_model import PhotoFeatureModel
from sakka.models.folder import load_model, save_model
from sakka.models.fused import FusedModel
from sakka.models.identification import Identification
from sakka.models.question import Question
from sakka.networks.batches import hold_vectors
from sakka.networks.encoders import BATCH_PHOTOS
from sakka.networks.features import batch_vectors, photo_pixels
from sakka.search.index import Index
from sakka.web.schemas import served as served_answer
from sakka.web.settings import Limits
from sakka.web.uploads import check_upload
from studies.callers import Answers, Load, ask, asking
from studies.figures import Figure
from studies.hostile import drawn_market, sakka, serving

PARTS = ("rate", "answer", "refusals", "memory", "swap")
CALLERS, MANY, SECONDS, ROUNDS, PHOTOS = (1, 8, 32), 128, 30.0, 3, 32
REQUESTS, STEPS, AT_ONCE = 20_000, 10, 32
TURNS = 21  # of each step of an answer, in turn
SIDE_PX = 1200
TITLE = "桜のつまみ細工ブローチ"
SWAP_S = 10.0  # before the first is replaced, between the two, and after
SWAP_CALLERS = 8
PATIENCE_S = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    cores = len(os.sched_getaffinity(0))
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="what is measured")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long each number of callers asks in all")
    parser.add_argument("--callers", type=int, nargs="+", default=list(CALLERS), help="how many ask at one time")
    parser.add_argument("--requests", type=int, default=REQUESTS, help="over which memory is measured")
    parser.add_argument("--processes", type=int, default=cores, help="processes of the server; one a core by default")
    parser.add_argument("serve", nargs="*", help="MODEL and options of `sakka serve`; none: a small drawn market")


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Measure the parts that are asked for, each on a server of its own."""
    with tempfile.TemporaryDirectory(prefix="sakka-load-") as name:
        photos = drawn_photos(Path(name, "photos"))
        words = asked.serve or drawn_market(Path(name))
        parts: dict[str, Callable[[], Iterator[Figure]]] = {
            "rate": lambda: rates(words, photos, asked),
            "answer": lambda: one_answer(words, photos),
            "refusals": lambda: refusals(words, photos, asked),
            "memory": lambda: memory(words, photos, asked),
            "swap": lambda: swaps(words, photos, asked),
        }
        for part in dict.fromkeys(asked.only):
            yield from parts[part]()


def drawn_photos(catalog: Path) -> list[bytes]:
    """Photos of a drawn market as JPEGs of `SIDE_PX`."""
    drawn = ["--creators", "4", "--works", str(PHOTOS), "--seed", "2"]
    subprocess.run([sakka(), "catalog", "build", "market", "-o", catalog, *drawn], check=True, capture_output=True)
    works = Catalog.read(catalog)
    found = []
    for work in [each for each in works if each.photos][:PHOTOS]:
        image = Image.open((works.photo_root or Path()) / work.photos[0]).convert("RGB").resize((SIDE_PX, SIDE_PX))
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=90)
        found.append(buffer.getvalue())
    return found


def rates(words: Sequence[str], photos: Sequence[bytes], asked: argparse.Namespace) -> Iterator[Figure]:
    """Answers a second and how long they take, in turn with the bare networks."""
    bare, decoding = Networks(Path(words[0])), Networks(Path(words[0]), photos)
    seconds = asked.seconds / ROUNDS
    alone: list[Rate] = []
    decoded: list[Rate] = []
    answers: dict[tuple[str, int], list[Answers]] = defaultdict(list)
    used: dict[tuple[str, int], float] = defaultdict(float)
    with serving(served(words, asked)) as (base, process):
        settle(process)
        ask(Load(base, photos, TITLE, AT_ONCE, 2.0))
        for _ in range(ROUNDS):
            for title in ("", TITLE):
                for callers in asked.callers:
                    alone.append(bare.rate(seconds / 4))
                    before = all_core_seconds(process)
                    answers[title, callers].append(ask(Load(base, photos, title, callers, seconds)))
                    used[title, callers] += all_core_seconds(process) - before
                decoded.append(decoding.rate(seconds / 4))
        alone.append(bare.rate(seconds / 4))
    yield from rate_figures("bare networks", alone)
    yield from rate_figures("networks with decoding", decoded)
    around = [(before.a_second + after.a_second) / 2 for before, after in pairwise(alone)]
    for place, ((title, callers), rounds) in enumerate(answers.items()):
        row = f"{'photo and title' if title else 'photo'}, {callers} at one time"
        yield from figures(row, rounds, around[place :: len(answers)])
        count = sum(len(own.times_ms) for own in rounds)
        yield Figure(row, "core-ms an answer", 1000 * used[title, callers] / count, count)


@dataclass(frozen=True)
class Rate:
    """How fast networks were.

    Attributes:
        a_second: Photos a second.
        core_ms: Processor time of a photo.
    """

    a_second: float
    core_ms: float


def rate_figures(row: str, rates: Sequence[Rate]) -> Iterator[Figure]:
    """The medians of several turns."""
    each = np.array([(rate.a_second, rate.core_ms) for rate in rates])
    medians, spreads = np.median(each, axis=0).tolist(), each.std(axis=0, ddof=1).tolist()
    yield Figure(row, "photos a second", medians[0], len(rates), spreads[0])
    yield Figure(row, "core-ms a photo", medians[1], len(rates), spreads[1])


class Networks:
    """A model's networks, which compute the vectors of photos in full batches on all cores."""

    def __init__(self, model: Path, photos: Sequence[bytes] = ()) -> None:
        """Load them.

        Args:
            model: The model's folder.
            photos: JPEGs that are decoded each time; none: pixels are there.
        """
        reader = load_model(model).reader("photo")
        assert isinstance(reader, PhotoFeatureModel), f"{model} looks at photos through no frozen network"
        self.encoders = [reading.encoder for reading in reader.readings()]
        self.sides_px = sorted({each.input_px for each in self.encoders})
        self.photos = [photos[number % len(photos)] for number in range(BATCH_PHOTOS)] if photos else []
        generator = np.random.default_rng(0)
        shapes = {side_px: (BATCH_PHOTOS, side_px, side_px, 3) for side_px in self.sides_px}
        self.pixels = {side_px: list(generator.integers(0, 256, shapes[side_px], np.uint8)) for side_px in shapes}
        self.compute(0)

    def compute(self, _batch: int) -> None:
        """The vectors of a batch."""
        pixels = self.pixels
        if self.photos:
            pixels = {side_px: [photo_pixels(photo, side_px) for photo in self.photos] for side_px in self.sides_px}
        for encoder in self.encoders:
            batch_vectors(pixels[encoder.input_px], encoder)

    def rate(self, seconds: float) -> Rate:
        """How fast they are."""
        torch.set_num_threads(len(os.sched_getaffinity(0)))
        started_s, used_s = time.perf_counter(), time.process_time()
        until_then = iter(lambda: 0 if time.perf_counter() < started_s + seconds else None, None)
        done = 0
        with closing(work_off(until_then, self.compute, "bare")) as batches:
            for _ in batches:
                done += BATCH_PHOTOS
        return Rate(done / (time.perf_counter() - started_s), 1000 * (time.process_time() - used_s) / done)


def one_answer(words: Sequence[str], photos: Sequence[bytes]) -> Iterator[Figure]:
    """Processor time of what one answer takes beside the networks."""
    torch.set_num_threads(1)
    model, networks = load_model(Path(words[0])), Networks(Path(words[0]))
    held = [check_upload(photo, Limits()) for photo in photos]
    hold_vectors(held, networks.encoders)

    def identified(number: int, title: str) -> Identification:
        return model.identify_one(Question.of_parts(held[number], title).works)

    answer = identified(0, TITLE)
    steps: dict[str, Callable[[int], object]] = {
        "a photo checked and decoded": lambda number: check_upload(photos[number], Limits()),
        "identified by the photo's vectors": lambda number: identified(number, ""),
        "identified by the photo's vectors and a title": lambda number: identified(number, TITLE),
        "the answer as JSON": lambda _number: served_answer(answer),
    }
    each_ms: dict[str, list[float]] = defaultdict(list)
    for _ in range(TURNS):
        for row, step in steps.items():
            used_s = time.thread_time()
            for number in range(len(photos)):
                step(number)
            each_ms[row].append(1000 * (time.thread_time() - used_s) / len(photos))
    for row, own_ms in each_ms.items():
        median, spread = float(np.median(own_ms)), float(np.std(own_ms, ddof=1))
        yield Figure(row, "core-ms, median", median, TURNS * len(photos), spread)


def figures(row: str, rounds: Sequence[Answers], beside: Sequence[float] = ()) -> Iterator[Figure]:
    """What was answered: rate, times, what was refused, and what the callers cost.

    Args:
        row: What the figures are of.
        rounds: The answers.
        beside: The rate of the bare networks at each round; none: it is not compared.
    """
    times = np.concatenate([each.times_ms for each in rounds])
    every = [answered for each in rounds for answered in each.every]
    refused = [each for own in rounds for each in own.refused_ms]
    each_rate = [len(own.times_ms) / own.seconds for own in rounds]
    spread = float(np.std(each_rate, ddof=1)) if len(rounds) > 1 else None
    yield Figure(row, "answers a second", float(np.median(each_rate)), len(times), spread)
    if beside:
        ratios = [rate / bare for rate, bare in zip(each_rate, beside, strict=True)]
        yield Figure(row, "of the bare networks", float(np.median(ratios)), len(times), float(np.std(ratios, ddof=1)))
    for share in (50, 95, 99):
        yield Figure(row, f"ms, p{share}", float(np.percentile(times, share)), len(times))
    yield Figure(row, "failed", sum(len(own.failed) for own in rounds), len(times))
    yield Figure(row, "refused", len(refused), len(times))
    yield Figure(row, "ms, the slowest refusal", max(refused, default=0.0), len(times))
    cost = 1000 * sum(own.core_seconds for own in rounds) / max(1, len(every))
    yield Figure(row, "callers' core-ms a request", cost, len(times))


def refusals(words: Sequence[str], photos: Sequence[bytes], asked: argparse.Namespace) -> Iterator[Figure]:
    """More callers than may wait."""
    with serving(served(words, asked)) as (base, process):
        settle(process)
        yield from figures(f"{MANY} at one time", [ask(Load(base, photos, TITLE, MANY, asked.seconds))])


def memory(words: Sequence[str], photos: Sequence[bytes], asked: argparse.Namespace) -> Iterator[Figure]:
    """What the server's processes hold after each part of many requests."""
    with serving(served(words, asked)) as (base, process):
        settle(process)
        yield from held_by(process, 0)
        for part in range(1, STEPS + 1):
            load = Load(base, photos, TITLE if part % 2 else "", AT_ONCE, requests=asked.requests // STEPS)
            answers = ask(load)
            assert len(answers.times_ms) == len(answers.every), "a request was not answered"
            yield from held_by(process, part * load.requests)


def held_by(process: int, requests: int) -> Iterator[Figure]:
    """What a server's processes hold: in all with what they share counted once, and one after the other."""
    family = [process, *children_of(process)]
    for kind, said in (("Pss", "MiB, shared memory once"), ("Rss", "MiB, each by itself")):
        total = sum(kept_mib(each, kind) for each in family)
        yield Figure(f"memory after {requests:,} requests", said, total, len(family))


def settle(process: int) -> None:
    """Wait until a server's processes have loaded what they serve, and rest."""
    used, before = math.inf, 0.0
    while used - before > 0.05:
        time.sleep(1)
        before, used = used, all_core_seconds(process)


def all_core_seconds(process: int) -> float:
    """The processor time that a server's processes have used."""
    family = [process, *children_of(process)]
    stats = [Path(f"/proc/{each}/stat").read_text(encoding="ascii").rpartition(")")[2].split() for each in family]
    return sum(int(stat[11]) + int(stat[12]) for stat in stats) / os.sysconf("SC_CLK_TCK")


def children_of(process: int) -> list[int]:
    """The processes that a process started."""
    found = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    return [int(each) for each in found.split()]


def kept_mib(process: int, kind: str) -> float:
    """`Rss` or `Pss` of a process, in MiB."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{kind}:"))


def swaps(words: Sequence[str], photos: Sequence[bytes], asked: argparse.Namespace) -> Iterator[Figure]:
    """Replace the model, then the index, under load."""
    with tempfile.TemporaryDirectory(prefix="sakka-swap-") as name:
        folder = Path(name)
        model, index = folder / "model", folder / "index"
        shutil.copytree(words[0], model)
        shutil.copytree(words[words.index("--index") + 1], index)
        own = [str(model), "--index", str(index)]
        with serving(served(own, asked)) as (base, process):
            settle(process)
            creators, works = (httpx.get(f"{base}/health").json()[name] for name in ("creators", "works"))
            load = Load(base, photos, TITLE, SWAP_CALLERS, 3 * SWAP_S)
            with asking(load) as asked_for:
                time.sleep(SWAP_S)
                removed = replace_model(model)
                replaced_s = time.monotonic()
                model_s = seconds_until(base, "creators", creators - 1)
                time.sleep(SWAP_S)
                replace_index(index)
                index_s = seconds_until(base, "works", works + 1)
                answers = asked_for.get()
    naming_removed = [each.ended_s for each in answers.every if f'"{removed}"'.encode() in each.content]
    yield from figures("model and index replaced, 8 at one time", [answers])
    yield Figure("the model", "s until all processes have the new one", model_s)
    yield Figure("the model", "s until the last answer of the old one", max(naming_removed, default=0.0) - replaced_s)
    yield Figure("the index", "s until all processes have the new one", index_s)


def replace_model(folder: Path) -> str:
    """Put a model without one of its creators in a model's place, as `sakka fit` does; gives the creator."""
    model = load_model(folder, FusedModel)
    removed = model.creators_[0]
    model.remove_creator(removed)
    save_model(model, folder)
    return removed


def replace_index(folder: Path) -> None:
    """Put an index with one more work in an index's place."""
    with writing_whole_folder(folder) as part:
        shutil.copytree(folder, part, dirs_exist_ok=True)
        Index.open(part).add(Catalog.from_works([Work("one more", title=TITLE)]))


def seconds_until(base: str, name: str, value: int) -> float:
    """How long it takes until every process says in `/health` that it has what was put in place."""
    started_s = time.monotonic()
    alike_s = started_s
    while time.monotonic() - started_s < PATIENCE_S:
        if httpx.get(f"{base}/health").json()[name] != value:  # a connection each: any process may answer
            alike_s = time.monotonic()
        elif time.monotonic() - alike_s > 1:
            return alike_s - started_s
        time.sleep(0.02)
    raise TimeoutError(f"{name} did not become {value} within {PATIENCE_S} s")


def served(words: Sequence[str], asked: argparse.Namespace) -> list[str]:
    """What the server is started with."""
    return [*words, "--processes", str(asked.processes)]
