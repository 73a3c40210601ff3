"""`sakka experiment` and `sakka report`: judge models by nested cross-validation."""
