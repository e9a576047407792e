"""`make run`: extract, transform and report, end to end, from one of three origins.

Without options the bundled sample is served by the replay server; `--recorded DIR` serves another
folder of recorded API items; `--sources live` asks the real APIs. Each origin has a data folder of
its own, so that invented, recorded and live numbers never meet in one warehouse.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from assay import warehouse
from assay.common.days import day
from assay.common.lock import LockedError, exclusive
from assay.common.show import table
from assay.refresh import refresh
from assay.refresh.steps import ProjectBusyError, exclusive_project, run_command
from assay.runs import recorded
from assay.warehouse import journal, private

SAMPLE = warehouse.ROOT / "sample" / "items"
SERVER_START_SECONDS = 120.0
AFTER_BUILD = "PUBLISH_AFTER_BUILD"
PUBLISHED_TO = ("POCKETBASE_URL", "POCKETBASE_EMAIL", "POCKETBASE_PASSWORD")


class StepFailedError(Exception):
    """One step of the run ended with an error; what it said stands above."""


def main(argv: list[str] | None = None) -> int:
    """Run everything; return the process's exit code."""
    args = _arguments(argv)
    try:
        folder = _folder_to_replay(args)
        origin = _origin(args, folder)
        days = _days(folder, args)
        # One database that everyone has, whatever ASSAY_TARGET says for commands by hand.
        common = {
            "ASSAY_ORIGIN": origin,
            "ASSAY_TARGET": warehouse.main_target(),
            journal.RUN_ID: journal.run_id(),
        }
        with exclusive_project("make run") as lock:
            _use_data_of(origin)
            load = ["dlt", "pipeline", "run"]
            load += ["--start", str(days[0]), "--end", str(days[1])] if days else []
            failed = None
            with _replay(folder) if folder else nullcontext({}) as replay:
                try:
                    _step("extract and load", load, common | replay, lock)
                except StepFailedError as error:
                    if not warehouse.exists():
                        raise
                    # What the other sources gave is loaded, and worth being built.
                    failed = error
            # Invented and recorded issues go to the bundled PocketBase, whatever .env names.
            own = dict.fromkeys(PUBLISHED_TO, "") if folder else {}
            _bring_corrections(common | own, lock)
            # What `make refresh` compares with is what was there when this build began.
            given = _days_to_cluster(days)
            seen = refresh.observed(lock, given)
            # Unit tests have inputs of their own, so that they say nothing about these tables.
            build = ["dbt", "--quiet", "build", "--exclude-resource-type", "unit_test", *given]
            # The run publishes by itself, and not before its reports.
            _step("transform and test", build, common | {AFTER_BUILD: ""}, lock)
            refresh.remember(seen)
            for report in ("hf_report", "issue_report", "catalog"):
                told = [sys.executable, "-m", f"assay.publish.{report}"]
                _step("report", told, common, lock, quiet=True)
            publish = [sys.executable, "-m", "assay.publish.pocketbase"]
            _step("publish", publish, common | own, lock)
            _closing_table()
            if origin == "sample":
                judge = [sys.executable, "-m", "assay.sample.judge"]
                _step("self-check", judge, common, lock)
            if failed:
                raise failed
    except (
        StepFailedError,
        ProjectBusyError,
        refresh.RefreshError,
        warehouse.WarehouseError,
    ) as error:
        sys.stderr.write(f"make run: {error}\n")
        return 1
    return 0


