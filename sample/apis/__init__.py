"""The source APIs as the replay server speaks them."""
