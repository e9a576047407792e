"""What models point at: identified from their tags, then fetched."""
