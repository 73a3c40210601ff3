"""Answers that a browser saves as a file."""

from fastapi import Response


def saved_as(name: str) -> dict[str, str]:
    """The headers by which a browser saves an answer under a name."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def csv_download(name: str, table: str) -> Response:
    """A table that a browser saves and a spreadsheet opens.

    Args:
        name: The name of the file.
        table: The table as `csv_text` writes it.
    """
    return Response(table, media_type="text/csv", headers=saved_as(name))
