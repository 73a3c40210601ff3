"""The benchmarks by name: each module has a `TITLE`, a `SIZE` and a `measure`, and its docstring opens its page."""
