"""Posts that are in bronze are looked at again: their counters move, and some are taken back."""
