"""Developers' posts, by source and day."""
