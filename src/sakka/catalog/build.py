"""Listings -> catalog: read a source, apply the rules, read every photo once, report what was left out and why."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import polars as pl

from sakka.catalog.accounts import apply_joins, find_joins
from sakka.catalog.listings import Listing, ListingReader, Rejection, counts_by_reason
from sakka.catalog.rules import (
    RuleChoices,
    RuleReport,
    Rules,
    keep_categories,
    keep_min_works,
    keep_period,
    report_of,
)
from sakka.catalog.sources import SOURCES, kind_of
from sakka.catalog.statistics import statistics_of
from sakka.catalog.works import (
    INFO_FILE,
    REJECTED_FILE,
    REJECTED_SCHEMA,
    SCHEMA,
    WORKS_FILE,
    Catalog,
    Work,
    check_folder,
)
from sakka.errors import CatalogError, PhotoError
from sakka.files import writing_whole
from sakka.photos.examine import examine_photos
from sakka.photos.hashes import PhotoHashes, photo_hash

if TYPE_CHECKING:
    from sakka.market import MarketSettings

MARKET = "market"
BATCH_ROWS = 8192
_ROW = "row"
_HASH = "hash"
_WORKING_SCHEMA = {_ROW: pl.Int64(), **SCHEMA}


def build_catalog(
    source: Path | str,
    *,
    folder: Path | str | None = None,
    kind: str | None = None,
    columns: Mapping[str, str] | None = None,
    photo_root: Path | str | None = None,
    market: "MarketSettings | None" = None,
    strict: bool = False,
    **rules: Unpack[RuleChoices],
) -> Catalog:
    """Make a catalog of the works of a source.

    Args:
        source: A file or folder of works, or `"market"` for the simulated marketplace.
        folder: Where the catalog is written; None: it is only given back (not with `"market"`, which has photos).
        kind: One of `sources.SOURCES`; None: guessed.
        columns: Field of the catalog -> column of the source, where the names differ.
        photo_root: The folder that photo paths start at and may not lead out of; None: the source's own folder.
        market: The settings of the simulated marketplace.
        strict: Whether a row that can't be used is an error; of the catalog only `rejected.parquet` is then written.
        rules: Which works stay; the fields of `rules.Rules`.

    Returns:
        The catalog; `rejected` holds the rows that could not be used, `info` what each rule removed.

    Raises:
        CatalogError: The source can't be read, an argument is wrong, the folder holds the source or a table of
            something else under the name of the catalog's, no work is left, or `strict` was broken.
    """
    chosen = Rules(**rules)
    if folder is not None:
        _check_source_stays(Path(folder), Path(source))
        check_folder(Path(folder))
    opened = _open_market(market, folder, kind) if str(source) == MARKET else _open(source, kind, columns, photo_root)
    build = _Build(opened, chosen)
    build.read()
    if strict and build.rejections:
        raise build.strict_error(folder)
    catalog = build.catalog(folder)
    if folder is not None:
        catalog.write(folder)
    return catalog


def _check_source_stays(folder: Path, source: Path) -> None:
    """Refuse a folder in which a file of the catalog's would take the place of its source."""
    for path in (folder / name for name in (WORKS_FILE, REJECTED_FILE, INFO_FILE)):
        if source.exists() and path.exists() and path.samefile(source):
            raise CatalogError(
                f"the catalog's {path.name} would overwrite its source {source}; expected a folder that doesn't hold "
                "the source under that name; choose another folder"
            )


@dataclass(frozen=True)
class _Opened:
    """A source that is ready to be read: its rows, the folder its photos are in, and what `catalog.json` says of it."""

    listings: Iterator[Listing]
    photo_root: Path
    info: dict[str, Any]


def _open(
    source: Path | str, kind: str | None, columns: Mapping[str, str] | None, photo_root: Path | str | None
) -> _Opened:
    path = Path(source)
    kind = kind or kind_of(path)
    if kind not in SOURCES:
        raise CatalogError(f"{kind!r} is no kind of source; expected one of {', '.join(SOURCES)}, or the source market")
    if not path.exists():
        raise CatalogError(f"there is no {path}; check the path")
    root = Path(photo_root) if photo_root is not None else path if SOURCES[kind].is_folder else path.parent
    if not root.is_dir():
        raise CatalogError(f"{root} is not a folder; expected the folder that photo paths start at")
    info = {"kind": kind, "path": str(path), "columns": dict(columns or {})}
    return _Opened(SOURCES[kind].read(path, columns or {}), root.resolve(), info)


def _open_market(market: "MarketSettings | None", folder: Path | str | None, kind: str | None) -> _Opened:
    from sakka.market import MarketSettings, write_market

    if folder is None:
        raise CatalogError("the simulated market draws photos; say in which folder the catalog and they shall stand")
    if kind not in (None, MARKET):
        raise CatalogError(f"the source {MARKET} is not of the kind {kind!r}; leave out the kind")
    settings = market or MarketSettings()
    root = Path(folder).resolve() / MARKET
    write_market(root, settings)
    info = {"kind": MARKET, "settings": asdict(settings)}
    return _Opened(SOURCES["csv"].read(root / "listings.csv", {}), root, info)


