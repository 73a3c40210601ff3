"""An account's works in time as a strip: dots by date, up and down by their place between the manners before and after.

It is plain geometry; the template draws it as inline SVG, so that it follows the page's colours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

WIDTH, HEIGHT, MARGIN, FOOT = 840, 150, 14, 26
RADIUS = 4.5


@dataclass(frozen=True)
class Strip:
    """A strip in SVG units of a `width` x `height` picture.

    Attributes:
        before: Middles of the dots of the works before the change.
        after: Those of the works from then on.
        change: Where the change is, from the left.
        first: When the first work was made.
        last: When the last one was.
        changed: The date of the first work after the change.
    """

    before: tuple[tuple[float, float], ...]
    after: tuple[tuple[float, float], ...]
    change: float
    first: datetime
    last: datetime
    changed: datetime
    width: int = WIDTH
    height: int = HEIGHT
    foot: int = FOOT
    radius: float = RADIUS


def timeline_strip(dates: Sequence[datetime | None], positions: Sequence[float], after: int) -> Strip | None:
    """The strip of an account's works; None where a date is missing.

    Args:
        dates: The works' dates, ascending.
        positions: Each work on the axis that separates before and after, from -1 to 1.
        after: How many works stand before the change, one at least.

    >>> strip = timeline_strip([datetime(2020, 1, 1), datetime(2020, 1, 2), datetime(2020, 1, 3)], [-1, -1, 1], 2)
    >>> strip.change, strip.before, strip.after
    (623.0, ((14.0, 110.0), (420.0, 110.0)), ((826.0, 14.0),))
    """
    known = [each for each in dates if each is not None]
    if len(known) < len(dates) or not 0 < after < len(known):
        return None
    whole = (known[-1] - known[0]).total_seconds() or 1.0
    across = [MARGIN + (WIDTH - 2 * MARGIN) * (each - known[0]).total_seconds() / whole for each in known]
    middle, reach = (HEIGHT - FOOT) / 2, (HEIGHT - FOOT) / 2 - MARGIN
    down = [middle - reach * max(-1.0, min(1.0, place)) for place in positions]
    points = tuple((round(x, 1), round(y, 1)) for x, y in zip(across, down, strict=True))
    change = round((across[after - 1] + across[after]) / 2, 1)
    return Strip(points[:after], points[after:], change, known[0], known[-1], known[after])
