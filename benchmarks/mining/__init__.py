"""Benchmarks of what is mined from posts."""
