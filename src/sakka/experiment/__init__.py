"""Experiments: plan, run, stored predictions."""
