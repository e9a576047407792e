"""The replay server: HTTP, and bad days."""
