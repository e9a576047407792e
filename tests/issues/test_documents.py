"""silver.documents: what a build cleans and folds again; the way there changes nothing."""

import copy
import csv
import shutil
from pathlib import Path

import duckdb
import pytest
import yaml

from assay.extract.posts import stackexchange
from assay.mining.duplicates.deduplicate import DEDUPLICATION_VERSION
from assay.mining.text.clean import CLEANING_VERSION, clean
from assay.sample.replay import ReplayServer
from tests.issues import items
from tests.issues.items import days
from tests.support import QUICK, ROOT, SAMPLE, Project

CLEANED, FOLDED = "silver_staging.stg_posts__cleaned", "silver_staging.stg_posts__folded"
LEFT = "left as it was: "  # what a test puts in front of texts to see which ones a build replaces


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the sample collected and built; tests that change it take a copy."""
    project = Project(tmp_path_factory.mktemp("built"))
    with ReplayServer(SAMPLE, quota=0) as server:
        project.collect(SAMPLE, server.url)
    project.build_documents()
    return project


@pytest.fixture
def another(built: Project, tmp_path: Path) -> Project:
    shutil.copytree(built.folder / "data", tmp_path / "data")
    return Project(tmp_path)


def change(project: Project, sql: str) -> None:
    """Write to the warehouse."""
    with duckdb.connect(str(project.folder / "data" / "assay.duckdb")) as connection:
        connection.execute(sql)


def mark_texts(project: Project) -> None:
    change(project, f"update {CLEANED} set text = '{LEFT}' || text")


def cleaned_anew(project: Project) -> set[str]:
    """Return the posts that were cleaned since their texts were marked."""
    return {
        key
        for (key,) in project.rows(
            f"select url_hash from {CLEANED} where not starts_with(text, '{LEFT}')"
        )
    }


def documents(project: Project, *without: str) -> list[tuple]:
    """Return all documents as text, without when they were read and without some other columns."""
    columns = f"* exclude ({', '.join(('collected_at', *without))})"
    return project.rows(
        f"select columns(*)::varchar from (select {columns} from silver.documents) order by all"
    )


@pytest.mark.slow("silver.documents over edits, new rules, other orders")
def test_every_post_is_one_document_with_the_declared_columns(built: Project) -> None:
    posts = sum(len(items.latest(found)) for found in items.expected(SAMPLE).values())
    assert built.rows("select count(*), count(distinct url_hash) from silver.documents") == [
        (posts, posts)
    ]
    [model] = [
        model
        for model in yaml.safe_load(
            (ROOT / "models/issues/silver/_silver__models.yml").read_text(encoding="utf-8")
        )["models"]
        if model["name"] == "documents"
    ]
    kinds = {"timestamptz": "TIMESTAMP WITH TIME ZONE"}
    declared = [
        (c["name"], kinds.get(c["data_type"], c["data_type"].upper())) for c in model["columns"]
    ]
    found = built.rows(
        "select column_name, data_type from information_schema.columns "
        "where table_schema = 'silver' and table_name = 'documents' order by ordinal_position"
    )
    assert found == declared


@pytest.mark.slow("silver.documents over edits, new rules, other orders")
def test_a_build_without_new_posts_changes_nothing_and_cleans_nothing(
    built: Project, another: Project
) -> None:
    mark_texts(another)
    tables = {
        name: another.rows(f"select columns(*)::varchar from {name} order by all")
        for name in (CLEANED, FOLDED)
    }
    another.build_documents()
    assert cleaned_anew(another) == set()
    for name, rows in tables.items():
        assert another.rows(f"select columns(*)::varchar from {name} order by all") == rows
    texts = ("text", "text_hash")
    assert documents(another, *texts) == documents(built, *texts)


@pytest.mark.slow("silver.documents over edits, new rules, other orders")
def test_a_body_that_was_edited_is_cleaned_again_alone(another: Project, tmp_path: Path) -> None:
    found = {source: items.lines(SAMPLE, source) for source in items.FILES}
    edited = copy.deepcopy(found)
    edited["stackoverflow"][3]["body"] = "<p>Something <b>else</b> now.</p>"
    edited["stackoverflow"][4]["score"] += 100  # which is no text
    mark_texts(another)
    folder = items.write(tmp_path / "edited", **edited)
    with ReplayServer(folder, quota=0) as server:
        another.collect(folder, server.url, "--refresh", "--source", "stackoverflow")
    another.build_documents()
    numbers = [str(edited["stackoverflow"][place]["question_id"]) for place in (3, 4)]
    [(key,)] = another.rows(
        f"select url_hash from bronze.raw_items where native_id = '{numbers[0]}'"
    )
    assert cleaned_anew(another) == {key}
    assert another.rows(f"select text from silver.documents where url_hash = '{key}'") == [
        ("Something else now.",)
    ]
    assert another.rows(f"select score from silver.documents where native_id = '{numbers[1]}'") == [
        (edited["stackoverflow"][4]["score"],)
    ]


@pytest.mark.slow("silver.documents over edits, new rules, other orders")
def test_texts_cleaned_by_older_rules_are_cleaned_again_and_no_others(
    built: Project, another: Project
) -> None:
    mark_texts(another)
    change(another, f"update {CLEANED} set cleaning_version = 'old' where url_hash < '4'")
    old = {key for (key,) in another.rows(f"select url_hash from {CLEANED} where url_hash < '4'")}
    assert 50 < len(old) < 200
    another.build_documents()
    assert cleaned_anew(another) == old
    change(another, f"update {CLEANED} set cleaning_version = 'old'")
    another.build_documents()
    assert documents(another) == documents(built)
    assert another.rows(f"select distinct cleaning_version from {CLEANED}") == [(CLEANING_VERSION,)]


@pytest.mark.slow("silver.documents over edits, new rules, other orders")
def test_posts_folded_by_older_rules_are_all_folded_again(built: Project, another: Project) -> None:
    change(another, f"update {FOLDED} set duplicate_of = null, folding_version = 'old'")
    another.build_documents()
    assert documents(another) == documents(built)
    assert another.rows(f"select distinct folding_version from {FOLDED}") == [
        (DEDUPLICATION_VERSION,)
    ]


@pytest.mark.slow("silver.documents over edits, new rules, other orders")
def test_days_built_one_after_another_and_backwards_end_in_the_same_documents(
    built: Project, project: Project
) -> None:
    with ReplayServer(SAMPLE, quota=0) as server:
        project.collect(SAMPLE, server.url, *days(13, 15))
        project.build_documents()
        firsts = project.rows("select count(*) from silver.documents where duplicate_of is null")
        project.collect(SAMPLE, server.url)
    project.build_documents()
    assert documents(project) == documents(built)
    assert firsts < project.rows("select count(*) from silver.documents where duplicate_of is null")


@pytest.mark.slow("silver.documents over edits, new rules, other orders")
def test_a_full_refresh_builds_the_same_documents(built: Project, another: Project) -> None:
    another.run("dbt", "build", *QUICK, "--select", "+documents", "--full-refresh")
    assert documents(another) == documents(built)


@pytest.mark.slow("silver.documents over edits, new rules, other orders")
def test_the_samples_repetitions_are_folded_into_what_they_repeat_and_little_else_is(
    built: Project,
) -> None:
    with (ROOT / "sample" / "posts_themes.csv").open(encoding="utf-8") as file:
        declared = {
            (row["native_id"].removeprefix("t3_"), row["duplicate_of"].removeprefix("t3_"))
            for row in csv.DictReader(file)
            if row["duplicate_of"]
        }
    found = set(
        built.rows(
            "select copies.native_id, firsts.native_id from silver.documents as copies "
            "join silver.documents as firsts on copies.duplicate_of = firsts.url_hash"
        )
    )
    assert len(declared) == 16
    assert len(found & declared) >= 14
    assert len(found - declared) <= 2


def test_a_title_of_stack_overflow_is_unescaped_once_from_the_api_to_the_document() -> None:
    item = items.lines(SAMPLE, "stackoverflow")[0]
    asked = stackexchange.post(item | {"title": "Remove &amp;nbsp; and &quot;&amp;lt;&quot;"})
    assert clean("stackoverflow", asked.title, None).title == 'Remove &nbsp; and "&lt;"'


FORM = """### Which room is it?

