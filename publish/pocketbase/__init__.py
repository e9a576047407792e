"""Bring PocketBase to what gold holds."""
