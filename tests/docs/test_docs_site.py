"""The docs site: nothing undescribed, nothing untested, nothing without an owner, and it opens.

One `dbt docs generate` on an empty warehouse serves all tests here. What a rule would miss is shown
on copies of its manifest with one thing wrong.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.docs import described, layers, rules
from tests.docs.rules import Manifest
from tests.docs.site import PICTURE, WHOLE, Reader, picture
from tests.docs.spoilt import SPOILT, model
from tests.publish.web.browser import ARTIFACTS, DESKTOP, launch
from tests.publish.web.chromium import CHROMIUM
from tests.support import ROOT, STAGE, Project


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site without tables; return the folder of what dbt wrote."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / "data").mkdir()
    # The one model is compiled, which has dbt write the manifest; the site shows all of them.
    command = ("dbt", "docs", "generate", "--static", "--empty-catalog", "--select", "issues")
    Project(folder).run(*command)
    return STAGE / "target-duckdb"


@pytest.fixture(scope="module")
def written(target: Path) -> str:
    """Return the manifest without dbt's own macros, which are most of it."""
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    macros = manifest["macros"].items()
    manifest["macros"] = {id_: one for id_, one in macros if id_.startswith("macro.assay.")}
    return json.dumps(manifest)


@pytest.fixture(scope="module")
def parsed(written: str) -> Manifest:
    return json.loads(written)


@pytest.fixture
def manifest(written: str) -> Manifest:
    """Return a manifest of the test's own, to be spoilt."""
    return json.loads(written)


@pytest.mark.parametrize("rule", rules.ALL, ids=lambda rule: rule.__name__)
def test_the_project_keeps(rule: Callable[[Manifest], list[str]], parsed: Manifest) -> None:
    complaints = rule(parsed)
    assert complaints == [], "\n".join(complaints)  # pytest alone would show the first


@pytest.mark.parametrize("rule", layers.ALL, ids=lambda rule: rule.__name__)
def test_the_graph_keeps(rule: Callable[[Manifest], Iterator[str]], parsed: Manifest) -> None:
    assert layers.violations(parsed, rule) == []


def test_a_broken_layer_is_noticed_and_so_is_an_exception_that_breaks_nothing(
    manifest: Manifest,
) -> None:
    model(manifest, "documents")["depends_on"]["nodes"].append("source.assay.bronze.raw_items")
    for rule, broken in (
        (layers.source_beside_models, "documents"),
        (layers.sources_past_staging, "documents"),
        (layers.sources_read_once, "bronze.raw_items"),
    ):
        assert broken in layers.violations(manifest, rule)
    model(manifest, "int_clusters")["depends_on"]["nodes"].append("model.assay.documents")
    assert layers.violations(manifest, layers.python_reads_one_relation) == ["int_clusters"]
    model(manifest, "issues")["raw_code"] = "select * from silver.clusters -- from gold.issues"
    assert layers.violations(manifest, layers.hard_coded_references) == [
        "issues <- silver.clusters"
    ]
    model(manifest, "int_problems")["depends_on"]["nodes"].pop()
    found = layers.violations(manifest, layers.python_reads_one_relation)
    assert "no exception: int_problems" in found


def test_steps_keep_their_history_in_the_tables_of_the_version_before(parsed: Manifest) -> None:
    assert layers.history(parsed) == layers.HISTORY


def test_every_table_that_our_programs_read_is_in_an_exposure(parsed: Manifest) -> None:
    programs = {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
        for folder in ("publish", "assay", "sample")
        for kind in ("*.py", "*.sql")
        for path in (ROOT / folder).rglob(kind)
    }
    assert any("gold.top_issues" in code for code in programs.values())
    assert rules.exposures(parsed, programs) == []


@pytest.mark.parametrize("what", SPOILT)
def test_it_is_noticed(what: str, manifest: Manifest) -> None:
    rule, spoil, complaint = SPOILT[what]
    spoil(manifest)
    found = rule(manifest)
    assert any(complaint in line for line in found), found


def test_a_table_that_a_program_reads_without_an_exposure_is_noticed(parsed: Manifest) -> None:
    program = {"publish/new.py": "select 1\nfrom silver.clusters join gold.issues using (x)"}
    assert rules.exposures(parsed, program) == [
        "publish/new.py reads silver.clusters, which no exposure names"
    ]


@pytest.fixture(scope="module")
def warehouse(parsed: Manifest) -> described.Columns:
    """Return a warehouse that has what is described."""
    return {
        described.table(thing): set(thing["columns"])
        for thing in rules.ours(parsed, "model", "seed", "source")
    }


def test_a_warehouse_that_is_as_described_is_right(
    parsed: Manifest, warehouse: described.Columns
) -> None:
    assert described.differences(parsed, warehouse) == []
    fewer = {table: columns for table, columns in warehouse.items() if table[1] != "live_issues"}
    assert described.differences(parsed, fewer) == []  # nothing was published yet


@pytest.mark.parametrize(
    ("table", "columns", "complaint"),
    [
        (
            ("gold", "issues"),
            {"extra"},
            "model gold.issues: column extra is in the warehouse and not described",
        ),
        (
            ("bronze", "hf_models"),
            {"extra"},
            "source bronze.hf_models: column extra is in the warehouse and not described",
        ),
        (
            ("bronze", "input_files"),
            {"extra"},
            "source inputs.concepts: column extra is in the warehouse and not described",
        ),
        (("gold", "leftover"), {"x"}, "table gold.leftover is in the warehouse and not described"),
    ],
)
def test_what_is_in_the_warehouse_and_not_described_is_noticed(
    table: tuple[str, str],
    columns: set[str],
    complaint: str,
    parsed: Manifest,
    warehouse: described.Columns,
) -> None:
    found = described.differences(
        parsed, {**warehouse, table: warehouse.get(table, set()) | columns}
    )
    assert complaint in found


