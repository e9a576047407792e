"""The pages of prose: which there are, and what they show that a run can be held against."""

import re
import subprocess
from pathlib import Path

from assay.warehouse import ROOT

# Texts that the sample, the inputs and dbt's site consist of, and what others wrote.
NO_PAGES = ("sample/posts/", "inputs/", "models/", "publish/web/vendor/", "tests/")
OF_LAKES = ROOT / "docs" / "lake.md"
QUERY = re.compile(r'dbt show --inline "([^"]+)"')
COUNT = re.compile(r"^ {4}(\w+\.\w+) +([\d,]+)  ", re.MULTILINE)
PLAN = re.compile(r"^ {4}((?:links|all) +.*\d\.\d{4})$", re.MULTILINE)


def pages() -> list[Path]:
    """Return the project's pages."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and not name.startswith(NO_PAGES)]


def queries() -> set[str]:
    """Return the queries that pages and the end of `make run` show, as a person would type them."""
    shown = [*pages(), ROOT / "assay" / "runs" / "run.py"]
    return {query for one in shown if one != OF_LAKES for query in _queries(one)}


def queries_of_lakes() -> list[str]:
    """Return the queries that the page about lakes shows, of tables that only a lake has."""
    return _queries(OF_LAKES)


def _queries(page: Path) -> list[str]:
    return QUERY.findall(page.read_text(encoding="utf-8"))


def counts() -> set[tuple[str, str]]:
    """Return tables with the rows that README.md says they have after `make run`."""
    return set(COUNT.findall((ROOT / "README.md").read_text(encoding="utf-8")))


def plans() -> set[tuple[str, ...]]:
    """Return the lines of plans of experiments that pages show, by their columns."""
    shown = (ROOT / "README.md", ROOT / "docs" / "experiments.md")
    lines = [line for one in shown for line in PLAN.findall(one.read_text(encoding="utf-8"))]
    return {tuple(line.split()) for line in lines}
