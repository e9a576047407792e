"""Where an input lies; the rows of its CSV, and what is wrong with them."""

import csv
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

BOOLEANS = {"true": True, "false": False}  # as dbt reads a seed


@dataclass(frozen=True)
class Input:
    """Where one input lies, by paths below the project's root.

    table: its CSV. key: the column that names a row, None where no row has a name. folder: where
    the files are that the column `file` names, None for a CSV that stands alone. filled: columns
    that are there and never empty.
    """

    name: str
    table: str
    key: str | None
    folder: str | None
    filled: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """One row: its key, whether it is used, the file it names, and all its values by column.

    An empty cell is None, as dbt reads it in a seed.
    """

    key: str
    active: bool
    file: str | None
    values: dict[str, str | None]


def read_rows(one: Input, text: str, problems: list[str]) -> Iterator[Row]:
    """Yield the rows of an input's CSV; adds a line to `problems` for each that cannot be one."""
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        header = next(reader, [])
        wrong = _wrong_header(one, header)
        if wrong:
            problems.append(f"{one.table}: {wrong}")
            return
        seen: set[str] = set()
        for cells in reader:
            if not cells:
                continue
            try:
                yield _row(one, header, cells, seen, reader.line_num)
            except ValueError as error:
                problems.append(f"{one.table}: line {reader.line_num}: {error}")
    except csv.Error as error:
        problems.append(f"{one.table}: line {reader.line_num}: {error}")


def _wrong_header(one: Input, header: list[str]) -> str | None:
    named = [one.key] if one.key else []
    for column in (*named, *one.filled, *(["file"] if one.folder else [])):
        if column not in header:
            return f"has no column {column}: its first line must name it"
    twice = {column for column in header if header.count(column) > 1}
    return f"names the column {min(twice)} twice: rename one" if twice else None


def _row(one: Input, header: list[str], cells: list[str], seen: set[str], line: int) -> Row:
    """Return the row. Raises ValueError, which says what is wrong with it."""
    if len(cells) != len(header):
        raise ValueError(
            f"has {len(cells)} cells where the first line has {len(header)}: mend the commas"
        )
    values = {name: cell or None for name, cell in zip(header, cells, strict=True)}
    for column in (*([one.key] if one.key else []), *one.filled):
        if values[column] is None:
            raise ValueError(f"{column} is empty: give it one")
    key = (one.key and values[one.key]) or f"line {line}"
    if key in seen:
        raise ValueError(f"{one.key} {key!r} stands here a second time: rename or remove one")
    seen.add(key)
    active = BOOLEANS.get((values.get("active", "true") or "").lower())
    if active is None:
        raise ValueError(f"active is {values['active'] or ''!r}: write true or false")
    return Row(key, active, _file(one, values["file"]) if one.folder else None, values)


def _file(one: Input, named: str | None) -> str:
    """Return a file's path below the input's folder."""
    file = unicodedata.normalize("NFC", named or "")
    if not file or "\\" in file or ".." in PurePosixPath(file).parts or file.startswith("/"):
        raise ValueError(f"file is {file!r}: name a file in {one.folder}")
    return file
