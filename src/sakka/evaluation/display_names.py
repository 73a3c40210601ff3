"""Plain words for the names that stand in results: models, rows, measures."""

import re

MEASURE_WORDS: dict[str, str] = {
    "accuracy": "Accuracy",
    "macro_f1": "Macro-F1",
    "top3_accuracy": "Top 3",
    "top5_accuracy": "Top 5",
}

ROW_WORDS: dict[str, str] = {"single": "single models", "ensemble": "ensemble", "fused": "fused"}

_COMMIT = re.compile(r"(@[0-9a-f]{8})[0-9a-f]{32}\b")
_FUSION_WORDS: dict[str, str] = {"model": "one model", "ratio": "fixed ratio"}
_MODALITY_WORDS: dict[str, str] = {"photo": "Photo", "text": "Text", "labels": "Object labels"}


def kind_of(model: str) -> str:
    """What a model reads, by its name: `photo`, `text`, `labels`, `fused`, `none` (the baseline) or `other`.

    >>> kind_of("photo-vgg16"), kind_of("fused-learned"), kind_of("dummy"), kind_of("my-model")
    ('photo', 'fused', 'none', 'other')
    """
    kind = "none" if model == "dummy" else model.partition("-")[0]
    return kind if kind in ("photo", "text", "labels", "fused", "none") else "other"


def model_words(name: str) -> str:
    """A model's name as a reader would say it; of a commit's 40 digits stand the first eight.

    >>> model_words("photo-lite0"), model_words("fused"), model_words("fused-ratio"), model_words("dummy")
    ('Photo (lite0)', 'Photo + text', 'Photo + text, fixed ratio', 'Dummy (largest creator)')
    >>> model_words("photo-hf:facebook/dinov2-small@" + 40 * "1")
    'Photo (hf:facebook/dinov2-small@11111111)'
    """
    if name == "dummy":
        return "Dummy (largest creator)"
    modality, _, rest = _COMMIT.sub(r"\1", name).partition("-")
    if modality == "fused":
        return ", ".join(["Photo + text", *([_FUSION_WORDS.get(rest, rest)] if rest else [])])
    return f"{_MODALITY_WORDS[modality]} ({rest})" if modality in _MODALITY_WORDS and rest else name
