"""Listings to a catalog: sources, rules, duplicates, statistics."""
