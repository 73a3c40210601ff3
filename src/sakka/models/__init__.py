"""Models that name the creator of a work: one protocol, one estimator a file."""
