"""Sakka's sides of the benchmarks and the physical limits that they are measured against, in sakka's environment."""