def _bring_corrections(more: dict[str, str], lock: int) -> None:
    """Bring what editors said on the page, so that this run's build has it.

    A page that cannot be asked stops no build: publishing asks it again, and fails where it must.
    """
    bundled = warehouse.data_dir() / "pocketbase" / "pb_data" / "data.db"
    if not (bundled.exists() or (os.environ | more).get("POCKETBASE_URL")):
        return  # nothing was ever published here
    try:
        bring = [sys.executable, "-m", "assay.publish.corrections"]
        _step("corrections", bring, more, lock, quiet=True)
    except StepFailedError as error:
        _say(f"{error}: building without what is new there")


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make run",
        description=__doc__,
        usage="make run [RECORDED=DIR] [SOURCES=replay|live] [START=DAY] [END=DAY]",
    )
    parser.add_argument(
        "--recorded", type=Path, metavar="DIR", help="replay this folder of recorded API items"
    )
    parser.add_argument(
        "--sources",
        choices=("replay", "live"),
        default="replay",
        help="live asks the real APIs (default replay)",
    )
    add_day = partial(parser.add_argument, type=day, metavar="DAY")
    add_day("--start", help="first day of posts (default: of the recording; live, yesterday)")
    add_day("--end", help="last day of posts (default: of the recording; live, today)")
    args = parser.parse_args(argv)
    if args.recorded and args.sources == "live":
        parser.error("--recorded and --sources live exclude each other")
    if args.recorded and not (args.recorded / "hf_models.jsonl").is_file():
        parser.error(f"{args.recorded} holds no hf_models.jsonl: it is no folder of recorded items")
    return args


def _folder_to_replay(args: argparse.Namespace) -> Path | None:
    if args.sources == "live":
        return None
    return (args.recorded or SAMPLE).resolve()


def _origin(args: argparse.Namespace, folder: Path | None) -> str:
    """Name where the numbers come from, fit for a folder name."""
    if folder is None:
        return "live"
    if not args.recorded:
        return "sample"
    return f"{folder.name}-{hashlib.sha256(str(folder).encode()).hexdigest()[:6]}"


def _use_data_of(origin: str) -> None:
    """Make `data` the data folder of this origin; that of another origin is set aside, not lost."""
    if "ASSAY_DATA_DIR" in os.environ or "DUCKDB_PATH" in os.environ:
        return  # the person has decided where things go
    data = warehouse.data_dir()
    mark = data / warehouse.ORIGIN
    # Data without a mark came by `dlt pipeline run`, which asks the real APIs.
    before = mark.read_text(encoding="utf-8").strip() if mark.exists() else "live"
    if data.exists() and before != origin:
        aside = data.with_name(f"{data.name}.{before}")
        if aside.exists():
            raise StepFailedError(
                f"{data.name}/ holds {before} data, and so does {aside.name}/: "
                "remove or rename one of them"
            )
        with _nobody_loads(data):
            data.rename(aside)
        _say(f"{data.name}/ held {before} data: kept as {aside.name}/")
    kept = data.with_name(f"{data.name}.{origin}")
    if not data.exists() and kept.exists():
        kept.rename(data)
    private.folder(data)
    mark.write_text(f"{origin}\n", encoding="utf-8")


@contextmanager
def _nobody_loads(data: Path) -> Iterator[None]:
    """Hold the lock that `dlt pipeline run` takes on a data folder (landing/running.py), and that
    of the live page (publish/pocketbase/server.py)."""
    served = data / "pocketbase" / "serve.lock"
    with ExitStack() as stack:
        try:
            stack.enter_context(exclusive(data / "run.lock"))
        except LockedError as error:
            raise StepFailedError(f"a run is loading {data.name}/: wait for it to end") from error
        if served.exists():
            try:
                stack.enter_context(exclusive(served))
            except LockedError as error:
                raise StepFailedError(
                    f"the live page is served from {data.name}/: stop `make serve` first"
                ) from error
        yield


@contextmanager
def _replay(folder: Path) -> Iterator[dict[str, str]]:
    """Serve a folder on loopback; yield the environment that makes the extractors ask it."""
    with tempfile.TemporaryDirectory() as scratch:
        port_file = Path(scratch) / "port"
        command = [
            sys.executable,
            "-m",
            "assay.sample.replay",
            "--folder",
            str(folder),
            "--quota",
            "0",
        ]
        server = subprocess.Popen(
            [*command, "--port-file", str(port_file)], cwd=warehouse.ROOT, stdout=subprocess.DEVNULL
        )
        try:
            port = _wait_for(port_file, server)
            server_url = f"http://127.0.0.1:{port}"
            yield recorded.environment(folder, server_url) | {
                "HF_ENDPOINT": server_url,
                "HF_TOKEN": "",  # nobody's token goes to a replay
                "HTTP__MIN_INTERVAL_SECONDS": "0",  # and nobody has to be spared
            }
        finally:
            server.terminate()
            server.wait()


