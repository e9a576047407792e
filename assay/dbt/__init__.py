"""What dbt runs of ours in its own process: its plug-in, progress lines, the experiments' step."""
