"""Benchmarks: sakka and what a person would use instead, side by side in one run (`python -m benchmarks`).

Workers of other environments import this package too, so nothing is imported here.
"""
