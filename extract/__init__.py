"""dlt pipelines: one module per origin, the shared HTTP client, and the `dlt` plug-in."""
