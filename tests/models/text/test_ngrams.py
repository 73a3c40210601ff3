"""Hashed counts agree with scikit-learn's counts of strings."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from sakka.models.text import ngrams
from sakka.models.text.ngrams import character_hashes, count_all, count_halves, count_known, read_halves, word_hashes

TEXTS = ["A rose is a rose", "wild roses, a still life", "", "the rose of the winds"]


def test_character_ngrams_are_counted_as_scikit_learn_counts_them() -> None:
    texts = [text for text in TEXTS if text]
    counter = CountVectorizer(analyzer="char", ngram_range=(2, 5))
    theirs = counter.fit_transform([f" {text} " for text in texts]).toarray()
    ours = count_all(texts, character_hashes).matrix.toarray()
    assert sorted(map(tuple, ours.T)) == sorted(map(tuple, theirs.T))
    assert [len(hashes) for hashes in character_hashes([" \n ", "花", ""])] == [0, 1 + 2 + 1, 0]


def test_japanese_ngrams_are_one_to_three_long() -> None:
    [hashes] = character_hashes(["花のブ"])
    assert len(hashes) == 3 + 4 + 3  # 花 の ブ; with blanks 4 of two and 3 of three
    assert len(set(hashes.tolist())) == 10


def test_features_of_too_few_texts_are_left_out() -> None:
    counts = count_all(TEXTS, word_hashes, min_texts=2)
    assert set(counts.vocabulary.tolist()) == set(np.concatenate(list(word_hashes(["a", "rose"]))).tolist())
    assert counts.matrix.toarray().sum(axis=0).tolist() == [3.0, 3.0]


def test_halves_are_those_of_the_words_and_the_whole_is_their_sum() -> None:
    counts = count_halves(read_halves(["a rose is a", "rose"], word_hashes))
    a, rose, is_ = (np.flatnonzero(counts.vocabulary == word)[0] for word in word_hashes(["a", "rose", "is"]))
    table = counts.matrix.toarray()[:, [a, rose, is_]].tolist()
    assert table == [[2, 1, 1], [0, 1, 0], [1, 1, 0], [0, 0, 0], [1, 0, 1], [0, 1, 0]]


@given(st.lists(st.text(), min_size=1, max_size=5), st.integers(1, 3))
def test_counting_halves_counts_whole_texts_as_counting_them_alone_does(texts: list[str], min_texts: int) -> None:
    halves = count_halves(read_halves(texts, character_hashes), min_texts)
    alone = count_all(texts, character_hashes, min_texts)
    assert (halves.vocabulary == alone.vocabulary).all()
    assert (halves.matrix[: len(texts)] != alone.matrix).nnz == 0


@given(st.lists(st.text(), min_size=1, max_size=5), st.text())
def test_counting_known_features_is_counting_all_and_leaving_out_the_others(texts: list[str], other: str) -> None:
    vocabulary = count_all(texts, character_hashes).vocabulary
    together = count_all([*texts, other], character_hashes)
    columns = np.searchsorted(together.vocabulary, vocabulary)
    known = count_known([*texts, other], character_hashes, vocabulary)
    assert (known.toarray() == together.matrix[:, columns].toarray()).all()


def test_a_word_has_one_hash_however_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    [before] = word_hashes(["a rose is a rose"])
    monkeypatch.setattr(ngrams, "WORDS_KEPT", 2)
    [after] = word_hashes(["a rose is a daisy is a rose"])
    assert after[-2:].tolist() == before[-2:].tolist()
    assert len(ngrams._hashes) <= 2


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_hashes_of_any_text_do_not_crash_and_do_not_heed_case(text: str) -> None:
    [as_it_is, folded] = character_hashes([text, text.casefold()])
    assert as_it_is.tolist() == folded.tolist()
    assert [hashes.dtype for hashes in word_hashes([text])] == [np.uint64]


@given(st.lists(st.text(), max_size=5), st.integers(1, 8))
def test_a_text_has_the_same_hashes_whatever_is_read_with_it(texts: list[str], at_once: int) -> None:
    alone = [hashes.tolist() for text in texts for hashes in character_hashes([text])]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ngrams, "READ_AT_ONCE", at_once)
        together = [hashes.tolist() for hashes in character_hashes(texts)]
    assert together == alone
