"""After an edit: what it made stale, found and built again."""
