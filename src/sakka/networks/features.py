"""Photo features with a cache: what is computed once a photo is kept by the SHA-256 of the photo's bytes.

    cache_folder()/features/KEY.sqlite      KEY names the network, its weights, the preprocessing and the number format

All folds and all commands share it. Workers read and compute one batch of photos each; at most a few batches are in
memory. Every batch is kept when it is done, so that an interruption loses a few batches at most.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from sakka.arrays import Features, IntArray, Mask, Pixels
from sakka.cache import cache_folder
from sakka.catalog.photo_keys import all_photo_keys
from sakka.catalog.works import Catalog
from sakka.engines.engine import current_engine
from sakka.engines.threads import Answer, Job, work_off
from sakka.errors import PhotoError
from sakka.files import sha256_of
from sakka.networks.encoders import BATCH_PHOTOS, PhotoEncoder
from sakka.networks.extractor import PhotoExtractor
from sakka.photos.decode import read_photo
from sakka.photos.held import HeldPhoto
from sakka.photos.store import PhotoCache
from sakka.progress import task

KEYS_AT_ONCE = 2048  # of vectors that come from the cache: what has come is not kept twice


def photo_features(works: Catalog, encoder: PhotoEncoder, columns: IntArray | None = None) -> tuple[Features, Mask]:
    """The vectors of the works' featured photos, computing those that the cache lacks.

    A photo that several works share is computed once. A catalog of one work is a question from outside: it is
    answered without filling up a batch, and what it gives is not kept.

    Args:
        works: The works.
        encoder: What turns pixels into vectors.
        columns: Which of a vector's values are wanted; None: all.

    Returns:
        The vectors in the format `encoder.number`, shape (n_works, n_columns), zeros where a work has no photo; and
        whether it has one, shape (n_works,).

    Raises:
        PhotoError: A photo can't be read, or is not the one that the catalog was built with.
    """
    featured = all_photo_keys(works, 1)
    table: Features = np.zeros((len(works), encoder.size if columns is None else len(columns)), dtype=encoder.number)
    table[featured.rows] = every_photo_features(works, encoder, columns, 1)
    return table, works.has_photo


def every_photo_features(
    works: Catalog,
    encoder: PhotoEncoder,
    columns: IntArray | None = None,
    most: int | None = None,
    into: Features | None = None,
) -> Features:
    """The vectors of the works' photos, one row a photo, in the order of `all_photo_keys(works, most)`.

    Args:
        works: The works; see `photo_features`.
        encoder: What turns pixels into vectors.
        columns: Which of a vector's values are wanted; None: all.
        most: How many photos of a work at most; None: all.
        into: A table that is filled, such as some columns of a larger one, shape (n_photos, n_columns); None: a new
            one in the format `encoder.number`.

    Returns:
        The table.

    Raises:
        PhotoError: A photo can't be read, or is not the one that the catalog was built with.
    """
    every = all_photo_keys(works, most)
    rows: dict[str, list[int]] = {}
    for row, key in enumerate(every.keys):
        rows.setdefault(key, []).append(row)
    wanted = np.arange(encoder.size) if columns is None else columns
    table = np.zeros((len(every.keys), len(wanted)), dtype=encoder.number) if into is None else into
    first = {key: every.photos[own[0]] for key, own in rows.items()}
    photos = {key: photo for key, photo in first.items() if isinstance(photo, Path)}
    held = {key: photo for key, photo in first.items() if isinstance(photo, HeldPhoto)}
    for key, vector in _vectors_of(photos, encoder, keeps=len(works) > 1):
        table[rows[key]] = vector[wanted]
    for key, vector in _held_vectors(held, encoder, of_one_work=len(works) == 1):
        table[rows[key]] = vector[wanted]
    return table


def cache_features(works: Catalog, encoder: PhotoEncoder, most: int | None = None) -> None:
    """Compute the vectors of the works' photos that the cache lacks; see `every_photo_features`."""
    every = all_photo_keys(works, most)
    photos = {key: photo for key, photo in zip(every.keys, every.photos, strict=True) if isinstance(photo, Path)}
    kept = PhotoCache(cache_path(encoder)).kept(list(photos))
    for _ in _computed_and_kept({key: path for key, path in photos.items() if key not in kept}, encoder):
        pass


