"""A run folder that the first version wrote, with posts and windows in one file, still loads."""

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from assay import warehouse
from assay.extract.landing.run_folder import RunFolder
from assay.extract.posts import bronze, collect
from tests.extract.helpers import NoProgress

HERE = Path(__file__).parent
FOLDER = HERE / "first_folder"  # as version 0.1.0 wrote it, with what it loaded of it beside
ROWS = json.loads((HERE / "first_folder_rows.json").read_text(encoding="utf-8"))


@pytest.fixture
def parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of run folders, in which that one was never loaded; and an empty warehouse."""
    monkeypatch.chdir(warehouse.ROOT)
    monkeypatch.setenv("DUCKDB_PATH", str(tmp_path / "assay.duckdb"))
    monkeypatch.setenv("ASSAY_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "data" / "dlt"))
    shutil.copytree(FOLDER, tmp_path / "raw" / FOLDER.name)
    RunFolder.open(tmp_path / "raw" / FOLDER.name).finish("extracted")
    bronze.make_tables(NoProgress())
    return tmp_path / "raw"


def test_it_gives_the_rows_that_the_first_version_made_of_it(parent: Path, tmp_path: Path) -> None:
    [folder] = collect.leftovers(parent)
    new = collect.load(folder, NoProgress())
    assert sum(new.values()) == len(ROWS["raw_items"]) == 7
    assert len(new) == 6  # sources and days with posts
    again = collect.load(folder, NoProgress())
    assert again == {}, "loading twice changes nothing"
    assert collect.leftovers(parent) == []
    with duckdb.connect(str(tmp_path / "assay.duckdb"), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        for table, rows in ROWS.items():
            sql = f"select columns(*)::varchar from bronze.{table} order by all"
            found = [[str(value) for value in row] for row in connection.execute(sql).fetchall()]
            assert found == rows, table


@pytest.mark.slow("a first folder's complete days, through the command")
def test_its_complete_days_are_not_asked_for_again(parent: Path) -> None:
    [folder] = collect.leftovers(parent)
    collect.load(folder, NoProgress())
    assert {(source, query) for source, query, _ in bronze.collected_days()} == {
        ("github", "repo:octo/one"),
        ("stackoverflow", "stackoverflow"),
        ("reddit", "devops"),
        ("hackernews", "story"),
    }
    assert len(bronze.collected_days()) == 8
