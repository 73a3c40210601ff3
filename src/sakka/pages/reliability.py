"""Two plots of how far predictions can be believed.

The reliability diagram is the accuracy against the probability predicted; calibrated is the diagonal. The
coverage curve is the accuracy of the surest works against the share of works answered.
"""

from collections.abc import Iterator, Sequence

from sakka.evaluation.figures import Figure, Table
from sakka.evaluation.tables.calibration import BINS
from sakka.pages.plots import Column, Dot, Line, Plot, Tick, _known, _range, _Scale, _words

TENTHS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
RADIUS = 5.0
TALLEST = 0.3  # of the picture: the column of the bin with most works


def reliability_plot(tables: Sequence[Table]) -> Plot | None:
    """Plot the bins of what the run puts forward with their intervals and their works; None where a run has none."""
    found = next((table for table in tables if table.key == "calibration"), None)
    by_measure = {
        measure: [each for each in found.extra if each.measure == measure] if found else []
        for measure in ("accuracy", "low_accuracy", "high_accuracy")
    }
    bins = by_measure["accuracy"]
    if not bins:
        return None
    scale = _Scale((0.0, 1.0), (0.0, 1.0))
    limits = zip(bins, by_measure["low_accuracy"], by_measure["high_accuracy"], strict=True)
    return Plot(
        says="Accuracy against the probability of the creator predicted, in fifteen bins",
        legend=(
            ("fused", "dot", "a bin, with the 95 % interval of its accuracy"),
            ("column", "box", "its works"),
            ("none", "dashed", "as sure as correct"),
        ),
        x_label="mean probability of the creator predicted",
        y_label="accuracy",
        x_ticks=tuple(Tick(scale.x(each), f"{each:.1f}") for each in TENTHS),
        y_ticks=scale.y_ticks(),
        lines=(
            Line("none", scale.path([(0.0, 0.0), (1.0, 1.0)]), dashed=True),
            *(
                Line("fused", scale.path([(each.at or 0.0, _known(low)), (each.at or 0.0, _known(high))]))
                for each, low, high in limits
            ),
        ),
        dots=tuple(_bin_dot(scale, each) for each in bins),
        columns=tuple(_column(scale, each, max(each.n for each in bins)) for each in bins),
    )


def coverage_plot(tables: Sequence[Table]) -> Plot | None:
    """Plot accuracy against coverage of what the run puts forward, thresholds as dots; None where a run has none."""
    found = next((table for table in tables if table.key == "sure"), None)
    if found is None or not found.extra:
        return None
    curve = [(each.at or 0.0, each) for each in found.extra]
    scale = _Scale((0.0, 1.0), _range([each for _, each in curve]))
    return Plot(
        says="Accuracy of the answers given against the share of works answered, the surest first",
        legend=(
            ("fused", "line", "accuracy, ± standard deviation over the folds"),
            ("chosen", "dot", "a threshold of the table (point at it)"),
        ),
        x_label="share of works answered",
        y_label="accuracy of the answers",
        x_ticks=tuple(Tick(scale.x(each), f"{each:.1f}") for each in TENTHS),
        y_ticks=scale.y_ticks(),
        lines=(scale.line("fused", curve),),
        dots=tuple(_threshold_dots(found, scale)),
    )


def _threshold_dots(table: Table, scale: _Scale) -> Iterator[Dot]:
    low = scale.up[0]
    for row in table.rows:
        coverage, accuracy, _ = (cell for cell in row if isinstance(cell, Figure))
        if accuracy.value is not None and accuracy.value >= low:
            says = f"probability at least {row[0]}: coverage {_words(coverage)}, accuracy {_words(accuracy)}"
            yield Dot("chosen", scale.x(_known(coverage)), scale.y(_known(accuracy)), 4.5, says)


def _bin_dot(scale: _Scale, accuracy: Figure) -> Dot:
    across, up = accuracy.at or 0.0, accuracy.value or 0.0
    says = f"{accuracy.n:,} works: probability {across:.3f}, accuracy {up:.3f}"
    return Dot("fused", scale.x(across), scale.y(up), RADIUS, says)


def _column(scale: _Scale, accuracy: Figure, most: int) -> Column:
    """The works of a bin; its column stands in the bin's interval of probabilities, whatever their mean is."""
    low = min(BINS - 1, int((accuracy.at or 0.0) * BINS)) / BINS
    left, right = scale.x(low), scale.x(low + 1 / BINS)
    top, foot = scale.y(TALLEST * accuracy.n / most), scale.y(0.0)
    return Column(left + 2, top, round(right - left - 4, 2), round(foot - top, 2), f"{accuracy.n:,}")
