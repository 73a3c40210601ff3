"""The map of the collection: works at the positions of their styles, wandered through by addresses.

A view is a square stretch of the map in a grid of cells; of each cell the work at its centre is shown, which leads
nearer where there are more, else to the work. So it is a picture with links, at every zoom, without a script.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import numpy as np
import numpy.typing as npt
from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse

from sakka.arrays import IntArray
from sakka.catalog.works import Work
from sakka.files import remote_address
from sakka.search.style_map import StyleMap, nearest_of_cells, style_map
from sakka.web.engine import Engine
from sakka.web.problems import Problem
from sakka.web.view import View

COLUMNS, ROWS = 10, 7
MOST_ZOOM = 8
WORK_ZOOM = 2  # at which a work is shown among others
MOST_CREATORS = 12
Value = Annotated[str, Query(max_length=500)]
Coordinate = Annotated[float | None, Query(ge=0, le=1, allow_inf_nan=False)]


@dataclass(frozen=True)
class MapView:
    """A stretch of the map.

    Attributes:
        zoom: Its side is one over two to this power.
        x: The middle, 0 to 1 from left to right.
        y: The same from top to bottom.
        creator: Whose works are marked; empty: nobody's.
        work: The id of a work that is marked; empty: none.
    """

    zoom: int
    x: float
    y: float
    creator: str = ""
    work: str = ""

    @property
    def side(self) -> float:
        """How much of the map it shows in either direction."""
        return 0.5**self.zoom

    @property
    def is_nearest(self) -> bool:
        """Whether there is no nearer one."""
        return self.zoom == MOST_ZOOM

    @property
    def corner(self) -> tuple[float, float]:
        """Its upper left corner."""
        most = 1 - self.side
        return min(max(self.x - self.side / 2, 0), most), min(max(self.y - self.side / 2, 0), most)

    def address(self, changes: Mapping[str, str | float]) -> str:
        """The address of this view with some changes."""
        said = {**vars(self), "x": f"{self.x:.4f}", "y": f"{self.y:.4f}", **changes}
        return "/map?" + urlencode({name: value for name, value in said.items() if value != ""})

    def moved(self, right: float, down: float) -> str | None:
        """The address of the view that far away, in sides of this one; None at the edge."""
        left, top = self.corner
        most = 1 - self.side
        to = min(max(left + right * self.side, 0), most), min(max(top + down * self.side, 0), most)
        if np.allclose(to, (left, top)):
            return None
        x, y = (f"{each + self.side / 2:.4f}" for each in to)
        return self.address({"x": x, "y": y})


@dataclass(frozen=True)
class MapCell:
    """A cell of a view that has works.

    Attributes:
        work: The one shown.
        works: How many there are.
        address: Where the cell leads.
        marked: Whether a marked work, or one of the marked creator, is in it.
    """

    work: Work
    works: int
    address: str
    marked: bool


class MapPages:
    """The map over an engine; it is made when it is first asked for, on the thread that describes."""

    def __init__(self, engine: Engine, view: View) -> None:
        self.engine, self.view = engine, view

    def add_to(self, router: APIRouter, hidden: dict[str, Any]) -> None:
        """Add the route; `hidden` is what keeps a page out of the schema."""

        @router.get("/map", **hidden)
        async def show(
            request: Request,
            zoom: Annotated[int, Query(ge=0, le=MOST_ZOOM)] = 0,
            x: Coordinate = None,
            y: Coordinate = None,
            creator: Value = "",
            work: Value = "",
        ) -> HTMLResponse:
            self.engine.need_finder()
            try:
                found = await self.engine.describer.workers.run(lambda: self.map)
            except Problem:  # it is not ready in time
                return self.view.page(request, "map.html", shown=None)
            shown = MapView(zoom, 0.5 if x is None else x, 0.5 if y is None else y, creator, work)
            if work and x is None:
                shown = self._around(found, work, zoom or WORK_ZOOM)
            values = await self.engine.draw(lambda: self._values(found, shown))
            return self.view.page(request, "map.html", shown=shown, **values)

    @cached_property
    def map(self) -> StyleMap:
        """The map; it is kept beside the index where that can be written to."""
        address = self.engine.settings.index
        folder = None if address is None or remote_address(address) else Path(address)
        return style_map(self.engine.need_finder().index, folder)

    @cached_property
    def _rows(self) -> IntArray:
        """The collection's rows of the works on the map."""
        return np.array(self.engine.collection.rows_of(self.map.ids), dtype=np.int64)

    @cached_property
    def _creators(self) -> npt.NDArray[Any]:
        """The creators of the works on the map; None where one is not known."""
        return self.engine.collection.works.table["creator"].to_numpy()[self._rows]

    def _around(self, found: StyleMap, work: str, zoom: int) -> MapView:
        """The view around a work.

        Raises:
            Problem: It is not on the map.
        """
        if work not in found.ids:
            raise Problem(404, "the map has no such work; works without a photo are not on it")
        x, y = found.positions[found.ids.index(work)].tolist()
        return MapView(zoom, x, y, work=work)

    def _values(self, found: StyleMap, shown: MapView) -> dict[str, Any]:
        """What a view has: its cells in rows, None where there is no work, and whose works are in it."""
        left, top = shown.corner
        where = (found.positions - np.array([left, top], dtype=np.float32)) / np.float32(shown.side)
        inside = np.flatnonzero(((where >= 0) & (where <= 1)).all(axis=1))
        grid = np.array([COLUMNS, ROWS])
        at = np.minimum((where[inside] * grid).astype(np.int64), grid - 1)
        cells = at[:, 1] * COLUMNS + at[:, 0]
        marked = self._creators[inside] == shown.creator if shown.creator else np.zeros(len(inside), dtype=np.bool_)
        if shown.work in found.ids:
            marked = marked | (inside == found.ids.index(shown.work))
        numbers = np.arange(COLUMNS * ROWS)
        centres = (np.stack([numbers % COLUMNS, numbers // COLUMNS], axis=1) + 0.5) / grid
        nearest = nearest_of_cells(where[inside], cells, centres.astype(np.float32))
        if marked.any():
            chosen = np.flatnonzero(marked)
            of_marked = nearest_of_cells(where[inside][chosen], cells[chosen], centres.astype(np.float32))
            nearest |= {cell: int(chosen[row]) for cell, row in of_marked.items()}
        counts, marks = np.bincount(cells, minlength=len(numbers)), set(cells[marked].tolist())
        rows = self._rows[inside[np.array(list(nearest.values()), dtype=np.int64)]]
        works = dict(zip(nearest, self.engine.collection.at(rows.tolist()), strict=True))
        shown_cells: list[MapCell | None] = [None] * len(numbers)
        for cell, work in works.items():
            x, y = (left + centres[cell][0] * shown.side, top + centres[cell][1] * shown.side)
            nearer = shown.address({"zoom": shown.zoom + 1, "x": f"{x:.4f}", "y": f"{y:.4f}"})
            is_last = counts[cell] == 1 or shown.is_nearest
            shown_cells[cell] = MapCell(work, int(counts[cell]), "" if is_last else nearer, cell in marks)
        names = Counter(name for name in self._creators[inside].tolist() if name is not None)
        return {"cells": shown_cells, "creators": names.most_common(MOST_CREATORS), "works": len(inside)}
