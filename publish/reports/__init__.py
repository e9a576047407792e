"""The reports: catalog and issues."""
