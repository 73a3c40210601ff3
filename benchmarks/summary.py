"""The front page's table of speed: what a user would pick instead, and how many times as fast sakka was beside it."""

import json
from pathlib import Path
from typing import Any, NamedTuple

HEADINGS = ("what", "beside", "times as fast", "accuracy: sakka", "the other's")


class Row(NamedTuple):
    """One comparison of a benchmark, in a reader's words.

    Attributes:
        benchmark: The benchmark's name.
        comparison: The comparison's name in its results.
        what: What is done.
        beside: What else does it.
    """

    benchmark: str
    comparison: str
    what: str
    beside: str


ROWS = (
    Row(
        "photo_features",
        "vgg16 / Keras vgg16 on torch, as first written",
        "photos to VGG16's features",
        "Keras, as first written",
    ),
    Row(
        "photo_features",
        "vgg16 / Keras vgg16 on torch, tuned",
        "the same",
        "Keras, compiled, mixed bfloat16",
    ),
    Row(
        "photo_features",
        "efficientnet_lite0 / Keras efficientnet_b0 on torch, tuned",
        "photos to EfficientNet's features",
        "Keras, compiled, mixed bfloat16",
    ),
    Row("heads", "25 heads together / 25 scikit-learn fits", "25 photo models on features", "25 fits of scikit-learn"),
    Row("text", "text-linear / fastText, 1,000 epochs", "a text model", "fastText as the paper sets it"),
    Row("text", "text-linear / scikit-learn TF-IDF", "the same", "scikit-learn's TF-IDF and LogisticRegression"),
    Row("finetune_step", "step / Keras on torch, tuned", "a training step of VGG16", "Keras, compiled, mixed bfloat16"),
    Row(
        "experiment",
        "best / Keras frozen VGG16 + fastText",
        "5 x 5 folds, photo and text",
        "frozen VGG16 in Keras, fastText (extrapolated)",
    ),
    Row(
        "experiment",
        "best / Keras fine-tuned VGG16 + fastText",
        "the same",
        "fine-tuned VGG16 in Keras, fastText (extrapolated)",
    ),
)


def speed_rows(folder: Path) -> list[tuple[str, ...]]:
    """The table's rows from the results in a folder; what was not measured says so."""
    return [(row.what, row.beside, *_figures(_compared(row, folder))) for row in ROWS]


def _compared(row: Row, folder: Path) -> dict[str, Any]:
    path = folder / f"{row.benchmark}.json"
    stored = json.loads(path.read_text(encoding="utf-8"))["comparisons"] if path.is_file() else []
    found: list[dict[str, Any]] = [each for each in stored if each["name"] == row.comparison]
    return found[0] if found else {}


def _figures(compared: dict[str, Any]) -> tuple[str, str, str]:
    ratio = compared.get("ratio")
    if not ratio:
        return "not measured", "", ""
    times = f"{_number(ratio['median'])} ({_number(ratio['minimum'])} to {_number(ratio['maximum'])})"
    ours, other = (_accuracy(compared[side]) for side in ("ours", "other"))
    return (times, ours, other) if ours and other else (times, "", "")


def _accuracy(side: dict[str, Any]) -> str:
    value = side["quality"].get("accuracy")
    return "" if value is None else f"{value:.3f}"


def _number(value: float) -> str:
    """Write a ratio with as many digits as mean something.

    >>> [_number(value) for value in (1.0539, 29.77, 21569.3)]
    ['1.05', '29.8', '21,569']
    """
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"