def _vectors_of(photos: dict[str, Path], encoder: PhotoEncoder, *, keeps: bool) -> Iterator[tuple[str, Features]]:
    """Each photo's vector, from the cache or computed; without `keeps` one by one, and the cache is only read."""
    if not photos:
        return
    cache = PhotoCache(cache_path(encoder))
    missing = dict(photos)
    keys = list(photos)
    for start in range(0, len(keys), KEYS_AT_ONCE):
        for key, vector in _stored(cache.get(keys[start : start + KEYS_AT_ONCE]), encoder).items():
            del missing[key]
            yield key, vector
    for batch, vectors in _computed_and_kept(missing, encoder) if keeps else _alone(missing, encoder):
        yield from zip(batch, vectors, strict=True)


def _held_vectors(
    photos: dict[str, HeldPhoto], encoder: PhotoEncoder, *, of_one_work: bool
) -> Iterator[tuple[str, Features]]:
    """The vectors of photos in memory, none kept on disk: batch by batch, or for one work each kept by its photo."""
    if len(photos) < 2:
        yield from ((key, held_vector(photo, encoder)) for key, photo in photos.items())
        return
    encoder.load()  # here, once, before the workers share it
    if of_one_work:
        with closing(work_off(photos.values(), partial(held_vector, encoder=encoder), "sakka-photos")) as alone:
            yield from zip(photos, alone, strict=True)
        return
    every = list(photos.items())
    batches = [dict(every[start : start + BATCH_PHOTOS]) for start in range(0, len(every), BATCH_PHOTOS)]

    def vectors(batch: dict[str, HeldPhoto]) -> Features:
        return batch_vectors([photo_pixels(photo, encoder.input_px) for photo in batch.values()], encoder)

    with closing(work_off(batches, vectors, "sakka-photos")) as computed:
        for batch, found in zip(batches, computed, strict=True):
            yield from zip(batch, found, strict=True)


def held_vector(photo: HeldPhoto, encoder: PhotoEncoder) -> Features:
    """A photo's vector, shape (size,): what the cache has, else what is computed once of the network's maps."""

    def vector() -> Features:
        stored = _stored(PhotoCache(cache_path(encoder)).get([photo.sha256]), encoder)
        if stored:
            return stored[photo.sha256]
        if isinstance(encoder, PhotoExtractor) and not encoder.mirrored:
            vectors = _on_one_core(encoder.statistics, held_maps(photo, encoder))
        else:
            vectors = _on_one_core(encoder.vectors, photo_pixels(photo, encoder.input_px)[None])
        alone: Features = vectors[0]
        return alone

    return photo.once(("vector", encoder.key), vector)


def held_maps(photo: HeldPhoto, extractor: PhotoExtractor) -> dict[str, torch.Tensor]:
    """The network's maps of a photo by stage, each of shape (1, channels, h, w); the photo passes it once."""
    extractor.load()  # here, once

    def maps() -> dict[str, torch.Tensor]:
        return _on_one_core(extractor.maps, photo_pixels(photo, extractor.input_px)[None])

    return photo.once(("maps", extractor.key), maps)


def _on_one_core(do: Callable[[Job], Answer], job: Job) -> Answer:
    """Do one job on one core: several gain little on one photo, and its bytes would depend on how many there are."""
    if torch.get_num_threads() == 1:
        return do(job)
    with closing(work_off([job], do, "sakka-photo")) as answers:
        return next(answers)


def cache_path(encoder: PhotoEncoder) -> Path:
    """The file that keeps an encoder's vectors."""
    return cache_folder() / "features" / f"{encoder.key}.sqlite"


def stored_bytes(vectors: Features, encoder: PhotoEncoder) -> Iterator[bytes]:
    """Vectors as the cache keeps them."""
    stored = np.dtype(encoder.number).newbyteorder("<")
    return (vector.astype(stored).tobytes() for vector in vectors)


def _stored(found: dict[str, bytes], encoder: PhotoEncoder) -> dict[str, Features]:
    """The vectors in what the cache has, by key; what is cut off, or holds what is no number, is left out."""
    stored = np.dtype(encoder.number).newbyteorder("<")
    whole = {key: content for key, content in found.items() if len(content) == stored.itemsize * encoder.size}
    vectors = {key: np.frombuffer(content, dtype=stored) for key, content in whole.items()}
    return {key: vector for key, vector in vectors.items() if np.isfinite(vector).all()}


def photo_pixels(source: Path | bytes | HeldPhoto, side_px: int) -> Pixels:
    """Read a photo as the networks want it: RGB, squashed to a square, shape (side_px, side_px, 3).

    Args:
        source: The file's path, its bytes, or a photo in memory.
        side_px: The side of the square.

    Raises:
        PhotoError: It can't be read.
    """
    if isinstance(source, HeldPhoto):  # several networks read the same side
        return source.once(("square", side_px), lambda: squashed(source.at_least(side_px), side_px))
    return squashed(read_photo(source, at_least_px=side_px), side_px)


