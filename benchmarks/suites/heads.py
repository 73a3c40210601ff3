"""25 heads on the same frozen features: trained together, against one scikit-learn fit a fold."""

import numpy as np

from benchmarks.data import SEED, photo_works, write_works
from benchmarks.harness import Comparison, Plan, compare_all
from benchmarks.processes import Side
from benchmarks.results import Section, section_of

TITLE = "25 photo heads on frozen features"
SIZE = None  # all works
FITS = 2  # of scikit-learn's 25 that are timed in a run
NEAR_ITERATIONS = 100


def measure(plan: Plan) -> Section:
    """Compare with scikit-learn and with the matrix products that as many gradients need."""
    from benchmarks.ours.works import read_catalog
    from sakka.networks.extractor import PhotoExtractor
    from sakka.networks.features import photo_features

    chosen = photo_works(plan).first(plan.size)
    works = str(write_works(chosen, plan.scratch / "works.json"))
    extractor = PhotoExtractor("efficientnet_lite0")
    vectors, _ = photo_features(read_catalog(works), extractor)  # into the cache, before anything is timed
    features = vectors[:, extractor.column_indices(None)].astype(np.float32)  # means and deviations
    np.save(plan.scratch / "features.npy", features)

    ours = Side("sakka photo heads", "benchmarks.ours.heads:AllFolds", {"works": works, "seed": SEED, "fits": FITS})
    settings = {"works": works, "features": str(plan.scratch / "features.npy"), "fits": FITS}
    sklearn = Side("scikit-learn, fold by fold", "benchmarks.peers.heads:FoldByFold", settings, "classic")
    n_creators = len(chosen.catalog.creators)
    product = {
        "rows": int(0.64 * len(features)),
        "inner": features.shape[1],
        "columns": n_creators,
        "times": 2 * NEAR_ITERATIONS,
    }
    limit = Side("matrix products", "benchmarks.ours.processor:MatrixProduct", product)
    comparisons = [
        Comparison("25 heads together / 25 scikit-learn fits", "folds", ours, sklearn, 8.0, wanted_gain=0.0),
        Comparison(
            "25 heads together / matrix products",
            "folds / products",
            ours,
            limit,
            note=f"a fit of {NEAR_ITERATIONS} gradients needs {2 * NEAR_ITERATIONS} such products",
        ),
    ]
    return section_of("heads", TITLE, plan, compare_all(comparisons, plan), chosen.source)
