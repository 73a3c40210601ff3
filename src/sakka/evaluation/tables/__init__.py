"""The tables of an evaluated run, one subject a module."""
