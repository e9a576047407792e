"""How fast issues and their evidence reach PocketBase, beside the loop one would write first.

    python -m benchmarks.publish
    python -m benchmarks.publish --posts 50000 --peer-posts 5000 --repeats 5

One PocketBase serves both, in turn, emptied in between. The loop looks each record up by its key,
then creates or updates it, over one connection that is kept open. Both read the same gold through
the same code, and both are counted afterwards: a wrong count ends the benchmark.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import duckdb
import httpx

from assay import warehouse
from assay.publish.pocketbase import schema
from assay.publish.pocketbase.client import Client
from assay.publish.pocketbase.log import Counts, Log
from assay.publish.pocketbase.records import Record, records
from assay.publish.pocketbase.schema import EVIDENCE, ISSUES
from assay.publish.pocketbase.server import bundled, own_settings
from assay.publish.pocketbase.settings import RetryPolicy, Server
from assay.publish.pocketbase.sync import Sync, held
from benchmarks.measure import BenchmarkError

POSTS_PER_ISSUE = 15  # as in the bundled sample
DAYS = 7
GOLD = """
create schema if not exists gold;
create or replace table gold.issues as
select
    date '2026-11-09' + cast(n % {days} as integer) as cluster_date,
    cast(n // {days} as integer) as cluster_id,
    'issue' || n // {days} as issue_id,
    'Problem number ' || n || ' that takes a good part of the day' as canonical_title,
    ['ai', 'finance', 'devtools', 'other'][1 + n % 4] as category,
    repeat('It fails again and nobody sees why. ', 7) as description,
    n % 3 = 0 as would_pay_signal,
    if(n % 3 = 0, 'We would pay for it.', null) as would_pay_because,
    'medium' as impact_level,
    0.5::double as impact_score,
    0.8::double as category_confidence,
    cast({per_issue} as bigint) as cluster_size,
    cast({per_issue} as bigint) as people,
    cast({per_issue} as bigint) as posts_open,
    0::bigint as posts_answered,
    0::bigint as posts_fixed,
    0::bigint as posts_declined,
    0::bigint as posts_locked,
    [{{'text': 'It fails.', 'url': 'https://example.org/posts/1', 'source': 'github'}}] as quotes,
    {{'title': 'a', 'description': 'b', 'category': 'c', 'would_pay': null, 'impact': 'd'}}
        as because,
    cast(0.5 + n % 7 / 20 as float) as confidence,
    'local' as labeled_by,
    'open' as standing
from range({issues}) as numbers (n);
create or replace table gold.issue_evidence as
select
    issues.cluster_date,
    issues.cluster_id,
    sha256(issues.cluster_date || '/' || issues.cluster_id || '/' || n) as url_hash,
    ['github', 'stackoverflow', 'reddit', 'hackernews'][1 + n % 4] as source,
    'https://example.org/posts/' || issues.cluster_id || '/' || n as url,
    'Post ' || n || ' about ' || issues.canonical_title as title,
    repeat('We tried it twice, on two machines, with what the manual says. ', 11) as body,
    'open' as state,
    false as is_copy,
    cast(n as integer) as position,
    cast(0.3 + n / 100 as float) as distance,
    n * 7 as engagement,
    cast(issues.cluster_date as timestamptz) - n * interval 1 hour as posted_at
from gold.issues as issues
cross join range({per_issue}) as numbers (n);
create or replace table gold.published_issues as
select
    issues.*,
    'good, part, day' as topic,
    8.7::double as heat,
    cluster_id + 1 as heat_rank,
    ['github', 'reddit'] as sources,
    cast({per_issue} as bigint) as posts,
    timestamptz '2026-11-09 08:00:00+00' as first_posted_at,
    timestamptz '2026-11-15 20:00:00+00' as last_posted_at,
    [
        {{
            'day': date '2026-11-09' + cast(n as integer),
            'items': 2,
            'people': 2,
            'heat': 0.5::double
        }}
        for n in range({days})
    ] as trend,
    if(cluster_id % 5 = 0, [{{'name': 'acme/Tiny-7B', 'kind': 'model', 'posts': 1}}], []) as models,
    [0.25, 0.75]::double[] as place,
    [] as lineage,
    null as fixed_in,
    [] as corrections,
    cluster_date = date '2026-11-15' as is_latest
from gold.issues as issues;
"""


def main(argv: list[str] | None = None) -> int:
    """Measure and print; return the process's exit code."""
    args = _arguments(argv)
    with tempfile.TemporaryDirectory(dir=args.work_dir) as scratch:
        work = Path(scratch)
        os.environ |= {"ASSAY_DATA_DIR": str(work), "DUCKDB_PATH": str(work / "assay.duckdb")}
        try:
            with bundled() as server:
                _measure(server, args)
        except BenchmarkError as error:
            sys.stderr.write(f"benchmarks.publish: {error}\n")
            return 1
    return 0


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.publish", description=__doc__)
    parser.add_argument("--posts", type=int, default=15_000, help="default 15000")
    parser.add_argument(
        "--peer-posts", type=int, default=1_500, help="for the loop, which is slow; default 1500"
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--work-dir", type=Path, help="where the scratch folder goes")
    return parser.parse_args(argv)


def _measure(server: Server, args: argparse.Namespace) -> None:
    print(f"{os.cpu_count()} cores, PocketBase on the same machine, {args.repeats} repeats\n")
    print(f"{'':<34}{'records':>9}{'seconds (min-max)':>22}{'records/s':>11}")
    with Client(server, RetryPolicy()) as client:
        own_settings(client)
        schema.migrate(client)
        few = _make_gold(args.peer_posts)
        loop = _line("plain loop", few, args.repeats, lambda: _loop(server, client), client)
        same = _line("publish, as many", few, args.repeats, lambda: _sync(client), client)
        many = _make_gold(args.posts)
        full = _line("publish, all new", many, args.repeats, lambda: _sync(client), client)
        _line("publish, nothing changed", many, args.repeats, lambda: _sync(client))
    print(
        f"\npublish is {same / loop:.1f} times as fast as the loop on the same records, and "
        f"{full / loop:.1f} times on {many:,}"
    )


def _make_gold(posts: int) -> int:
    """Make gold anew with so many posts; return the number of records."""
    issues = max(1, posts // POSTS_PER_ISSUE)
    sql = GOLD.format(days=DAYS, issues=issues, per_issue=POSTS_PER_ISSUE)
    with duckdb.connect(os.environ["DUCKDB_PATH"]) as connection:
        connection.execute(sql)
    return issues * (1 + POSTS_PER_ISSUE)


def _line(
    name: str, size: int, repeats: int, action: Callable[[], None], empty: Client | None = None
) -> float:
    """Measure one contestant, print it, and return its records per second."""
    seconds = []
    for _ in range(repeats):
        if empty:
            for collection in (EVIDENCE, ISSUES):
                empty.ask("DELETE", f"/api/collections/{collection}/truncate")
        started = time.monotonic()
        action()
        seconds.append(time.monotonic() - started)
    taken = median(seconds)
    span = f"{taken:.2f} ({min(seconds):.2f}-{max(seconds):.2f})"
    print(f"{name:<34}{size:>9,}{span:>22}{size / taken:>11,.0f}", flush=True)
    return size / taken


def _sync(client: Client) -> None:
    with warehouse.duckdb_file(writing=True) as connection:
        log = Log(connection, client.server.url)
        sync = Sync(client, connection, log, Counts())
        sync.run(held(client))
        log.finish(sync.counts, "done")
        _check(client, connection)


def _loop(server: Server, client: Client) -> None:
    """Publish as one would at first: look each record up, then create or update it."""
    account = {"identity": server.email, "password": server.password}
    with httpx.Client(base_url=server.url, trust_env=False, timeout=60) as plain:
        path = "/api/collections/_superusers/auth-with-password"
        plain.headers["authorization"] = plain.post(path, json=account).json()["token"]
        with warehouse.duckdb_file(writing=False) as connection:
            for collection in (ISSUES, EVIDENCE):
                for record in records(connection.cursor(), collection):
                    _publish_one(plain, record)
            _check(client, connection)


def _publish_one(plain: httpx.Client, record: Record) -> None:
    path = f"/api/collections/{record.collection}/records"
    day, number, *url_hash = record.key
    wanted = f'cluster_date="{day}" && cluster_id={number}'
    wanted += f' && url_hash="{url_hash[0]}"' if url_hash else ""
    found = plain.get(path, params={"filter": wanted}).json()["items"]
    if found:
        plain.patch(f"{path}/{found[0]['id']}", json=record.body).raise_for_status()
    else:
        plain.post(path, json=record.body).raise_for_status()


def _check(client: Client, connection: duckdb.DuckDBPyConnection) -> None:
    for collection in (ISSUES, EVIDENCE):
        page = client.ask("GET", f"/api/collections/{collection}/records?perPage=1")
        sql = f"select count(*) from gold.{collection}"
        if (wanted := connection.execute(sql).fetchone()[0]) != page["totalItems"]:
            raise BenchmarkError(f"{collection}: {page['totalItems']} of {wanted} are there")


if __name__ == "__main__":
    sys.exit(main())
