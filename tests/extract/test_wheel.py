"""The wheel in the hands of a stranger: one name, its data with it, and sources that run in a bare
dlt pipeline in an empty folder, without our settings, run folders, locks and journal."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assay.extract.input_files.observe import INPUTS
from assay.extract.posts.tables import COLLECTED_WINDOWS, RAW_ITEMS
from assay.sample.replay import ReplayServer
from tests.issues import items
from tests.support import ROOT, SAMPLE

STRANGER = Path(__file__).with_name("stranger.py")
OF_DLT = {"_dlt_id", "_dlt_load_id"}
SECRETS = {
    "GITHUB_TOKEN": "ghp_x",
    "REDDIT_CLIENT_ID": "an_id",
    "REDDIT_CLIENT_SECRET": "a_secret",
    "AUTHOR_SALT": "pepper",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheel of this checkout is installed, and nothing else."""
    base = tmp_path_factory.mktemp("wheel")
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (base / "checkout" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, base / "checkout" / name)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    offline = ["--no-deps", "--no-index"]
    build = ["wheel", "--no-build-isolation", "--wheel-dir", str(base), str(base / "checkout")]
    subprocess.run([*pip, build[0], *offline, *build[1:]], check=True, timeout=300)
    [wheel] = base.glob("*.whl")
    install = ["install", *offline, "--no-compile", "--target", str(base / "site"), str(wheel)]
    subprocess.run([*pip, *install], check=True, timeout=300)
    return base / "site"


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    with ReplayServer(SAMPLE, quota=0) as running:
        yield running


def start(
    site: Path, folder: Path, *arguments: str, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run the stranger's program in an empty folder; a variable that is empty is not set."""
    folder.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    variables = {name: value for name, value in (SECRETS | environment).items() if value}
    return subprocess.run(
        [sys.executable, str(STRANGER), *arguments],
        cwd=folder,
        env={
            **kept,
            "PYTHONPATH": str(site),
            "HOME": str(folder),
            "DLT_DATA_DIR": str(folder / "dlt"),
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "HTTP__MIN_INTERVAL_SECONDS": "0",
            **variables,
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def run(site: Path, folder: Path, *arguments: str, **environment: str) -> dict[str, Any]:
    """Run the stranger's program to its good end; return what it printed."""
    ended = start(site, folder, *arguments, **environment)
    assert ended.returncode == 0, ended.stderr[-3000:]
    said = json.loads(ended.stdout)
    assert said.pop("assay") == str(site / "assay" / "__init__.py")
    for secret in SECRETS.values():
        assert secret not in ended.stdout + ended.stderr
    return said


def posts_of_the_day() -> dict[str, list[items.Expected]]:
    """Return what the sample has of the stranger's day and searches, read by other code."""
    wanted = {"github": {"repo:brick-kiln/kiln"}, "reddit": {"devops", "webdev"}}
    return {
        source: [
            post
            for post in items.latest(posts).values()
            if str(post.day) == "2026-11-10" and post.query in wanted.get(source, {post.query})
        ]
        for source, posts in items.expected(SAMPLE).items()
    }


def agrees(said: dict[str, Any], *, of_dlt: set[str]) -> None:
    """Check what is in the tables of each source against the sample."""
    expected = posts_of_the_day()
    for source, tables in said.items():
        posts = expected[source]
        assert tables["url_hashes"] == sorted(post.url_hash for post in posts), source
        assert len(posts) > 0
        assert tables["authors"] == len({post.author for post in posts} - {None})
        assert set(tables["raw_items"][1]) - of_dlt == set(RAW_ITEMS.schema.names)
        assert set(tables["collected_windows"][1]) - of_dlt == set(COLLECTED_WINDOWS.schema.names)
        assert tables["collected_windows"][0] > 0


def test_the_wheel_has_one_name_and_the_files_that_are_no_code(site: Path) -> None:
    there = Counter(path.suffix for path in site.iterdir())
    assert {path.name for path in site.iterdir() if path.suffix != ".dist-info"} == {"assay"}
    assert there[".dist-info"] == 1
    for name in (
        "publish/web/index.html",
        "publish/web/js/format.js",
        "publish/pb_hooks",
        "sample/items/github_issues.jsonl",
        "sample/posts/none.md",
        "sample/hub_seed.csv",
        "extract/posts/github.py",
    ):
        assert (site / "assay" / name).exists(), name


def test_every_source_runs_in_a_bare_pipeline_on_duckdb_and_a_second_run_adds_nothing(
    site: Path, server: ReplayServer, tmp_path: Path
) -> None:
    said = run(site, tmp_path / "empty", "duckdb", server.url, *items.FILES)
    assert said.keys() == posts_of_the_day().keys()
    agrees(said, of_dlt=OF_DLT)
    made = {path.name for path in (tmp_path / "empty").iterdir()}
    assert made == {"dlt", *(f"my_{name}.duckdb" for name in said)}


@pytest.mark.slow("sources of the wheel into files and Postgres, and without secrets")
def test_every_source_runs_in_a_bare_pipeline_into_files(
    site: Path, server: ReplayServer, tmp_path: Path
) -> None:
    bucket = {"DESTINATION__FILESYSTEM__BUCKET_URL": (tmp_path / "files").as_uri()}
    said = run(site, tmp_path / "empty", "filesystem", server.url, *items.FILES, **bucket)
    for tables in said.values():
        # Plain files cannot be merged: what the second run read again is there twice.
        assert Counter(Counter(tables["url_hashes"]).values()).keys() == {2}
        tables["url_hashes"] = sorted(set(tables["url_hashes"]))
    agrees(said, of_dlt=OF_DLT)


@pytest.mark.slow("sources of the wheel into files and Postgres, and without secrets")
def test_a_source_runs_in_a_bare_pipeline_on_postgres(
    site: Path, server: ReplayServer, tmp_path: Path, postgres_host: str
) -> None:
    url = f"postgresql://postgres:none@localhost/postgres?host={postgres_host}"
    secret = {"DESTINATION__POSTGRES__CREDENTIALS": url}
    said = run(site, tmp_path / "empty", "postgres", server.url, "stackoverflow", **secret)
    agrees(said, of_dlt=OF_DLT)


@pytest.mark.slow("sources of the wheel into files and Postgres, and without secrets")
def test_files_that_a_person_edits_run_in_a_bare_pipeline(site: Path, tmp_path: Path) -> None:
    said = run(site, tmp_path / "empty", "duckdb", str(ROOT), "inputs")["inputs"]
    assert said["input_fingerprints"][0] == len(INPUTS)
    assert said["input_files"][0] > len(INPUTS)


@pytest.mark.slow("sources of the wheel into files and Postgres, and without secrets")
def test_without_its_secrets_reddit_says_which_are_missing(
    site: Path, server: ReplayServer, tmp_path: Path
) -> None:
    bare = {"REDDIT_CLIENT_ID": "", "REDDIT_CLIENT_SECRET": ""}
    ended = start(site, tmp_path / "empty", "duckdb", server.url, "reddit", **bare)
    assert ended.returncode == 1
    assert "reddit_client_id" in ended.stderr, ended.stderr
