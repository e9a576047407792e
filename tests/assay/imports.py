"""What the project's modules import when they are imported themselves."""

import ast
from collections.abc import Callable, Iterator

from assay import warehouse

FOLDERS = ("assay", "extract", "publish", "mining", "sample", "python_models", "common")


def importers(is_meant: Callable[[str], bool]) -> set[str]:
    """Return the modules that import a name like this at once, as paths from the root."""
    files = (file for folder in FOLDERS for file in (warehouse.ROOT / folder).rglob("*.py"))
    return {
        file.relative_to(warehouse.ROOT).as_posix()
        for file in files
        if any(map(is_meant, _names(ast.parse(file.read_text("utf-8")))))
    }


def _names(module: ast.Module) -> Iterator[str]:
    for node in module.body:
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{one.name}" for one in node.names)
        elif isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
