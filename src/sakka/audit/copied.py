"""Who copied whom: for a photo that two creators use, which of the two files came first, and what speaks for it.

The cues of the files and of manner are weighed as in `copies/direction/`. Days of listing can be set back and metadata
can be written by anyone, so neither adds to a verdict. No verdict is given that the days of listing contradict, between
accounts that look like one person's, or where more than two creators have the photo.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
import polars as pl

from sakka.arrays import Features, IntArray
from sakka.audit.dossier import Dossier
from sakka.audit.findings import Finding
from sakka.audit.shared_photos import of_featured_photos
from sakka.catalog.works import Catalog
from sakka.copies.direction.cues import file_cues
from sakka.copies.direction.manner import manner_cues
from sakka.copies.direction.photo_file import PhotoFile, photo_file
from sakka.copies.direction.verdict import Verdict, verdict
from sakka.copies.groups import NearIdentical
from sakka.networks.encoders import PhotoEncoder, photo_encoders
from sakka.networks.features import photo_features, photo_pixels
from sakka.photos.held import HeldPhoto

MANNER_ENCODER = "lite0"
MOST_DOSSIERS = 200
MOST_WORKS = 200  # of a creator that are compared with
DATES, MANY_CREATORS, ONE_PERSON = "dates", "many creators", "one person"


def with_dossiers(
    findings: Sequence[Finding],
    works: Catalog,
    near: NearIdentical,
    one_person: Collection[frozenset[str]] = (),
    *,
    manner: bool = True,
) -> list[Finding]:
    """Findings of shared photos, the strongest `MOST_DOSSIERS` of them with a dossier.

    Args:
        findings: Of the kind "shared photo".
        works: The catalog.
        near: Its near-identical works.
        one_person: Pairs of accounts that look like one person's.
        manner: Whether a network looks at the works, to tell whose manner a photo is in.

    Raises:
        PhotoError: A photo of the catalog can't be read any more.
    """
    maker = _Dossiers(works, near, one_person, photo_encoders(MANNER_ENCODER)[0] if manner else None)
    some = [replace(each, dossier=maker.of(each)) for each in findings[:MOST_DOSSIERS]]
    return [*some, *findings[MOST_DOSSIERS:]]


class _Dossiers:
    """Makes the dossiers of one catalog."""

    def __init__(
        self,
        works: Catalog,
        near: NearIdentical,
        one_person: Collection[frozenset[str]],
        encoder: PhotoEncoder | None,
    ) -> None:
        self.works, self.near, self.one_person, self.encoder = works, near, one_person, encoder
        self.evidence = of_featured_photos(near)
        self.names, self.listed = (works.table[name].to_list() for name in ("creator", "created_at"))
        self.photos = works.every_photo

    def of(self, finding: Finding) -> Dossier:
        rows, photos = self._pair(finding)
        files = self._file(rows[0], photos[0]), self._file(rows[1], photos[1])
        found = file_cues(*files)
        manner = {} if self.encoder is None else self._manner(rows, photos, self.encoder)
        decided = verdict(found, manner, one_file=files[0].sha256 == files[1].sha256)
        listed = self.listed[rows[0]], self.listed[rows[1]]
        creators = self.names[rows[0]], self.names[rows[1]]
        reason = self._against(decided, finding, listed)
        if reason:
            decided = replace(decided, came_first=None, reason=reason, error_rate=None)
        return Dossier(creators, rows, photos, decided, found, manner, listed, (files[0].notes, files[1].notes))

    def _pair(self, finding: Finding) -> tuple[tuple[int, int], tuple[int, int]]:
        """The two works of two creators whose photos are the most similar, and which photos they are."""
        among = pl.col("first").is_in(finding.rows) & pl.col("second").is_in(finding.rows)
        columns = ("first", "second", "first_photo", "second_photo")
        ordered = self.evidence.filter(among).sort("similarity", descending=True, maintain_order=True)
        for first, second, one, other in ordered.select(columns).iter_rows():
            if self.names[first] != self.names[second]:
                return (first, second), (one, other)
        raise AssertionError("a shared photo has a pair across creators")

    def _against(self, decided: Verdict, finding: Finding, listed: tuple[datetime | None, datetime | None]) -> str:
        """What forbids a verdict, whatever the photos say; empty where nothing does."""
        if len(finding.creators) > 2:
            return MANY_CREATORS
        if frozenset(finding.creators) in self.one_person:
            return ONE_PERSON
        if None in listed or decided.came_first is None:
            return ""
        return DATES if listed[decided.came_first] > listed[1 - decided.came_first] else ""  # type: ignore[operator]

    def _file(self, row: int, photo: int) -> PhotoFile:
        source = self.photos[row][photo]
        if isinstance(source, HeldPhoto):
            return photo_file(source.content)
        return photo_file(source)

    def _manner(self, rows: tuple[int, int], photos: tuple[int, int], encoder: PhotoEncoder) -> dict[str, float]:
        sources = [self.photos[row][photo] for row, photo in zip(rows, photos, strict=True)]
        columns = encoder.blocks(None, None)[0]
        shown = encoder.vectors(np.stack([photo_pixels(each, encoder.input_px) for each in sources]))[:, columns]
        others = [self._others(row, encoder, columns) for row in rows]
        return manner_cues(shown, *others)

    def _others(self, row: int, encoder: PhotoEncoder, columns: IntArray) -> Features:
        """The vectors of a creator's works that don't show the photo, those of the catalog's first `MOST_WORKS`."""
        labels = self.near.creators
        apart = (labels == labels[row]) & (self.near.groups != self.near.groups[row]) & self.works.has_photo
        rows = np.flatnonzero(apart)[:MOST_WORKS]
        return photo_features(self.works.take(rows.tolist()), encoder, columns)[0]
