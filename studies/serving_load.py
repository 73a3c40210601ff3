"""How many works a server names the creators of under load, how long each takes, and what memory that needs.

    python -m studies serving_load [MODEL and options of `sakka serve`]

`sakka serve` runs in a process of its own; callers in another ask `POST /v1/identify` on loopback, so many at one time
and each again as soon as it is answered. Every photo is a JPEG of 1,200 pixels of the drawn market with bytes that no
other has, so that no cache knows it. The rate stands beside that of the bare networks, which in the same run and before
the server starts compute the vectors of decoded photos in full batches on all cores: what the server does besides is
receiving, decoding, the heads and JSON. Callers beyond what may wait are refused; how soon is told too. Memory is that
of the server's processes together, what they share counted once (PSS), at its start and after all requests.
"""

import argparse
import http.client
import io
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import torch
from PIL import Image

from sakka.catalog.works import Catalog
from sakka.engines.threads import work_off
from sakka.models.feature_model import PhotoFeatureModel
from sakka.models.folder import load_model
from sakka.networks.encoders import BATCH_PHOTOS
from sakka.networks.features import batch_vectors
from studies.figures import Figure
from studies.hostile import drawn_market, sakka, serving

CALLERS, SECONDS, PHOTOS = (1, 8, 32, 128), 30.0, 32
SIDE_PX = 1200
TITLE = "桜のつまみ細工ブローチ"
BOUNDARY = "serving-load"
KIND = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
ANSWERED, REFUSED = (200,), (429, 503)
PROCESSES, PATIENCE_S = 1, 120


@dataclass(frozen=True)
class Answered:
    """One request: its status, and how long it took.

    Attributes:
        status: Of HTTP.
        seconds: From the first byte sent to the last one received.
    """

    status: int
    seconds: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long each number of callers asks")
    parser.add_argument("--callers", type=int, nargs="+", default=list(CALLERS), help="how many ask at one time")
    parser.add_argument("--processes", type=int, default=PROCESSES, help="processes of the server")
    parser.add_argument("serve", nargs="*", help="MODEL and options of `sakka serve`; none: a small drawn market")


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Measure the bare networks, then the server under each number of callers, with a photo alone and with a title."""
    with tempfile.TemporaryDirectory(prefix="sakka-load-") as name:
        photos = drawn_photos(Path(name, "photos"))
        words = asked.serve or drawn_market(Path(name))
        yield bare_networks(Path(words[0]), asked.seconds)
        with serving([*words, "--processes", str(asked.processes)]) as (base, process):
            yield from memory(process, "at the start")
            for title, said in (("", "photo"), (TITLE, "photo and title")):
                for callers in asked.callers:
                    answers, seconds = asked_by(base, photos, title, callers, asked.seconds)
                    yield from figures(f"{said}, {callers} at one time", answers, seconds)
            yield from memory(process, "after all requests")


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


def bare_networks(model: Path, seconds: float) -> Figure:
    """How many photos a second a model's networks compute the vectors of, in full batches on all cores."""
    reader = load_model(model).reader("photo")
    assert isinstance(reader, PhotoFeatureModel), f"{model} looks at photos through no frozen network"
    encoders = [reading.encoder for reading in reader.readings()]
    generator = np.random.default_rng(0)
    sides = [(BATCH_PHOTOS, each.input_px, each.input_px, 3) for each in encoders]
    pixels = [list(generator.integers(0, 256, side, dtype=np.uint8)) for side in sides]

    def compute(_batch: int) -> None:
        for encoder, own in zip(encoders, pixels, strict=True):
            batch_vectors(own, encoder)

    compute(0)
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    ended_s = time.perf_counter() + seconds
    started_s, done = time.perf_counter(), 0
    until_then = iter(lambda: 0 if time.perf_counter() < ended_s else None, None)
    with closing(work_off(until_then, compute, "bare")) as batches:
        for _ in batches:
            done += BATCH_PHOTOS
    return Figure("bare networks", "photos a second", done / (time.perf_counter() - started_s), done)


def asked_by(
    base: str, photos: Sequence[bytes], title: str, callers: int, seconds: float
) -> tuple[list[Answered], float]:
    """What callers in a process of their own were answered, and how many seconds passed until the last answer."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(ask_all, (base, photos, title, callers, seconds))


def ask_all(
    base: str, photos: Sequence[bytes], title: str, callers: int, seconds: float
) -> tuple[list[Answered], float]:
    """Ask from as many threads as there are callers, for some seconds; a request that is under way is waited for."""
    started_s = time.monotonic()
    until_s = started_s + seconds
    with ThreadPoolExecutor(callers) as pool:
        each = pool.map(partial(_ask, base, photos, title, until_s), range(callers))
        answers = [answered for own in each for answered in own]
    return answers, time.monotonic() - started_s


def _ask(base: str, photos: Sequence[bytes], title: str, until_s: float, caller: int) -> list[Answered]:
    address = urlsplit(base)
    answers = []
    while time.monotonic() < until_s:
        mark = f"{caller} {len(answers)} {time.monotonic_ns()}"
        body = form(marked(photos[(caller + len(answers)) % len(photos)], mark), title)
        started_s = time.perf_counter()
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=PATIENCE_S)
        with closing(connection):
            connection.request("POST", "/v1/identify", body, KIND)
            answer = connection.getresponse()
            answer.read()
        answers.append(Answered(answer.status, time.perf_counter() - started_s))
        if answer.status in REFUSED:
            time.sleep(0.1)  # a caller that is refused does not come back at once
    return answers


def marked(photo: bytes, mark: str) -> bytes:
    """A JPEG with a comment, so that its bytes are its own and its pixels the same."""
    comment = mark.encode()
    return photo[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + photo[2:]


def form(photo: bytes, title: str) -> bytes:
    """The body of a form with a photo and a title."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="title"\r\n\r\n{title}\r\n--{BOUNDARY}\r\n'
    head += 'Content-Disposition: form-data; name="photo"; filename="photo.jpg"\r\n\r\n'
    return head.encode() + photo + f"\r\n--{BOUNDARY}--\r\n".encode()


def figures(row: str, answers: Sequence[Answered], seconds: float) -> Iterator[Figure]:
    """What was answered: rate, times, and what was refused."""
    statuses = {each.status for each in answers}
    assert statuses <= {*ANSWERED, *REFUSED}, f"answers of status {statuses}"
    times = np.array([each.seconds for each in answers if each.status in ANSWERED])
    refused = [each.seconds for each in answers if each.status in REFUSED]
    yield Figure(row, "answers a second", len(times) / seconds, len(times))
    for share in (50, 95, 99):
        yield Figure(row, f"ms, p{share}", 1000 * float(np.percentile(times, share)), len(times))
    yield Figure(row, "refused", len(refused))
    yield Figure(row, "ms, the slowest refusal", 1000 * max(refused, default=0.0))


def memory(process: int, when: str) -> Iterator[Figure]:
    """What a server's processes hold: in all with what they share counted once, and one after the other."""
    family = [process, *children_of(process)]
    for kind, said in (("Pss", "MiB, shared memory once"), ("Rss", "MiB, each by itself")):
        yield Figure(f"memory {when}", said, sum(kept_mib(each, kind) for each in family), len(family))


def children_of(process: int) -> list[int]:
    """The processes that a process started."""
    found = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    return [int(each) for each in found.split()]


def kept_mib(process: int, kind: str) -> float:
    """`Rss` or `Pss` of a process, in MiB."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{kind}:"))
