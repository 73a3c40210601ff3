"""The contracts that every photo encoder and every text encoder keeps: one check a sentence.

A check takes what makes the encoder anew: a class without arguments, or a function.
"""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from sakka.arrays import Features, Pixels
from sakka.networks.encoders import PhotoEncoder, TextEncoder

MakePhotoEncoder = Callable[[], PhotoEncoder]
MakeTextEncoder = Callable[[], TextEncoder]

FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,199}")
SHA256 = re.compile(r"[0-9a-f]{64}")
PHOTOS = 3
TOLERANCE = 2e-2  # of a vector's length: what half precision and another order of sums may make
TEXTS = ("桜のつまみ細工ブローチ", "a brooch of felt, 5 cm", "月\n銀色の針金で作った月の飾りです。" * 4, "?")


def photos_of(encoder: PhotoEncoder, seed: int = 0) -> Pixels:
    """Photos of coarse coloured squares, none like its mirror image, shape (3, input_px, input_px, 3)."""
    coarse = np.random.default_rng(seed).integers(0, 256, (PHOTOS, 7, 7, 3), dtype=np.uint8)
    places = np.arange(encoder.input_px) * 7 // encoder.input_px
    return coarse[:, places][:, :, places]


def assert_near(found: Features, expected: Features) -> None:
    """Assert that vectors differ by little beside their lengths."""
    one, other = found.astype(np.float64), expected.astype(np.float64)
    lengths = np.linalg.norm(other, axis=1)
    assert (np.linalg.norm(one - other, axis=1) <= TOLERANCE * lengths + 1e-6).all()


def loaded(make: MakePhotoEncoder) -> PhotoEncoder:
    """The encoder with its weights."""
    encoder = make()
    encoder.load()
    return encoder


def check_a_photo_encoder_says_what_it_is(make: MakePhotoEncoder) -> None:
    encoder = make()
    assert encoder.name
    assert FILE_NAME.fullmatch(encoder.key), "the key is the name of a file"
    assert SHA256.fullmatch(encoder.sha256), "64 hexadecimal digits"
    assert encoder.input_px > 0
    assert isinstance(encoder.licence, str)


def check_the_blocks_of_a_vector_are_as_wide_as_stated_and_do_not_overlap(make: MakePhotoEncoder) -> None:
    encoder = make()
    blocks = encoder.blocks(None, None)
    columns = np.concatenate(blocks)
    assert tuple(map(len, blocks)) == tuple(encoder.widths), "widths are those of the blocks that are read by default"
    assert len(np.unique(columns)) == len(columns), "each value stands in one block"
    assert 0 <= columns.min() <= columns.max() < encoder.size


def check_vectors_of_photos_are_finite_rows_of_the_stated_format(make: MakePhotoEncoder) -> None:
    encoder = loaded(make)
    vectors = encoder.vectors(photos_of(encoder))
    assert vectors.shape == (PHOTOS, encoder.size)
    assert vectors.dtype == encoder.number
    assert np.isfinite(vectors).all()


def check_photos_get_vectors_of_their_own(make: MakePhotoEncoder) -> None:
    encoder = loaded(make)
    first, second = encoder.vectors(photos_of(encoder))[:2]
    assert not np.array_equal(first, second)


def check_a_photo_alone_gets_the_vector_that_it_gets_in_a_batch(make: MakePhotoEncoder) -> None:
    encoder = loaded(make)
    photos = photos_of(encoder)
    assert_near(encoder.vectors(photos[1:2]), encoder.vectors(photos)[1:2])


def check_pixels_are_not_changed(make: MakePhotoEncoder) -> None:
    encoder = loaded(make)
    photos = photos_of(encoder)
    encoder.vectors(photos)
    np.testing.assert_array_equal(photos, photos_of(encoder))


def check_mirror_images_have_their_own_vectors_under_their_own_key(make: MakePhotoEncoder) -> None:
    encoder, mirrored = loaded(make), loaded(lambda: make().of_mirror_images())
    photos = photos_of(encoder)
    turned = mirrored.vectors(photos)
    assert_near(turned, encoder.vectors(np.ascontiguousarray(photos[:, :, ::-1])))
    assert (mirrored.size, mirrored.number, mirrored.input_px) == (encoder.size, encoder.number, encoder.input_px)
    if mirrored.key == encoder.key:
        assert_near(turned, encoder.vectors(photos))


