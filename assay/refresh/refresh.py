"""`make refresh`: whatever follows from an edited input is built again, and nothing else.

It observes the inputs (`dlt pipeline inputs run`), asks dbt what is fresher than at the last
successful build, and builds that and what hangs on it, as far as something changes: what reads only
tables that came out as they were is left alone (assay/refresh/left_alone.py). It never lets a
language model be asked: models tagged llm keep their rows and print what they would ask.
"""

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from assay import warehouse
from assay.refresh import left_alone, state
from assay.refresh.code import code_fingerprints
from assay.refresh.forecast import causes, durations, forecast, keep_durations
from assay.refresh.plan import Decision, Seen, artifact, decide, last_build, loads, look, target_dir
from assay.refresh.state import Record
from assay.refresh.steps import ProjectBusyError, exclusive_project, run_command
from assay.refresh.unchanged import project_stamp, warehouse_stamp
from assay.warehouse import journal

# Said to dbt by name, so that no default of dbt_project.yml can approve a paid call.
NOT_APPROVED = ("--vars", json.dumps({"approve_llm": False, "llm_max_usd": 0}))
DBT = ("dbt", "--quiet")
TESTS = ("test.", "unit_test.")
PLAN = "plan.json"  # in the folder of the state
MODIFIED = "modified.json"  # in dbt's target folder


class RefreshError(Exception):
    """A step of the refresh ended with an error; what it said stands above."""


def main(argv: list[str] | None = None) -> int:
    """Refresh once; return the process's exit code."""
    parser = argparse.ArgumentParser(
        prog="make refresh", usage="make refresh [PLAN=1]", description=__doc__
    )
    parser.add_argument(
        "--plan", action="store_true", help="say what would be built, build nothing"
    )
    args = parser.parse_args(argv)
    started = time.monotonic()
    journal.run_id()  # every step inherits it
    try:
        with exclusive_project("refresh") as lock:
            _refresh(lock, only_plan=args.plan)
    except (RefreshError, ProjectBusyError, warehouse.WarehouseError) as error:
        _say(f"make refresh: {error}", sys.stderr)
        return 1
    except KeyboardInterrupt:
        _say("make refresh: stopped by the keyboard; run again to go on", sys.stderr)
        return 1
    if not args.plan:
        _say(f"refresh: done in {time.monotonic() - started:.1f} s")
    return 0


def _refresh(lock: int, *, only_plan: bool) -> None:
    folder = state.state_dir()
    built = state.read(folder)
    project = project_stamp(warehouse.ROOT)  # before anything is looked at: later edits are later
    if built and built.file and (built.project, built.file) == (project, warehouse_stamp()):
        _say("refresh: built no table: no source was loaded and no file changed since the last one")
        return
    _step("observe the inputs", ["dlt", "pipeline", "inputs", "run"], lock)
    seen = observed(lock, project=project)
    before = (folder / "sources.json").read_bytes() if built else None
    decision = decide(seen, built, before)
    for reason in decision.reasons:
        _say(f"refresh: {reason}")
    if only_plan:
        return _say_plan(decision, lock)
    plan = _plan(decision, seen, built)
    if plan.due == []:
        _say("refresh: built no table: nothing that they are made from changed")
        return _remember_as_built(seen)
    results = target_dir() / "run_results.json"
    results.unlink(missing_ok=True)  # so that what stands there afterwards is of this build
    file = folder / PLAN
    try:
        left_alone.write(file, plan)
        program = [sys.executable, "-m", "assay.refresh.build_due", str(file)]
        chosen = ["--quiet", "build", *NOT_APPROVED, *_chosen(decision)]
        _step("build", [*program, *chosen], lock)
    finally:
        _report(decision, left_alone.outcome(file))
    # What was left alone has the content that it had.
    remember(_with(seen, plan.contents | left_alone.outcome(file).contents))


def _chosen(decision: Decision) -> list[str]:
    """Return dbt's options for what a decision selects."""
    chosen = ["--state", str(state.state_dir())]
    for option, selectors in (("--select", decision.select), ("--exclude", decision.exclude)):
        chosen += [option, *selectors] if selectors else []
    return chosen


def _plan(decision: Decision, seen: Seen, built: Record | None) -> left_alone.Plan:
    """Return which of what is selected is due by itself; all of it where that cannot be told.

    Contents of tables are those that what reads them was built from. Where somebody else built
    since, nobody knows from which.
    """
    is_known = built is not None and seen.modified is not None and built.build == last_build()
    if not decision.roots or not is_known:
        return left_alone.Plan(None, {}, {})
    manifest = artifact("manifest.json")
    roots = [*seen.modified, *(node for node, _ in causes(decision, manifest))]
    tables = {name: was for name, was in built.contents.items() if name in manifest["nodes"]}
    if built.missing != seen.record.missing:
        # What was left out for want of a source has not seen what changed since.
        return left_alone.Plan(None, {}, tables)
    missing = [
        name
        for name, source in manifest["sources"].items()
        if f"{source['source_name']}.{source['name']}" in seen.record.missing
    ]
    return left_alone.plan(roots, missing, tables, manifest)


def _say_plan(decision: Decision, lock: int) -> None:
    """Say what a refresh would build now at most, and build nothing."""
    kinds = ["--resource-type", "model", "--resource-type", "seed"]
    as_json = ("--output", "json", "--output-keys", "unique_id")
    options = [*kinds, *as_json, *NOT_APPROVED, *_chosen(decision)]
    done = _run([*DBT, "ls", *options], lock, capture=True)
    if done.returncode:
        _say(done.stdout)
        raise RefreshError(f"dbt ls failed with exit code {done.returncode}")
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    selected = [line["unique_id"] for line in lines]
    took = durations(state.state_dir())
    for line in forecast(decision, selected, artifact("manifest.json"), took):
        _say(line)
    for line in decision.left_out:
        _say(f"refresh: would leave out what needs it: {line}")


