"""Testing works one after the other for a change: exact p-values, stakes by their definition, false alarms, alarms."""

from collections import Counter
from fractions import Fraction
from itertools import permutations, product

import numpy as np
import pytest

from sakka.arrays import DoubleArray, FloatArray, IntArray
from sakka.evaluation.exchangeability import (
    ERROR,
    UNKNOWN,
    SequentialTest,
    WorksSoFar,
    factors,
    sequential_test,
)
from sakka.models.conformal import ConformalScores


def p_values(held_out: ConformalScores, scores: FloatArray, labels: IntArray) -> DoubleArray:
    works = WorksSoFar(held_out, len(scores))
    return np.array([works.add(score, label) for score, label in zip(scores.tolist(), labels.tolist(), strict=True)])


def stream(seed: int, held_out: int, works: int, *, lower: float = 0.0, until: int = 0) -> SequentialTest:
    """Test works of six creators of whom the later ones are harder to tell; from `until` on all are by `lower`."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 6, held_out + works)
    values = generator.standard_normal(held_out + works) + 3 - labels / 2
    values[held_out + until :] -= lower
    scores = (1 / (1 + np.exp(-values))).astype(np.float32)
    known = ConformalScores.of(scores[:held_out], labels[:held_out], 6)
    return sequential_test(p_values(known, scores[held_out:], labels[held_out:]))


def test_over_all_orders_of_five_works_every_row_of_p_values_is_equally_frequent() -> None:
    found: Counter[tuple[Fraction, ...]] = Counter()
    for order in permutations(np.float32([0.1, 0.3, 0.5, 0.7, 0.9])):
        alike = ConformalScores.of(np.array(order[:2]), None, 1)
        new = p_values(alike, np.array(order[2:]), np.zeros(3, dtype=np.int64))
        found[tuple(Fraction(each).limit_denominator(5) for each in new)] += 1
    rows = product(*([Fraction(rank, works) for rank in range(1, works + 1)] for works in (3, 4, 5)))
    assert found == dict.fromkeys(rows, 2)


def test_over_all_orders_of_works_by_several_creators_no_p_value_is_small_too_often() -> None:
    last = []
    for order in permutations([(0.2, 0), (0.4, 0), (0.4, 1), (0.6, 1), (0.9, 0)]):
        scores, labels = np.float32([score for score, _ in order]), np.array([label for _, label in order])
        last.append(p_values(ConformalScores.of(scores[:3], labels[:3], 2), scores[3:], labels[3:])[-1])
    for share in np.arange(1, 6) / 5:
        assert np.mean(np.array(last) <= share) <= share + 1e-9


def test_a_work_counts_among_its_creators_works_and_one_by_an_unknown_creator_is_below_all() -> None:
    held_out = ConformalScores.of(np.float32([0.9, 0.8]), np.array([0, 1]), 2)
    # v: (2 + 20) / 22 of the 0.9, (1 + 20 / 3) / 21 of the 0.8, (1 + 20 * 2 / 3) / 22 of the new one
    assert p_values(held_out, np.float32([0.85]), np.array([0])) == pytest.approx([2 / 3])
    assert p_values(held_out, np.float32([0.85, 0.99]), np.array([0, UNKNOWN]))[1] == pytest.approx(1 / 4)


def test_no_bet_can_be_expected_to_win() -> None:
    for works in (1, 7, 40, 1000):
        mean = factors(np.arange(1, works + 1) / works).mean(axis=0)
        assert (mean <= 1 + 1e-12).all()
    assert mean == pytest.approx(1)


def test_stakes_are_those_of_the_definition() -> None:
    p = np.array([0.03, 0.6, 0.2, 0.004, 0.05, 0.9])
    gains = factors(p)
    w = [1 / np.log2(k + 1) - 1 / np.log2(k + 2) for k in range(1, 7)]
    stakes = [
        np.mean(sum(w[k] * gains[k : n + 1].prod(axis=0) for k in range(n + 1))) + 1 / np.log2(n + 3) for n in range(6)
    ]
    assert sequential_test(p).evidence == pytest.approx(max(1, *stakes))
    assert sequential_test(np.array([])) == SequentialTest(1.0)


def test_an_alarm_is_dated_at_the_first_of_the_works_that_are_missed() -> None:
    p = np.append(np.full(50, 0.5), np.full(20, 0.03))
    found = sequential_test(p)
    assert found.alarm is not None
    assert 50 < found.alarm < 58
    assert (found.since, found.coverage) == (50, 0.95)
    assert 1 / ERROR <= found.evidence < 8 / ERROR


def test_of_works_like_the_held_out_ones_at_most_one_stream_in_a_hundred_raises_an_alarm() -> None:
    found = [stream(seed, held_out=60, works=50) for seed in range(120)]
    assert np.mean([each.alarm is not None for each in found]) <= ERROR
    assert np.median([each.evidence for each in found]) < 2


def test_works_that_become_harder_raise_an_alarm_and_works_that_become_easier_do_not() -> None:
    found = stream(0, held_out=200, works=200, lower=2.0, until=100)
    assert found.alarm is not None
    assert found.since is not None
    assert 100 < found.alarm < 130
    assert abs(found.since - 100) <= 10
    assert stream(0, held_out=200, works=200, lower=-2.0).alarm is None


def test_more_works_by_a_creator_who_is_hard_to_tell_are_no_change_where_sets_are_made_by_creator() -> None:
    generator = np.random.default_rng(3)
    scores = np.append(generator.uniform(0.8, 1, 200), generator.uniform(0, 0.4, 100)).astype(np.float32)
    labels = np.repeat([0, 1], [200, 100])
    new, hard = generator.uniform(0, 0.4, 80).astype(np.float32), np.ones(80, dtype=np.int64)
    by_creator = p_values(ConformalScores.of(scores, labels, 2), new, hard)
    alike = p_values(ConformalScores.of(scores, None, 2), new, hard)
    assert sequential_test(by_creator).alarm is None
    assert sequential_test(alike).alarm is not None
