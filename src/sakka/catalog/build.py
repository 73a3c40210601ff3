"""Listings -> catalog: read a source, apply the rules, read every photo once, report what was left out and why."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import polars as pl
import polars.selectors as cs

from sakka.catalog.accounts import apply_joins, find_joins
from sakka.catalog.folder import INFO_FILE, WORKS_FILE, check_folder, check_free_at, write_table
from sakka.catalog.kept import VECTORS, kept_table, kept_texts
from sakka.catalog.listings import NOTHING_LEFT, with_photo_rows
from sakka.catalog.photo_files import PhotoFiles, base_of, photo_files
from sakka.catalog.photo_list import ORIGINS_SCHEMA, PHOTOS_FILE
from sakka.catalog.problems import (
    NOTHING,
    PROBLEMS_FILE,
    ListingProblem,
    Problems,
    fields_left_out,
    problems_frame,
    rows_left_out,
)
from sakka.catalog.read_works import WorksBatch, read_photos, read_works
from sakka.catalog.rules import (
    RuleChoices,
    RuleReport,
    Rules,
    keep_categories,
    keep_min_works,
    keep_period,
    report_of,
)
from sakka.catalog.sources import OpenedTable, ReadOptions, columns_by_field, open_source
from sakka.catalog.statistics import statistics_of
from sakka.catalog.works import SCHEMA, Catalog, works_table
from sakka.errors import CatalogError
from sakka.photos.hashes import PhotoHashes, photo_hash
from sakka.photos.limits import PHOTOS_PER_WORK
from sakka.remote.copies import speaking_of
from sakka.remote.fetcher import Fetching
from sakka.remote.folder import Bucket, RemoteFolder
from sakka.remote.writing import temporary_folder

if TYPE_CHECKING:
    from sakka.market import MarketSettings

MARKET = "market"
_ROW = "row"
_HASH = "hash"
_KEPT = "kept:"  # before the name of a kept column, so that it is none of the others


def build_catalog(
    source: object,
    *,
    folder: Path | str | None = None,
    kind: str | None = None,
    columns: Mapping[str, str | Sequence[str]] | None = None,
    keep: Sequence[str] = (),
    encoding: str | None = None,
    sheet: str | None = None,
    query: str | None = None,
    photo_root: Path | str | None = None,
    photos_per_work: int = PHOTOS_PER_WORK,
    fetch: Fetching | Sequence[str] | None = None,
    market: "MarketSettings | None" = None,
    strict: bool = False,
    creator_required: bool = True,
    **rules: Unpack[RuleChoices],
) -> Catalog:
    """Make a catalog of the works of a source.

    Args:
        source: A file or folder of works, a database's address, a pandas, Polars or Arrow table, a `datasets.Dataset`,
            or `"market"` for the simulated marketplace.
        folder: Where the catalog is written, a folder or an address in a bucket; None: it is only given back (not with
            `"market"`, which has photos).
        kind: One of `sources.SOURCES`; None: guessed.
        columns: Field of the catalog -> column of the source, where its usual names don't say it; photos may have
            several.
        keep: Further columns of the source that are carried along.
        encoding: Of a csv, as Python names it; None: found out.
        sheet: Of a workbook; None: the first one with rows.
        query: What a database is asked, in SQL.
        photo_root: The folder that photo paths start at and may not lead out of, or the address of one, from which
            photos are then fetched; None: the source's own folder.
        photos_per_work: The most photos of a work, at least 1; the first ones that can be read are taken, and those
            after them are not opened.
        fetch: The hosts that photos at addresses may be fetched from (`HOST`, `HOST:PORT`, `s3://BUCKET`, `gs://BUCKET`;
            a private IP address with its port), or these with limits; None: nothing is fetched, and a photo at an
            address is a problem. Fetched photos go into the catalog's folder, or into the cache without one.
        market: The settings of the simulated marketplace.
        strict: Whether any problem is an error; of the catalog only `problems.parquet` is then written.
        creator_required: Whether a work without a creator is left out; else its creator is None, and the number of its
            row is its id where the table has none.
        rules: Which works stay; the fields of `rules.Rules`.

    Returns:
        The catalog; `problems` holds what could not be used, `info` what each rule removed.

    Raises:
        CatalogError: The source can't be read, an argument is wrong, the folder holds the source or a table of
            something else under the name of the catalog's, no work is left, or `strict` was broken.
        MissingPartError: Photos are to be fetched, and the packages for that are not installed.
    """
    if folder is not None and (remote := RemoteFolder.of(folder)) is not None:
        check_free_at(Bucket(remote))
        with temporary_folder() as local, speaking_of(remote, local):
            try:
                build_catalog(
                    source, folder=local, kind=kind, columns=columns, keep=keep, encoding=encoding, sheet=sheet,
                    query=query, photo_root=photo_root, photos_per_work=photos_per_work, fetch=fetch, market=market,
                    strict=strict, creator_required=creator_required, **rules,
                ).write(folder)  # fmt: skip
            except CatalogError:
                _send_problems(local, Bucket(remote))
                raise
        return Catalog.read(folder)
    chosen = Rules(**rules)
    if photos_per_work < 1:
        raise CatalogError(f"photos_per_work is {photos_per_work}, expected 1 or more")
    if folder is not None:
        _check_source_stays(Path(folder), source)
        check_folder(Path(folder))
    options = ReadOptions(kind, columns_by_field(columns), tuple(keep), encoding, sheet, query, creator_required)
    is_market = isinstance(source, Path | str) and str(source) == MARKET
    base = base_of(photo_root)
    opened = _open_market(market, folder, kind) if is_market else _open(source, options, photo_root, base)
    with ExitStack() as open_until_written:
        files = open_until_written.enter_context(photo_files(opened.photo_root, fetch, base))
        build = _Build(opened, chosen, photos_per_work, files)
        build.read()
        if strict and build.problems.listed:
            raise build.strict_error(folder)
        catalog = build.catalog(folder)
        if folder is not None:
            catalog.write(folder)
    return catalog


def _send_problems(local: Path, bucket: Bucket) -> None:
    """Send the list of problems of a build that failed, where no older catalog stands."""
    if (local / PROBLEMS_FILE).is_file() and bucket.content(INFO_FILE) is None:
        bucket.send(local / PROBLEMS_FILE, PROBLEMS_FILE)


def _check_source_stays(folder: Path, source: object) -> None:
    """Refuse a folder in which a file of the catalog's would take the place of its source."""
    if not isinstance(source, Path | str):
        return
    source = Path(source)
    for path in (folder / name for name in (WORKS_FILE, PHOTOS_FILE, PROBLEMS_FILE, INFO_FILE)):
        if source.exists() and path.exists() and path.samefile(source):
            raise CatalogError(
                f"the catalog's {path.name} would overwrite its source {source}; expected a folder that doesn't hold "
                "the source under that name; choose another folder"
            )


