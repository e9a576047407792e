"""Which modules a Python model reaches, and that each of them counts."""

from pathlib import Path

import pytest

from assay import warehouse
from assay.refresh.code import code_fingerprints

MODEL = "python_models/area/a_model.py"
FILES = {
    MODEL: "import numpy\nfrom mining.one import f\n\ndef model(dbt, session):\n"
    "    import mining.late\n",
    "python_models/area/other.py": "from mining import four\n",
    "mining/__init__.py": "",
    "mining/one.py": "from mining import two, name_inside\nfrom . import three\n",
    "mining/two.py": "import mining.one\n",  # a circle
    "mining/three.py": "from .deep.five import x\n",
    "mining/deep/__init__.py": "from ..six import y\n",
    "mining/deep/five.py": "x = 1\n",
    "mining/six.py": "y = 1\n",
    "mining/late.py": "",
    "mining/four.py": "",
    "seeds/small.csv": "a\n1\n",
}
REACHED = ("one", "two", "three", "deep/__init__", "deep/five", "six", "late", "__init__")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a project root with two Python models and their modules."""
    for path, text in FILES.items():
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return tmp_path


def changed(root: Path, path: str, text: str) -> list[str]:
    before = code_fingerprints(root)
    (root / path).write_text(text)
    after = code_fingerprints(root)
    return [name for name in after if after[name] != before.get(name)]


@pytest.mark.parametrize("module", REACHED)
def test_every_module_on_the_way_counts(root: Path, module: str) -> None:
    assert MODEL in changed(root, f"mining/{module}.py", "z = 3\n")


def test_a_module_that_only_another_model_reaches_does_not_count(root: Path) -> None:
    assert changed(root, "mining/four.py", "z = 3\n") == ["python_models/area/other.py"]


def test_a_model_counts_itself_and_a_seed_its_bytes(root: Path) -> None:
    assert changed(root, MODEL, "") == [MODEL]
    assert changed(root, "seeds/small.csv", "a\n2\n") == ["seeds/small.csv"]


def test_a_module_that_appears_where_a_name_was_imported_counts(root: Path) -> None:
    assert changed(root, "mining/name_inside.py", "") == [MODEL]


def test_half_written_python_counts_with_its_bytes(root: Path) -> None:
    assert MODEL in changed(root, "mining/two.py", "def (")
    assert MODEL in changed(root, "mining/two.py", "def ((")


def test_the_models_of_this_project_reach_what_they_are_known_to_need() -> None:
    found = code_fingerprints(warehouse.ROOT)
    assert {path for path in found if path.endswith(".py")} == {
        file.relative_to(warehouse.ROOT).as_posix()
        for file in (warehouse.ROOT / "python_models").rglob("*.py")
    }
    assert "seeds/issue_categories.csv" in found
