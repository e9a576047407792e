"""What dbt's Python models read off a post: a batch of posts in, a batch of rows out.

The functions are sent to other processes where COMPUTE names some (docs/decisions/compute.md), so
they stand in a module and not in the models, which dbt gives a new name in every run.
"""

from collections.abc import Callable, Iterator

import pyarrow as pa
from duckdb import DuckDBPyRelation

from assay.common import env
from assay.mining.label.kind import LEFT_OUT, Signs, kind_of
from assay.mining.text.clean import CLEANING_VERSION, clean, form_units, title_key
from assay.mining.text.forms import FORMS_VERSION, Form
from assay.mining.text.language import is_covered, language

BATCH_ROWS = 2_000
UNIT = pa.struct(
    [pa.field("section", pa.int64()), pa.field("line", pa.int64()), pa.field("words", pa.int32())]
)
UNITS = pa.schema(
    [
        pa.field("url_hash", pa.string()),
        pa.field("content_hash", pa.string()),
        pa.field("units_version", pa.string()),
        pa.field("title_key", pa.int64()),
        pa.field("units", pa.list_(UNIT)),
    ]
)
CLEANED = pa.schema(
    [
        pa.field("url_hash", pa.string()),
        pa.field("content_hash", pa.string()),
        pa.field("cleaning_version", pa.string()),
        pa.field("title", pa.string()),
        pa.field("text", pa.string()),
        pa.field("is_cut", pa.bool_()),
    ]
)
KINDS = pa.schema(
    [
        pa.field("url_hash", pa.string()),
        pa.field("signs_hash", pa.string()),
        pa.field("kind_rules", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("kind_sign", pa.string()),
        pa.field("is_sure", pa.bool_()),
        pa.field("language", pa.string()),
        pa.field("left_out", pa.string()),
    ]
)


def made(
    posts: DuckDBPyRelation,
    work: Callable[[pa.RecordBatch], pa.RecordBatch],
    schema: pa.Schema,
    batch_rows: int = BATCH_ROWS,
) -> pa.RecordBatchReader:
    """Return a reader over what `work` makes of posts, in their order, some batches in memory.

    work: a function of this module, with arguments by functools.partial.
    """
    coming = posts.to_arrow_reader(batch_rows)
    return pa.RecordBatchReader.from_batches(schema, _batches(coming, work))


def _batches(
    coming: pa.RecordBatchReader, work: Callable[[pa.RecordBatch], pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    if not env.text("COMPUTE"):
        return map(work, coming)
    from assay.dbt import compute  # noqa: PLC0415 - only who sets it needs its part

    return compute.batches(coming, work)


def units(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return what of each post may be its place's form: (n,) UNITS."""
    bodies = zip(batch["source"].to_pylist(), batch["body"].to_pylist(), strict=True)
    found = [
        [
            {"section": unit.section, "line": unit.line, "words": unit.words}
            for unit in form_units(source, body)
        ]
        for source, body in bodies
    ]
    return pa.RecordBatch.from_arrays(
        [
            batch["url_hash"],
            batch["content_hash"],
            pa.array([FORMS_VERSION] * len(found)),
            pa.array([title_key(title) for title in batch["title"].to_pylist()], pa.int64()),
            pa.array(found, pa.list_(UNIT)),
        ],
        schema=UNITS,
    )


def cleaned(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return posts with their texts cleaned, without the lines that are a form's: (n,) CLEANED."""
    columns = ("source", "title", "body", "form_headings", "form_facts", "form_lines")
    posts = zip(*(batch[name].to_pylist() for name in columns), strict=True)
    rows = [
        clean(source, title, body, Form(frozenset(headings), frozenset(facts), frozenset(lines)))
        for source, title, body, headings, facts, lines in posts
    ]
    return pa.RecordBatch.from_arrays(
        [
            batch["url_hash"],
            batch["content_hash"],
            pa.array([CLEANING_VERSION] * len(rows)),
            pa.array([row.title for row in rows]),
            pa.array([row.text for row in rows]),
            pa.array([row.cut for row in rows], pa.bool_()),
        ],
        schema=CLEANED,
    )


def kinds(batch: pa.RecordBatch, rules: str, embedding: str) -> pa.RecordBatch:
    """Return what kind each post is, in which language, and why it is left out: (n,) KINDS.

    rules: the version that each row gets. embedding: the model whose languages are covered.
    """
    rows = [_kind(post, rules, embedding) for post in batch.to_pylist()]
    return pa.RecordBatch.from_pylist(rows, schema=KINDS)


def _kind(post: dict, rules: str, embedding: str) -> dict:
    url_hash, signs_hash = post.pop("url_hash"), post.pop("signs_hash")
    lists = {name: tuple(post[name] or ()) for name in ("labels", "tags")}
    kind = kind_of(Signs(**post | lists))
    written_in = language(f"{post['title']}\n{post['text']}")
    left_out = kind.name if kind.name in LEFT_OUT else None
    if not left_out and not is_covered(written_in, embedding):
        left_out = "language"
    return {
        "url_hash": url_hash,
        "signs_hash": signs_hash,
        "kind_rules": rules,
        "kind": kind.name,
        "kind_sign": kind.sign,
        "is_sure": kind.is_sure,
        "language": written_in,
        "left_out": left_out,
    }
