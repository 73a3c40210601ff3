"""Works that are probably under the wrong creator, at a stated false-discovery rate.

Each work's chance of standing under its own creator comes from models that have not seen it (`error_rates.py`); the
most works are reported of which on average the stated share is right as it stands. Accounts that look like one person
count as one creator, and works that another finding tells of are left out.
"""

from collections.abc import Collection, Iterable

import numpy as np

from sakka.arrays import DoubleArray, IntArray, Probabilities, top
from sakka.audit.error_rates import ErrorRates, error_rates, reported
from sakka.audit.findings import DEFAULT_FDR, Finding
from sakka.audit.predictions import OutOfFoldPredictions
from sakka.copies.connected import connected

EXAMPLES = 3


def wrong_creators(
    predictions: OutOfFoldPredictions,
    fdr: float = DEFAULT_FDR,
    *,
    accounts: Collection[tuple[str, ...]] = (),
    elsewhere: Collection[int] = (),
) -> list[Finding]:
    """The works that are probably another creator's, the surest first.

    Args:
        predictions: Out-of-fold predictions of the works.
        fdr: The share of the reported works that may be right as they stand, 0 to 1.
        accounts: The creators that look like one person, each time two or more; unknown names count for nothing.
        elsewhere: Rows of works that other findings name.
    """
    persons = persons_of(predictions.creators, accounts)
    if persons.max(initial=0) == 0:
        return []
    of_person = np.eye(int(persons.max()) + 1)[persons]
    tables = [table @ of_person for table in predictions.alone.values()]
    rates = error_rates(tables, persons[predictions.labels], predictions.folds)
    asked = np.setdiff1d(np.arange(len(predictions.labels)), list(elsewhere))
    rows = asked[reported(rates.own[asked], fdr)]
    return [_finding(predictions, rates, persons, int(row)) for row in rows]


def persons_of(creators: tuple[str, ...], accounts: Iterable[Collection[str]]) -> IntArray:
    """The number of the person whom each creator is, shape (n_creators,).

    Args:
        creators: Their names.
        accounts: The creators that are one person, each time two or more; unknown names count for nothing.
    """
    at = {name: column for column, name in enumerate(creators)}
    known = [[at[name] for name in names if name in at] for names in accounts]
    pairs = [(columns[0], column) for columns in known for column in columns[1:]]
    return connected(np.array(pairs, dtype=np.int64).reshape(-1, 2), len(creators))


def _finding(predictions: OutOfFoldPredictions, rates: ErrorRates, persons: IntArray, row: int) -> Finding:
    own, table = int(predictions.labels[row]), predictions.fused
    others = np.where(np.arange(rates.creators.shape[1]) == persons[own], -1.0, rates.creators[row])
    named = int(np.where(persons == others.argmax(), table[row], -1.0).argmax())
    creators, works = (predictions.creators[own], predictions.creators[named]), predictions.labels == named
    said = [
        f"Models that have not seen it name {creators[1]} with {_percent(table, row, named)} "
        f"({100 * table[works, named].mean():.0f} % is usual for that creator's own works) and {creators[0]} with "
        f"{_percent(table, row, own)}."
    ]
    for kind, alone in predictions.alone.items():
        if len(predictions.alone) > 1:
            first = int(alone[row].argmax())
            said.append(f"The {kind} alone: {predictions.creators[first]} with {_percent(alone, row, first)}.")
    beside = np.flatnonzero(works)[top(table[works, named], EXAMPLES)]
    rate = float(rates.own[row])
    said.append(f"The chance that it is right as it stands: {_percent(rates.own[:, None], row, 0)}.")
    return Finding("wrong creator", 1 - rate, creators, (row,), tuple(beside.tolist()), tuple(said), rate)


def _percent(table: Probabilities | DoubleArray, row: int, column: int) -> str:
    """Write a probability; one that is nearly 0 or 1 is not shown as if it were."""
    share = 100 * float(table[row, column])
    return "under 1 %" if share < 1 else "over 99 %" if share > 99 else f"{share:.0f} %"
