"""The same catalog, features and results wherever the photos are, and what fetching them costs.

    python -m studies photos_anywhere [--works 300]

Photos of the simulated market are read from disk, from an S3 server (moto) and over https, all on loopback, and from
both again where each hundredth request is answered with 503, is cut off or stays silent for longer than is waited for,
in turn (a server of ours, in the place of S3 too). Each way has a cache
of its own, so everything is fetched and computed anew. Last, the catalog and the run themselves are written to the S3
server, and read from it with an empty cache, as another machine would. `works.parquet`, the features of all photos and
`results.json` of an experiment (photo-lite0, text-linear and dummy, one test fold) are compared byte for byte with
those from disk. Seconds are of building the catalog, on one thread of a machine that is shared with other work.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from tests.photo_server import certificate_for, photo_server
from tests.s3_server import put_objects, s3_server

from sakka.catalog.build import build_catalog
from sakka.catalog.works import Catalog
from sakka.errors import RunError
from sakka.evaluation.plan import make_plan
from sakka.evaluation.run import run_experiment
from sakka.market import MarketSettings, write_market
from sakka.networks.encoders import photo_encoders
from sakka.networks.features import every_photo_features
from sakka.pages.write_report import write_report
from sakka.remote.copies import at_hand
from sakka.remote.fetcher import Fetching
from sakka.remote.writing import working_in
from studies.figures import Figure

WORKS, CREATORS, SEED = 300, 12, 4
SILENT_S = 5.0  # a silent server says nothing at all
PORT = "SAKKA_STUDY_PORT"
IN_BUCKET = "catalog and run in the bucket"
MODELS = ("photo-lite0", "text-linear", "dummy")


@dataclass(frozen=True)
class Made:
    """What came of one way of reading the photos.

    Attributes:
        works: `works.parquet`.
        features: The features of all photos.
        results: `results.json`.
    """

    works: bytes
    features: bytes
    results: bytes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--works", type=int, default=WORKS, help="works of the market")


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Build, compute and evaluate from each place, and compare."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="sakka-anywhere-") as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        market = folder / "market"
        write_market(market, MarketSettings(works=asked.works, creators=CREATORS, seed=SEED))
        files = [path for path in market.rglob("*") if path.suffix in (".jpg", ".png")]
        photos = {path.relative_to(market).as_posix(): path.read_bytes() for path in files}
        first: Made | None = None
        for way, root, servers in _ways(folder, photos):
            with servers as troubles, patch.context() as own:
                own.setenv("SAKKA_CACHE", str(folder / way))
                found, seconds, n_photos = _made(folder, way, root)
                first = first or found
                yield Figure(way, "photos", n_photos)
                yield Figure(way, "catalog built, s", seconds, n_photos)
                yield Figure(way, "requests answered badly", troubles())
                for part, content in vars(found).items():
                    yield Figure(way, f"{part} those from disk, to the byte (1: yes)", content == vars(first)[part])


Servers = AbstractContextManager[Callable[[], int]]


def _ways(folder: Path, photos: dict[str, bytes]) -> Iterator[tuple[str, str | None, Servers]]:
    """Each way's name, the address that photo paths start at, and its servers."""
    yield "disk", None, nullcontext(lambda: 0)
    yield "s3", "s3://shop", _s3(photos)
    yield "https", "https://127.0.0.1:{port}/ok", _web(folder, photos, "https")
    yield "s3, 1 % of requests bad", "s3://hundredth", _web(folder, photos, "s3")
    yield "https, 1 % of requests bad", "https://127.0.0.1:{port}/hundredth", _web(folder, photos, "https")
    yield IN_BUCKET, None, _s3(photos)


@contextmanager
def _s3(photos: dict[str, bytes]) -> Iterator[Callable[[], int]]:
    with pytest.MonkeyPatch.context() as patch, s3_server(patch) as endpoint:
        put_objects(endpoint, "shop", photos)
        yield lambda: 0


@contextmanager
def _web(folder: Path, photos: dict[str, bytes], kind: str) -> Iterator[Callable[[], int]]:
    certificate, authority = certificate_for("127.0.0.1", folder)
    with (
        pytest.MonkeyPatch.context() as patch,
        photo_server(photos, certificate if kind == "https" else None) as server,
    ):
        patch.setenv("SSL_CERT_FILE", str(authority))
        patch.setenv("AWS_ENDPOINT_URL", server.address)
        patch.setenv("AWS_SKIP_SIGNATURE", "true")
        patch.setenv(PORT, str(server.port))
        yield lambda: server.troubles


def _made(folder: Path, way: str, root: str | None) -> tuple[Made, float, int]:
    """What comes of one way, how many seconds the catalog takes, and how many photos it has."""
    started_s = time.perf_counter()
    address = "s3://shop/catalog" if way == IN_BUCKET else str(folder / f"catalog {way}")
    where = None if root is None else root.format(port=os.environ.get(PORT))
    fetch = None if root is None else Fetching((where.split("/")[2],) if where else (), silent_s=SILENT_S)
    catalog = build_catalog(folder / "market" / "listings.csv", folder=address, photo_root=where, fetch=fetch)
    seconds = time.perf_counter() - started_s
    n_photos = int(catalog.photo_counts.sum())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAKKA_CACHE", str(folder / f"another machine {way}"))
        read = Catalog.read(address)
        (encoder,) = photo_encoders("lite0", "float32")
        features = every_photo_features(read, encoder).tobytes()
        settings = {"photo-lite0": {"dtype": "float32"}}
        plan = make_plan(read, MODELS, settings=settings, inner_folds=1, outer_folds=1)
        run = "s3://shop/run" if way == IN_BUCKET else folder / f"run {way}"
        with working_in(run, RunError, goes_on=True) as local:
            results = write_report(run_experiment(read, local, plan).folder).parent / "results.json"
            content = results.read_bytes()
        works = at_hand(address) / "works.parquet"
        return Made(works.read_bytes(), features, content), seconds, n_photos
