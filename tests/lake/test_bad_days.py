"""What keeps a lake from being used is one line, and nothing that was there is lost."""

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from assay.warehouse import lake
from tests.lake import lakes
from tests.support import Project

LOAD = ("dlt", "pipeline", "inputs", "run")
BUILD = ("dbt", "--quiet", "run", "--select", "stg_concepts")
FILES = "select count(*), sum(length(content)) from bronze.input_files"


def refused(project: Project, *command: str, **more: str) -> str:
    """Run a command that must fail; return the one line that says why."""
    process = project.start(*command, **more)
    output, _ = process.communicate(timeout=300)
    assert process.returncode in (1, 2), output  # dbt says 2 where it has no connection
    assert "Traceback" not in output
    lines = [line for line in output.splitlines() if "lake" in line and "docs/lake.md" in line]
    assert lines, output
    return lines[-1]


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Let nobody write into a folder and those below it, not root either."""
    folders = [str(path) for path in (folder, *folder.rglob("*")) if path.is_dir()]
    forbid, allow = (["chattr", "+i"], ["chattr", "-i"])
    if os.geteuid():
        forbid, allow = (["chmod", "a-w"], ["chmod", "u+w"])
    subprocess.run([*forbid, *folders], check=True)
    try:
        yield
    finally:
        subprocess.run([*allow, *folders], check=True)


@pytest.fixture
def loaded(tmp_path: Path) -> Project:
    """Return a project whose lake has what a person edited, its catalog in SQLite."""
    project = lakes.on_file(tmp_path)
    project.run(*LOAD)
    return project


@pytest.mark.slow("a catalog that is down is one line, and all is there when it is back")
def test_a_catalog_that_is_down_is_told_before_anything_is_read(
    tmp_path: Path, postgres_host: str
) -> None:
    with lakes.database(postgres_host):
        project = lakes.on_postgres(tmp_path / "p", postgres_host, tmp_path / "files")
        project.run(*LOAD)
        before = project.rows(FILES)
        away = {lake.CATALOG: "postgresql://assay:s3cret@127.0.0.1:1/lake"}
        for command in (LOAD, ("dlt", "pipeline", "hf_catalog", "run"), BUILD):
            line = refused(project, *command, **away)
            assert "Connection refused: check DUCKLAKE_CATALOG, and whether" in line
            assert "s3cret" not in line
        assert not list((project.folder / "data" / "raw").glob("hf/*"))
        project.run(*LOAD)
        project.run(*BUILD)
        assert project.rows(FILES) == before


@pytest.mark.slow("a folder that cannot be written is one line, and what is there is read")
def test_a_folder_that_is_read_only_is_told_and_still_read(loaded: Project) -> None:
    before = loaded.rows(FILES)
    files = loaded.folder / "data" / "lake"
    with read_only(files):
        line = refused(loaded, "dlt", "pipeline", "hf_catalog", "run")
        assert "cannot be written" in line
        assert loaded.rows(FILES) == before
    loaded.run(*BUILD)
    assert loaded.rows(FILES) == before


@pytest.mark.slow("a catalog of another version is not touched, nor one with another folder")
def test_a_catalog_of_another_version_or_folder_is_left_as_it_is(loaded: Project) -> None:
    before = loaded.rows(FILES)
    file = loaded.folder / "data" / "lake.sqlite"

    def becomes(version: str) -> None:
        with closing(sqlite3.connect(file)) as catalog, catalog:
            sql = "update ducklake_metadata set value = ? where key = 'version'"
            catalog.execute(sql, [version])

    becomes("0.2")
    for command in (LOAD, BUILD):
        assert "catalog version is 0.2" in refused(loaded, *command)
    becomes("1.0")
    other = {lake.DATA: str(loaded.folder / "elsewhere")}
    assert "DUCKLAKE_DATA must name the folder" in refused(loaded, *BUILD, **other)
    loaded.run(*BUILD)
    assert loaded.rows(FILES) == before
