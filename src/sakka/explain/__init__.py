"""Which words and which regions of a photo spoke for a creator and against another."""

from sakka.explain.explanation import Explanation, explain
from sakka.explain.words import WordShare

__all__ = ["Explanation", "WordShare", "explain"]
