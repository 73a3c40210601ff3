"""JPEG files to feature vectors on an empty cache: against the network alone, and against Keras.

The limit is the network itself on tensors that are in memory. Keras "as first written": float32,
`image_dataset_from_directory`, its default batch. "Tuned": mixed bfloat16, the compiler, the axis order that suits the
backend (each mix is timed once and the fastest taken), larger batches, photos read ahead by threads. Keras has no
EfficientNet-Lite0; EfficientNet-B0, from which Lite0 is made, stands in, with random weights, so without an accuracy.
"""

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.data import Works, accuracy_of_features, photo_works, write_vgg16, write_works
from benchmarks.harness import Comparison, Outcome, Plan, compare_all
from benchmarks.processes import Side
from benchmarks.results import Section, section_of

TITLE = "Photo features: JPEG files to vectors, empty cache"
SIZE = 320  # photos
OURS = "benchmarks.ours.photos:PhotoFeatures"
BARE = "benchmarks.ours.photos:BareNetwork"
KERAS = "benchmarks.peers.keras_photos:FrozenFeatures"
BARE_WANTED = {"vgg16": 0.9, "efficientnet_lite0": 0.8}
KERAS_NETWORK = {"vgg16": "vgg16", "efficientnet_lite0": "efficientnet_b0"}
TUNED_WANTED = {"vgg16": 1.5, "efficientnet_lite0": 3.0}
FIRST_WANTED = {"vgg16": 3.0, "efficientnet_lite0": None}
NOTE = "accuracy: a softmax on the vectors, 5 folds of these photos, the same judge for both sides"


def measure(plan: Plan) -> Section:
    """Compare for both networks, on both Keras backends."""
    chosen = photo_works(plan).first(plan.size)
    works = str(write_works(chosen, plan.scratch / "works.json"))
    vgg16 = write_vgg16(plan.scratch / "vgg16.npz")
    outcomes: list[Outcome] = []
    for backbone in ("vgg16", "efficientnet_lite0"):
        ours = {"works": works, "backbone": backbone, "output": str(plan.scratch / f"{backbone}-ours.npy")}
        side = Side(f"sakka {backbone}", OURS, ours)
        outcomes += compare_all(_comparisons(side, backbone, works, vgg16, plan.scratch, chosen), plan)
    return section_of("photo_features", TITLE, plan, outcomes, chosen.source)


def _comparisons(
    ours: Side, backbone: str, works: str, vgg16: Path | None, scratch: Path, chosen: Works
) -> list[Comparison]:
    creators = chosen.catalog.creator_indices()

    def judge(said: dict[str, Any]) -> dict[str, float]:
        return {"accuracy": accuracy_of_features(np.load(said["features"]), creators)}

    bare = Side(f"{backbone} on tensors in memory", BARE, {"works": works, "backbone": backbone})
    single = Side(f"sakka {backbone}, float32", OURS, {**ours.settings, "dtype": "float32"})
    found = [
        Comparison(f"{backbone} / the network alone", "photos", ours, bare, BARE_WANTED[backbone], judge=judge),
        Comparison(f"{backbone} / the same in float32", "photos", ours, single, judge=judge, note=NOTE),
    ]
    weights = str(vgg16) if backbone == "vgg16" and vgg16 is not None else None
    for backend in ("torch", "jax"):
        for tuned in (False, True):
            network = KERAS_NETWORK[backbone]
            name = f"Keras {network} on {backend}, {'tuned' if tuned else 'as first written'}"
            output = str(scratch / f"{network}-{backend}-{tuned}.npy")
            settings = {"works": works, "network": network, "tuned": tuned, "weights": weights, "output": output}
            other = Side(name, KERAS, settings, "keras", {"KERAS_BACKEND": backend})
            wanted = TUNED_WANTED[backbone] if tuned else FIRST_WANTED[backbone]
            found.append(Comparison(f"{backbone} / {name}", "photos", ours, other, wanted, judge=judge, note=NOTE))
    return found
