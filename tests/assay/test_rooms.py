"""The rooms of the house (CONTRIBUTING.md): what each may import, how large a module may be, and
that the page on architecture names what is there."""

import ast
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pytest

from assay.warehouse import ROOT

# Which other rooms a room may import: nobody `extract` and `publish`, but who measures them.
SOURCES = {"assay", "common", "extract", "mining", "publish", "sample"}
DOORS = {
    "assay": {"common", "mining"},
    "common": set(),
    "benchmarks": SOURCES,
    "extract": {"assay", "common"},
    "mining": {"common"},
    "publish": {"assay", "common"},
    "python_models": {"assay", "mining"},
    "sample": {"assay", "common"},
    "tests": {*SOURCES, "benchmarks"},
}
DATABASES = {"adbc_driver_manager", "dbt", "dbt_common", "dlt", "duckdb", "psycopg2", "sqlalchemy"}
NETWORK = {
    "aiohttp",
    "http",
    "httpx",
    "huggingface_hub",
    "litellm",
    "openai",
    "requests",
    "smtplib",
    "socket",
    "ssl",
    "urllib.request",
    "urllib3",
}
# A Python model takes a relation to `mining` and back; all else it could do is an algorithm.
RELATIONS = {"dbt_common", "numpy", "pyarrow"}
# What a relation is filtered and ordered by; no more of DuckDB, which would run any SQL.
EXPRESSIONS = {
    f"duckdb.{name}"
    for name in ("ColumnExpression", "ConstantExpression", "DuckDBPyRelation", "FunctionExpression")
}
# The weights of the embedding model come from the Hub where no package of them is installed.
MODELS_WEIGHTS = "assay.mining.embed.model"
MAX_LINES = 400
MAX_MODULES = 15  # in one folder
# Rooms that an installation has inside `assay`; in a checkout they stand beside it.
INSIDE = ("common", "extract", "mining", "publish", "sample")
REASON = "more than 400 lines because"


@dataclass(frozen=True)
class Module:
    """One file. imports: full names as imported, wherever in the file: at the top, in a function,
    for type checkers only; `from a import b` is a.b, which may be a module or a part of one.
    defines: functions, classes and methods by their full names."""

    name: str
    lines: int
    docstring: str
    imports: frozenset[str]
    defines: frozenset[str]

    @property
    def room(self) -> str:
        return room(self.name)


def room(name: str) -> str:
    """Return the room of what is imported by this name; the name's first part where it has none."""
    first, _, rest = name.partition(".")
    inner = rest.partition(".")[0]
    return inner if first == "assay" and inner in INSIDE else first


def module_name(path: str) -> str:
    """Return the name by which a file of the project is imported."""
    name = path[:-3].replace("/", ".").removesuffix(".__init__")
    return f"assay.{name}" if name.partition(".")[0] in INSIDE else name


def folder(name: str) -> str | None:
    """Return the folder within a room that a module is in; None for one of the room itself."""
    parts = name.split(".")
    depth = 2 if room(name) in INSIDE else 1
    return ".".join(parts[: depth + 1]) if len(parts) > depth + 1 else None


def read(name: str, text: str) -> Module:
    tree = ast.parse(text)
    docstring = ast.get_docstring(tree) or ""
    imports, defines = frozenset(imported(name, tree)), frozenset(defined(name, tree))
    return Module(name, len(text.splitlines()), docstring, imports, defines)


def defined(name: str, tree: ast.AST) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield f"{name}.{node.name}"
            yield from defined(f"{name}.{node.name}", node)


