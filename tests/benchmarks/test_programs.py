"""The benchmarks' programs follow the code that they measure."""

import ast
import importlib
import sys
from pathlib import Path

import pytest

from benchmarks.posts.posts import write_run
from tests.support import ROOT, Project

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


@pytest.mark.slow("the posts that benchmarks make up load, in a process that has nothing else")
def test_made_up_posts_load(tmp_path: Path) -> None:
    write_run(str(tmp_path / "made"), "300")
    [folder] = (tmp_path / "made").iterdir()
    own = Project(tmp_path)
    own.run(sys.executable, "-m", "benchmarks.posts.load", str(folder))
    assert own.rows("select count(*) from bronze.raw_items") == [(300,)]
