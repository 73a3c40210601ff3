"""How fast the page answers who made a work, beside an earlier revision of this project.

    python -m studies page_answer --against REV

Both revisions are checked out as worktrees, draw the same market, fit their own model and index, and serve them on
loopback in one run. Both get the same photos in turn, each once, so that no cache knows it: photos of the market with
noise of their own, as JPEGs of 1,200 pixels, with the title of the work. Measured are the sending of the form, which
ends with the address of the answer, and the whole: the form, the answer's page and every picture on it.
"""

import argparse
import io
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from html import unescape
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

from sakka.catalog.works import Catalog, Work
from studies.figures import Figure
from studies.hostile import drawn_market, serving

ROOT = Path(__file__).parents[1]
SIDE_PX, NOISE = 1200, 6
WARM_UP = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--against", required=True, metavar="REV", help="the revision to compare with")
    parser.add_argument("--photos", type=int, default=60, help="photos that each revision is asked about")
    parser.add_argument("--seed", type=int, default=0)


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Ask both servers in turn about the same photos."""
    with tempfile.TemporaryDirectory(prefix="sakka-page-") as name, ExitStack() as stack:
        clients = [
            stack.enter_context(served(Path(name, label), revision))
            for label, revision in (("this", "HEAD"), ("other", asked.against))
        ]
        works = Catalog.read(Path(name, "this", "market"))
        seconds = np.array(list(_turns(clients, works, asked)))[WARM_UP:]
    for row, client in (("this revision", 0), (asked.against, 1)):
        for measured, part in (("form", 0), ("form, page and pictures", 1)):
            values = 1000 * seconds[:, client, part]
            yield Figure(row, f"ms, median: {measured}", float(np.median(values)), len(values))
    for measured, part in (("form", 0), ("form, page and pictures", 1)):
        ratios = seconds[:, 1, part] / seconds[:, 0, part]
        yield Figure(
            f"{asked.against} / this revision", f"ratio, median: {measured}", float(np.median(ratios)), len(ratios)
        )


def _turns(
    clients: Sequence[httpx.Client], works: Catalog, asked: argparse.Namespace
) -> Iterator[list[tuple[float, float]]]:
    generator = np.random.default_rng(asked.seed)
    listed = [work for work in works if work.photos]
    for number in range(WARM_UP + asked.photos):
        work = listed[int(generator.integers(len(listed)))]
        photo = altered(works, work, generator)
        order = (0, 1) if number % 2 else (1, 0)
        found = {client: answered(clients[client], photo, work.title) for client in order}
        yield [found[0], found[1]]


def altered(works: Catalog, work: Work, generator: np.random.Generator) -> bytes:
    """A work's photo with noise, as a JPEG's bytes."""
    image = Image.open((works.photo_root or Path()) / work.photos[0]).convert("RGB").resize((SIDE_PX, SIDE_PX))
    pixels = np.asarray(image) + generator.normal(0, NOISE, (SIDE_PX, SIDE_PX, 3))
    buffer = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def answered(client: httpx.Client, photo: bytes, title: str) -> tuple[float, float]:
    """How many seconds the form took, and the form with the page and its pictures."""
    start_s = time.perf_counter()
    sent = client.post("/", files={"photo": ("photo.jpg", photo)}, data={"title": title})
    assert sent.status_code == 303, sent.text
    form_s = time.perf_counter() - start_s
    page = client.get(sent.headers["location"]).raise_for_status().text
    for address in re.findall(r'<img src="([^"]+)"', page):
        client.get(unescape(address)).raise_for_status()
    return form_s, time.perf_counter() - start_s


@contextmanager
def served(folder: Path, revision: str) -> Iterator[httpx.Client]:
    """A client of a revision's server over a model and an index that the revision made itself."""
    folder.mkdir()
    tree = folder / "tree"
    subprocess.run(["git", "-C", ROOT, "worktree", "add", "--quiet", "--detach", tree, revision], check=True)
    environment = {"PYTHONPATH": str(tree / "src"), "SAKKA_CACHE": str(folder / "cache")}
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        with (
            serving(drawn_market(folder)) as (base, _),
            httpx.Client(base_url=base, timeout=60, headers={"accept": "text/html"}) as client,
        ):
            _restore(before)
            yield client
    finally:
        _restore(before)
        subprocess.run(["git", "-C", ROOT, "worktree", "remove", "--force", tree], check=True)


def _restore(environment: dict[str, str | None]) -> None:
    for name, value in environment.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
