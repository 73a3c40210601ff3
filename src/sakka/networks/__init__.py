"""Networks that turn photos into vectors, their weights and the vectors' cache."""
