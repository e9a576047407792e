"""Publish the issues to PocketBase, so that it agrees with gold.

    python -m publish.pocketbase [--dry-run] [--verify] [--plan ID] [--take-over]

Without POCKETBASE_URL it is the bundled PocketBase, started for the purpose unless
`python -m publish.serve` runs one. Only what changed is sent; killed at any point and run again,
PocketBase and gold agree.
"""

import argparse
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime

import duckdb

from assay import warehouse
from assay.common import lock
from assay.publish.pocketbase import schema
from assay.publish.pocketbase.client import Client
from assay.publish.pocketbase.corrections import door
from assay.publish.pocketbase.corrections.pull import pull, tell_states, told
from assay.publish.pocketbase.log import Counts, Log, check_built
from assay.publish.pocketbase.plan import CHANGE, MAKE, REMOVE, Plan, guard, plan
from assay.publish.pocketbase.schema import EVIDENCE, ISSUES
from assay.publish.pocketbase.server import bundled, has_data, own_settings
from assay.publish.pocketbase.settings import PublishError, other_server, retry_policy
from assay.publish.pocketbase.sync import Held, Sync, bring_categories, held
from assay.publish.reports.tables import shown
from assay.warehouse import journal, private

log = logging.getLogger(__name__)

LOUD_LIBRARIES = ("httpx", "httpcore")
DIFFERENCES_SHOWN = 40


def main(argv: list[str] | None = None) -> int:
    """Publish; return the process's exit code."""
    args = _arguments(argv)
    level = logging.DEBUG if args.verbose else logging.INFO
    logging.basicConfig(level=level, format="%(message)s", stream=sys.stderr)
    for library in LOUD_LIBRARIES:
        logging.getLogger(library).setLevel(logging.WARNING)
    private.warn_once()
    try:
        with _exclusive():
            if args.dry_run:
                return _dry_run(args)
            for terminal in logging.getLogger().handlers:
                terminal.setLevel(level)
            logging.getLogger().addHandler(journal.structured_log())
            return _publish(args)
    except KeyboardInterrupt:
        log.error("publish.pocketbase: stopped by the keyboard; run again to go on")
        return 1
    except (PublishError, warehouse.WarehouseError, duckdb.Error, OSError) as error:
        if args.verbose:
            log.exception("where it stopped:")
        sys.stderr.write(f"publish.pocketbase: {warehouse.first_line(error)}\n")
        return 1


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m publish.pocketbase",
        description="Publish gold.issues and gold.issue_evidence to PocketBase: the bundled one, "
        "or the one that POCKETBASE_URL, POCKETBASE_EMAIL and POCKETBASE_PASSWORD name. What was "
        "published is in gold.live_issues, gold.live_evidence and gold.sync_runs.",
        epilog="Exit code 0: PocketBase agrees with gold. 1: it does not, or not wholly; the last "
        "line says why, and running again goes on. 2: called wrongly.",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print the difference and change nothing"
    )
    parser.add_argument(
        "--verify",
        action="store_true",
        help="read every record whole, to find and mend what was changed by hand in PocketBase",
    )
    parser.add_argument(
        "--plan",
        metavar="ID",
        help="do what --dry-run showed under this id, or nothing; a plan that takes away more than "
        "a fifth of what is public is done in no other way",
    )
    parser.add_argument(
        "--take-over", action="store_true", help="publish where another warehouse published"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="show tracebacks")
    return parser.parse_args(argv)


@contextmanager
def _exclusive() -> Iterator[None]:
    """Let one publishing at a time have the data folder. Raises PublishError for a second one."""
    path = private.folder(warehouse.data_dir()) / "publish.lock"
    try:
        with lock.exclusive(path):
            yield
    except lock.LockedError as error:
        raise PublishError("another publish.pocketbase is at work: wait for it to end") from error


def _publish(args: argparse.Namespace) -> int:
    with ExitStack() as stack:
        policy = retry_policy()
        other = other_server()
        # The warehouse first: what cannot be published needs no server.
        connection = stack.enter_context(warehouse.duckdb_file(writing=True))
        check_built(connection)
        server = other or stack.enter_context(bundled())
        counts = Counts()
        with _logged(connection, server.url, counts) as sync_log:
            client = Client(server, policy)
            try:
                with client:
                    if server.is_ours:
                        own_settings(client)
                    found = _admitted(client, connection, sync_log, args)
                    door.prepare(client)
                    if arrived := pull(client, connection):
                        log.info("%s", told(arrived))
                    if renamed := bring_categories(client, connection):
                        log.info("categories: %s changed", renamed)
                    Sync(client, connection, sync_log, counts).run(found)
                    tell_states(client, connection)
            finally:
                counts.requests, counts.retries = client.requests, client.retries
    return _closing_line(server.url, counts)


