"""Tables, durations and amounts for people at a terminal."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from rich.cells import cell_len


def table(
    rows: Sequence[Sequence[str]], align: str = "", *, least: Sequence[int] = (), indent: str = ""
) -> Iterator[str]:
    """Yield the rows as lines in which the columns stand below each other, two blanks apart.

    align: a letter per column, < for left and > for right; columns without one are left. least: how
    wide the first columns are at least. Widths are those of a terminal, in which a Chinese
    character takes two places and an accent none.
    """
    columns = list(zip(*rows, strict=True))
    widths = [max(map(cell_len, column)) for column in columns]
    widths = [max(pair) for pair in zip_longest(widths, least[: len(widths)], fillvalue=0)]
    for row in rows:
        cells = []
        for at, (cell, width) in enumerate(zip(row, widths, strict=True)):
            padding = " " * (width - cell_len(cell))
            cells.append(padding + cell if align[at : at + 1] == ">" else cell + padding)
        yield f"{indent}{'  '.join(cells)}".rstrip()


def duration(seconds: float) -> str:
    """Return seconds as a person says them: 42 s, 5 min, 2 h 5 min, 36 h, 4 days."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours > 72:
        return f"{hours / 24:.0f} days"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
