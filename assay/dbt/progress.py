"""What the mining says while dbt builds: plans, progress, what a step had to do without.

dbt runs Python models in its own process and shows only its own messages; without this, the plan of
a paid step would be made and never seen.
"""

import logging
import sys

NAMES = ("assay.mining",)


def show_progress() -> None:
    """Show the messages of the mining on standard error, once, unless somebody already listens."""
    for name in NAMES:
        logger = logging.getLogger(name)
        if logger.handlers:
            continue
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(message)s"))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
