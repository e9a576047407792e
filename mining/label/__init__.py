"""Labels: which post tells of a problem, and what a cluster of them is called."""
