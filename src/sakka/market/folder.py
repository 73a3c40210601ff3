"""Writes a market's folder: photos, listings and truth, so that an interrupted write goes on where it stopped.

    MARKET/
      market.json      the settings, written first: a folder is only continued with the settings it was begun with
      photos/xx/ID.jpg each whole or absent; ID-2.jpg is a listing's second photo
      photos/charts/   size charts, each one file for all listings that show it
      truth.parquet    id, person, group, motif, material, colour, and of each photo: kinds, shows
      listings.csv     id, creator, title, description, category, created_at, image; written last

Photos are drawn by two worker processes where there are many. The workers are started as programs of their own
(`python -m sakka.market.worker`), which works from any script, notebook or thread without a main guard.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import polars as pl

from sakka.errors import CatalogError
from sakka.files import write_json, writing_whole
from sakka.market.listings import BETWEEN_PHOTOS, LISTING_COLUMNS, TRUTH_COLUMNS, market_listings
from sakka.market.photo import bytes_at
from sakka.market.settings import MarketSettings
from sakka.progress import track

LISTINGS_FILE = "listings.csv"
TRUTH_FILE = "truth.parquet"
SETTINGS_FILE = "market.json"
MARKET_VERSION = 1
WORKERS = 2
END_OF_ORDERS = "end"
FEW_PHOTOS = 150  # drawn here: starting two workers takes as long


def write_market(folder: Path | str, settings: MarketSettings) -> Path:
    """Write a market's folder, or finish one that was begun with the same settings.

    Returns:
        The path of `listings.csv`.

    Raises:
        CatalogError: The folder holds another market, or can't be written to.
    """
    folder = Path(folder)
    listings_path = folder / LISTINGS_FILE
    try:
        _claim(folder, settings)
        if listings_path.is_file():
            return listings_path
        listings = market_listings(settings)
        with writing_whole(folder / TRUTH_FILE) as part:
            listings.select(TRUTH_COLUMNS).write_parquet(part)
        _write_photos(folder, settings, listings)
        with writing_whole(listings_path) as part:
            listings.select(LISTING_COLUMNS).write_csv(part)
    except OSError as error:
        raise CatalogError(
            f"{folder} can't be written as a market: {error}; choose a folder that can be written"
        ) from error
    return listings_path


def read_settings(folder: Path) -> MarketSettings:
    """Read the settings a market's folder was begun with.

    Raises:
        CatalogError: `market.json` can't be read as settings.
    """
    path = folder / SETTINGS_FILE
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored.pop("version") != MARKET_VERSION:
            raise CatalogError(f"{path} is of another version, expected {MARKET_VERSION}; choose an empty folder")
        return MarketSettings(**stored)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CatalogError(f"{path} can't be read as a market's settings: {error}; choose an empty folder") from error


def draw_missing(folder: Path, settings: MarketSettings, paths: list[str]) -> Iterator[str]:
    """Draw those photos that don't stand yet, passing on the path of each below the folder when it stands."""
    for path in paths:
        if not (folder / path).is_file():
            with writing_whole(folder / path, one_of_many=True) as part:
                part.write_bytes(bytes_at(settings, path))
        yield path


def _claim(folder: Path, settings: MarketSettings) -> None:
    """Make the folder this market's own."""
    path = folder / SETTINGS_FILE
    if path.is_file():
        if read_settings(folder) != settings:
            raise CatalogError(
                f"{folder} holds a market with other settings, expected those of {path}; choose another folder"
            )
        return
    write_json(path, {"version": MARKET_VERSION, **asdict(settings)})


def _write_photos(folder: Path, settings: MarketSettings, listings: pl.DataFrame) -> None:
    wanted = listings.filter(pl.col("image") != "").sort("person", "id")["image"].str.split(BETWEEN_PHOTOS)
    missing = [path for path in wanted.explode().unique(maintain_order=True) if not (folder / path).is_file()]
    if len(missing) <= FEW_PHOTOS or (os.cpu_count() or 1) < 2:
        drawn = draw_missing(folder, settings, missing)
    else:
        drawn = _drawn_by_workers(folder, missing)
    for _ in track(drawn, "photos", total=len(missing)):
        pass
    for left_over in folder.glob("photos/*/.*.part"):  # of a process that was killed
        left_over.unlink(missing_ok=True)


def _drawn_by_workers(folder: Path, missing: list[str]) -> Iterator[str]:
    """Have two workers draw a half each, passing on the path of each photo when it stands."""
    with tempfile.TemporaryFile() as complaints, contextlib.ExitStack() as stack:
        half = -(-len(missing) // WORKERS)
        reading, writing = os.pipe()
        command = [sys.executable, "-m", "sakka.market.worker", str(folder)]
        workers = []
        for start in range(0, len(missing), half):
            worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=writing, stderr=complaints, text=True)
            stack.callback(_stop, worker)
            workers.append(worker)
            with contextlib.suppress(BrokenPipeError), worker.stdin as orders:  # type: ignore[union-attr]
                orders.write("\n".join([*missing[start : start + half], END_OF_ORDERS]))
        os.close(writing)
        with os.fdopen(reading, encoding="ascii") as finished:
            for line in finished:
                yield line.strip()
        if any(worker.wait() for worker in workers):
            complaints.seek(0)
            last = complaints.read().decode(errors="replace").strip().splitlines()[-1:] or ["it was stopped"]
            raise CatalogError(f"a worker that draws photos for {folder} failed: {last[0]}; call again to go on")


def _stop(worker: "subprocess.Popen[str]") -> None:
    if worker.poll() is None:
        worker.terminate()
    worker.wait()
