"""What leaves the warehouse for people: reports now, PocketBase later."""
