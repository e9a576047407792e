"""Benchmarks of the catalog and its enrichment."""
