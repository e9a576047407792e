"""Requests to sources: rate limits, retries, clients."""
