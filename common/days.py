"""Days, in UTC, as people write them in options."""

from datetime import date


def day(text: str) -> date:
    """Read a day, YYYY-MM-DD; argparse says this function's name when it cannot."""
    return date.fromisoformat(text)
