"""Settings out of the environment: empty means not set, and a wrong one is an error of one line."""

import math
import os
from collections.abc import Mapping


class EnvironmentValueError(Exception):
    """A variable holds what cannot be used; the message names it and says what to give."""


def text(name: str, variables: Mapping[str, str] | None = None) -> str:
    """Return a variable without the white space around it, "" where it is not set.

    variables: in place of this process's environment.
    """
    return (os.environ if variables is None else variables).get(name, "").strip()


def number(
    name: str,
    default: float | None,
    least: float,
    most: float = math.inf,
    variables: Mapping[str, str] | None = None,
) -> float | None:
    """Return a variable as a number in [least, most], `default` where it is not set.

    Raises EnvironmentValueError for anything else; infinity is no number.
    """
    value = text(name, variables)
    if not value:
        return default
    try:
        found = float(value)
    except ValueError:
        found = math.nan
    if not (least <= found <= most and found < math.inf):
        wanted = f"of at least {least:g}" if most == math.inf else f"from {least:g} to {most:g}"
        raise EnvironmentValueError(f"{name} is {value!r}: give a number {wanted}")
    return found
