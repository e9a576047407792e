"""A day of ten thousand posts reaches clustering in one order, however DuckDB reads it.

What comes of `session.sql` with bound parameters is a stored result, which DuckDB reads with many
threads; with preserve_insertion_order off, as in profiles.yml, its rows then come in any order. A
day whose posts came in another order would be clustered again with nothing new.
"""

import importlib.util
import re
from types import ModuleType, SimpleNamespace

import duckdb
import pytest

from tests.support import ROOT

STAGING = ROOT / "python_models" / "issues" / "silver" / "staging"
POSTS = 10_000
TABLES = f"""
create table documents as
    select md5(i::varchar) as url_hash, null::varchar as duplicate_of,
        timestamptz '2026-11-09 12:00:00+00' as posted_at, md5('text ' || i) as text_hash,
        'reddit' as source, 'title ' || i as title, repeat('some words ', i % 200) as text
    from range({POSTS}) as t (i);
create table embeddings as
    select md5(i::varchar) as url_hash, range(384)::float[384] as embedding
    from range({POSTS}) as t (i);
create table problems as
    select md5(i::varchar) as url_hash, true as is_problem, 0.5::float as problem_score
    from range({POSTS}) as t (i);
create table raw_items as
    select md5(i::varchar) as url_hash, '{{"subreddit": "dlt"}}'::json as raw
    from range({POSTS}) as t (i);
"""


class ReachedError(Exception):
    """Clustering was reached; nothing more is wanted."""


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, STAGING / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_large_day_is_clustered_in_the_order_of_its_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    module = loaded("stg_clusters")
    seen: list[str] = []

    def core(*_: object, keys: list[str], **__: object) -> None:
        seen[:] = keys
        raise ReachedError

    monkeypatch.setattr(module, "cluster_problems", core)
    settings = {
        "cluster_method": "kmeans",
        "cluster_window_days": 1,
        "cluster_start": "",
        "cluster_date": "2026-11-09",
    }
    with duckdb.connect() as session:
        session.execute("set preserve_insertion_order = false")
        session.execute("set timezone = 'UTC'")
        session.execute("set threads = 4")
        session.execute(TABLES)
        names = {"stg_problems": "problems"}
        dbt = SimpleNamespace(
            config=SettingsOf(settings),
            is_incremental=False,
            ref=lambda name: session.table(names.get(name, name)),
            source=lambda _, name: session.table(name),
        )
        for _ in range(3):
            with pytest.raises(ReachedError):
                module.model(dbt, session)
            assert len(seen) == POSTS
            assert seen == sorted(seen)


class SettingsOf:
    """As much of dbt.config as a model uses."""

    def __init__(self, values: dict[str, object]) -> None:
        self._values = values

    def __call__(self, **_: object) -> None:
        """Take what a model says of itself."""

    def get(self, name: str) -> object:
        """Return a setting."""
        return self._values[name]


def test_no_query_with_parameters_leaves_its_order_to_the_sql() -> None:
    ordered = re.compile(r"order by (?![^(]*\))[^)]*$", re.IGNORECASE)
    for path in sorted(STAGING.parents[2].rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for name in re.findall(r"session\.sql\(\s*(\w+),\s*params=[^)]*\)(?!\.order)", text):
            [query] = re.findall(rf'^{name} = f?"""(.*?)"""', text, re.DOTALL | re.MULTILINE)
            assert not ordered.search(query.strip()), f"{path.name}: {name} says order by"
