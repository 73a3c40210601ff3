"""Listings -> a catalog: the table of works that every other part reads."""