def observed(
    lock: int | None = None, given: Sequence[str] = NOT_APPROVED, project: str = ""
) -> Seen:
    """Return what a build that starts now builds from: sources by dbt's freshness, and code.

    given: the vars of the build, since dbt parses the whole project anew where they change.
    project: as plan.look takes it.
    Raises RefreshError when dbt cannot tell, WarehouseError when the warehouse does not answer.
    """
    code = code_fingerprints(warehouse.ROOT)
    sources = target_dir() / "sources.json"
    sources.unlink(missing_ok=True)
    modified = target_dir() / MODIFIED
    places = [str(modified), str(state.state_dir())]
    done = _run(
        [sys.executable, "-m", "assay.refresh.ask_dbt", *places, *given], lock, capture=True
    )
    if done.returncode or not sources.exists():
        _say(done.stdout)
        raise RefreshError(f"dbt cannot tell what there is: exit code {done.returncode}")
    return look(code, json.loads(modified.read_bytes()), project)


def remember(seen: Seen) -> None:
    """Keep what the build that has just succeeded was built from (assay/refresh/state.py).

    Raises RefreshError when another dbt command has written to dbt's target folder meanwhile.
    """
    manifest = (target_dir() / "manifest.json").read_bytes()
    ids = [_invocation(json.loads(manifest)), _invocation(artifact("run_results.json"))]
    if ids[0] != ids[1]:
        raise RefreshError(
            "another dbt command wrote to the target folder during the build, which is built but "
            "not remembered: run make refresh again"
        )
    _keep(seen, manifest, ids[0])
    keep_durations(state.state_dir(), artifact("run_results.json")["results"])


def _remember_as_built(seen: Seen) -> None:
    """Keep that what is there now needed no build: the last one's manifest says the same."""
    folder = state.state_dir()
    built = state.read(folder)
    if built:
        _keep(_with(seen, built.contents), (folder / "manifest.json").read_bytes(), built.build)


def _with(seen: Seen, contents: Mapping[str, str]) -> Seen:
    """Return what was seen, and the contents of tables beside those of sources."""
    return replace(seen, record=replace(seen.record, contents={**contents, **seen.record.contents}))


def _keep(seen: Seen, manifest: bytes, build: str) -> None:
    record = replace(seen.record, build=build)
    file = warehouse_stamp()
    if record.project and loads() == record.loads:  # else something was loaded during the build
        record = replace(record, file=file)
    state.promote(state.state_dir(), manifest, seen.sources, record)


def _invocation(found: Any) -> str:
    return str(found["metadata"]["invocation_id"])


def _step(name: str, command: list[str], lock: int) -> None:
    done = _run(command, lock)
    if done.returncode:
        raise RefreshError(
            f"{name} failed with exit code {done.returncode}; the next refresh does it again"
        )


def _run(
    command: list[str], lock: int | None, *, capture: bool = False
) -> "subprocess.CompletedProcess[str]":
    """Run one command of the project on the one database that holds every area."""
    return run_command(
        command,
        {"ASSAY_TARGET": warehouse.main_target()},
        lock,
        stdout=subprocess.PIPE if capture else None,
        stderr=subprocess.STDOUT if capture else None,
        text=True,
    )


def _report(decision: Decision, outcome: left_alone.Outcome) -> None:
    """Say what was built, what was not, and why."""
    try:
        results, nodes = artifact("run_results.json")["results"], artifact("manifest.json")["nodes"]
    except OSError:
        return  # dbt failed before it built anything, and has said why
    tables = {
        name
        for name, node in nodes.items()
        if node["resource_type"] in ("model", "seed")
        and node["config"]["materialized"] != "ephemeral"
    }
    ran = {result["unique_id"]: result["status"] for result in results}
    alone = set(outcome.left_alone)
    built = sorted(name for name in tables - alone if ran.get(name) == "success")
    tests = Counter(ran[name] for name in ran.keys() - alone if name.startswith(TESTS))
    _say(f"refresh: built {len(built)} of {len(tables)} tables: {_names(built, nodes) or '-'}")
    if tests:
        told = ", ".join(f"{count} {status}" for status, count in sorted(tests.items()))
        _say(f"refresh: tests: {told}")
    kept = [name for name in built if "llm" in nodes[name]["tags"]]
    if kept:
        _say(f"refresh: asked no language model: {_names(kept, nodes)} kept what was answered")
    skipped = sorted(name for name in tables if ran.get(name) in ("error", "skipped"))
    if skipped:
        _say(f"refresh: failed, or waiting for what failed: {_names(skipped, nodes)}")
    for line in decision.left_out:
        _say(f"refresh: left out what needs it: {line}")
    same = Counter(_area(nodes[name]) for name in tables if name not in ran or name in alone)
    if same:
        told = ", ".join(f"{area} {count}" for area, count in sorted(same.items()))
        _say(f"refresh: left alone, since nothing they are made from changed: {told}")


def _names(unique_ids: list[str], nodes: dict[str, Any]) -> str:
    return ", ".join(f"{nodes[name]['schema']}.{nodes[name]['alias']}" for name in unique_ids)


def _area(node: dict[str, Any]) -> str:
    return "seeds" if node["resource_type"] == "seed" else str(node["fqn"][1])


def _say(text: str, stream: Any = None) -> None:
    stream = stream or sys.stdout
    stream.write(f"{text}\n")
    stream.flush()


if __name__ == "__main__":
    sys.exit(main())
