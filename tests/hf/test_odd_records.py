"""One odd record of each kind stops nothing: all the rest is built, on both databases."""

import random
from datetime import datetime
from typing import Any

import pytest

from tests.extract.helpers import STAMP, catalog_folder, model
from tests.support import Project

pytestmark = pytest.mark.slow("an odd record of each kind, from its run folder to the last table")

AT = datetime.fromisoformat(STAMP)
# Random letters, which no index can compress.
LONG = "".join(random.Random(0).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=4_000))
ODD: list[dict[str, Any]] = [
    {"likes": -3},
    {"downloads": -(2**62)},
    {"downloads": "many", "likes": [1], "private": "perhaps", "gated": {"by": 1}},
    {"createdAt": "294247-01-10T04:00:54.775Z", "lastModified": "-271821-04-20T00:00:00.000Z"},
    {"createdAt": "0001-01-01T00:00:00Z", "lastModified": 12},
    {"tags": ["fill-mask", LONG, f"dataset:{LONG}", f"base_model:{LONG}", f"license:{LONG}"]},
    {"tags": {"fill-mask": 1}, "library_name": LONG},
    {"tags": ["fill-mask", None, 7, {"a": []}, f"arxiv:{LONG}"], "pipeline_tag": LONG},
    {"author": ["a"], "pipeline_tag": {"a": 1}, "library_name": False},
]


def test_everything_else_is_built(any_project: Project) -> None:
    project = any_project
    times = {"createdAt": STAMP, "lastModified": STAMP}
    good = [model(f"a/good{n}", 100 - n, tags=["fill-mask", "word"], **times) for n in range(3)]
    odd = [{**model(f"a/odd{n}", 50 - n, **times), **values} for n, values in enumerate(ODD)]
    folder = catalog_folder(project.folder / "raw", {"fill-mask": good + odd})
    to = ("--destination", project.target, "--run-folder", str(folder.path))
    project.run("dlt", "pipeline", "hf_catalog", "run", *to)
    project.run("dlt", "pipeline", "hf_enrichment", "run", "--identify-only", *to)
    output = project.build()
    assert "ERROR=0 SKIP=0" in output
    named = {f"a/good{n}" for n in range(3)} | {f"a/odd{n}" for n in range(len(ODD))}
    for table in ("models", "model_profile", "model_stats_daily", "model_tasks"):
        assert {name for (name,) in project.rows(f"select model_id from hf.{table}")} == named
    assert project.rows(
        "select model_id, likes, downloads, hub_created_at, last_modified from hf.models "
        "where likes is null or downloads is null or hub_created_at is null order by 1"
    ) == [
        ("a/odd0", None, 50, AT, AT),
        ("a/odd1", 3, None, AT, AT),
        ("a/odd2", None, None, AT, AT),
        ("a/odd3", 3, 47, None, None),
        ("a/odd4", 3, 46, None, None),
    ]
    assert dict(project.rows("select reason, count(*) from hf.rejected group by reason")) == {
        "no_count": 4,
        "no_time": 4,
        "no_list": 1,
        "too_long": 7,
    }
    [(longest,)] = project.rows("select max(length(keyword_id)) from hf.keywords")
    assert longest < 1_000
