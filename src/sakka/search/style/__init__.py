"""Vectors of works: of their style, of their words, and of the words that their photos suggest."""
