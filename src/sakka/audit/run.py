"""The audit of a catalog: near-identical works, out-of-fold predictions, findings."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sakka.arrays import IntArray
from sakka.audit.copied import with_dossiers
from sakka.audit.findings import DEFAULT_FDR, KINDS, Finding, Kind
from sakka.audit.handovers import handovers
from sakka.audit.predictions import DEFAULT_MODELS, out_of_fold_predictions
from sakka.audit.same_person import same_person
from sakka.audit.shared_photos import shared_photos
from sakka.audit.wrong_creator import wrong_creators
from sakka.catalog.splits import MIN_WORKS
from sakka.catalog.works import Catalog
from sakka.copies.groups import NearIdentical, near_identical
from sakka.errors import CatalogError, SakkaError
from sakka.models.registry import make_model


@dataclass(frozen=True)
class Audit:
    """What an audit found.

    Attributes:
        findings: All of them, kind by kind, the surest of each first.
        near: The near-identical works.
        accuracy: How often the models name the creator that the catalog names; None where none could be fitted.
        evaluated: How many works the models were evaluated on.
        left_out: How many creators have too few works for that.
        models: The names of the models.
        seed: Of folds and models.
        fdr: The false-discovery rate at which works under a wrong creator are reported.
    """

    findings: tuple[Finding, ...]
    near: NearIdentical
    accuracy: float | None
    evaluated: int
    left_out: int
    models: tuple[str, ...]
    seed: int
    fdr: float

    def of_kind(self, kind: Kind) -> list[Finding]:
        """The findings of one kind."""
        return [each for each in self.findings if each.kind == kind]


def audit_catalog(
    works: Catalog, *, seed: int = 0, models: Sequence[str] = DEFAULT_MODELS, fdr: float = DEFAULT_FDR
) -> Audit:
    """Look for what may be wrong in a catalog.

    Args:
        works: The catalog.
        seed: The seed of the folds and of the models.
        models: Names of a photo model and a text model, or of one of them.
        fdr: The share of the works reported under a wrong creator that may be right as they stand, above 0 and below 1.

    Raises:
        SakkaError: `fdr` is no such share.
        CatalogError: A work has no creator, or there are none.
        PhotoError: A photo can't be read.
        ModelError: A model can't be used.
    """
    if not 0 < fdr < 1:
        raise SakkaError(f"the false-discovery rate is {fdr:g}, expected above 0 and below 1")
    labels = works.creator_indices()
    if len(labels) == 0 or (labels < 0).any():
        raise CatalogError("an audit needs works that each have a creator; leave out those without one")
    near = near_identical(works)
    rows = np.flatnonzero(np.bincount(labels)[labels] >= MIN_WORKS)
    known = works.take(rows)
    predictions = None
    if len(known.creators) > 1:
        predictions = out_of_fold_predictions(known, near.groups[rows], seed=seed, models=models)
    accounts = same_person(works, near, predictions)
    shared = shared_photos(works, near)
    wrong: list[Finding] = []
    if predictions is not None:
        elsewhere = np.flatnonzero(np.isin(rows, [row for each in shared for row in each.rows])).tolist()
        pairs = [each.creators for each in accounts]
        wrong = [
            _in_catalog(each, rows) for each in wrong_creators(predictions, fdr, accounts=pairs, elsewhere=elsewhere)
        ]
    looks = any(make_model(name).modality == "photo" for name in models)
    explained = {frozenset(each.creators) for each in accounts}
    shared = with_dossiers(shared, works, near, explained, manner=looks)
    found = [*wrong, *shared, *accounts, *handovers(works, near.groups, models, seed=seed)]
    return Audit(
        findings=tuple(sorted(found, key=lambda each: KINDS.index(each.kind))),
        near=near,
        accuracy=None if predictions is None else predictions.accuracy,
        evaluated=0 if predictions is None else len(rows),
        left_out=len(works.creators) - len(known.creators),
        models=tuple(models),
        seed=seed,
        fdr=fdr,
    )


def _in_catalog(finding: Finding, rows: IntArray) -> Finding:
    """Turn rows of the evaluated works into rows of the catalog."""
    return replace(
        finding, rows=tuple(rows[list(finding.rows)].tolist()), beside=tuple(rows[list(finding.beside)].tolist())
    )
