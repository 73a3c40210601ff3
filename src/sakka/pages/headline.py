"""What a run says, in a few plain sentences; read from its results alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sakka.evaluation.display_names import kind_of
from sakka.pages.formats import percent, points

Results = Sequence[Mapping[str, Any]]
FUSIONS = {"fused": "Photo + text", "fused-learned": "Photo + text, learned"}


@dataclass(frozen=True)
class Bar:
    """One line of the headline's comparison.

    Attributes:
        label: What it is, in plain words.
        kind: `photo`, `text`, `fused`, `none` or `other`: its colour.
        accuracy: Mean over the outer folds.
        standard_deviation: Over them; None for fewer than two.
        single: The accuracy of the single models, averaged; None for a baseline.
    """

    label: str
    kind: str
    accuracy: float
    standard_deviation: float | None
    single: float | None


@dataclass(frozen=True)
class Headline:
    """The headline of a run.

    Attributes:
        title: One sentence.
        sentences: The sentences that go with it.
        bars: The comparison, the best first, the baseline last.
        works: Works evaluated.
        folds: Outer folds.
    """

    title: str
    sentences: tuple[str, ...]
    bars: tuple[Bar, ...]
    works: int
    folds: int


def headline(results: Results) -> Headline:
    """Put the results of a run in words.

    Args:
        results: The list that `results.json` holds.
    """
    table3 = [each for each in results if each["table"] == "table3" and each["measure"] == "accuracy"]
    bars = sorted(_bars(table3), key=lambda bar: (bar.kind == "none", -bar.accuracy))
    works, folds = table3[0]["n"], table3[0]["folds"]
    best = bars[0]
    plus_minus = "" if best.standard_deviation is None else f" ± {100 * best.standard_deviation:.1f}"
    sentences = [
        f"Accuracy {100 * best.accuracy:.1f}{plus_minus} % (mean and standard deviation over {folds} test folds; "
        f"{works:,} works, each predicted once by models that had not seen it).",
        *_comparisons(bars),
        *_ensembling(best, bars),
        *_choice(results),
    ]
    return Headline(_title(best), tuple(sentences), tuple(bars), works, folds)


def _title(best: Bar) -> str:
    subject = {
        "fused": "Photo and text together name",
        "photo": "The photo alone names",
        "text": "The text alone names",
        "none": "The baseline names",
    }.get(best.kind, f"{best.label} names")
    return f"{subject} the right creator for {percent(best.accuracy)} of the works"


def _bars(table3: Results) -> list[Bar]:
    singles = {each["model"]: each["value"] for each in table3 if each["row"] == "single"}
    shown = [
        each for each in table3 if each["row"] == "ensemble" or (each["row"] == "fused" and each["model"] in FUSIONS)
    ]
    return [_bar(each, singles.get(each["model"])) for each in shown]


def _bar(entry: Mapping[str, Any], single: float | None) -> Bar:
    name = str(entry["model"])
    kind, rest = kind_of(name), name.partition("-")[2]
    labels = {"none": "Dummy", "photo": f"Photo, {rest}", "text": f"Text, {rest}", "labels": f"Object labels, {rest}"}
    labels["fused"] = FUSIONS.get(name, "Photo + text, one model")
    colour = "other" if kind == "labels" else kind
    return Bar(labels.get(kind, name), colour, entry["value"], entry["spread"], None if kind == "none" else single)


def _comparisons(bars: Sequence[Bar]) -> list[str]:
    best, others = bars[0], [bar for bar in bars[1:] if bar.kind != "none"]
    said = [f"{_lead(best, bar)} {_plain(bar)} ({percent(bar.accuracy)})" for bar in others]
    baseline = next((bar for bar in bars[1:] if bar.kind == "none"), None)
    if baseline is not None:
        said.append(
            f"{_lead(best, baseline)} the dummy, which always names the creator with most works "
            f"({percent(baseline.accuracy)})"
        )
    return [f"That is {_listed(said)}."] if said else []


def _lead(best: Bar, bar: Bar) -> str:
    difference = best.accuracy - bar.accuracy
    return f"{points(difference)} {'above' if difference >= 0 else 'below'}"


def _plain(bar: Bar) -> str:
    plain = {
        FUSIONS["fused"]: "photo and text at the best fixed ratio",
        FUSIONS["fused-learned"]: "the learned fusion of both",
    }
    return plain.get(bar.label) or {"photo": "the photo alone", "text": "the text alone"}.get(bar.kind, bar.label)


def _ensembling(best: Bar, bars: Sequence[Bar]) -> list[str]:
    best = next((bar for bar in bars if bar.kind == best.kind and bar.single is not None), best)
    if best.single is None or abs(best.accuracy - best.single) < 0.0005:
        return []
    what = "one photo model and one text model fused" if best.kind == "fused" else "one such model by itself"
    where = "reaches" if best.kind != "fused" else "reach"
    return [f"Without the ensemble, {what} {where} {percent(best.single)} on average."]


def _choice(results: Results) -> list[str]:
    weights = [each["value"] for each in results if each["table"] == "choices" and each["measure"] == "photo_weight"]
    if not weights:
        return []
    low, high = min(weights), max(weights)
    between = f"{low:.1f} in every fold" if low == high else f"{low:.1f} to {high:.1f}, depending on the fold"
    return [
        f"The fixed ratio, its photo weight ({between}; the text has the rest of 1) and what the learned fusion weighs "
        "were chosen on validation works only, never on the works evaluated here."
    ]


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
