"""The page beside its data, for any server of static files: a copy out of publish/web."""

import re
from collections.abc import Iterator
from pathlib import Path

WEB = Path(__file__).resolve().parent.parent / "web"
PAGE = "catalog.html"
STYLES = ("app.css", "catalog.css", "favicon.svg")
SCRIPTS = "js/catalog"
FOLDERS = (SCRIPTS, "vendor/hyparquet", "vendor/hyparquet-writer")
_IMPORT = re.compile(r"""^import\b[^;]*?["'](\.[^"']+\.js)["'];""", re.MULTILINE)
WITH_ISSUES, WITHOUT_ISSUES = 'data-issues="./"', 'data-issues=""'


def copy(out: Path) -> int:
    """Bring the copy of the page in `out` up to date; return how many files changed.

    Files of an earlier version that the page no longer has go.
    """
    wanted = {
        name: (WEB / name).read_bytes() for name in (*STYLES, *_in_folders(WEB), *_imported())
    }
    page = (WEB / PAGE).read_text(encoding="utf-8").replace(WITH_ISSUES, WITHOUT_ISSUES)
    wanted |= {name: page.encode() for name in (PAGE, "index.html")}
    changed = 0
    for name, content in wanted.items():
        path = out / name
        if not path.is_file() or path.read_bytes() != content:
            _replace(path, content)
            changed += 1
    for name in set(_in_folders(out)) - wanted.keys():
        (out / name).unlink()
    return changed


def _replace(path: Path, content: bytes) -> None:
    """Write a file that readers see whole. It is not waited for until the disk has it: what a power
    cut spoils differs from publish/web, and the next export writes it again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    partial.rename(path)


def _imported() -> set[str]:
    """Return the modules that the page imports, and those that these import; what only the issues'
    page needs, which needs PocketBase, is none of them."""
    left = list((WEB / SCRIPTS).glob("*.js"))
    found: set[Path] = set()
    while left:
        path = left.pop()
        named = {
            (path.parent / name).resolve() for name in _IMPORT.findall(path.read_text("utf-8"))
        }
        left += named - found
        found |= named
    return {path.relative_to(WEB).as_posix() for path in found}


def _in_folders(root: Path) -> Iterator[str]:
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file():
                yield path.relative_to(root).as_posix()
