"""What a refresh would build, said beforehand: each table, because of what, and about how long.

dbt says which tables a decision selects (`dbt ls`, with the same selectors as the build). Why is
read from its graph: a table is built because of a source or file above it that changed, or because
its own SQL or settings did. How long is what it took when it was last built here, kept in
state/durations.json beside the state.
"""

import json
from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from assay.common import files
from assay.common.show import duration, table
from assay.refresh.left_alone import hanging_on
from assay.refresh.plan import Decision

FILE = "durations.json"
OWN = "its own SQL or settings changed"


def durations(folder: Path) -> dict[str, float]:
    """Return the seconds that tables took when they were last built, by dbt's unique id."""
    try:
        found = json.loads((folder / FILE).read_bytes())
    except (OSError, ValueError):
        return {}
    return {str(name): float(seconds) for name, seconds in found.items()}


def keep_durations(folder: Path, results: Iterable[Mapping[str, Any]]) -> None:
    """Take over how long tables took from the results of dbt's run_results.json."""
    took = {
        result["unique_id"]: round(result["execution_time"], 3)
        for result in results
        if result["status"] == "success" and result["unique_id"].startswith(("model.", "seed."))
    }
    if took:
        folder.mkdir(parents=True, exist_ok=True)
        files.write(folder / FILE, json.dumps(durations(folder) | took, indent=1))


def forecast(
    decision: Decision, selected: Iterable[str], manifest: dict[str, Any], took: dict[str, float]
) -> list[str]:
    """Return lines for people: the sum, and a table of what would be built, in its order.

    selected: unique ids of the models and seeds that dbt would build.
    """
    wanted = {
        name
        for name in selected
        if manifest["nodes"][name]["config"]["materialized"] != "ephemeral"
    }
    if not wanted:
        return ["refresh: would build no table: nothing that they are made from changed"]
    parents = {name: manifest["parent_map"].get(name, ()) for name in manifest["nodes"]}
    order = [name for name in TopologicalSorter(parents).static_order() if name in wanted]
    because = reasons(decision, order, manifest)
    rows = [
        (_relation(manifest["nodes"][name]), because[name], _about(took.get(name)))
        for name in order
    ]
    lines = table([("table", "because", "took"), *rows], "<<>", least=(0, 0, 8), indent="  ")
    known = [took[name] for name in order if name in took]
    unknown = len(order) - len(known)
    more = f", and {unknown} that were never built here" if unknown else ""
    told = f"{len(order)} tables, about {duration(sum(known))} by their last times{more}"
    return [f"refresh: would build at most {told}; tests come on top", *lines]


def reasons(
    decision: Decision, selected: Iterable[str], manifest: dict[str, Any]
) -> dict[str, str]:
    """Return by table what it is built because of, the first of several and how many more.

    selected: in the order of building.
    """
    found: dict[str, dict[str, None]] = {name: {} for name in selected}
    if not decision.select:
        return dict.fromkeys(found, "; ".join(decision.reasons))
    for cause, why in causes(decision, manifest):
        for name in hanging_on([cause], manifest) & found.keys():
            found[name][why] = None
    own: set[str] = set()
    for name, whys in found.items():
        if not whys:
            above = [one for one in manifest["parent_map"].get(name, ()) if one in own]
            whys[f"{_relation(manifest['nodes'][above[0]])} is built" if above else OWN] = None
            own.add(name)
    return {name: _first(list(whys)) for name, whys in found.items()}


def causes(decision: Decision, manifest: dict[str, Any]) -> Iterable[tuple[str, str]]:
    """Yield the node that each cause of a decision begins at, and the cause in words."""
    sources = {
        f"{node['source_name']}.{node['name']}": name for name, node in manifest["sources"].items()
    }
    at = {node["original_file_path"]: name for name, node in manifest["nodes"].items()}
    for what, why in decision.causes:
        node = sources.get(what) or at.get(what)
        if node:
            yield node, why


def _relation(node: Mapping[str, Any]) -> str:
    return f"{node['schema']}.{node['alias']}"


def _about(seconds: float | None) -> str:
    if seconds is None:
        return "?"
    return f"{seconds:.1f} s" if seconds < 10 else duration(seconds)


def _first(whys: list[str]) -> str:
    return whys[0] + (f", and {len(whys) - 1} more" if len(whys) > 1 else "")
