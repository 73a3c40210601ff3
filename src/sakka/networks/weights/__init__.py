"""Pretrained weights by name: where they come from, checked by SHA-256."""
