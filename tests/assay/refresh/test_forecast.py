"""What a plan says: which tables, in what order, because of what, and about how long."""

from pathlib import Path
from typing import Any

from assay.refresh.forecast import durations, forecast, keep_durations
from assay.refresh.plan import Decision

EDGES = {
    "source.assay.inputs.concepts": ["model.assay.words"],
    "model.assay.words": ["model.assay.results"],
    "model.assay.edited": ["model.assay.results", "model.assay.after"],
    "model.assay.results": [],
    "model.assay.after": [],
    "model.assay.step": [],
}


def node(name: str, materialized: str = "table") -> dict[str, Any]:
    return {
        "schema": "gold",
        "alias": name,
        "original_file_path": f"models/{name}.sql",
        "config": {"materialized": materialized},
    }


NODES = {f"model.assay.{name}": node(name) for name in ("words", "edited", "results", "after")}
MANIFEST = {
    "nodes": NODES | {"model.assay.step": node("step", "ephemeral")},
    "sources": {"source.assay.inputs.concepts": {"source_name": "inputs", "name": "concepts"}},
    "child_map": EDGES,
    "parent_map": {
        name: [parent for parent, children in EDGES.items() if name in children] for name in EDGES
    },
}
CHANGED = "inputs.concepts changed"
DECISION = Decision(("state:modified+",), (), (CHANGED,), (), (("inputs.concepts", CHANGED),))


def test_each_table_has_its_reason_its_last_time_and_its_place() -> None:
    took = {"model.assay.words": 61.2, "model.assay.results": 0.25}
    first, head, *rows = forecast(DECISION, MANIFEST["nodes"], MANIFEST, took)
    assert first == (
        "refresh: would build at most 4 tables, about 61 s by their last times, and 2 that were "
        "never built here; tests come on top"
    )
    assert head.split() == ["table", "because", "took"]
    said = {line.split()[0]: line.split(None, 1)[1] for line in rows}
    assert said["gold.words"].split("  ")[0] == CHANGED
    assert said["gold.words"].endswith(" 61 s")
    assert said["gold.results"].split("  ")[0] == CHANGED
    assert said["gold.results"].endswith(" 0.2 s")
    assert said["gold.edited"].split("  ")[0] == "its own SQL or settings changed"
    assert said["gold.edited"].endswith(" ?")
    assert said["gold.after"].split("  ")[0] == "gold.edited is built"
    order = list(said)
    assert order.index("gold.results") > max(order.index("gold.words"), order.index("gold.edited"))


def test_nothing_selected_is_said_and_a_first_build_has_one_reason_for_all() -> None:
    assert forecast(DECISION, [], MANIFEST, {}) == [
        "refresh: would build no table: nothing that they are made from changed"
    ]
    whole = Decision((), (), ("nothing was built here yet",), ())
    lines = forecast(whole, NODES, MANIFEST, {})
    assert sum("nothing was built here yet" in line for line in lines) == len(NODES)


def test_times_are_those_of_the_last_success(tmp_path: Path) -> None:
    assert durations(tmp_path) == {}
    result = {"unique_id": "model.assay.words", "status": "success", "execution_time": 2.5}
    test = result | {"unique_id": "test.assay.words_unique"}
    keep_durations(tmp_path / "state", [result, test])
    failed = result | {"status": "error", "execution_time": 9.0}
    later = result | {"unique_id": "model.assay.after", "execution_time": 1.0}
    keep_durations(tmp_path / "state", [failed, later])
    assert durations(tmp_path / "state") == {"model.assay.words": 2.5, "model.assay.after": 1.0}
    (tmp_path / "state" / "durations.json").write_text("{torn")
    assert durations(tmp_path / "state") == {}
