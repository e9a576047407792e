"""Benchmarks of loading, cleaning and deduplicating posts."""
