"""The algorithms, as plain functions on plain data."""
