"""Values of typed tables (databases, Arrow, Parquet) as a table in a text file would have them."""

import json
from datetime import date
from decimal import Decimal
from typing import Any


def plain(value: Any) -> Any:
    """A value as text, number, date or list of them; photos are for `stored_photos.py`.

    >>> plain(Decimal("7.00")), plain([Decimal("0.5")]), plain({"a": "桜"})
    (7, [0.5], '{"a": "桜"}')
    """
    if isinstance(value, Decimal):
        return int(value) if value.is_finite() and value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value if value is None or isinstance(value, str | int | float | bytes | date) else str(value)
