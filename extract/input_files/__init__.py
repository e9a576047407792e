"""The files that a person edits."""
