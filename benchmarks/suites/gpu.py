"""Fine-tuning VGG16 on a GPU: photos a second, share of the card's measured matrix rate, time of the paper's protocol.

Arithmetic of a training step: 3 x the forward pass (forward, gradient by inputs, gradient by weights), which for
VGG16 at 224 pixels is 2 x 15.47e9 operations a photo plus 2 x 0.103e9 for the layer of 4,096. The photos are bytes in
the device's memory and are normalised there; decoding is not part of the figure. The figures of 2026-11-28 were
measured while the benchmark still gave its memory back between runs (see `finetune_step`), so that rate is a low one.
"""

from benchmarks.data import write_vgg16
from benchmarks.harness import Comparison, Outcome, Plan, compare
from benchmarks.processes import Side
from benchmarks.results import Section, section_of

TITLE = "GPU: fine-tuning VGG16 at the paper's scale"
SIZE = 1024  # photos a run on a GPU
BATCH = 256  # the paper's
CPU_PHOTOS = 16
CREATORS = 944
TRAINED_PHOTOS = 109_685 * 0.8 * 0.8
MODELS, EPOCHS = 25, 100
OPERATIONS_PER_PHOTO = 3 * 2 * (15.47e9 + 0.103e9)
PRODUCT_SIDE = {"cuda": 8192, "cpu": 2048}


def measure(plan: Plan) -> Section:
    """Measure the step on the GPU, or on the CPU where there is none, and say which."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    size = plan.size if device == "cuda" else min(plan.size or SIZE, CPU_PHOTOS)
    assert size is not None
    weights = write_vgg16(plan.scratch / "vgg16.npz")
    batch = min(BATCH if device == "cuda" else CPU_PHOTOS, size)
    step = {
        "batch": batch,
        "steps": max(1, size // batch),
        "n_creators": CREATORS,
        "weights": None if weights is None else str(weights),
        "device": device,
    }
    side = PRODUCT_SIDE[device]
    product = {"rows": side, "inner": side, "columns": side, "times": 20, "precision": "bfloat16", "device": device}
    comparison = Comparison(
        "training step / matrix products",
        "photos / products",
        Side(f"VGG16 step on {device}", "benchmarks.ours.training:TrainingSteps", step),
        Side(f"bfloat16 matrix product on {device}", "benchmarks.ours.processor:MatrixProduct", product),
        note="the ratio is of photos to products; the share of the matrix rate stands below",
    )
    outcome = compare(comparison, plan)
    section = section_of("gpu", TITLE, plan, [outcome])
    lines = _lines(outcome, device, 2.0 * side**3)
    return Section("gpu", TITLE, "\n".join([*lines, "", section.markdown]), {**section.data, "device": device})


def _lines(outcome: Outcome, device: str, product_operations: float) -> list[str]:
    said = [] if device == "cuda" else ["No GPU was at hand: the figures are those of the CPU with the same code."]
    if outcome.other is None:
        return said
    shares = [ratio * OPERATIONS_PER_PHOTO / product_operations for ratio in outcome.ratios]
    rate = sorted(outcome.ours.rates)[len(shares) // 2]
    days = MODELS * EPOCHS * TRAINED_PHOTOS / rate / 86_400
    return [
        *said,
        f"{rate:.4g} photos a second are trained on; that is {min(shares):.2f} to {max(shares):.2f} of the matrix rate "
        f"measured beside it. The paper's protocol ({MODELS} models, {EPOCHS} epochs, {TRAINED_PHOTOS:,.0f} photos "
        f"each) would take {days:.3g} days at that rate (extrapolated).",
    ]
