"""Table 4: what fusion turns right and what it turns wrong.

Each work is right (T) or wrong (F) before and after fusion. The paper gives pooled counts, from which its accuracy is
(TT + TF) / n before and (TT + FT) / n after; its table 3 averages over folds instead. Both are given here.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sakka.arrays import Mask
from sakka.evaluation.answers import Answers
from sakka.evaluation.display_names import model_words
from sakka.evaluation.evaluated_run import Fusion, Judged, RunFacts
from sakka.evaluation.figures import Cell, Figure, LeftOut, Table, figure, total
from sakka.evaluation.tables.ratios import NO_FUSION


@dataclass(frozen=True)
class Transitions:
    """How many works go from right or wrong before (first letter) to right or wrong after (second letter).

    >>> Transitions(tt=86458, ff=6818, ft=15504, tf=905).accuracy_before.__round__(4)
    0.7965
    """

    tt: int
    ff: int
    ft: int
    tf: int

    @property
    def works(self) -> int:
        """All works."""
        return self.tt + self.ff + self.ft + self.tf

    @property
    def accuracy_before(self) -> float:
        """The pooled accuracy before."""
        return (self.tt + self.tf) / self.works

    @property
    def accuracy_after(self) -> float:
        """The pooled accuracy after."""
        return (self.tt + self.ft) / self.works


def transitions(before: Mask, after: Mask) -> Transitions:
    """Count the transitions of works that are right or wrong before and after, both of shape (n_works,).

    >>> transitions(np.array([True, True, False]), np.array([True, False, True]))
    Transitions(tt=1, ff=0, ft=1, tf=1)
    """
    return Transitions(
        tt=int((before & after).sum()),
        ff=int((~before & ~after).sum()),
        ft=int((~before & after).sum()),
        tf=int((before & ~after).sum()),
    )


def right(answers: Answers, facts: RunFacts) -> Mask:
    """Say for each work whether it is named rightly, shape (n_works,); False where it is not tested."""
    mask: Mask = (answers.named == facts.labels) & (facts.outer >= 0)
    return mask


def table4(judged: Judged) -> Table | LeftOut:
    """The transitions from the photo and from the text ensemble to the fusion."""
    fusion, facts = judged.fusion, judged.facts
    if fusion is None:
        return LeftOut("table4", NO_FUSION)
    after = right(fusion.chosen, facts)
    rows = []
    for name in (fusion.photo, fusion.text):
        rows += _transition_rows(name, right(judged.model(name).ensemble, facts), after, facts)
    return Table(
        key="table4",
        title="Right and wrong, before and after fusion",
        note=(
            "Ensemble before, fusion after. The counts are pooled over the folds; the shares are means over the folds "
            "± standard deviation. T is right, F is wrong: FT is what fusion rescues, TF what it loses."
        ),
        head=("Before", "", "TT", "FF", "FT (rescued)", "TF (lost)"),
        rows=tuple(rows),
    )


def agreement(judged: Judged) -> Table | LeftOut:
    """How fusion does where photo and text are both right, both wrong, or one of the two."""
    fusion, facts = judged.fusion, judged.facts
    if fusion is None:
        return LeftOut("agreement", NO_FUSION)
    cases = agreement_masks(judged, fusion)
    rows: list[tuple[Cell, ...]] = []
    for words, name, mask in cases:
        after = right(fusion.chosen, facts)
        rows.append(
            (
                words,
                _count(name, "works_count", mask, facts),
                _count(name, "right_count", mask & after, facts),
                _count(name, "wrong_count", mask & ~after, facts),
            )
        )
    return Table(
        key="agreement",
        title="Where photo and text agree",
        note="Counts pooled over the folds. In the paper's data, fusion is right on 99 works "
        "that both got wrong, and wrong on none that both got right.",
        head=("Photo and text before fusion", "Works", "Fused right", "Fused wrong"),
        rows=tuple(rows),
    )


def agreement_masks(judged: Judged, fusion: Fusion) -> list[tuple[str, str, Mask]]:
    """The four cases of photo and text being right: words, a short name, and the works, shape (n_works,)."""
    facts = judged.facts
    tested = facts.outer >= 0
    photo = right(judged.model(fusion.photo).ensemble, facts)
    text = right(judged.model(fusion.text).ensemble, facts)
    return [
        ("both right", "both right -> fused", photo & text & tested),
        ("only the photo right", "photo right -> fused", photo & ~text & tested),
        ("only the text right", "text right -> fused", text & ~photo & tested),
        ("both wrong", "both wrong -> fused", ~photo & ~text & tested),
    ]


KINDS: tuple[tuple[str, Callable[[Mask, Mask], Mask]], ...] = (
    ("TT", lambda before, after: before & after),
    ("FF", lambda before, after: ~before & ~after),
    ("FT", lambda before, after: ~before & after),
    ("TF", lambda before, after: before & ~after),
)


def _transition_rows(name: str, before: Mask, after: Mask, facts: RunFacts) -> list[tuple[Cell, ...]]:
    tested = facts.outer >= 0
    masks = [(kind, within(before, after) & tested) for kind, within in KINDS]
    model = f"{name} -> fused"
    counts = (_count(model, f"{kind}_count", mask, facts) for kind, mask in masks)
    shares = (_share(model, f"{kind}_share", mask, facts) for kind, mask in masks)
    return [(model_words(name), "works", *counts), (model_words(name), "share", *shares)]


def _count(model: str, measure: str, mask: Mask, facts: RunFacts) -> Figure:
    by_fold = [int(mask[facts.tested(outer)].sum()) for outer in range(facts.outer_folds)]
    return total(model, "fused", measure, by_fold, facts.n_tested)


def _share(model: str, measure: str, mask: Mask, facts: RunFacts) -> Figure:
    by_fold = [float(mask[facts.tested(outer)].mean()) for outer in range(facts.outer_folds)]
    return figure(model, "fused", measure, by_fold, facts.n_tested)
