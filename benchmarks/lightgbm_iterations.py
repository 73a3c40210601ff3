"""LightGBM against the number of iterations, with and without a penalty on leaves.

    python -m benchmarks.lightgbm_iterations CATALOG

The models of the paper's sections 3.4 and 3.6 are fitted on three fifths of each creator's works with the paper's
settings (no penalty) and with sakka's, and judged on a fifth to validate and a fifth to test: accuracy and log-loss.
"""

import argparse
from pathlib import Path

import numpy as np

from sakka.arrays import IntArray
from sakka.catalog.works import Catalog
from sakka.models.registry import make_model
from sakka.paper.models.lightgbm_table import LEAF_PENALTY
from sakka.paper.text_candidates import divide

MODELS = ("labels-lightgbm", "text-tfidf_lightgbm", "text-word2vec")
ITERATIONS = (1, 10, 30, 100)
PENALTIES = (0.0, 1.0, LEAF_PENALTY)


def main() -> None:
    """Fit, judge and print a table."""
    asked = _parser().parse_args()
    works = Catalog.read(asked.catalog)
    parts = divide(works, asked.seed)
    print(f"{len(works):,} works, n = {len(parts[1]):,} to validate, {len(parts[2]):,} to test; accuracy, log-loss")
    print("| model | penalty | iterations | validation | test |\n|---|---|---|---|---|")
    _tell(["dummy", "", ""], works, parts, "dummy", {})
    for name in asked.model or MODELS:
        for penalty in asked.penalty or PENALTIES:
            for iterations in ITERATIONS:
                settings = {"l2": penalty, "iterations": iterations, "seed": asked.seed}
                _tell([name, f"{penalty:g}", str(iterations)], works, parts, name, settings)


def _tell(
    head: list[str],
    works: Catalog,
    parts: tuple[IntArray, IntArray, IntArray],
    name: str,
    settings: dict[str, float],
) -> None:
    train, *judged = parts
    model = make_model(name, **settings).fit(works.take(train), works.creators)
    told = []
    for rows in judged:
        answers, labels = model.predict_proba(works.take(rows)), works.creator_indices()[rows]
        own = answers[np.arange(len(rows)), labels].astype(np.float64)
        log_loss = -np.log(np.maximum(own, 1e-12)).mean()
        told.append(f"{np.mean(answers.argmax(axis=1) == labels):.4f}, {log_loss:.2f}")
    print(f"| {' | '.join([*head, *told])} |", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalog", type=Path)
    parser.add_argument("--model", action="append", help=f"repeatable; {', '.join(MODELS)} where it is left out")
    parser.add_argument("--penalty", type=float, action="append", help="repeatable")
    parser.add_argument("--seed", type=int, default=0)
    return parser


if __name__ == "__main__":
    main()
