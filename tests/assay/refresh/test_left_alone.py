"""Which tables and tests of a build are due, and which are left alone."""

from pathlib import Path

import pytest

from assay.refresh.left_alone import NOT_COUNTED, Build, Plan, below, outcome, plan, write

# a table is read by a view, that by b and by a test; a model that is never built stands above c.
NODES = {
    "model.assay.a": ("model", "table"),
    "model.assay.view": ("model", "view"),
    "model.assay.b": ("model", "incremental"),
    "model.assay.inlined": ("model", "ephemeral"),
    "model.assay.c": ("model", "table"),
    "test.assay.of_view": ("test", "test"),
}
CHILDREN = {
    "source.assay.bronze.posts": ["model.assay.a", "model.assay.inlined"],
    "model.assay.a": ["model.assay.view"],
    "model.assay.view": ["model.assay.b", "test.assay.of_view", "exposure.assay.page"],
    "model.assay.inlined": ["model.assay.c"],
}
MANIFEST = {
    "nodes": {
        name: {"resource_type": kind, "config": {"materialized": how}}
        for name, (kind, how) in NODES.items()
    },
    "sources": {"source.assay.bronze.posts": {}},
    "child_map": CHILDREN,
}


def build(folder: Path, due: list[str] | None, contents: dict[str, str] | None = None) -> Build:
    write(folder / "plan.json", Plan(due, below(MANIFEST), contents or {}))
    return Build(folder / "plan.json")


def test_what_reads_a_model_that_is_never_built_reads_what_is_above_it() -> None:
    found = below(MANIFEST)
    assert found["source.assay.bronze.posts"] == ["model.assay.a", "model.assay.c"]
    assert found["model.assay.view"] == ["model.assay.b", "test.assay.of_view"]


@pytest.mark.parametrize(
    ("root", "due"),
    [
        ("model.assay.view", ["model.assay.view"]),
        ("model.assay.inlined", ["model.assay.c"]),
        ("source.assay.bronze.posts", ["model.assay.a", "model.assay.c"]),
    ],
)
def test_a_root_that_is_never_built_makes_due_what_reads_it(root: str, due: list[str]) -> None:
    assert plan([root], [], {}, MANIFEST).due == due


def test_what_hangs_on_a_source_that_is_not_there_is_never_due() -> None:
    assert plan(NODES, ["source.assay.bronze.posts"], {}, MANIFEST).due == []


def test_a_table_that_came_out_as_it_was_leaves_alone_what_reads_it(tmp_path: Path) -> None:
    known = {"model.assay.a": "1 row"}
    same = build(tmp_path, ["model.assay.a"], known)
    assert same.is_due("model.assay.a")
    same.built("model.assay.a", "1 row")
    assert not same.is_due("model.assay.view")
    assert outcome(tmp_path / "plan.json").left_alone == ["model.assay.view"]
    other = build(tmp_path, ["model.assay.a"], known)
    other.built("model.assay.a", "2 rows")
    assert other.is_due("model.assay.view")
    assert not other.is_due("model.assay.b"), "nobody said yet that the view is another one"
    other.built("model.assay.view", NOT_COUNTED)
    assert other.is_due("model.assay.b")
    assert other.is_due("test.assay.of_view")
    found = outcome(tmp_path / "plan.json")
    assert found.contents == {"model.assay.a": "2 rows"}
    assert found.left_alone == ["model.assay.b"]


def test_a_table_whose_content_was_never_noted_passes_on_that_it_was_built(tmp_path: Path) -> None:
    unknown = build(tmp_path, ["model.assay.a"])
    unknown.built("model.assay.a", "1 row")
    assert unknown.is_due("model.assay.view")


def test_without_a_known_beginning_all_is_due_and_noted(tmp_path: Path) -> None:
    everything = build(tmp_path, None)
    assert all(everything.is_due(name) for name in NODES)
    everything.built("model.assay.a", "1 row")
    assert outcome(tmp_path / "plan.json").contents == {"model.assay.a": "1 row"}
