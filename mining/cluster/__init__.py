"""Clusters of posts, which clusters go on from day to day, and the map of them."""
