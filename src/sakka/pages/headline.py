"""What a run says, in a few plain sentences; read from its results alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sakka.evaluation.display_names import kind_of, model_words
from sakka.evaluation.tables.summary import SURE_ENOUGH
from sakka.pages.formats import percent
from sakka.pages.language import Texts, texts_in

Results = Sequence[Mapping[str, Any]]
COMMAND = "sakka experiment CATALOG -o RUN --split all"
FUSED = "fused"


@dataclass(frozen=True)
class Bar:
    """One line of the headline's comparison.

    Attributes:
        label: What it is, in plain words.
        kind: `photo`, `text`, `fused`, `none` or `other`: its colour.
        accuracy: Mean over the outer folds.
        standard_deviation: Over them; None for fewer than two.
        single: The accuracy of the single models, averaged; None for a baseline and where they are the same.
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
        measured: On what, and how sure that figure is.
        compared: How far it is from the other models, and how it was made.
        flattered: What makes the figure too high, and what it is without.
        command: What measures it without that, where nobody did; None else.
        is_flattered: Whether works have near-identical ones among those learned from, as far as is known.
        advice: From which probability on to answer.
        bars: The comparison: what the run puts forward, the others by their accuracy, the baseline last.
        works: Works evaluated.
        folds: Outer folds.
    """

    title: str
    measured: str
    compared: tuple[str, ...]
    flattered: tuple[str, ...]
    command: str | None
    is_flattered: bool
    advice: str
    bars: tuple[Bar, ...]
    works: int
    folds: int

    @property
    def sentences(self) -> tuple[str, ...]:
        """All that goes with the title, in order."""
        command = (self.command,) if self.command else ()
        return (self.measured, *self.compared, *self.flattered, *command, self.advice)


def headline(results: Results, texts: Texts | None = None) -> Headline:
    """Put the results of a run in words.

    Args:
        results: The list that `results.json` holds.
        texts: The texts of a language; None: in English.
    """
    texts = texts or texts_in("en")
    found = _HeadlineFigures(results)
    bars = found.bars
    shown = bars[0]
    return Headline(
        texts(f"headline_{shown.kind}", name=shown.label, percent=percent(shown.accuracy)),
        _measured(found, texts),
        (*_comparisons(bars, texts), *_ensembling(found, texts), *_fusion(found, texts)),
        tuple(_flattered(found, texts)),
        COMMAND if found.is_open else None,
        bool(found.value("near_identical_count")),
        _advice(found, texts),
        tuple(bars),
        found.works,
        found.folds,
    )


class _HeadlineFigures:
    """The results by what is asked of them."""

    def __init__(self, results: Results) -> None:
        self.results = results
        self.summary = {each["measure"]: each for each in results if each["table"] == "summary"}
        self.shown = self.summary["accuracy"]
        self.works, self.folds, self.split = (self.shown[name] for name in ("n", "folds", "split"))

    def value(self, measure: str) -> float | None:
        """A value of the summary; None where there is none."""
        found = self.summary.get(measure)
        return None if found is None else found["value"]

    def share(self, measure: str) -> str:
        """A value of the summary in percent."""
        return percent(self.value(measure) or 0.0)

    @property
    def bars(self) -> list[Bar]:
        """What the run puts forward, the other models by their accuracy, the baseline."""
        table3 = [each for each in self.results if each["table"] == "table3" and each["measure"] == "accuracy"]
        singles = {each["model"]: each["value"] for each in table3 if each["row"] == "single"}
        name = self.shown["model"]
        shown = [each for each in table3 if each["row"] == "ensemble" or each["model"] == name]
        made = {each["model"]: _bar(each, singles.get(each["model"])) for each in shown if each["row"] != "single"}
        others = (bar for model, bar in made.items() if model != name)
        return [made[name], *sorted(others, key=lambda bar: (bar.kind == "none", -bar.accuracy))]

    @property
    def grouped(self) -> Mapping[str, Any] | None:
        """The accuracy where near-identical works are kept together; None where that was not measured."""
        asked = ("splits", "grouped", self.shown["model"], "accuracy")
        names = ("table", "split", "model", "measure")
        return next((each for each in self.results if tuple(each[name] for name in names) == asked), None)

    @property
    def is_open(self) -> bool:
        """Whether near-identical works may flatter and nobody measured how much."""
        return self.split == "random" and self.grouped is None and self.value("near_identical_count") != 0


def _bar(entry: Mapping[str, Any], single: float | None) -> Bar:
    name = str(entry["model"])
    kind = kind_of(name)
    colour = "other" if kind == "labels" else kind
    return Bar(model_words(name), colour, entry["value"], entry["spread"], None if kind == "none" else single)


def _measured(found: _HeadlineFigures, texts: Texts) -> str:
    return texts(
        "headline_measured",
        works=found.works,
        folds=found.folds,
        accuracy=percent(found.shown["value"], standard_deviation=found.shown["spread"]),
        low=found.share("low_accuracy"),
        high=found.share("high_accuracy"),
    )


def _comparisons(bars: Sequence[Bar], texts: Texts) -> Iterator[str]:
    shown, others = bars[0], bars[1:]
    if others:
        yield texts("headline_compared", listed=_listed([_compared(shown, bar, texts) for bar in others], texts))


def _compared(shown: Bar, bar: Bar, texts: Texts) -> str:
    points = round(100 * (shown.accuracy - bar.accuracy), 1)
    what = f"headline_than_{bar.kind}" if bar.kind in ("photo", "text", "none") else "headline_than_other"
    return texts(
        "headline_above" if points > 0 else "headline_below" if points < 0 else "headline_same",
        points=f"{abs(points):.1f}",
        what=texts(what, name=bar.label),
        percent=percent(bar.accuracy),
    )


def _listed(parts: Sequence[str], texts: Texts) -> str:
    before, last = texts.join(list(parts[:-1])), parts[-1]
    return texts("headline_and", before=before, last=last) if before else last


def _ensembling(found: _HeadlineFigures, texts: Texts) -> Iterator[str]:
    shown = found.bars[0]
    if shown.single is not None and abs(shown.accuracy - shown.single) >= 0.0005:
        key = "headline_single_fused" if shown.kind == FUSED else "headline_single"
        yield texts(key, percent=percent(shown.single))


def _fusion(found: _HeadlineFigures, texts: Texts) -> Iterator[str]:
    learned = found.value("folds_learned_count")
    if learned is not None:
        key = {0: "headline_ratio", found.folds: "headline_learned"}.get(int(learned), "headline_learned_or_ratio")
        yield texts(key, n=int(learned), folds=found.folds)


def _flattered(found: _HeadlineFigures, texts: Texts) -> Iterator[str]:
    if found.split != "random":
        return
    near, grouped = found.value("near_identical_count"), found.grouped
    if near is not None:
        yield texts("headline_near", n=int(near)) if near else texts("headline_near_none")
    if grouped is not None and grouped["value"] is not None:
        yield texts("headline_grouped", accuracy=percent(grouped["value"], standard_deviation=grouped["spread"]))
    elif found.is_open:
        yield texts("headline_grouped_open")


def _advice(found: _HeadlineFigures, texts: Texts) -> str:
    answered, right = found.value("coverage"), found.value("sure_accuracy")
    if not answered or right is None:
        return texts("headline_nothing_sure", threshold=percent(SURE_ENOUGH, 0))
    values = {name: found.share(f"{name}_sure_accuracy") for name in ("low", "high")}
    return texts(
        "headline_sure" if right >= SURE_ENOUGH else "headline_too_sure",
        threshold=percent(SURE_ENOUGH, 0),
        coverage=percent(answered),
        right=percent(right),
        **values,
    )
