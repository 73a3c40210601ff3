"""Near-identical works: found by photo and by text, joined into groups, with the evidence kept."""
