"""Rows of posts made by processes of Daft, held against those made here, as a process of its own.

python -m tests.mining.compute.rows [ADDRESS]
"""

import json
import sys
from functools import partial

import pyarrow as pa
import pytest

from assay.dbt.post_rows import cleaned, units
from assay.mining.compute import BatchError, on_daft
from tests.support import SAMPLE

ROWS = 16


def batches() -> list[pa.RecordBatch]:
    lines = (SAMPLE / "github_issues.jsonl").read_text(encoding="utf-8").splitlines()
    posts = [
        {
            "url_hash": f"{number:04d}",
            "content_hash": "",
            "source": "github",
            "title": item["title"],
            "body": item["body"],
            "form_headings": [],
            "form_facts": [],
            "form_lines": [],
        }
        for number, item in enumerate(map(json.loads, lines))
    ]
    return pa.Table.from_pylist(posts).to_batches(ROWS)


def main(address: str = "") -> None:
    coming = batches()
    assert len(coming) > 4
    run = partial(on_daft.run_batches, workers=2, address=address)
    for work in (units, cleaned):
        expected = list(map(work, coming))
        found = run(work, coming)
        assert pa.Table.from_batches(found) == pa.Table.from_batches(expected)
    with pytest.raises(BatchError, match="KeyError"):
        run(cleaned, [one.drop_columns(["body"]) for one in coming])


if __name__ == "__main__":
    main(*sys.argv[1:])