def _days(folder: Path | None, args: argparse.Namespace) -> tuple[date, date] | None:
    """Return the first and last day of posts: those named, for the rest those that the folder has;
    None where neither says anything, so that the pipeline's own default holds.

    Raises StepFailedError when the first is after the last.
    """
    if folder:
        found = recorded.span(folder)
    elif args.start or args.end:
        last = args.end or datetime.now(UTC).date()
        found = last - timedelta(days=1), last
    else:
        found = None
    if not found:
        return None
    first, last = args.start or found[0], args.end or found[1]
    if first > last:
        raise StepFailedError(f"START {first} is after END {last}: nothing was run")
    return first, last


def _days_to_cluster(days: tuple[date, date] | None) -> list[str]:
    """Name the same days to dbt; yesterday and today where none are named."""
    today = datetime.now(UTC).date()
    first, last = days or (today - timedelta(days=1), today)
    given = {"cluster_start": str(first), "cluster_date": str(last)}
    return ["--vars", json.dumps(given | {"approve_llm": False, "llm_max_usd": 0})]


def _wait_for(port_file: Path, server: subprocess.Popen[bytes]) -> int:
    end = time.monotonic() + SERVER_START_SECONDS
    while time.monotonic() < end:
        if port_file.exists():
            return int(port_file.read_text(encoding="utf-8"))
        if server.poll() is not None:
            break
        time.sleep(0.02)
    raise StepFailedError("the replay server did not start; what it said stands above")


def _step(
    name: str, command: list[str], more: dict[str, str], lock: int, *, quiet: bool = False
) -> None:
    """Run one command of the project in its root and say how long it took."""
    started = time.monotonic()
    result = run_command(command, more, lock, stdout=subprocess.DEVNULL if quiet else None)
    if result.returncode:
        raise StepFailedError(
            f"{name} failed with exit code {result.returncode}: {' '.join(command)}"
        )
    _say(f"{name}: done in {time.monotonic() - started:.1f} s")


def _closing_table() -> None:
    """Print every table that dbt built with its rows and grain, and how to look at them."""
    target = warehouse.ROOT / os.environ.get("DBT_TARGET_PATH", "target")
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    nodes = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and not node["schema"].endswith("_staging")
    ]
    with warehouse.connect(warehouse.main_target()) as db:
        lines = []
        for node in sorted(nodes, key=_reading_order):
            [(rows,)] = db.rows(f"select count(*) from {node['relation_name']}")  # noqa: S608
            grain = node["description"].split(".")[0]
            lines.append((f"{node['schema']}.{node['alias']}", f"{rows:,}", grain))
    headings = ("table", "rows", "what a row is")
    _say("\n" + "\n".join(table([headings, *lines], "<>", least=(0, 9))))
    _say(f"\nThe warehouse is {_place()}. To look at it:")
    _say("""\
  .venv/bin/dbt show --inline "select model_id, downloads from hf.models order by 2 desc" --limit 5
  .venv/bin/dbt show --inline "select heat_rank, canonical_title from gold.top_issues order by 1"
  make serve           then open http://127.0.0.1:8090: the live page of the issues, and the catalog
  less reports/hf_ingestion_report.md
  open reports/issues.html in a browser: the map of issues and their ranking
  make docs            then open target/static_index.html
  make status          what is loaded, how fresh, what failed, what waits for approval""")


def _place() -> str:
    path = warehouse.main_file()
    if path is None:
        return "a lake whose catalog is in Postgres"
    inside = path.is_relative_to(warehouse.ROOT)
    return str(path.relative_to(warehouse.ROOT) if inside else path)


def _reading_order(node: dict[str, Any]) -> tuple[int, str, str]:
    """Order tables as people ask for them: the results first."""
    schemas = ("gold", "hf", "silver")
    known = schemas.index(node["schema"]) if node["schema"] in schemas else len(schemas)
    return known, node["schema"], node["alias"]


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
