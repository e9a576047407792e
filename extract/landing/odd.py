"""What a source may say and no table can take, and which values stand in its place.

A value that is no count, no moment or no key becomes null, so that one odd record never stops the
rest. The functions give SQL of DuckDB, which reads run folders, over a text column.
"""

# A key of two texts must fit into an entry of a B-tree of Postgres: 2704 bytes.
# https://www.postgresql.org/docs/current/btree.html
MAX_KEY = 1_000  # bytes of UTF-8
# What all of DuckDB, Postgres, Arrow's nanoseconds and Python can hold, and people mean.
FIRST_YEAR, LAST_YEAR = 1900, 2199


def is_key(text: str) -> bool:
    """Tell whether a text is short enough to be a key."""
    return len(text.encode("utf-8", "replace")) <= MAX_KEY


def count(text: str) -> str:
    """Return SQL for a whole number from 0 on; null for anything else."""
    return f"case when try_cast({text} as bigint) >= 0 then try_cast({text} as bigint) end"


def moment(text: str) -> str:
    """Return SQL for a time with its zone between FIRST_YEAR and LAST_YEAR; else null."""
    at = f"try_cast({text} as timestamptz)"
    return (
        f"case when {at} >= '{FIRST_YEAR}-01-01 00:00:00Z'::timestamptz "
        f"and {at} < '{LAST_YEAR + 1}-01-01 00:00:00Z'::timestamptz then {at} end"
    )


def key(text: str) -> str:
    """Return SQL for a text that is short enough to be a key; null for a longer or empty one."""
    return f"case when {text} <> '' and strlen({text}) <= {MAX_KEY} then {text} end"