def test_what_is_described_and_not_in_the_warehouse_is_noticed(
    parsed: Manifest, warehouse: described.Columns
) -> None:
    issues = warehouse["gold", "issues"] - {"confidence"}
    found = described.differences(parsed, {**warehouse, ("gold", "issues"): issues})
    assert found == ["model gold.issues: column confidence is described and not in the warehouse"]
    built = {table: columns for table, columns in warehouse.items() if table[1] != "top_issues"}
    assert described.differences(parsed, built) == ["model gold.top_issues is not in the warehouse"]


def test_the_columns_of_a_warehouse_are_read_views_and_ephemeral_steps_included() -> None:
    connection = duckdb.connect()
    connection.execute("create schema gold; create table gold.a (Id int, title text)")
    connection.execute("create view gold.b as select id from gold.a")
    step = {
        "package_name": "assay",
        "resource_type": "model",
        "schema": "s",
        "alias": "step",
        "config": {"materialized": "ephemeral"},
        "compiled_code": "select title as t from gold.a",
    }
    places = ("sources", "exposures", "macros", "groups")
    assert described.built(
        connection, {"nodes": {"step": step}, **{place: {} for place in places}}
    ) == {("gold", "a"): {"id", "title"}, ("gold", "b"): {"id"}, ("s", "step"): {"t"}}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if missing := CHROMIUM.missing():
        pytest.fail(missing, pytrace=False)
    with sync_playwright() as playwright:
        running = launch(playwright)
        yield running
        running.close()


@pytest.fixture
def reader(browser: Browser, target: Path) -> Iterator[Reader]:
    """Return a window on the site; at the end nothing may have gone wrong or left the file."""
    reading = Reader(browser, target / "static_index.html", viewport=DESKTOP)
    yield reading
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    reading.close()
    assert reading.troubles == []
    assert [
        url for url in reading.requests if not url.startswith(("file:", "about:", "data:"))
    ] == []


@pytest.mark.slow("the docs site as a browser shows it")
def test_the_site_opens_with_the_overview_and_every_link_leads_to_a_table(
    reader: Reader, parsed: Manifest
) -> None:
    page = reader.open("overview")
    expect(page.get_by_role("heading", name="Which table answers which question")).to_be_visible()
    links = page.locator(".app-body a[href*='assay.']").evaluate_all(
        "links => links.map((link) => link.getAttribute('href'))"
    )
    ids = {link.rpartition("/")[2] for link in links}
    assert "model.assay.top_issues" in ids
    assert ids <= parsed["nodes"].keys() | parsed["sources"].keys()
    page.screenshot(path=ARTIFACTS / "docs_overview.png")


@pytest.mark.slow("the docs site as a browser shows it")
def test_the_page_of_an_issue_has_its_columns_its_owner_and_its_readers(
    reader: Reader, parsed: Manifest
) -> None:
    page = reader.open("model/model.assay.issues")
    expect(page.get_by_role("heading", name="issues table")).to_be_visible()
    described_there = page.locator(".column-row").evaluate_all(
        "rows => rows.map((row) => [0, 2].map((cell) => row.cells[cell].textContent.trim()))"
    )
    columns = model(parsed, "issues")["columns"].items()
    assert described_there == [[name, one["description"].strip()] for name, one in columns]
    for said in ("Issue mining", "public", "Enforced"):
        expect(page.locator(".app-details").get_by_text(said, exact=True)).to_be_visible()
    page.locator("reference-list").first.get_by_text("Exposures").click()
    expect(page.get_by_role("link", name="issue_map_and_ranking")).to_be_visible()
    page.screenshot(path=ARTIFACTS / "docs_issues.png")


@pytest.mark.slow("the docs site as a browser shows it")
def test_the_lineage_graph_goes_from_bronze_to_those_who_read(reader: Reader) -> None:
    assert reader.open_graph(WHOLE) >= 20
    assert {"bronze.raw_items", "top_issues", "Live page of the issues"} <= set(reader.labels())
    reader.page.screenshot(path=ARTIFACTS / "docs_lineage.png")


@pytest.mark.slow("the docs site as a browser shows it")
def test_the_selectors_that_the_overview_names_show_a_graph(reader: Reader) -> None:
    page = reader.open("overview")
    section = page.locator("h2", has_text="Read the lineage graph").locator(
        "xpath=following::ul[1]"
    )
    selectors = section.locator("code").all_inner_texts()
    assert "source:bronze.raw_items+" in selectors
    narrow = [one for one in selectors if not one.startswith("tag:")]  # areas take long to draw
    assert all(reader.open_graph(selector) > 10 for selector in narrow)


@pytest.mark.slow("the docs site as a browser shows it")
def test_the_readme_s_picture_of_the_lineage_can_be_made_again(reader: Reader) -> None:
    picture(reader, ARTIFACTS / "lineage.png")
    assert (ARTIFACTS / "lineage.png").stat().st_size > 50_000  # bytes: an empty one is one colour
    assert PICTURE.stat().st_size < 200_000
