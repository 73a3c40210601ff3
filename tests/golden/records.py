"""Golden records: read, written, and compared number by number."""

import json
import math
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tests.golden.answers import RECORDS
from tests.golden.scene import make_scene

from sakka.arrays import DoubleArray

FOLDER = Path(__file__).parent / "records"
DIGITS = 6
RELATIVE, ABSOLUTE = 5e-3, 5e-4
"""Processors add float32 numbers up in different orders, and a temperature amplifies that: one without AVX-512 was
3.5e-4 nats of log-odds away from one with it."""
BLOCK = 8  # regions on a side


def record(name: str, root: Path) -> Any:
    """What the scene gives now, without the name of its folder, floats of `DIGITS` digits."""
    return json.loads(json.dumps(_brief(RECORDS[name](root))).replace(str(root), "SCENE"))


def read_record(name: str) -> Any:
    """What it gave when the record was written."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def write_records() -> None:
    """Write all records anew; a number that is the same on this processor stays as it was recorded."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SAKKA_CACHE"] = f"{folder}/cache"
        make_scene(Path(folder))
        for name in RECORDS:
            path = FOLDER / f"{name}.json"
            before = read_record(name) if path.exists() else None
            text = "".join(_lines(_as_recorded(record(name, Path(folder)), before))) + "\n"
            path.write_text(text, encoding="utf-8")


def _as_recorded(got: Any, recorded: Any) -> Any:
    if isinstance(got, dict) and isinstance(recorded, dict):
        return {name: _as_recorded(each, recorded.get(name)) for name, each in got.items()}
    if isinstance(got, list) and isinstance(recorded, list) and len(got) == len(recorded):
        return [_as_recorded(*pair) for pair in zip(got, recorded, strict=True)]
    return recorded if _same(got, recorded) else got


def differences(got: Any, expected: Any, path: str = "$") -> Iterator[str]:
    """Each place where two JSON values differ, by its path, with what is there; floats may differ a little."""
    if isinstance(got, dict) and isinstance(expected, dict):
        for name in dict.fromkeys([*expected, *got]):
            absent = "nothing"
            if name in got and name in expected:
                yield from differences(got[name], expected[name], f"{path}.{name}")
            else:
                yield f"{path}.{name}: got {got.get(name, absent)!r}, expected {expected.get(name, absent)!r}"
    elif isinstance(got, list) and isinstance(expected, list) and len(got) == len(expected):
        for place, (one, other) in enumerate(zip(got, expected, strict=True)):
            yield from differences(one, other, f"{path}[{place}]")
    elif not _same(got, expected):
        yield f"{path}: got {got!r}, expected {expected!r}"


def _same(got: Any, expected: Any) -> bool:
    if isinstance(got, float) and isinstance(expected, float):
        return math.isclose(got, expected, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    return type(got) is type(expected) and bool(got == expected)


def _brief(value: Any) -> Any:
    """A value with floats of `DIGITS` digits; of a map of regions, sums of its blocks."""
    if isinstance(value, dict):
        return {name: _brief(each) for name, each in value.items()}
    if isinstance(value, list):
        is_map = len(value) > BLOCK and all(isinstance(row, list) and len(row) == len(value) for row in value)
        return _brief(_blocks(np.array(value))) if is_map else [_brief(each) for each in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def _blocks(regions: DoubleArray) -> dict[str, Any]:
    edges = np.arange(0, len(regions), BLOCK)
    sums = np.add.reduceat(np.add.reduceat(regions, edges, axis=0), edges, axis=1)
    return {"shape": list(regions.shape), "sums of blocks": [row.tolist() for row in sums]}


def _lines(value: Any, indent: str = "") -> Iterator[str]:
    """JSON in which a list or an object that holds no filled ones stands on one line: a change is seen row by row."""
    inner = list(value.values() if isinstance(value, dict) else value if isinstance(value, list) else [])
    if not any(isinstance(each, dict | list) and each for each in inner):
        yield json.dumps(value, ensure_ascii=False)
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    names = (
        [json.dumps(name, ensure_ascii=False) + ": " for name in value]
        if isinstance(value, dict)
        else [""] * len(inner)
    )
    yield opening
    for place, (name, each) in enumerate(zip(names, inner, strict=True)):
        yield f"{',' if place else ''}\n{indent} {name}"
        yield from _lines(each, indent + " ")
    yield f"\n{indent}{closing}"
