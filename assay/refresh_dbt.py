"""dbt, with what the project's own code says: dbt shows its own events and no other log.

The plan of what a language model would be asked is such a log line (mining/llm.py).
"""

import logging
import sys

from dbt.cli.main import cli


def main() -> None:
    """Run dbt with this process's arguments; leaves the process with dbt's exit code."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(message)s"))
    log = logging.getLogger("mining")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    cli(prog_name="dbt")


if __name__ == "__main__":
    main()
