"""The version of sakka."""

__version__ = "0.1.0"