@dataclass
class _Build:
    """The works on their way into a catalog."""

    opened: _Opened
    rules: Rules
    rows: int = 0
    dates_left_out: int = 0
    table: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_WORKING_SCHEMA))
    rejections: list[Rejection] = field(default_factory=list)
    reports: list[RuleReport] = field(default_factory=list)
    joins: list[dict[str, str]] = field(default_factory=list)

    def read(self) -> None:
        """Read the source and its photos, and apply the rules in the paper's order.

        The rules that need no photo come before the photos are read, so that only the photos that count are read.
        """
        self._read_listings()
        if self.rules.from_date is not None or self.rules.until_date is not None:
            self._apply(*keep_period(self.table, self.rules))
        if self.rules.categories:
            self._apply(*keep_categories(self.table, self.rules))
        self._read_photos()
        if self.rules.one_account:
            self._join_accounts()
        if self.rules.min_works:
            self._apply(*keep_min_works(self.table, self.rules))

    def _apply(self, table: pl.DataFrame, report: RuleReport) -> None:
        self.table = table
        self.reports.append(report)

    def _read_listings(self) -> None:
        reader = ListingReader(self.opened.photo_root)
        frames = [self.table]
        while batch := list(islice(self.opened.listings, BATCH_ROWS)):
            self.rows += len(batch)
            read = [(listing.row, reader.read(listing)) for listing in batch]
            self.rejections += [result for _, result in read if isinstance(result, Rejection)]
            frames.append(_frame_of((row, result) for row, result in read if isinstance(result, Work)))
        self.table = pl.concat(frames)
        self.dates_left_out = reader.dates_left_out

    def _read_photos(self) -> None:
        """Read every featured photo: its SHA-256, and its perceptual hash where accounts are to be joined."""
        works = self.table.select(_ROW, "id", pl.col("photos").list.first().alias("photo")).with_row_index("at")
        works = works.filter(pl.col("photo").is_not_null())
        paths = [self.opened.photo_root / photo for photo in works["photo"]]
        look = photo_hash if self.rules.one_account else (lambda _image: None)
        sha256: list[str | None] = [None] * self.table.height
        hashes: list[int | None] = [None] * self.table.height
        usable = np.ones(self.table.height, dtype=np.bool_)
        seen = examine_photos(paths, look, "photos")
        for (at, row, identity, _), photo in zip(works.iter_rows(), seen, strict=True):
            if isinstance(photo, PhotoError):
                usable[at] = False
                self.rejections.append(Rejection(row, identity, photo.reason, str(photo)))
            else:
                sha256[at], hashes[at] = photo.sha256, photo.found
        self.table = self.table.with_columns(
            pl.Series("photo_sha256", sha256, dtype=pl.String()), pl.Series(_HASH, hashes, dtype=pl.UInt64())
        ).filter(pl.Series(usable, dtype=pl.Boolean()))

    def _join_accounts(self) -> None:
        hashes = PhotoHashes(
            self.table[_HASH].fill_null(0).to_numpy(), self.table[_HASH].is_not_null().to_numpy().astype(np.bool_)
        )
        joins = find_joins(self.table["creator"].to_list(), hashes, self.rules.shared_photos)
        joined = apply_joins(self.table, joins)
        self.joins = [join.as_dict() for join in joins]
        settings = f"equal names, or {self.rules.shared_photos:.0%} of photos near-identical"
        self._apply(joined, report_of("one account", settings, self.table, joined))

    def catalog(self, folder: Path | str | None) -> Catalog:
        """The catalog, with all that `catalog.json` says.

        Raises:
            CatalogError: No work is left; the rows that can't be used are then listed in the folder all the same.
        """
        reasons = counts_by_reason(self.rejections)
        if not self.table.height:
            removed = [f"{report.works_removed} by {report.rule}" for report in self.reports if report.works_removed]
            removed += [f"{count} for {reason}" for reason, count in reasons.items()]
            if self.rows == 0:
                raise CatalogError(
                    "the source holds no works; expected at least one row below the names of the columns"
                )
            raise CatalogError(
                f"no work is left of {self.rows} rows; removed were {', '.join(removed) or 'none'}"
                f"{self._listed(folder)}; mend the rows or relax the rules"
            )
        info: dict[str, Any] = {
            "source": self.opened.info,
            "rows": self.rows,
            "rules": [asdict(report) for report in self.reports],
            "joined_accounts": self.joins,
            "rejected": reasons,
            "dates_left_out": self.dates_left_out,
        }
        catalog = Catalog(self.table.select(list(SCHEMA)), self.opened.photo_root, info, self._rejected())
        info["statistics"] = statistics_of(catalog).as_dict()
        return catalog

    def strict_error(self, folder: Path | str | None) -> CatalogError:
        """Write the list of rows that can't be used; returns the error that counts them."""
        reasons = ", ".join(f"{count} {reason}" for reason, count in counts_by_reason(self.rejections).items())
        return CatalogError(
            f"{len(self.rejections)} of {self.rows} rows can't be used: {reasons}{self._listed(folder)}; "
            "mend them or take them out of the source"
        )

    def _listed(self, folder: Path | str | None) -> str:
        """Write the list of rows that can't be used, and say where it is and what is wrong with the first."""
        if not self.rejections:
            return ""
        where = ""
        if folder is not None and not (Path(folder) / INFO_FILE).exists():  # an older catalog there stays whole
            path = Path(folder) / REJECTED_FILE
            with writing_whole(path) as part:
                self._rejected().write_parquet(part)
            where = f" (listed in {path})"
        first = min(self.rejections, key=lambda rejection: rejection.row)
        return f"{where}; the first is row {first.row}: {first.detail}"

    def _rejected(self) -> pl.DataFrame:
        rows = sorted(self.rejections, key=lambda rejection: rejection.row)
        return pl.DataFrame([asdict(rejection) for rejection in rows], schema=REJECTED_SCHEMA)


def _frame_of(works: Iterable[tuple[int, Work]]) -> pl.DataFrame:
    rows = [{_ROW: row, **vars(work), "photos": list(work.photos)} for row, work in works]
    return pl.DataFrame(rows, schema=_WORKING_SCHEMA)
