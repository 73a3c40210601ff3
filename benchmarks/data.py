"""What the benchmarks are measured on: real works where their folder is at hand, else the simulated market.

The folder holds `paintings/works.csv` (photos, titles) and `aozora/works.csv` (texts): the argument `--data`, the
environment variable SAKKA_BENCHMARK_DATA, or `../shared/data` beside the checkout. What was used is told with the
figures.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.harness import Plan
from benchmarks.processes import ROOT
from sakka.arrays import FloatArray, IntArray
from sakka.catalog.splits import nested_splits
from sakka.catalog.works import Catalog, Work

DATA_VARIABLE = "SAKKA_BENCHMARK_DATA"
MIN_WORKS = 50
SEED = 0
SIMULATED_CREATORS = 12
SIMULATED_WORKS = 1_200
FEWEST_WORKS = 25


@dataclass(frozen=True)
class Works:
    """Works to measure on.

    Attributes:
        catalog: The works; each has a creator.
        source: What they are, as the tables tell it.
    """

    catalog: Catalog
    source: str

    def first(self, n_works: int | None) -> "Works":
        """Give about `n_works` works, in order, as whole creators of at most 40 works each; None means all."""
        if n_works is None or n_works >= len(self.catalog):
            return self
        labels = self.catalog.creator_indices()
        each = min(40, max(10, n_works // 4))
        rows: list[int] = []
        for place in range(max(2, -(-n_works // each))):
            rows.extend(np.flatnonzero(labels == place)[:each].tolist())
        return Works(self.catalog.take(sorted(rows)), f"{self.source}, {len(rows)} works")


def data_folder(chosen: Path | None) -> Path | None:
    """The folder of real works; None where there is none."""
    named = chosen or (Path(os.environ[DATA_VARIABLE]) if os.environ.get(DATA_VARIABLE) else None)
    folder = named or ROOT.parent / "shared" / "data"
    return folder if folder.is_dir() else None


def photo_works(plan: Plan) -> Works:
    """Works with photos and titles: the paintings, else the simulated market."""
    path = None if plan.data is None else plan.data / "paintings" / "works.csv"
    return Works(read_listing(path), "paintings") if path and path.is_file() else simulated_works(plan)


def text_works(plan: Plan) -> Works:
    """Works with Japanese texts: aozora, else the simulated market."""
    path = None if plan.data is None else plan.data / "aozora" / "works.csv"
    return Works(read_listing(path), "aozora") if path and path.is_file() else simulated_works(plan)


def simulated_works(plan: Plan) -> Works:
    """Works of the simulated market; the photos are drawn into the plan's scratch folder."""
    from sakka.catalog.build import build_catalog
    from sakka.market import MarketSettings

    folder = plan.scratch / "market"
    if folder.is_dir():
        catalog = Catalog.read(folder)
    else:
        market = MarketSettings(creators=SIMULATED_CREATORS, works=SIMULATED_WORKS, seed=SEED)
        catalog = build_catalog("market", folder=folder, market=market, min_works=FEWEST_WORKS)
    complete = np.flatnonzero(catalog.has_photo & catalog.has_text)
    return Works(catalog.take(complete), "simulated market, because the data folder is not there")


def read_listing(path: Path, min_works: int = MIN_WORKS) -> Catalog:
    """Read a CSV of works; creators with fewer than `min_works` works are left out (the paper's rule)."""
    table = pl.read_csv(path, infer_schema=False).fill_null("")
    table = table.filter(pl.len().over("creator") >= min_works)
    works = [
        Work(
            id=row["id"],
            creator=row["creator"],
            title=row["title"],
            description=row["description"],
            photos=(row["image"],) if row["image"] else (),
        )
        for row in table.iter_rows(named=True)
    ]
    return Catalog.from_works(works, photo_root=path.parent)


def write_works(works: Works, path: Path) -> Path:
    """Write what peers read of the works: photos, texts, creators as numbers, and the 25 folds' rows."""
    catalog = works.catalog
    folds = nested_splits(catalog, seed=SEED).folds()
    content = {
        "source": works.source,
        "photos": [str(photo) for photo in catalog.photo_paths],
        "texts": catalog.texts,
        "creators": catalog.creator_indices().tolist(),
        "folds": [{"train": fold.train.tolist(), "test": fold.test.tolist()} for fold in folds],
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def write_vgg16(path: Path) -> Path | None:
    """Write VGG16's ImageNet convolutions as .npz for Keras; None where no source gives them."""
    from safetensors.numpy import load_file

    from sakka.errors import WeightsError
    from sakka.networks.weights.registry import weight_files

    try:
        file = next(iter(weight_files("vgg16").values()))
    except WeightsError:
        return None
    np.savez(path, **load_file(file))
    return path


def accuracy_of_features(features: FloatArray, creators: IntArray) -> float:
    """The share of works named right from their features by a softmax fitted on 4 fifths, over 5 folds."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    judge = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    folds = StratifiedKFold(5, shuffle=True, random_state=SEED)
    return float(cross_val_score(judge, features, creators, cv=folds).mean())