def imported(name: str, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = [] if not node.level else name.split(".")[: -node.level]
            base = ".".join([*start, *filter(None, [node.module])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def graph(modules: Mapping[str, Module]) -> dict[str, set[str]]:
    """Return which of the modules each imports."""
    return {
        name: {found for one in module.imports if (found := owner(one, modules))} - {name}
        for name, module in modules.items()
    }


def owner(imported: str, modules: Iterable[str]) -> str | None:
    """Return the module that an import leads to: itself, or the one it is a part of."""
    return next((one for one in (imported, imported.rpartition(".")[0]) if one in modules), None)


def circle(edges: Mapping[str, set[str]]) -> list[str]:
    """Return modules of which each imports the next and the last the first; none: no circle."""
    left = dict(edges)
    while free := [name for name, into in left.items() if not into & left.keys()]:
        for name in free:
            del left[name]
    path: list[str] = []
    name = min(left, default=None)
    while name is not None and name not in path:
        path.append(name)
        name = min(left[name] & left.keys())
    return path[path.index(name) :] if name else []


def is_of(imported: str, libraries: set[str]) -> bool:
    """Tell whether an import is of one of the libraries, or of a part of it."""
    return any(imported == one or imported.startswith(f"{one}.") for one in libraries)


def wrong_doors(module: Module) -> list[str]:
    """Return the imports of other rooms that the module's own must not know."""
    known = {module.room, *DOORS[module.room]}
    return [
        one
        for one in module.imports
        if room(one) in {*DOORS, *INSIDE} - known or one.partition(".")[0] in INSIDE
    ]


def wrong_libraries(module: Module) -> list[str]:
    """Return the imports of libraries that are another room's business."""
    if module.room == "mining":
        asks = module.name.startswith("assay.mining.llm") or module.name == MODELS_WEIGHTS
        return [
            one for one in module.imports if is_of(one, DATABASES | (set() if asks else NETWORK))
        ]
    if module.room == "python_models":
        own = {*RELATIONS, *sys.stdlib_module_names, *DOORS}
        return [one for one in module.imports - EXPRESSIONS if one.partition(".")[0] not in own]
    return []


def is_too_long(module: Module) -> bool:
    """Tell whether a module is longer than MAX_LINES and does not say why."""
    return module.lines > MAX_LINES and REASON not in " ".join(module.docstring.split())


@pytest.fixture(scope="module")
def house() -> dict[str, Module]:
    """Return the Python files that belong to the project, by module name."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.py"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [path for path in listed.split("\0") if path and (ROOT / path).is_file()]
    names = [module_name(path) for path in paths]
    modules = {
        name: read(name, (ROOT / path).read_text(encoding="utf-8"))
        for name, path in zip(names, paths, strict=True)
    }
    assert {module.room for module in modules.values()} == DOORS.keys()
    return modules


def test_every_room_imports_only_the_rooms_it_may_know(house) -> None:
    assert {module.name: wrong for module in house.values() if (wrong := wrong_doors(module))} == {}


def test_mining_knows_no_database_nor_network_and_python_models_no_algorithm(house) -> None:
    found = {module.name: wrong_libraries(module) for module in house.values()}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_no_import_leads_back_to_where_it_came_from(house) -> None:
    edges = graph(house)
    assert sum(map(len, edges.values())) > len(house)  # the imports were found
    assert circle(edges) == []


def test_no_folder_of_a_room_leads_back_to_itself(house) -> None:
    modules = graph(house)
    folders: dict[str, set[str]] = {}
    for name in modules:
        place = folder(name)
        if room(name) in SOURCES and place:
            folders.setdefault(place, set()).update(
                other for other in map(folder, modules[name]) if other and other != place
            )
    assert len(folders) > 20
    edges = {one: {other for other in to if other in folders} for one, to in folders.items()}
    assert circle(edges) == []


def test_a_module_of_more_than_400_lines_says_why(house) -> None:
    assert {module.name: module.lines for module in house.values() if is_too_long(module)} == {}


def test_no_folder_holds_more_modules_than_one_looks_through(house) -> None:
    folders = Counter(
        name.rpartition(".")[0] for name in house if name not in {"assay", "benchmarks"}
    )
    assert {folder: n for folder, n in folders.items() if n > MAX_MODULES} == {}


def test_an_installation_has_every_package_and_one_name(house) -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = settings["tool"]["setuptools"]["packages"]
    there = {name.rpartition(".")[0] or name for name in house}
    assert set(listed) == {name for name in there if name.partition(".")[0] == "assay"}
    assert settings["tool"]["setuptools"]["package-dir"] == {
        "assay": "assay",
        **{f"assay.{one}": one for one in INSIDE},
    }


def test_what_the_page_on_architecture_names_is_there(house) -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    there = [f".{one}" for module in house.values() for one in (module.name, *module.defines)]
    code = set(re.findall(r"`(\w+(?:\.\w+)+)`", page))
    assert len(code) > 40
    assert {one for one in code if not any(name.endswith(f".{one}") for name in there)} == set()
    files = [*ROOT.glob("models/**/*.sql"), *ROOT.glob("python_models/**/*.py")]
    named = set(re.findall(r"`((?:stg|int|model)_\w+)`", page))
    assert len(named) > 15
    assert named - {path.stem for path in files} == set()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("assay.mining.text.clean", "import assay.extract.http.transport"),
        ("assay.mining.text.clean", "from assay import warehouse"),
        ("assay.mining.llm", "def f():\n    from assay.publish.reports.tables import Table"),
        ("assay.sample.apis.hub", "from extract import hub"),
        (
            "assay.extract.hub.client",
            "from typing import TYPE_CHECKING as T\nif T:\n    import assay.mining.text.clean",
        ),
        ("assay.publish.reports.tables", "from assay.extract.settings import secret"),
        ("python_models.issues.stg_posts", "from assay.publish.reports.section import Section"),
        ("assay.runs.run", "try:\n    import assay.sample.replay\nexcept ImportError:\n    pass"),
        ("benchmarks.posts.posts", "from tests.support import Project"),
    ],
)
def test_an_import_through_a_wrong_door_is_seen(name: str, text: str) -> None:
    assert len(wrong_doors(read(name, text))) == 1


@pytest.mark.parametrize(
    ("name", "text", "is_wrong"),
    [
        ("assay.mining.text.clean", "import duckdb", True),
        ("assay.mining.llm.cache", "from dlt.common import json", True),
        ("assay.mining.text.clean", "from urllib.request import urlopen", True),
        ("assay.mining.text.clean", "from urllib.parse import urlsplit", False),
        ("assay.mining.text.clean", "from urllib import request", True),
        ("assay.mining.embed", "def f():\n    import huggingface_hub", True),
        ("assay.mining.embed.model", "import huggingface_hub", False),
        ("assay.mining.llm.provider", "import httpx", False),
        ("python_models.issues.stg_posts", "from sklearn.cluster import KMeans", True),
        ("python_models.issues.stg_posts", "import numpy as np\nimport json", False),
        ("python_models.issues.stg_posts", "from duckdb import ColumnExpression", False),
        ("python_models.issues.stg_posts", "import duckdb", True),
        ("python_models.issues.stg_posts", "from duckdb import connect", True),
        ("assay.extract.landing.bronze", "import duckdb", False),
    ],
)
def test_a_library_in_a_wrong_room_is_seen(name: str, text: str, is_wrong: bool) -> None:
    assert bool(wrong_libraries(read(name, text))) == is_wrong


def test_a_circle_is_seen_whole_wherever_its_imports_stand() -> None:
    modules = {
        "a": read("a", "from b import thing"),
        "b": read("b", "def f():\n    import c"),
        "c": read("c", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from a import A"),
        "d": read("d", "import a"),
    }
    assert sorted(circle(graph(modules))) == ["a", "b", "c"]
    assert circle(graph({**modules, "c": read("c", "import json")})) == []
    assert circle(graph({"p.a": read("p.a", "from . import b"), "p.b": read("p.b", "import p.a")}))


def test_a_long_module_passes_with_its_reason_alone() -> None:
    lines = "\nx = 1" * MAX_LINES
    assert not is_too_long(read("a", lines.removeprefix("\n")))
    assert is_too_long(read("a", f'"""Much."""{lines}'))
    assert not is_too_long(read("a", f'"""Much; more than\n400 lines because so."""{lines}'))
