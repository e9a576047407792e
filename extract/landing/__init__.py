"""From what was read to bronze: run folders, loading, one run at a time."""
