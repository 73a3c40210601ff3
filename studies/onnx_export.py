"""The photo model as an ONNX file, read back by `onnx:`: how equal its answers are, and how fast it is.

    python -m studies onnx_export [--photos 400] [--seed 0]

The photo model on `lite0` is fitted on a drawn market and exported; the file is read back as an encoder. Vectors of
the market's photos are compared with those of the same model in float32, by the norm of the difference over the norm
of the vector; probabilities by their largest difference. Then batches of photos are given to sakka's own network in
both of its number formats and to onnxruntime in turn, in another order each time. Milliseconds are processor time of
one thread, from pixels to the vector; ratios are of each batch, ours over onnxruntime's, so that 1 is as fast and more
is faster than ours, with the interval that half of the batches lie in; their n counts batches of eight photos.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch

from sakka.arrays import DoubleArray, Features, Pixels
from sakka.catalog.build import build_catalog
from sakka.catalog.works import Catalog
from sakka.market import MarketSettings
from sakka.models.onnx_export import export_photo_side
from sakka.models.photo.linear import EfficientNetLinear
from sakka.networks.encoders import BATCH_PHOTOS, PhotoEncoder, photo_encoders
from sakka.networks.features import photo_pixels
from studies.figures import Figure

CREATORS, WARM_UP = 10, 3
INPUT_PX = 224
OWN = ("float32", "bfloat16")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--photos", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Export, read back, compare vectors, probabilities and time."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="sakka-onnx-") as name:
        market = MarketSettings(creators=CREATORS, works=asked.photos, seed=asked.seed)
        works = build_catalog("market", folder=Path(name, "market"), market=market)
        model = EfficientNetLinear(dtype="float32", seed=asked.seed).fit(works)
        written = export_photo_side(model, Path(name, "model.onnx"))
        yield Figure("ONNX file", "MB", written.file.stat().st_size / 1e6)
        photos = pixels_of(works, asked.photos)
        (back,) = photo_encoders(f"onnx:{written.file}")
        back.load()
        own = {dtype: photo_encoders("lite0", dtype)[0] for dtype in OWN}
        columns = model.readings()[0].columns
        exact, read = vectors_of(own["float32"], photos)[:, columns], vectors_of(back, photos)
        yield from differences("onnx: beside float32", exact, read)
        yield from differences("bfloat16 beside float32", exact, vectors_of(own["bfloat16"], photos)[:, columns])
        yield from answers(model, exact, read)
        yield from speeds({**own, "onnx:": back}, photos, asked.seed)


def pixels_of(works: Catalog, count: int) -> Pixels:
    """The first photos of a catalog as the network reads them."""
    paths = [path for path in works.photo_paths if path is not None][:count]
    return np.stack([photo_pixels(path, INPUT_PX) for path in paths])


def vectors_of(encoder: PhotoEncoder, photos: Pixels) -> Features:
    """Vectors, computed batch by batch."""
    starts = range(0, len(photos), BATCH_PHOTOS)
    return np.concatenate([encoder.vectors(photos[start : start + BATCH_PHOTOS]) for start in starts]).astype(
        np.float32
    )


def differences(row: str, exact: Features, other: Features) -> Iterator[Figure]:
    """How far vectors are from others, over these others' norms."""
    relative = np.linalg.norm(exact - other, axis=1) / np.linalg.norm(exact, axis=1)
    yield Figure(row, "difference over norm, median", float(np.median(relative)), len(relative))
    yield Figure(row, "difference over norm, largest", float(relative.max()), len(relative))


def answers(model: EfficientNetLinear, exact: Features, read: Features) -> Iterator[Figure]:
    """How far the head's probabilities are from each other, and how often they name the same creator."""
    assert model.head_ is not None
    own, other = (model.head_.predict_proba(vectors) for vectors in (exact, read))
    yield Figure("onnx: beside float32", "probability, largest difference", float(np.abs(own - other).max()), len(own))
    same = float((own.argmax(axis=1) == other.argmax(axis=1)).mean())
    yield Figure("onnx: beside float32", "same creator named", same, len(own))


def speeds(encoders: dict[str, PhotoEncoder], photos: Pixels, seed: int) -> Iterator[Figure]:
    """Milliseconds a photo of each encoder, and ours over onnxruntime's in the same turn."""
    batches = [photos[start : start + BATCH_PHOTOS] for start in range(0, len(photos), BATCH_PHOTOS)]
    taken: dict[str, list[float]] = {name: [] for name in encoders}
    random = np.random.default_rng(seed)
    for batch in batches[:WARM_UP] + batches:
        for name in random.permutation(list(encoders)).tolist():
            taken[name].append(1000 * seconds(encoders[name].vectors, batch) / len(batch))
    turns: dict[str, DoubleArray] = {name: np.array(each[WARM_UP:]) for name, each in taken.items()}
    for name, each in turns.items():
        yield Figure(name, "ms a photo, median", float(np.median(each)), len(each))
    for name in OWN:
        ratios = turns[name] / turns["onnx:"]
        low, high = np.quantile(ratios, [0.25, 0.75])
        interval = (float(low), float(high))
        yield Figure(f"{name} / onnx:", "ratio, median", float(np.median(ratios)), len(ratios), interval=interval)


def seconds(compute: Callable[[Pixels], Features], batch: Pixels) -> float:
    """Processor time of one thread."""
    start = time.thread_time()
    compute(batch)
    return time.thread_time() - start
