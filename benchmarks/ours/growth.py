"""Steps of sakka on simulated works, for time and memory against the number of works and of creators.

Simulated texts: 30 words each, a third of them from 200 words that the creator likes, the rest from all 20,000 by
Zipf's law. Simulated features: a point for each creator, and works around it.
"""

import os
import resource
import time
from typing import Any

import numpy as np

from benchmarks.worker import peak_memory_mib
from sakka.arrays import FloatArray, IntArray
from sakka.catalog.splits import nested_splits
from sakka.catalog.works import Catalog, Work
from sakka.models.linear_head.dense import fit_dense
from sakka.models.registry import make_model

WORDS = 20_000
LIKED_WORDS = 200
WORDS_A_TEXT = 30
LIKED_A_TEXT = 10
ANSWERED = 1_000
SOLVER_STEPS = 10  # of text-linear's 40 at most: each takes as long
STEPS_BEFORE_ANSWERS = 1  # an answer takes as long however good the weights are
FEATURES = 1_536  # of a photo: EfficientNet-Lite0's means and deviations
SPREAD = 3.0  # of a creator's works, in distances between creators
MEMORY_SHARE = 0.8  # of the machine's


class Step:
    """One step at one size, run once in a fresh process.

    Args:
        step: `folds`, `head_fit`, `text_fit` or `text_answers`.
        works: How many works.
        creators: By how many creators.
    """

    def __init__(self, step: str, works: int, creators: int) -> None:
        _limit_memory()
        self.idle_mib = peak_memory_mib()
        self.step, self.creators = step, creators
        if step == "head_fit":
            self.features, self.labels = simulated_features(works, creators)
            return
        self.catalog = simulated_catalog(works, creators)
        if step == "text_answers":
            self.model = make_model("text-linear", iterations=STEPS_BEFORE_ANSWERS).fit(self.catalog)
            self.asked = self.catalog.take(np.arange(min(works, ANSWERED)))

    def run(self) -> dict[str, Any]:
        """Run the step and give its seconds and the peak memory beyond that of an idle process, in MiB.

        Answers have no memory of their own: the peak is that of the fit before them.
        """
        start = time.perf_counter()
        getattr(self, f"_{self.step}")()
        seconds = time.perf_counter() - start
        memory_mib = None if self.step == "text_answers" else peak_memory_mib() - self.idle_mib
        return {"units": 1, "seconds": seconds, "memory_mib": memory_mib}

    def _folds(self) -> None:
        nested_splits(self.catalog, seed=0).folds()

    def _head_fit(self) -> None:
        rows = np.arange(len(self.labels))
        fit_dense(self.features, self.labels, [rows], n_classes=self.creators, penalty=0.003)

    def _text_fit(self) -> None:
        make_model("text-linear", iterations=SOLVER_STEPS).fit(self.catalog)

    def _text_answers(self) -> None:
        self.model.predict_proba(self.asked)


def simulated_catalog(works: int, creators: int) -> Catalog:
    """Make works with simulated texts; works are dealt to creators in turn."""
    generator = np.random.default_rng(0)
    chances = 1 / np.arange(1, WORDS + 1)
    common = generator.choice(WORDS, (works, WORDS_A_TEXT - LIKED_A_TEXT), p=chances / chances.sum())
    liked = generator.integers(0, WORDS, (creators, LIKED_WORDS))
    labels = np.arange(works) % creators
    own = liked[labels[:, None], generator.integers(0, LIKED_WORDS, (works, LIKED_A_TEXT))]
    texts = np.concatenate([common, own], axis=1)
    return Catalog.from_works(
        Work(id=f"{row:07d}", creator=f"{place:05d}", description=_text(words))
        for row, (place, words) in enumerate(zip(labels, texts, strict=True))
    )


def simulated_features(works: int, creators: int) -> tuple[FloatArray, IntArray]:
    """Make features of works, shape (works, FEATURES), and their creators; works are dealt to creators in turn."""
    generator = np.random.default_rng(0)
    centres = generator.standard_normal((creators, FEATURES), dtype=np.float32)
    labels = np.arange(works) % creators
    features = generator.standard_normal((works, FEATURES), dtype=np.float32)
    features *= SPREAD
    features += centres[labels]
    return features, labels


def _text(words: IntArray) -> str:
    return " ".join(f"w{word:x}" for word in words)


def _limit_memory() -> None:
    """Let a step that needs more than the machine has fail with an error instead of being killed."""
    most = int(MEMORY_SHARE * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
