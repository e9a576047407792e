"""What a question of the ingestion report is."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from assay.publish.reports.tables import Rows


@dataclass(frozen=True)
class Section:
    """One question and how its answer is shown.

    The query is the file of sql/ named after the title. columns: headings, one per column of it.
    layout: `table`; `record`, one row written downwards; `checks`, rows of (what, how many, an
    example) that must count 0; or the file name of the picture that `draw` makes of the rows. When
    the first number of a `record` is 0, `if_zero` is said on top of the report.
    """

    title: str
    about: str
    columns: tuple[str, ...]
    layout: str = "table"
    draw: Callable[[Rows, Path], None] | None = None
    if_zero: str = ""
