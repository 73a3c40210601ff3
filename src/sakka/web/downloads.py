"""Answers that a browser saves as a file."""

import csv
import io
from collections.abc import Iterable, Sequence

from fastapi import Response

from sakka.files import no_formula


def saved_as(name: str) -> dict[str, str]:
    """The headers by which a browser saves an answer under a name."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def csv_download(name: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Response:
    """A table that a spreadsheet opens: a mark at its start says that it is UTF-8, and no cell is taken for a formula.

    Args:
        name: The name of the file.
        head: The names of the columns.
        rows: The cells of each row.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerows([no_formula(cell) for cell in row] for row in (head, *rows))
    return Response("\ufeff" + buffer.getvalue(), media_type="text/csv", headers=saved_as(name))
