"""What leaves the warehouse for people: reports, and the issues on a live page (PocketBase)."""
