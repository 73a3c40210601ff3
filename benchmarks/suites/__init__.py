"""The benchmarks by name; each module has a `TITLE`, a `SIZE` and a function `comparisons` or `report`."""
