"""How long it takes to find which models posts speak of: 100,000 posts and 50,000 names by default.

    python -m benchmarks.posts.names [--posts 100000] [--models 50000]

The SQL is that of the models, over tables that are made up here: texts of common words in which a
tenth of the posts names a model, and names as the Hub has them.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import duckdb
from jinja2 import Environment, FileSystemLoader

from assay.warehouse import ROOT

STEPS = (
    "intermediate/int_post_words",
    "intermediate/int_distinctive_names",
    "intermediate/int_post_addresses",
    "intermediate/int_post_names",
    "silver/post_models",
)
VARS = {"name_min_downloads_per_post": 1, "library_min_authors": 3}
POSTS_SQL = """
    create table documents as
    select
        sha256(n::varchar) as url_hash, null::varchar as duplicate_of,
        timestamptz '2026-11-01 00:00:00+00' + to_seconds(n) as posted_at,
        'Something is slow' as title,
        array_to_string(list_transform(
            range(150), lambda i: 'word' || (hash(n * 1000 + i) % 30000)::varchar
        ), ' ') || if(n % 10 = 0, ' with ' || (hash(n) % $models)::varchar || '-net-7b', '') as text
    from range($posts) as numbers (n)
"""
STG_SQL = """
    create view stg_posts as
    select url_hash, title, text || ' see https://huggingface.co/acme/net-7b' as body,
        null::varchar as link_url, []::varchar[] as tags, '{}'::json as raw
    from documents
"""
NAMES_SQL = """
    create table int_hub_names as
    select
        'model' as entity_kind, 'owner/' || n || '-net-7b' as entity_id,
        'owner/' || n || '-net-7b' as id_key, n || 'net7b' as name_key,
        [n::varchar, 'net', '7', 'b', 'word' || n] as parts, 'model owner/' || n as lineage_root,
        1000000 as downloads
    from range($models) as numbers (n)
"""


def main() -> int:
    """Print a line per step."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.posts.names", description=__doc__)
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--models", type=int, default=50_000)
    args = parser.parse_args()
    templates = FileSystemLoader([ROOT / "macros", ROOT / "models" / "issues"])
    jinja = Environment(loader=templates, autoescape=False)  # noqa: S701 - SQL of our own
    macros = jinja.get_template("post_names.sql").module
    jinja.globals |= {name: getattr(macros, name) for name in dir(macros) if name[0] != "_"}
    jinja.globals |= {"ref": str, "var": VARS.get, "config": lambda **_: ""}
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(Path(folder) / "a.duckdb") as db:
        db.execute("set memory_limit = '512MB'; set preserve_insertion_order = false")
        given = {"posts": args.posts, "models": args.models}
        db.execute(POSTS_SQL, given)
        db.execute(STG_SQL)
        db.execute(NAMES_SQL, {"models": args.models})
        db.execute("create table int_hub_libraries (id_key varchar, library_name varchar)")
        for step in STEPS:
            started, name = time.monotonic(), step.rpartition("/")[2]
            db.execute(f"create table {name} as {jinja.get_template(f'{step}.sql').render()}")
            [(rows,)] = db.execute(f"select count(*) from {name}").fetchall()
            print(f"{name:<22} {rows:>9,} rows  {time.monotonic() - started:6.1f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{args.posts:,} posts, {args.models:,} names: at most {peak:,.0f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
