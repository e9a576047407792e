"""The files that a person edits, for anybody's dlt pipeline."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dlt
from dlt.extract import DltResource

from assay.extract.input_files.observe import observe, usable
from assay.extract.input_files.tables import INPUT_FILES, INPUT_FINGERPRINTS, file_rows


@dlt.source(name="inputs", max_table_nesting=0)
def inputs(root: str = ".") -> Iterable[DltResource]:
    """Load the concepts, prompt templates, models and corrections below a project's root.

    All files are read and replace what was loaded, so that what was removed goes. The moment of a
    change is kept in dlt's state: it moves only when a name or a text changed. Raises InputsError
    for files that cannot be used.
    """
    observed = usable(*observe(Path(root)))
    whole = {"write_disposition": "replace"}

    @dlt.resource(**INPUT_FILES.hints(arrow=False) | whole)
    def input_files() -> Iterator[Any]:
        """One row per file."""
        yield file_rows(observed)

    @dlt.resource(**INPUT_FINGERPRINTS.hints(arrow=False) | whole)
    def input_fingerprints() -> Iterator[Any]:
        """One row per input: what moves with every change of it, and when it last moved."""
        known = dlt.current.resource_state().setdefault("known", {})
        now = datetime.now(UTC).isoformat()
        for one in observed:
            if known.get(one.name, {}).get("fingerprint") != one.fingerprint:
                known[one.name] = {"fingerprint": one.fingerprint, "changed_at": now}
        rows = [
            {
                "input_name": one.name,
                "fingerprint": one.fingerprint,
                "changed_at": datetime.fromisoformat(known[one.name]["changed_at"]),
            }
            for one in observed
        ]
        yield rows

    return input_files, input_fingerprints
