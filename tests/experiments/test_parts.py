"""Which part of the experiments is asked for: what a person names, and what an edit made stale."""

from pathlib import Path

import pytest

from tests.experiments.laboratory import Laboratory, copied, load, scholar
from tests.support import Project

pytestmark = pytest.mark.slow("a part of the experiments by name, and after an edit")


@pytest.fixture
def project(planned: tuple[Project, str, int], tmp_path: Path) -> Project:
    return copied(planned[0], tmp_path)


def test_a_part_is_chosen_by_template_model_number_and_task(project: Project) -> None:
    with Laboratory(scholar) as server:
        said = server.run(
            project,
            experiment_template=["bridges", "argument"],
            experiment_model=["writer-small", "judge-gpt-oss"],
            experiment_limit=3,
        )
        assert server.asked() == {"links": 3, "essays": 3, "evaluations": 3}
        assert "12 more are pending beyond experiment_limit 3" in said
        for table, expected in (
            ("links", {("bridges", "writer-small")}),
            ("essay", {("argument", "writer-small")}),
        ):
            found = f"select distinct template_id, model_id from experiments.{table}_responses"
            assert set(project.rows(found)) == expected
        judges = "select distinct evaluation_model_id, essay_template_id from experiments.scores"
        assert project.rows(judges) == [("judge-gpt-oss", "argument")]
        [(wanted,), *_] = project.rows(
            "select task_id from experiments.link_generation_tasks "
            "where link_template_id = 'tensions' order by task_id"
        )
        server.questions.clear()
        server.run(project, experiment_task_ids=[wanted], experiment_template="tensions")
        assert server.asked() == {"links": 1, "essays": 2, "evaluations": 8}
        server.questions.clear()
        said = server.run(project, experiment_template="brigdes")
        assert server.questions == []
        assert "links: no task has brigdes among its templates" in said


def test_an_edited_concept_makes_only_its_own_tasks_pending_again(project: Project) -> None:
    part = {
        "experiment_model": "writer-small",
        "experiment_template": "bridges",
        "experiment_limit": 15,
    }
    with Laboratory(scholar) as server:
        server.run(project, **part)
        assert server.asked()["links"] == 15
        before = dict(project.rows("select task_id, prompt_hash from experiments.links_responses"))
        load(project, inputs_concepts_lineage_md="Lineage, told anew.")
        server.questions.clear()
        server.run(project, **part)
        assert server.asked()["links"] == 10  # of the 15 combinations that hold the concept
        after = dict(project.rows("select task_id, prompt_hash from experiments.links_responses"))
    assert before.keys() == after.keys()
    assert sum(before[key] != after[key] for key in before) == 10
