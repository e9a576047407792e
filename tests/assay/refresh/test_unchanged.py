"""What moves the number over all that a build depends on, and what does not."""

import os
from pathlib import Path

import pytest

from assay.refresh import unchanged
from assay.refresh.unchanged import project_stamp

FILES = {
    "dbt_project.yml": "name: assay\n",
    ".env.example": "# LLM_MODEL=some/model   # as LiteLLM names it\n# HTTP__TIMEOUT_SECONDS=60\n",
    "models/hf/models.sql": "select 1\n",
    "inputs/concepts/one.md": "One.\n",
    "mining/one.py": "x = 1\n",
    "tests/area/test_one.py": "def test(): pass\n",
    "tests/area/a_rule.sql": "select 1 where false\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a project root with a file of each kind."""
    for path, text in FILES.items():
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return tmp_path


@pytest.mark.parametrize("path", [path for path in FILES if not path.endswith("test_one.py")])
def test_an_edit_a_new_file_and_a_gone_one_move_it(root: Path, path: str) -> None:
    before = project_stamp(root, {})
    file = root / path
    content = file.read_bytes()
    file.write_bytes(content + b"#")
    edited = project_stamp(root, {})
    file.unlink()
    gone = project_stamp(root, {})
    file.write_bytes(content)
    os.utime(file, (1, 1))
    assert len({before, edited, gone}) == 3
    assert project_stamp(root, {}) == before


def test_what_is_not_built_from_does_not_move_it(root: Path) -> None:
    before = project_stamp(root, {})
    (root / "tests/area/test_one.py").write_text("def test(): assert True\n")
    (root / "mining/__pycache__").mkdir()
    (root / "mining/__pycache__/one.cpython-311.pyc").write_bytes(b"compiled")
    (root / "data").mkdir()
    (root / "data/assay.duckdb").write_bytes(b"a warehouse")
    assert project_stamp(root, {"SHLVL": "2", "ASSAY_RUN_ID": "a run"}) == before


@pytest.mark.parametrize("name", ["LLM_MODEL", "HTTP__TIMEOUT_SECONDS", "ASSAY_X", "DBT_VARS"])
def test_a_setting_moves_it(root: Path, name: str) -> None:
    stamps = {project_stamp(root, given) for given in ({}, {name: "1"}, {name: "2"})}
    assert len(stamps) == 3


def test_every_write_to_the_warehouse_moves_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "assay.duckdb"
    monkeypatch.setattr(unchanged, "output", lambda target: {"path": str(file)})
    assert unchanged.warehouse_stamp() == ""
    file.write_bytes(b"one")
    os.utime(file, ns=(1, 1))
    seen = [unchanged.warehouse_stamp()]
    os.utime(file, ns=(1, 2))
    seen.append(unchanged.warehouse_stamp())
    file.with_name("assay.duckdb.wal").write_bytes(b"not in the file yet")
    seen.append(unchanged.warehouse_stamp())
    assert len(set(seen)) == len(seen)
