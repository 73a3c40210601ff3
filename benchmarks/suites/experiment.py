"""The whole 5 x 5 experiment from an empty cache, against the paper's pipeline in Keras and fastText.

The other side takes weeks where it fine-tunes the network, as the paper does, so its time is extrapolated from measured
pieces: photos or training steps, an epoch of the softmax layer, epochs of fastText (`peers/keras_pipeline.py` holds the
formula). Frozen features with one layer on them are the short way that tutorials show, not the paper's.
`studies/pipeline_accuracy.py` measures what both sides name right.
"""

from typing import Any

from benchmarks.data import photo_works, write_vgg16, write_works
from benchmarks.harness import Comparison, Plan, compare_all
from benchmarks.processes import Side
from benchmarks.results import Section, section_of

TITLE = "The whole experiment, 5 x 5 folds"
SIZE = None  # all works
MEASURED_PHOTOS = 128
WANTED = 10.0
BACKEND = {"KERAS_BACKEND": "torch"}  # the faster one for both pieces on a CPU; `photo_features` compares them


def measure(plan: Plan) -> Section:
    """Compare with frozen VGG16 and with VGG16 trained for 100 epochs as in the paper."""
    chosen = photo_works(plan).first(plan.size)
    works = str(write_works(chosen, plan.scratch / "works.json"))
    few = str(write_works(chosen.first(MEASURED_PHOTOS), plan.scratch / "measured.json"))
    vgg16 = write_vgg16(plan.scratch / "vgg16.npz")
    settings: dict[str, Any] = {
        "works": works,
        "measured": few,
        "weights": None if vgg16 is None else str(vgg16),
        "output": str(plan.scratch / "features.npy"),
    }
    ours = Side(
        "sakka experiment --preset best",
        "benchmarks.ours.experiments:BestExperiment",
        {"works": works, "folder": str(plan.scratch)},
    )
    comparisons = []
    for fine_tuned in (False, True):
        name = f"Keras {'fine-tuned' if fine_tuned else 'frozen'} VGG16 + fastText"
        target = "benchmarks.peers.keras_pipeline:PaperPipeline"
        other = Side(name, target, {**settings, "fine_tuned": fine_tuned}, "keras", BACKEND)
        note = "the other side's time is extrapolated from measured pieces, see its line"
        comparisons.append(Comparison(f"best / {name}", "experiments", ours, other, WANTED, note=note))
    return section_of("experiment", TITLE, plan, compare_all(comparisons, plan), chosen.source)
