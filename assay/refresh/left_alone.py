"""Early cutoff: a build leaves alone a table above which nothing changed, and its tests.

dbt selects all that hangs on an edit. Much of it would come out as it is: a comment was added, a
module was tidied. `make refresh` therefore hands its build a plan, a file: which nodes are due by
themselves, which hang on which, and what was in each table when those that hang on it were built. A
node that is due is built, and where its content is another one, those that hang on it are due as
well. The others are left alone (assay/refresh/build_due.py is such a build). A view, whose content
nobody has counted, passes on that it was due.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from assay.common import files

NOT_COUNTED = ""  # the content of a view
MESSAGE = "LEFT ALONE"  # in dbt's results
_READERS, _INLINED = ("model", "seed", "test"), "ephemeral"


@dataclass
class Plan:
    """What is due, and what hangs on what. All names are dbt's unique ids.

    due: None for all. below: the tables and tests that read one. contents: of tables, as those
    below them saw it.
    """

    due: list[str] | None
    below: dict[str, list[str]]
    contents: dict[str, str]


@dataclass
class Outcome:
    """What came of a plan: contents of what was built, and what was left alone."""

    contents: dict[str, str] = field(default_factory=dict)
    left_alone: list[str] = field(default_factory=list)


class Build:
    """A build under way. It writes down as it goes what became of each node."""

    def __init__(self, file: Path) -> None:
        self._plan = Plan(**json.loads(file.read_bytes()))
        self._due = None if self._plan.due is None else set(self._plan.due)
        self._log = _log(file)

    def is_due(self, name: str) -> bool:
        """Say whether a node must be built, or a test run; note where not."""
        if self._due is None or name in self._due:
            return True
        self._write({"left_alone": name})
        return False

    def built(self, name: str, content: str) -> None:
        """Take note of what is in a table now: where it is new, those that hang on it are due."""
        is_same = content != NOT_COUNTED and self._plan.contents.get(name) == content
        if not is_same and self._due is not None:
            self._due.update(self._plan.below.get(name, ()))
        self._write({"built": name, "content": content})

    def _write(self, line: Mapping[str, str]) -> None:
        with self._log.open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")


def write(file: Path, plan: Plan) -> None:
    """Write a plan for a build."""
    file.parent.mkdir(parents=True, exist_ok=True)
    files.write(file, json.dumps(asdict(plan)).encode())
    _log(file).unlink(missing_ok=True)


def outcome(file: Path) -> Outcome:
    """Return what became of a plan."""
    found = Outcome()
    if _log(file).exists():
        for line in map(json.loads, _log(file).read_text(encoding="utf-8").splitlines()):
            if "left_alone" in line:
                found.left_alone.append(line["left_alone"])
            elif line["content"] != NOT_COUNTED:
                found.contents[line["built"]] = line["content"]
    return found


def below(manifest: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the tables, views and tests that read each node of dbt's manifest.

    A model that dbt writes into those that read it (`ephemeral`) is never built; what reads it
    reads what is above it.
    """
    nodes, children = manifest["nodes"], manifest["child_map"]

    def readers(name: str) -> Iterable[str]:
        for child in children.get(name, ()):
            if child not in nodes or nodes[child]["resource_type"] not in _READERS:
                continue
            if nodes[child]["config"]["materialized"] == _INLINED:
                yield from readers(child)
            else:
                yield child

    return {name: sorted(set(readers(name))) for name in (*nodes, *manifest["sources"])}


def hanging_on(starts: Iterable[str], manifest: Mapping[str, Any]) -> set[str]:
    """Return these nodes of dbt's manifest and all that reads them, directly or not."""
    found: set[str] = set()
    waiting = list(starts)
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += manifest["child_map"].get(one, ())
    return found


def plan(
    roots: Iterable[str],
    left_out: Iterable[str],
    contents: dict[str, str],
    manifest: Mapping[str, Any],
) -> Plan:
    """Return the plan of a build.

    roots: what changed by itself. left_out: nodes of which nothing that hangs on them is selected.
    contents: as of Plan.
    """
    nodes, readers = manifest["nodes"], below(manifest)
    due: set[str] = set()
    for name in roots:
        is_built = name in nodes and nodes[name]["config"]["materialized"] != _INLINED
        due.update([name] if is_built else readers.get(name, ()))
    return Plan(sorted(due - hanging_on(left_out, manifest)), readers, contents)


def _log(file: Path) -> Path:
    return file.with_name(f"{file.name}.done")
