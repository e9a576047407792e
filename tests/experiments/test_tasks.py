"""Which tasks there are, under which ids, and that making them asks nothing."""

import csv
import io
from pathlib import Path

import pytest

from tests.experiments.laboratory import copied, load
from tests.support import QUICK, ROOT, Project

TABLES = (
    "content_combinations",
    "link_generation_tasks",
    "essay_generation_tasks",
    "evaluation_tasks",
)


def rows_of(path: str) -> list[dict[str, str]]:
    return list(csv.DictReader((ROOT / path).open(encoding="utf-8")))


def count(project: Project, table: str) -> int:
    return project.rows(f"select count(*) from experiments.{table}")[0][0]


def ids(project: Project) -> dict[str, set[str]]:
    return {
        table: {
            key
            for (key,) in project.rows(
                f"select {'combo_id' if table.startswith('content') else 'task_id'} "
                f"from experiments.{table}"
            )
        }
        for table in TABLES
    }


def test_every_combination_meets_every_template_and_model_once(
    planned: tuple[Project, str, int],
) -> None:
    project, _, _ = planned
    judges = [row for row in rows_of("seeds/llm_models.csv") if row["purpose"] == "evaluation"]
    assert len(rows_of("inputs/concepts.csv")) == 6
    assert [count(project, table) for table in TABLES] == [15, 60, 120, 120 * 2 * len(judges)]
    assert project.rows(
        "select count(distinct list_sort(concept_ids)), min(len(list_distinct(concept_ids))), "
        "max(len(concept_ids)) from experiments.content_combinations"
    ) == [(15, 4, 4)]
    assert {len(found) for found in ids(project).values()} == {15, 60, 120, 480}


def test_without_approval_no_connection_is_opened_and_the_plan_is_shown(
    planned: tuple[Project, str, int],
) -> None:
    project, said, connections = planned
    assert connections == 0
    assert "not approved, so nothing is asked" in said
    shown = [line.split() for line in said.splitlines() if line.startswith(("links ", "all "))]
    sums = [line[:4] for line in shown if line[0] == "all"]
    assert sums == [["all", "30", "0", "30"]] * 2  # tasks, cached, pending of two models
    assert {line[1] for line in shown if line[0] == "links"} == {"bridges", "tensions"}
    assert "essays: 120 tasks wait for the step before them" in said
    assert "evaluations: 480 tasks wait for the step before them" in said
    for table in ("links_responses", "links", "essay_responses", "evaluation_responses", "scores"):
        assert count(project, table) == 0


@pytest.mark.slow("ids of tasks when concepts come and change")
def test_ids_stay_when_a_concept_is_added_and_when_one_is_edited(
    planned: tuple[Project, str, int], tmp_path: Path
) -> None:
    before = ids(planned[0])
    project = copied(planned[0], tmp_path)
    concepts = (ROOT / "inputs/concepts.csv").read_text(encoding="utf-8")
    load(
        project,
        inputs_concepts_csv=concepts.replace(
            "embeddings,Embed", "aaa,A new one,aaa.md,true\nembeddings,Embed"
        ),
        inputs_concepts_lineage_md="Lineage, told anew.",
        aaa="A concept that sorts before the others.",
    )
    project.run("dbt", "run", *QUICK, "--select", *TABLES, "stg_concepts")
    after = ids(project)
    assert len(after["content_combinations"]) == 35
    for table in TABLES:
        assert before[table] < after[table]
    assert project.rows(
        "select count(*) from experiments.content_combinations where concept_ids[1] = 'aaa'"
    ) == [(20,)]


@pytest.mark.slow("ids of tasks when concepts come and change")
def test_k_max_is_the_size_of_each_combination_and_at_least_1(
    planned: tuple[Project, str, int], tmp_path: Path
) -> None:
    project = copied(planned[0], tmp_path)
    only = ("dbt", "run", *QUICK, "--select", "content_combinations", "--vars")
    project.run(*only, "k_max: 5")
    assert project.rows(
        "select count(*), min(len(concept_ids)), max(len(concept_ids)) "
        "from experiments.content_combinations"
    ) == [(6, 5, 5)]
    process = project.start(*only, "k_max: 0")
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 2
    assert "k_max is 0: give a number of at least 1" in said


def test_the_projects_own_inputs_fit_together() -> None:
    for kind in ("link", "essay", "evaluation"):
        named = {row["file"] for row in rows_of(f"seeds/{kind}_templates.csv")}
        assert named == {path.name for path in (ROOT / "inputs/templates" / kind).iterdir()}
    text = (ROOT / "inputs/concepts.csv").read_text(encoding="utf-8")
    named = {row["file"] for row in csv.DictReader(io.StringIO(text))}
    assert named == {path.name for path in (ROOT / "inputs/concepts").iterdir()}