{room}

### What is broken there?

{told}

### Your full name

Ottilie Marwede

### Company or organization name

Marwede Feinkost KG

### Do you keep to the house rules?

- [X] I keep to them and to what follows from them
"""
TOLD = {
    "Lamp": ("Kitchen", "The lamp over the stove flickers whenever the kettle is on."),
    "Door": ("Attic", "The door opens by itself as soon as somebody takes the stairs."),
    "Heating": ("Cellar", "It stays cold in there until the pump has been hit by hand."),
}


@pytest.mark.slow("silver.documents over edits, new rules, other orders")
def test_of_forms_the_reporters_words_are_left_and_their_names_are_in_no_file(
    tmp_path: Path,
) -> None:
    first = items.lines(SAMPLE, "github")[0]
    forms = [
        copy.deepcopy(first)
        | {
            "id": 7000 + number,
            "number": 7000 + number,
            "html_url": f"{first['html_url'].rpartition('/')[0]}/{7000 + number}",
            "title": title,
            "body": FORM.format(room=room, told=told),
        }
        for number, (title, (room, told)) in enumerate(TOLD.items())
    ]
    folder = items.write(tmp_path / "forms", github=forms)
    project = Project(tmp_path)
    with ReplayServer(folder, quota=0) as server:
        project.collect(folder, server.url, "--source", "github")
    project.build_documents()
    assert project.rows("select title, text from silver.documents order by native_id") == [
        (title, told) for title, (_, told) in TOLD.items()
    ]
    files = [file for file in (tmp_path / "data").rglob("*") if file.is_file()]
    assert len(files) > 3
    assert [file for file in files if b"Marwede" in file.read_bytes()] == []
