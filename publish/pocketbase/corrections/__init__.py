"""Corrections that are made on the page: who may make them, and their way into the warehouse."""
