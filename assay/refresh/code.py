"""What dbt does not see when it looks for changed code: the modules that a Python model imports,
and the rows of a seed larger than 1 MiB.

dbt compares the text of a Python model with the text it had; mining/cluster/cluster.py may have
changed all the same. So each Python model has a fingerprint over every module of this project that
it reaches by import, and each seed one over its bytes, of whatever size.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from assay.refresh.fingerprints import content_hash, fingerprint

MODELS = "python_models"
SEEDS = "seeds"


def code_fingerprints(root: Path) -> dict[str, str]:
    """Return a fingerprint by path below `root` for each Python model and each seed.

    Imports are read, not run, wherever they stand in a module; what is imported by a name made at
    run time is not seen. A module that cannot be parsed counts with its bytes and imports nothing.
    """
    modules = _Modules(root)
    found = {}
    for model in sorted((root / MODELS).rglob("*.py")):
        files = modules.reached_from(model)
        found[_path(root, model)] = fingerprint(
            (_path(root, file), modules.hash(file)) for file in files
        )
    for seed in sorted((root / SEEDS).rglob("*.csv")):
        found[_path(root, seed)] = fingerprint([(_path(root, seed), _hash(seed))])
    return found


def _path(root: Path, file: Path) -> str:
    return file.relative_to(root).as_posix()


def _hash(file: Path) -> str:
    return content_hash(file.read_bytes())


class _Modules:
    """The project's modules: which file is which, and what each imports. Each is read once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._imports: dict[Path, frozenset[Path]] = {}
        self._hashes: dict[Path, str] = {}

    def hash(self, file: Path) -> str:
        """Return the hash of what was in the file when its imports were read."""
        return self._hashes[file]

    def reached_from(self, file: Path) -> set[Path]:
        """Return the file and all the project's modules that it imports, directly or not."""
        reached: set[Path] = set()
        waiting = [file]
        while waiting:
            one = waiting.pop()
            if one not in reached:
                reached.add(one)
                waiting += self._imported_by(one)
        return reached

    def _imported_by(self, file: Path) -> frozenset[Path]:
        if file not in self._imports:
            content = file.read_bytes()
            self._hashes[file] = content_hash(content)
            try:
                tree = ast.parse(content)
            except (SyntaxError, ValueError):
                tree = ast.Module([], [])
            package = file.relative_to(self._root).parent.parts
            self._imports[file] = frozenset(
                found for name in _names(tree, package) for found in self._files(name)
            )
        return self._imports[file]

    def _files(self, name: tuple[str, ...]) -> Iterator[Path]:
        """Yield what importing a dotted name runs: each package on the way and the module.

        The last part may be a name inside the module before it, and then is no file. `assay.mining`
        is the folder mining/, beside assay/.
        """
        for length in range(1, len(name) + 1):
            place = self._root.joinpath(*name[:length])
            if name[0] == "assay" and length > 1 and not self._is_module(place):
                place = self._root.joinpath(*name[1:length])
            for file in (place / "__init__.py", place.with_name(f"{place.name}.py")):
                if file.is_file():
                    yield file

    @staticmethod
    def _is_module(place: Path) -> bool:
        return place.is_dir() or place.with_name(f"{place.name}.py").is_file()


def _names(tree: ast.Module, package: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the dotted names that a module imports; `package` is where it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = (*above, *(node.module.split(".") if node.module else ()))
            yield from ((*base, alias.name) for alias in node.names)
