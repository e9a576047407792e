"""The benchmarks' programs follow the code that they measure."""

import ast
import importlib
from pathlib import Path

import pytest

from assay import warehouse
from assay.extract.landing.run_folder import RunFolder
from assay.extract.posts.bronze import load_posts, make_tables
from benchmarks.posts.posts import write_run
from tests.support import ROOT

PROGRAMS = sorted((ROOT / "benchmarks").rglob("*.py"))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_what_a_program_imports_of_the_project_is_there(program: Path) -> None:
    """Also what it imports when it has begun, which nothing else would notice before it runs."""
    tree = ast.parse(program.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith(
            ("assay", "benchmarks")
        ):
            continue
        module = importlib.import_module(node.module)
        for one in node.names:
            if not hasattr(module, one.name):
                importlib.import_module(f"{node.module}.{one.name}")


def test_made_up_posts_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ASSAY_TARGET", "duckdb")
    monkeypatch.delenv("DUCKDB_PATH", raising=False)
    write_run(str(tmp_path / "made"), "300")
    [folder] = (tmp_path / "made").iterdir()
    make_tables(None)
    load_posts(RunFolder.open(folder), None)
    with warehouse.duckdb_file(writing=False) as db:
        assert db.execute("select count(*) from bronze.raw_items").fetchone() == (300,)
