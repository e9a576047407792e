"""The pages of prose: what they link to, the commands that they name and the figures that they give
are there, and the first page stays short.
"""

import inspect
import re
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from assay import extract
from assay.warehouse import ROOT
from tests.docs.pages import counts, pages, plans, queries

MAX_README_LINES = 130
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^ {4,}.*\n?|^```(?s:.*?)^```\n?|`[^`\n]*`", re.MULTILINE)
MAKE = re.compile(r"(?:^ {4}|`|&& )make ([a-z][a-z-]*)", re.MULTILINE)
MODULE = re.compile(r"python -m ((?:assay|benchmarks|publish|sample|tests)[\w.]*)")
VARIABLE = re.compile(r"`(\w+)` \((\d+)\)")
COMMAND = re.compile(r"^ {4}(dbt|dlt|python) ", re.MULTILINE)
# Folders of dbt models that nobody outside their area reads.
INNER_LAYERS = {"staging", "intermediate"}

PAGES = pages()
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


def anchors(page: Path) -> set[str]:
    """Return the names by which GitHub links to a page's headings."""
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).strip().replace(" ", "-") for one in headings}


def dead_links(page: Path, text: str) -> list[str]:
    """Return the links of a page that lead to no file, or to no heading of one."""
    dead = []
    for link in (a or b for a, b in LINK.findall(CODE.sub("", text))):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    return dead


def unknown_targets(text: str) -> set[str]:
    """Return the targets of `make` that a text names and the Makefile has not."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    known = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    return set(MAKE.findall(text)) - known


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert dead_links(page, page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_command_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert unknown_targets(text) == set()
    named = {name.rstrip(".") for name in MODULE.findall(text)}
    assert {name for name in named if find_spec(name) is None} == set()


def test_the_first_page_is_short_and_its_commands_work_in_their_order() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_README_LINES
    first = COMMAND.search(text)
    assert first is not None
    assert text.index("make run") < text.index("source .venv/bin/activate") < first.start()


def test_the_index_of_decisions_names_every_page_once() -> None:
    folder = ROOT / "docs" / "decisions"
    named = re.findall(r"^\| \[([\w-]+\.md)\]", (folder / "README.md").read_text("utf-8"), re.M)
    assert sorted(named) == sorted(
        path.name for path in folder.glob("*.md") if path.stem != "README"
    )


def test_every_picture_is_shown() -> None:
    shown = " ".join(page.read_text(encoding="utf-8") for page in PAGES)
    pictures = [path.name for path in (ROOT / "docs" / "images").iterdir()]
    assert [name for name in pictures if f"images/{name})" not in shown] == []


def test_every_table_that_people_may_read_is_on_the_page_of_tables() -> None:
    text = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    models = [
        path.stem for path in (ROOT / "models").rglob("*.sql") if not INNER_LAYERS & set(path.parts)
    ]
    assert len(models) > 40
    assert {name for name in models if not re.search(rf"\b{name}\b", text)} == set()


def test_settings_are_given_with_the_defaults_that_they_have() -> None:
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    given = VARIABLE.findall((ROOT / "docs" / "issues.md").read_text(encoding="utf-8"))
    assert len(given) > 3
    wrong = {name for name, value in given if int(value) != project["vars"][name]}
    assert wrong == set()


def test_every_source_that_dlt_can_run_is_on_its_page_with_arguments_that_it_has() -> None:
    text = (ROOT / "docs" / "dlt.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"^\| `(\w+)\(([^)]*)\)`", text, re.MULTILINE))
    assert shown.keys() == set(extract.__all__)
    for name, arguments in shown.items():
        named = {one.partition("=")[0] for one in arguments.split(", ")}
        assert named <= inspect.signature(getattr(extract, name)).parameters.keys()


def test_what_a_run_can_be_held_against_is_read_off_the_pages() -> None:
    # tests/assay/runs/test_run.py compares it with what `make run` made.
    assert ("hf.models", "830") in counts()
    assert len(plans()) > 2
    assert "select * from silver.llm_costs" in queries()


def test_what_leads_nowhere_is_seen() -> None:
    page = ROOT / "docs" / "llm.md"
    text = "[a](gone.md) [b](issues.md#gone) ![c](../gone.png) [d](issues.md#collect) `[e](f)`"
    assert dead_links(page, text) == ["gone.md", "issues.md#gone", "../gone.png"]
    assert unknown_targets("    make gone\n\nor `make run`, and make no noise") == {"gone"}
