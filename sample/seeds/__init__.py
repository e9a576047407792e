"""A seed of a post, and the markup and names that items are made with."""