def squashed(photo: Image.Image, side_px: int) -> Pixels:
    """A photo as a square, shape (side_px, side_px, 3)."""
    if photo.size != (side_px, side_px):
        photo = photo.resize((side_px, side_px), Image.Resampling.BILINEAR)
    return np.array(photo)  # a copy: PyTorch wants arrays that may be written to


def _alone(where: dict[str, Path], encoder: PhotoEncoder) -> Iterator[tuple[list[str], Features]]:
    """Compute photo by photo, each on one core: several cores gain little on one photo, and lose on a busy machine."""

    def vectors(photo: tuple[str, Path]) -> Features:
        return encoder.vectors(_checked_pixels(*photo, encoder.input_px)[None])

    encoder.load()  # here, once
    with closing(work_off(where.items(), vectors, "sakka-photo")) as answers:
        for key, found in zip(where, answers, strict=True):
            yield [key], found


def _computed_and_kept(where: dict[str, Path], encoder: PhotoEncoder) -> Iterator[tuple[list[str], Features]]:
    """Compute vectors batch by batch; each batch is in the cache when it comes."""
    cache = PhotoCache(cache_path(encoder))
    if where:
        cache.check(len(where) * encoder.size * np.dtype(encoder.number).itemsize)
    for batch, vectors in _computed(where, encoder):
        cache.put(zip(batch, stored_bytes(vectors, encoder), strict=True))
        yield batch, vectors


def _computed(where: dict[str, Path], encoder: PhotoEncoder) -> Iterator[tuple[list[str], Features]]:
    """Compute vectors batch by batch; a worker reads its batch's photos and runs the network on them."""
    if not where:
        return
    engine = current_engine()
    if not engine.elsewhere:
        encoder.load()  # here, once, before the workers share it
    photos = list(where.items())
    batches = [dict(photos[start : start + BATCH_PHOTOS]) for start in range(0, len(photos), BATCH_PHOTOS)]
    answers = engine.each(partial(_batch_vectors, encoder=encoder), batches, "sakka-photos")
    with task(f"photo features ({encoder.name})", total=len(where)) as running, closing(answers):
        for batch, vectors in answers:
            yield list(batch), vectors
            running.advance(len(batch))


def _batch_vectors(batch: dict[str, Path], encoder: PhotoEncoder) -> Features:
    """Read a batch and compute its vectors."""
    return batch_vectors([_checked_pixels(key, path, encoder.input_px) for key, path in batch.items()], encoder)


def batch_vectors(photos: Sequence[Pixels], encoder: PhotoEncoder) -> Features:
    """The vectors of at most `BATCH_PHOTOS` photos, computed as a batch that is filled up.

    Convolutions of another batch size may add in another order: with a fixed size a photo's bytes don't depend on
    which photos are computed with it.

    Args:
        photos: What `photo_pixels` gives of each.
        encoder: What turns pixels into vectors.
    """
    pixels = np.zeros((BATCH_PHOTOS, encoder.input_px, encoder.input_px, 3), dtype=np.uint8)
    pixels[: len(photos)] = np.stack(photos)
    return encoder.vectors(pixels)[: len(photos)]


def vectors_of_pixels(photos: Pixels, encoder: PhotoEncoder) -> Features:
    """The vectors of photos as pixels, shape (n, size); nothing of them enters the cache.

    Args:
        photos: RGB, shape (n, height, width, 3), resized where the encoder reads another size.
        encoder: What turns pixels into vectors.
    """
    side_px = encoder.input_px
    if photos.shape[1:3] != (side_px, side_px):
        photos = np.stack([squashed(Image.fromarray(photo), side_px) for photo in photos])
    starts = range(0, len(photos), BATCH_PHOTOS)
    return np.concatenate(
        [encoder.vectors(np.ascontiguousarray(photos[start : start + BATCH_PHOTOS])) for start in starts]
    )


def _checked_pixels(key: str, path: Path, side_px: int) -> Pixels:
    pixels = photo_pixels(path, side_px)
    try:
        found = sha256_of(path)
    except OSError as error:
        raise PhotoError(f"{path} can't be opened ({error.strerror}); check the path") from error
    if found != key:
        raise PhotoError(f"{path} is not the photo that the catalog was built with; build the catalog again")
    return pixels