def _admitted(
    client: Client, connection: duckdb.DuckDBPyConnection, sync_log: Log, args: argparse.Namespace
) -> Held:
    """Make the server ready and return what it holds.

    Raises PublishError, before anything is changed there, when we had better not publish.
    """
    found = _held(client, verify=args.verify)
    schema.check_publisher(client, sync_log.warehouse_id, take_over=args.take_over)
    guard(connection, found, args.plan)
    if schema.migrate(client):
        found = _held(client, verify=args.verify)
    schema.claim(client, sync_log.warehouse_id, datetime.now(UTC).isoformat(timespec="seconds"))
    return found


@contextmanager
def _logged(connection: duckdb.DuckDBPyConnection, url: str, counts: Counts) -> Iterator[Log]:
    """Keep a row of gold.sync_runs, and a step of the journal, about what the block does."""
    sync_log = Log(connection, url)
    started = time.monotonic()
    status, error = "failed", None
    try:
        with journal.step("publish", "pocketbase", step_id=sync_log.run_id) as step:
            yield sync_log
            step.counts |= asdict(counts)
            status = "refused" if counts.refused else "done"
            if counts.refused:
                step.problem = f"{counts.refused:,} records were refused"
    except BaseException as failure:
        error = warehouse.first_line(failure)
        raise
    finally:
        counts.seconds = round(time.monotonic() - started, 3)
        sync_log.finish(counts, status, error)


def _closing_line(url: str, counts: Counts) -> int:
    sys.stdout.write(
        f"{url}: {counts.issues_sent:,} issues and {counts.evidence_sent:,} posts sent, "
        f"{counts.removed:,} removed, {counts.unchanged:,} unchanged, {counts.refused:,} refused, "
        f"in {counts.seconds:.1f} s\n"
    )
    if counts.refused:
        sys.stderr.write(
            f"publish.pocketbase: {counts.refused:,} records were refused; why is in "
            "gold.live_issues and gold.live_evidence, column error\n"
        )
    return 1 if counts.refused else 0


def _held(client: Client, *, verify: bool) -> Held:
    """Read what the server holds; nothing where the collections are not made yet."""
    found = schema.found(client)
    return held(client, verify=verify) if found[ISSUES] and found[EVIDENCE] else Held()


def _dry_run(args: argparse.Namespace) -> int:
    """Print what publishing would change."""
    with ExitStack() as stack:
        policy = retry_policy()
        server = other_server()
        connection = stack.enter_context(warehouse.duckdb_file(writing=False))
        check_built(connection)
        found = Held()
        if server or has_data():
            server = server or stack.enter_context(bundled())
            client = stack.enter_context(Client(server, policy))
            found = _held(client, verify=args.verify)
        shown_plan = plan(connection, found)
        for collection in (ISSUES, EVIDENCE):
            _print_difference(collection, shown_plan)
    sys.stdout.write(f"plan {shown_plan.id}: to do this and nothing else, add --plan to it\n")
    return 0


def _print_difference(collection: str, shown_plan: Plan) -> None:
    lines = {MAKE: [], CHANGE: [], REMOVE: []}
    for line in shown_plan.lines[collection]:
        lines[line.verb].append(f"{line.name}  {shown(line.title)}" if line.name else line.id)
    parts = [f"{len(found_lines):,} to {verb}" for verb, found_lines in lines.items()]
    same = shown_plan.same[collection]
    sys.stdout.write(f"{collection}: {', '.join(parts)}, {same:,} unchanged\n")
    for verb, found_lines in lines.items():
        for line in found_lines[:DIFFERENCES_SHOWN]:
            sys.stdout.write(f"  {verb:<6}  {line}\n")
        if len(found_lines) > DIFFERENCES_SHOWN:
            sys.stdout.write(f"  {verb:<6}  and {len(found_lines) - DIFFERENCES_SHOWN:,} more\n")


if __name__ == "__main__":
    sys.exit(main())