def check_a_photo_that_is_its_own_mirror_image_has_one_vector(make: MakePhotoEncoder) -> None:
    encoder, mirrored = loaded(make), loaded(lambda: make().of_mirror_images())
    half = photos_of(encoder)
    photos = np.maximum(half, half[:, :, ::-1])
    assert_near(mirrored.vectors(photos), encoder.vectors(photos))


def check_threads_get_the_same_bytes(make: MakePhotoEncoder) -> None:
    encoder = loaded(make)
    photos = photos_of(encoder)
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: encoder.vectors(photos).tobytes(), range(4)))
    assert set(found) == {encoder.vectors(photos).tobytes()}


def check_an_encoder_made_anew_gives_the_same_bytes_under_the_same_key(make: MakePhotoEncoder) -> None:
    one, other = loaded(make), loaded(make)
    assert (one.key, one.sha256, one.widths) == (other.key, other.sha256, other.widths)
    photos = photos_of(one)
    assert one.vectors(photos).tobytes() == other.vectors(photos).tobytes()


def _of_texts(make: MakeTextEncoder) -> tuple[TextEncoder, Features]:
    encoder = make()
    encoder.load()
    return encoder, encoder.vectors(TEXTS)


def check_a_text_encoder_says_what_it_is(make: MakeTextEncoder) -> None:
    encoder = make()
    assert encoder.name
    assert FILE_NAME.fullmatch(encoder.key), "the key is the name of a file"
    assert SHA256.fullmatch(encoder.sha256), "64 hexadecimal digits"
    assert encoder.size > 0
    assert encoder.of_queries().size == encoder.size


def check_vectors_of_texts_are_finite_rows_of_float32(make: MakeTextEncoder) -> None:
    encoder, vectors = _of_texts(make)
    assert vectors.shape == (len(TEXTS), encoder.size)
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()


def check_a_text_alone_gets_the_vector_that_it_gets_in_a_batch(make: MakeTextEncoder) -> None:
    encoder, vectors = _of_texts(make)
    for row, text in enumerate(TEXTS):
        assert_near(encoder.vectors([text]), vectors[row : row + 1])


def check_threads_get_the_same_vectors_of_texts(make: MakeTextEncoder) -> None:
    encoder, vectors = _of_texts(make)
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: encoder.vectors(TEXTS).tobytes(), range(4)))
    assert set(found) == {vectors.tobytes()}


def check_a_text_encoder_made_anew_gives_the_same_bytes_under_the_same_key(make: MakeTextEncoder) -> None:
    (one, vectors), (other, again) = _of_texts(make), _of_texts(make)
    assert (one.key, one.sha256) == (other.key, other.sha256)
    assert vectors.tobytes() == again.tobytes()


PHOTO_ENCODER_CHECKS: tuple[Callable[[MakePhotoEncoder], None], ...] = (
    check_a_photo_encoder_says_what_it_is,
    check_the_blocks_of_a_vector_are_as_wide_as_stated_and_do_not_overlap,
    check_vectors_of_photos_are_finite_rows_of_the_stated_format,
    check_photos_get_vectors_of_their_own,
    check_a_photo_alone_gets_the_vector_that_it_gets_in_a_batch,
    check_pixels_are_not_changed,
    check_mirror_images_have_their_own_vectors_under_their_own_key,
    check_a_photo_that_is_its_own_mirror_image_has_one_vector,
    check_threads_get_the_same_bytes,
    check_an_encoder_made_anew_gives_the_same_bytes_under_the_same_key,
)
TEXT_ENCODER_CHECKS: tuple[Callable[[MakeTextEncoder], None], ...] = (
    check_a_text_encoder_says_what_it_is,
    check_vectors_of_texts_are_finite_rows_of_float32,
    check_a_text_alone_gets_the_vector_that_it_gets_in_a_batch,
    check_threads_get_the_same_vectors_of_texts,
    check_a_text_encoder_made_anew_gives_the_same_bytes_under_the_same_key,
)
