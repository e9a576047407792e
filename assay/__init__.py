"""What ties the rooms together: where the warehouse is, and `make run`."""
