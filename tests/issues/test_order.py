"""A day of ten thousand posts reaches clustering in one order, however DuckDB reads it.

DuckDB reads a table with many threads; with preserve_insertion_order off, as in profiles.yml, its
rows come in any order unless one is asked for last of all. A day whose posts came in another order
would be clustered again with nothing new.
"""

import importlib.util
from types import ModuleType, SimpleNamespace

import duckdb
import pytest

from tests.support import ROOT

MODELS = ROOT / "python_models" / "issues" / "intermediate"
POSTS = 10_000
TABLES = f"""
create table int_clusters__inputs as
    select md5(i::varchar) as url_hash, md5('text ' || i) as text_hash, 'reddit' as source,
        'title ' || i || repeat('some words ', i % 200) as content, 'dlt' as place,
        true as is_problem, 0.5::float as problem_score, range(384)::float[384] as embedding,
        [date '2026-11-09'] as written_on, [md5(i::varchar)] as people,
        md5(i::varchar) as post_fingerprint
    from range({POSTS}) as t (i);
"""


class ReachedError(Exception):
    """Clustering was reached; nothing more is wanted."""


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, MODELS / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow("a large day in the order of its keys")
@pytest.mark.parametrize(
    ("method", "function"), [("kmeans", "cluster_problems"), ("reports", "group_reports")]
)
def test_a_large_day_is_clustered_in_the_order_of_its_keys(
    method: str, function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = loaded("int_clusters")
    seen: list[str] = []

    def core(posts: object, *_: object, keys: list[str] | None = None, **__: object) -> None:
        seen[:] = keys or posts.keys
        raise ReachedError

    monkeypatch.setattr(module, function, core)
    settings = {
        "cluster_method": method,
        "cluster_window_days": 1,
        "cluster_start": "",
        "cluster_date": "2026-11-09",
    }
    with duckdb.connect() as session:
        session.execute("set preserve_insertion_order = false")
        session.execute("set timezone = 'UTC'")
        session.execute("set threads = 4")
        session.execute(TABLES)
        dbt = SimpleNamespace(config=SettingsOf(settings), is_incremental=False, ref=session.table)
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
