"""What a pipeline of the command line is; extract/pipelines.py lists them."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dlt.common.runtime.collector_base import Collector


class UsageError(Exception):
    """The command was called wrongly; the message says how to call it. Exit code 2."""


@dataclass(frozen=True)
class Pipeline:
    """One pipeline of the command line.

    options: argparse's keywords by flag. check: raises UsageError for values that
    cannot be meant, before anything happens. run: does the work; what it raises, it failed with.
    """

    name: str
    summary: str
    options: dict[str, dict[str, Any]]
    check: Callable[[argparse.Namespace], None]
    run: Callable[[argparse.Namespace, Collector], None]


def in_range(option: str, value: int | None, most: int) -> None:
    """Raise UsageError for a number that an option does not take."""
    if value is not None and not 1 <= value <= most:
        raise UsageError(f"{option} {value}: must be between 1 and {most:,}")


def ids(text: str) -> list[str]:
    """Return what stands between commas."""
    return [item.strip() for item in text.split(",") if item.strip()]
