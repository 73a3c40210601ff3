"""What an index is to be: near-identical works found, spaces learned from a sample, written down as its plan."""

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sakka.catalog.works import Catalog
from sakka.errors import SearchError
from sakka.files import canonical_json, remote_address
from sakka.networks.encoders import text_encoder as encoder_of_texts
from sakka.search import database
from sakka.search.kept_columns import kept_columns_of
from sakka.search.parts import INDEX_VERSION, build_in
from sakka.search.records import Spaces, words_of_catalog
from sakka.search.shards import PLAN_TABLE, SHARDS_TABLE, IndexPlan, begin, read_plan
from sakka.search.style.meaning import MeaningSpace
from sakka.search.style.space import StyleSpace

if TYPE_CHECKING:
    from sakka.models.base import CreatorModel


def plan_index(
    folder: Path | str,
    catalog: Catalog,
    model_folder: Path | str,
    *,
    seed: int = 0,
    text_encoder: str | None = None,
    shard_works: int = database.SHARD_WORKS,
) -> IndexPlan:
    """The plan of an index: that of a build that was cut short where it was asked for the same, else a new one.

    Args:
        folder: Where the index will stand.
        catalog: The works.
        model_folder: See `Index.build`.
        seed: See `Index.build`.
        text_encoder: See `Index.build`.
        shard_works: How many works a shard has.

    Raises:
        MissingPartError: LanceDB, or what the text encoder needs, is not installed.
        ModelError: No text encoder has such a name.
        ModelFolderError: The model can't be read.
        PhotoError: A photo can't be read.
        SearchError: The folder holds something else, or there are no works.
    """
    from sakka.copies.groups import group_names, near_identical
    from sakka.models.folder import load_model

    if len(catalog) == 0:
        raise SearchError("got a catalog of 0 works to build an index of, expected at least one")
    model = load_model(model_folder)
    reading = _photo_reading(model)
    encoder = None if text_encoder is None else encoder_of_texts(text_encoder)
    _check_free(folder)
    fingerprint = catalog.fingerprint()
    info: dict[str, Any] = {"model_sha256": model.manifest_sha256_, "catalog": fingerprint, "seed": seed}
    kept = kept_columns_of(catalog)
    info |= {"kept": [asdict(each) for each in kept]} if kept else {}
    asked = {
        **info,
        "catalog": catalog.fingerprint(catalog.kept) if kept else fingerprint,
        "photo_root": str(catalog.photo_root),
        "text_encoder": None if encoder is None else encoder.key,
        "shard_works": shard_works,
        "version": INDEX_VERSION,
    }
    key = hashlib.sha256(canonical_json(asked).encode()).hexdigest()
    found = _begun(folder, key)
    if found is not None:
        return found
    near = near_identical(catalog)
    style = StyleSpace.fit(catalog, groups=near.groups, seed=seed, **reading)
    meaning = None if encoder is None else MeaningSpace.fit(encoder, catalog, seed)
    spaces = Spaces(style, words_of_catalog(catalog, style, seed), meaning)
    groups = group_names(catalog.ids, near.pairs())
    return begin(folder, catalog, spaces, info, key=key, groups=groups, common=near.common, shard_works=shard_works)


def _begun(folder: Path | str, key: str) -> IndexPlan | None:
    """The plan of that key; None also where its index is whole, which may have been changed since."""
    plan = read_plan(folder, key)
    if plan is None:
        return None
    whole = build_in(database.connected(folder), database.PARTS_TABLE)
    return None if whole == plan.info["build"] else plan


def _photo_reading(model: "CreatorModel") -> dict[str, Any]:
    """The photo encoder and number format that a model uses; the default's where it reads no photos so."""
    from sakka.models.feature_model import PhotoFeatureModel
    from sakka.networks.encoders import number_format

    photo = model.reader("photo")
    if not isinstance(photo, PhotoFeatureModel):
        return {}
    encoders = [reading.encoder for reading in photo.readings()]
    return {"encoder": "+".join(each.name for each in encoders), "dtype": number_format(encoders)}


def _check_free(folder: Path | str) -> None:
    """Refuse a folder that holds something other than an index, before any long work is done."""
    if remote_address(folder):
        return
    path = Path(folder)
    if path.exists() and not path.is_dir():
        raise SearchError(f"{folder} is a file, expected a folder for the index; choose another name")
    if path.is_dir() and any(path.iterdir()) and not _of_index(path):
        raise SearchError(f"{folder} exists and is not an index; choose another folder or remove it")


def _of_index(path: Path) -> bool:
    tables = (database.WORKS_TABLE, PLAN_TABLE, SHARDS_TABLE)
    return any((path / f"{table}.lance").is_dir() for table in tables)