@dataclass(frozen=True)
class _Opened:
    """A source that is ready to be read, the folder its photos are in, and what `catalog.json` says of it."""

    table: OpenedTable
    photo_root: Path
    info: dict[str, Any]
    creator_required: bool = True


def _open(source: object, options: ReadOptions, photo_root: Path | str | None, base: str) -> _Opened:
    table = open_source(source, options)
    return _Opened(table, table.photo_root(photo_root, base), table.described(options.keep), options.creator_required)


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
    return _Opened(open_source(root / "listings.csv", ReadOptions()), root, info)


@dataclass
class _Build:
    """The works on their way into a catalog."""

    opened: _Opened
    rules: Rules
    photos_per_work: int
    files: PhotoFiles
    rows: int = 0
    photos_left_out: int = 0
    table: pl.DataFrame = field(default_factory=pl.DataFrame)
    problems: Problems = field(default_factory=Problems)
    reports: list[RuleReport] = field(default_factory=list)
    joins: list[dict[str, str]] = field(default_factory=list)
    origins: list[tuple[str, int, str | None, str | None, int]] = field(default_factory=list)

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
        frames, kept = [_frame_of(WorksBatch(0, (), (), ()))], [pl.DataFrame()]
        opened = self.opened
        listings = with_photo_rows(opened.table.listings)
        for batch in read_works(
            listings,
            opened.photo_root,
            creator_required=opened.creator_required,
            fetching=self.files.fetching,
            base=self.files.base,
        ):
            self.rows += batch.listings
            self.problems.add(batch.problems)
            frames.append(_frame_of(batch))
            kept.append(kept_texts([work.kept for work in batch.works]))
        self.table = pl.concat(frames).hstack(kept_table(kept).select(pl.all().name.prefix(_KEPT))).rechunk()

    def _read_photos(self) -> None:
        """Read the photos: which can be read, their SHA-256, the first one's hash where accounts are to be joined."""
        look = photo_hash if self.rules.one_account else (lambda _image: None)
        works = self.table.with_row_index("at").filter(pl.col("photos").list.len() > 0)
        says = pl.col("title").ne("") | pl.col("description").ne("")
        for name in self.table.select(cs.by_dtype(VECTORS)).columns:
            says |= pl.col(name).is_not_null()
        works = works.select("at", _ROW, "id", says, "photos")
        fewer: dict[int, list[str]] = {}  # photos of works of which some are bad or too many
        sha256: list[tuple[str, ...]] = [()] * self.table.height
        hashes: list[int | None] = [None] * self.table.height
        usable = np.ones(self.table.height, dtype=np.bool_)
        photos = works["photos"].to_list()
        self.files.fetch_first(photos, self.photos_per_work)
        seen = read_photos(photos, self.files.file_of, look, self.photos_per_work)
        for (at, row, identity, says_more, _), found in zip(works.iter_rows(), seen, strict=True):
            sha256[at], hashes[at] = found.sha256, found.found
            self.photos_left_out += found.left_out
            for number, (photo, n_bytes) in enumerate(zip(found.good, found.n_bytes, strict=True)):
                self.origins.append((identity, number, *self.files.origin_of(photo), n_bytes))
            if found.bad or found.left_out:
                fewer[at] = list(found.good)
            problems = [ListingProblem(row, identity, "photos", each.reason, str(each)) for _, each in found.bad]
            if not found.good and not says_more:
                usable[at] = False
                problems.append(ListingProblem(row, identity, "", NOTHING, NOTHING_LEFT, left_out=True))
            self.problems.add(problems)
        self.table = self.table.with_columns(
            _with_rows(self.table["photos"], fewer),
            pl.Series("photos_sha256", sha256, dtype=SCHEMA["photos_sha256"]),
            pl.Series(_HASH, hashes, dtype=pl.UInt64()),
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
        problems = problems_frame(self.problems.listed)
        reasons = rows_left_out(self.problems)
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
        self.table = self.files.stored(self.table, folder)
        info: dict[str, Any] = {
            "source": self.opened.info,
            "rows": self.rows,
            "photos_per_work": self.photos_per_work,
            "photos_left_out": self.photos_left_out,
            "rules": [asdict(report) for report in self.reports],
            "joined_accounts": self.joins,
            "left_out": reasons,
            "fields_left_out": fields_left_out(problems),
        }
        if self.problems.not_listed:
            info["rows_not_listed"] = self.problems.not_listed.total()
        kept = [pl.col(name).alias(name.removeprefix(_KEPT)) for name in self.table.columns if name.startswith(_KEPT)]
        origins = pl.DataFrame(self.origins, ORIGINS_SCHEMA, orient="row")
        if self.files.fetcher is not None:
            info["fetched_from"] = self.files.fetched_from
        catalog = Catalog(self.table.select(*SCHEMA, *kept), self.opened.photo_root, info, problems, origins=origins)
        info["statistics"] = statistics_of(catalog).as_dict()
        return catalog

    def strict_error(self, folder: Path | str | None) -> CatalogError:
        """Write the list of problems; returns the error that counts them."""
        counts = Counter(each.reason for each in self.problems.listed) + self.problems.not_listed
        reasons = ", ".join(f"{count} {reason}" for reason, count in counts.most_common())
        return CatalogError(
            f"problems in {self.problems.rows()} of {self.rows} rows: {reasons}{self._listed(folder)}; "
            "mend them or take them out of the source"
        )

    def _listed(self, folder: Path | str | None) -> str:
        """Write the list of problems, and say where it is and what is wrong in the first row of it."""
        if not self.problems.listed:
            return ""
        where = ""
        if folder is not None and not (Path(folder) / INFO_FILE).exists():  # an older catalog there stays whole
            path = Path(folder) / PROBLEMS_FILE
            write_table(problems_frame(self.problems.listed), path)
            where = f" (listed in {path})"
        first = min(self.problems.listed, key=lambda problem: problem.row)
        return f"{where}; the first is row {first.row}: {first.detail}"


def _with_rows(column: pl.Series, values: Mapping[int, Any]) -> pl.Series:
    """A column with other values at some rows."""
    if not values:
        return column
    whole = [values.get(row, value) for row, value in enumerate(column.to_list())]
    return pl.Series(column.name, whole, dtype=column.dtype)


def _frame_of(batch: WorksBatch) -> pl.DataFrame:
    return pl.DataFrame({_ROW: batch.rows}, schema={_ROW: pl.Int64()}).hstack(works_table(batch.works))
