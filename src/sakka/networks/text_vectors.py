"""Texts' vectors with a cache: what is computed once a text is kept by the SHA-256 of the text.

It is the cache of photos' vectors (`features.py`), with a file of its own for each encoder. A text is normalised
before (`words.py`), so that half-width and full-width letters have one vector.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial

import numpy as np

from sakka.arrays import Features, Mask
from sakka.cache import cache_folder
from sakka.catalog.works import Catalog
from sakka.engines.engine import current_engine
from sakka.networks.encoders import TextEncoder
from sakka.photos.store import PhotoCache
from sakka.progress import task
from sakka.words import normalise

BATCH_TEXTS = 16
NUMBER = np.dtype("<f4")


def text_features(works: Catalog, encoder: TextEncoder) -> tuple[Features, Mask]:
    """The vectors of the works' texts, computing those that the cache lacks.

    A catalog of one work is a question from outside: what it gives is not kept.

    Args:
        works: The works.
        encoder: What turns texts into vectors.

    Returns:
        The vectors, float32, shape (n_works, size), zeros where a work has no text; and whether it has one, shape
        (n_works,).
    """
    has_text = works.has_text
    table: Features = np.zeros((len(works), encoder.size), dtype=np.float32)
    rows = np.flatnonzero(has_text)
    texts = works.texts
    table[rows] = text_vectors([texts[row] for row in rows], encoder, keeps=len(works) > 1)
    return table, has_text


def text_vectors(texts: Sequence[str], encoder: TextEncoder, *, keeps: bool = True) -> Features:
    """The texts' vectors, float32, shape (n_texts, size); a text that stands there twice is computed once.

    Args:
        texts: The texts.
        encoder: What turns them into vectors.
        keeps: Whether what is computed is kept; what is kept already is used in any case.
    """
    normal = [normalise(text) for text in texts]
    keys = [_key(text) for text in normal]
    cache = PhotoCache(cache_folder() / "features" / f"{encoder.key}.sqlite")
    found = dict(_whole(cache.get(list(dict.fromkeys(keys))), encoder))
    missing = {key: text for key, text in zip(keys, normal, strict=True) if key not in found}
    if keeps and missing:
        cache.check(len(missing) * encoder.size * NUMBER.itemsize)
    for batch, vectors in _computed(missing, encoder):
        if keeps:
            cache.put((key, vector.astype(NUMBER).tobytes()) for key, vector in zip(batch, vectors, strict=True))
        found |= dict(zip(batch, vectors, strict=True))
    table: Features = np.zeros((len(keys), encoder.size), dtype=np.float32)
    for row, key in enumerate(keys):
        table[row] = found[key]
    return table


def _computed(texts: dict[str, str], encoder: TextEncoder) -> Iterator[tuple[list[str], Features]]:
    """Keys and vectors batch by batch, texts of like length together."""
    if not texts:
        return
    engine = current_engine()
    if not engine.elsewhere:
        encoder.load()  # here, once, before the workers share it
    keys = sorted(texts, key=lambda key: (len(texts[key]), key))
    batches = [
        {key: texts[key] for key in keys[start : start + BATCH_TEXTS]} for start in range(0, len(keys), BATCH_TEXTS)
    ]
    answers = engine.each(partial(_batch_vectors, encoder=encoder), batches, "sakka-texts")
    with task(f"text vectors ({encoder.name})", total=len(keys)) as running, closing(answers):
        for batch, vectors in answers:
            yield list(batch), vectors
            running.advance(len(batch))


def _batch_vectors(batch: dict[str, str], encoder: TextEncoder) -> Features:
    return encoder.vectors(list(batch.values()))


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _whole(stored: dict[str, bytes], encoder: TextEncoder) -> Iterable[tuple[str, Features]]:
    """What the cache has, as vectors; what is cut off, or holds what is no number, is left out."""
    for key, content in stored.items():
        if len(content) == NUMBER.itemsize * encoder.size:
            vector = np.frombuffer(content, dtype=NUMBER)
            if np.isfinite(vector).all():
                yield key, vector
