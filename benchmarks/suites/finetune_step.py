"""A fine-tuning step of the paper's VGG16: the same batch, the same starting convolutions, the same number of steps.

All layers are trained, one layer of 4,096, SGD 0.005 with momentum 0.97, on a batch in memory. The loss after the last
step stands for quality. Our side keeps the memory of its maps from step to step, as a training does from its first step
to its last.
"""

from benchmarks.data import write_vgg16
from benchmarks.harness import Comparison, Plan, compare_all
from benchmarks.processes import Side
from benchmarks.results import Section, section_of

TITLE = "Fine-tuning step of VGG16"
SIZE = 64  # photos a run
BATCH = 32
CREATORS = 43
NOTE = "loss after the last step, from the same convolutions; the layers above them start at random on each side"


def measure(plan: Plan) -> Section:
    """Compare our step with Keras on both backends, as first written and tuned."""
    assert plan.size is not None
    weights = write_vgg16(plan.scratch / "vgg16.npz")
    batch = min(BATCH, plan.size)
    settings = {
        "batch": batch,
        "steps": max(1, plan.size // batch),
        "n_creators": CREATORS,
        "weights": None if weights is None else str(weights),
    }
    ours = Side("sakka VGG16 step", "benchmarks.ours.training:TrainingSteps", settings)
    comparisons = []
    for backend in ("torch", "jax"):
        for tuned in (False, True):
            name = f"Keras on {backend}, {'tuned' if tuned else 'as first written'}"
            target = "benchmarks.peers.keras_training:TrainingSteps"
            other = Side(name, target, {**settings, "tuned": tuned}, "keras", {"KERAS_BACKEND": backend})
            wanted = 1.2 if tuned else 2.0
            comparisons.append(Comparison(f"step / {name}", "photos", ours, other, wanted, note=NOTE))
    return section_of("finetune_step", TITLE, plan, compare_all(comparisons, plan))
