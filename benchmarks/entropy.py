"""Entropy at the paper's size: time and memory at 1/100, 1/10 and 1/1 of 109,685 works by 944 creators.

    python -m benchmarks.entropy

Label sets and answers are simulated: a few labels are common and most are rare, five judges are right on 0.8 of the
works.
"""

import resource
import time

import numpy as np

from sakka.paper.entropy import label_combinations, measures_under_thresholds, works_per_creator
from sakka.paper.entropy_relation import entropy_relation

WORKS, CREATORS, LABELS, JUDGES = 109_685, 944, 91, 5


def main() -> None:
    """Print one line a size."""
    print(f"{'works':>8} {'sets':>7} {'sets, table 1':>14} {'tables 5-8':>11} {'relation':>9} {'memory':>8}")
    for part in (100, 10, 1):
        n_works = WORKS // part
        generator = np.random.default_rng(0)
        labels = generator.random((n_works, LABELS)) < np.clip(generator.pareto(2, LABELS) * 0.02, 0, 0.3)
        creators = generator.zipf(1.3, n_works) % CREATORS
        right = generator.random((JUDGES, n_works)) < 0.8
        named = np.where(right, creators, generator.integers(CREATORS, size=(JUDGES, n_works)))
        start_s = time.perf_counter()
        combinations = label_combinations(labels, creators)
        works_per_creator(combinations.entropy_of_works, creators)
        counted_s = time.perf_counter()
        measures_under_thresholds(combinations.entropy_of_works, creators, named, CREATORS)
        measured_s = time.perf_counter()
        for unit in ("work", "combination"):
            entropy_relation(combinations, right.mean(axis=0), unit=unit)
        end_s = time.perf_counter()
        memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        times = f"{counted_s - start_s:>12.3f} s {measured_s - counted_s:>9.3f} s {end_s - measured_s:>7.2f} s"
        print(f"{n_works:>8,} {len(combinations.works):>7,} {times} {memory_mb:>5.0f} MB")


if __name__ == "__main__":
    main()
