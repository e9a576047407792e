"""What approval pays for: every answer once, never above the cap, and none is lost."""

import json
import re
import signal
import threading
import time
from pathlib import Path

import pytest

from assay.mining.llm import Cache, Settings
from assay.mining.llm import run as ask
from tests.experiments.laboratory import Laboratory, command, copied, load, scholar, step_of, tables
from tests.llm_server import Question, Reply
from tests.mining.llm.asking import task
from tests.servers import until
from tests.support import QUICK, Project

pytestmark = pytest.mark.slow(
    "paid experiments: each answer once, under the cap, whatever is killed"
)

ALL = {"links": 4, "essays": 8, "evaluations": 32}  # with one combination of six concepts
ONE = {"k_max": 6}


@pytest.fixture
def project(planned: tuple[Project, str, int], tmp_path: Path) -> Project:
    return copied(planned[0], tmp_path)


def counted(project: Project) -> dict[str, int]:
    """Return how many answers each step has."""
    return {
        step: project.rows(f"select count(*) from experiments.{table}_responses")[0][0]
        for step, table in (("links", "links"), ("essays", "essay"), ("evaluations", "evaluation"))
    }


def label_calls(project: Project, server: Laboratory) -> None:
    """Ask for two labels of issues with the project's cache, as the issues area does."""
    settings = Settings("groq/openai/gpt-oss-20b", server.base, "key", backoff=0.01)
    with Cache(project.folder / "data" / "llm.sqlite") as cache:
        some = [task(f"Post {n}", schema=None) for n in range(2)]
        ask(some, settings, cache, approved=True, max_usd=1, run_id="labels")


def test_an_approved_build_answers_everything_once_and_a_second_one_pays_nothing(
    project: Project,
) -> None:
    with Laboratory(scholar) as server:
        said = server.run(project, **ONE)
        assert server.asked() == ALL
        assert counted(project) == ALL
        paid = server.bill
        first = tables(project)
        again = server.run(project, **ONE)
        assert server.asked() == ALL
        assert tables(project) == first
        label = {
            "canonical_title": "x",
            "category": "ai",
            "description": "y",
            "would_pay_signal": True,
            "impact_level": "low",
        }
        server.answers = lambda question: Reply(json.dumps(label))
        server.ledger.clear()
        label_calls(project, server)
        labels_paid = server.bill
    assert "not approved" not in again
    # The plan, shown before anything was asked, beside what the server counted.
    for step in ALL:
        shown = sum(
            int(line.split()[5].replace(",", ""))
            for line in said.splitlines()
            if line.startswith(f"{step} ") and line.split()[1] in TEMPLATES
        )
        counted_there = sum(q.tokens for q in server.questions[:44] if step_of(q) == step)
        assert shown == pytest.approx(counted_there, rel=0.2)
    sums = "sum(cost_usd)"
    assert project.rows(
        f"select (select {sums} from experiments.links_responses) "
        f"+ (select {sums} from experiments.essay_responses) "
        f"+ (select {sums} from experiments.evaluation_responses)"
    )[0][0] == pytest.approx(paid, rel=1e-4)
    the_links_are_rows_of_known_concepts(project)
    the_scores_are_what_the_judges_wrote(project)
    the_results_agree_with_the_scores(project)
    every_call_is_on_record(project, paid, labels_paid)


TEMPLATES = ("bridges", "tensions", "argument", "product", "rubric", "verdict")


def the_links_are_rows_of_known_concepts(project: Project) -> None:
    assert project.rows(
        "select count(distinct link_task_id), min(link_position), "
        "count(first_concept_id) = count(*), count(second_concept_id) = count(*) "
        "from experiments.links"
    ) == [(4, 1, True, True)]
    [(least, most)] = project.rows(
        "select min(n), max(n) from (select count(*) as n from experiments.links group by "
        "link_task_id)"
    )
    assert 3 <= least <= most <= 6


def the_scores_are_what_the_judges_wrote(project: Project) -> None:
    scored = project.rows(
        "select r.response, s.score from experiments.scores as s "
        "join experiments.evaluation_responses as r on r.task_id = s.evaluation_task_id"
    )
    assert len(scored) == 32
    for text, score in scored:
        assert score == float(re.search(r"\d+\.\d", text)[0])


def the_results_agree_with_the_scores(project: Project) -> None:
    assert project.rows(
        "select link_template_id, essay_template_id, essays, evaluations, without_score "
        "from experiments.results_by_template order by all"
    ) == [
        (one, other, 2, 8, 0)
        for one in ("bridges", "tensions")
        for other in ("argument", "product")
    ]
    [(mean, parts)] = project.rows(
        "select mean_score, score_by_evaluation_model from experiments.results_by_model "
        "where generation_model_id = 'writer-small'"
    )
    assert set(parts) == {"judge-gpt-oss", "judge-qwen"}
    assert mean == pytest.approx(sum(parts.values()) / 2, abs=1e-3)
    [(combination, evaluations)] = project.rows(
        "select len(concept_ids), evaluations from experiments.results_by_combination"
    )
    assert (combination, evaluations) == (6, 32)
    pairs = project.rows(
        "select first_model_id, first_template_id, second_model_id, second_template_id, essays, "
        "mean_absolute_difference, rank_correlation from experiments.evaluator_agreement"
    )
    assert len(pairs) == 6
    one = next(pair for pair in pairs if pair[0] != pair[2] and pair[1] == pair[3] == "rubric")
    first, second = (
        [
            score
            for (score,) in project.rows(
                "select score from experiments.scores where evaluation_template_id = 'rubric' "
                f"and evaluation_model_id = '{judge}' order by essay_task_id"
            )
        ]
        for judge in (one[0], one[2])
    )
    from scipy.stats import spearmanr

    differences = [abs(a - b) for a, b in zip(first, second, strict=True)]
    assert one[4] == 8
    assert one[5] == pytest.approx(sum(differences) / 8, abs=1e-3)
    assert one[6] == pytest.approx(spearmanr(first, second).statistic, abs=1e-3)


def every_call_is_on_record(project: Project, paid: float, labels_paid: float) -> None:
    project.run("dbt", "run", *QUICK, "--select", "stg_llm_calls+")
    assert project.rows(
        "select purpose, count(*), count(distinct task_key) from silver.llm_calls "
        "where status = 'ok' and not cached group by purpose order by purpose"
    ) == [("essays", 8, 8), ("evaluations", 32, 32), ("issue_labels", 2, 2), ("links", 4, 4)]
    spent = dict(
        project.rows(
            "select purpose = 'issue_labels', sum(cost_usd) from silver.llm_costs group by all"
        )
    )
    assert spent[False] == pytest.approx(paid, rel=1e-4)
    assert spent[True] == pytest.approx(labels_paid, rel=1e-4)
    assert project.rows("select count(*), count(distinct run_id) from silver.llm_calls")[0][1] == 2


def test_a_failed_task_is_no_row_and_is_asked_again_alone(project: Project) -> None:
    def moody(question: Question) -> Reply:
        step, model = step_of(question), question.body["model"]
        if step == "links" and "opposite directions" in question.text:
            if model.endswith("120b"):
                return Reply("I would rather not say.")
            few = [
                {"first": "lineage", "second": "licences", "text": f"Link {n}."} for n in (1, 1, 2)
            ]
            return Reply(json.dumps({"links": few}))
        return scholar(question)

    with Laboratory(moody) as server:
        server.run(project, **ONE)
        # Of four links one fails and one has two distinct links: two tasks have essays.
        assert counted(project) == {"links": 3, "essays": 4, "evaluations": 16}
        failures = project.rows(
            "select step, status, count(*), min(reason) from experiments.failures group by all "
            "order by all"
        )
        assert [failure[:3] for failure in failures] == [
            ("essays", "refused", 2),
            ("links", "failed", 1),
        ]
        assert failures[0][3] == "2 links, fewer than 3: nothing was asked"
        assert "no valid answer in 3 tries" in failures[1][3]
        asked, server.answers = server.asked(), scholar
        assert asked["links"] == 3 + 3
        server.run(project, **ONE)  # what was paid for in vain is asked again on demand only
        assert server.asked() == asked
        server.run(project, llm_ask_again=True, **ONE)
        more = server.asked() - asked
    assert more == {"links": 1, "essays": 2, "evaluations": 8}
    assert counted(project) == {"links": 4, "essays": 6, "evaluations": 24}
    assert project.rows("select status, count(*) from experiments.failures group by all") == [
        ("refused", 2)
    ]


def test_a_killed_build_loses_no_answer_that_was_paid_for(project: Project) -> None:
    enough = threading.Event()

    def slow(question: Question) -> Reply:
        time.sleep(0.05)
        if len(server.ledger) >= 20:
            enough.set()
        return scholar(question)

    with Laboratory(slow) as server:
        process = project.start(
            *command(approve_llm=True, llm_max_usd=5, **ONE), **server.environment
        )
        assert enough.wait(900)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        until(lambda: server.open_now == 0)  # answers under way reach the server's books
        sent = len(server.questions)
        with Cache(project.folder / "data" / "llm.sqlite") as cache:
            kept = cache.calls().to_pylist()
        answered = sum(call["status"] == "ok" for call in kept)
        assert 12 <= answered <= sent
        assert sent - answered <= 8  # those in flight
        # Without approval the next build takes what was paid for out of the cache.
        server.build(project, **ONE)
        assert len(server.questions) == sent
        assert sum(counted(project).values()) == answered
        server.run(project, **ONE)
        assert counted(project) == ALL
        assert len(server.questions) == 44 + sent - answered


def test_the_cap_holds_over_all_steps_with_eight_calls_in_flight(project: Project) -> None:
    full = threading.Event()

    def together(question: Question) -> Reply:
        """Hold all that come, but the first, which goes alone, until eight are open."""
        if server.most_at_once == 8:
            full.set()
        if len(server.questions) > 1:
            full.wait(300)
        return scholar(question)

    cap = 0.03
    with Laboratory(together) as server:
        server.run(project, llm_max_usd=cap, k_max=5)
        assert server.most_at_once == 8
        assert 0.5 * cap < server.bill <= cap
        assert 0 < len(server.questions) < 264
    done = counted(project)
    assert sum(done.values()) == len(server.ledger)
    with Cache(project.folder / "data" / "llm.sqlite") as cache:
        assert sum(cache.calls()["cost_usd"].to_pylist()) <= cap


@pytest.mark.parametrize(
    ("template", "why"),
    [("Fine.\n{% include '/etc/passwd' %}", "bridges.j2:2: include is not allowed in a prompt")],
)
def test_a_hostile_template_stops_the_build_before_anything_is_asked(
    template: str, why: str, project: Project
) -> None:
    load(project, inputs_templates_link_bridges_j2=template)
    with Laboratory(scholar) as server:
        process = project.start(
            *command(approve_llm=True, llm_max_usd=5, **ONE), **server.environment
        )
        said, _ = process.communicate(timeout=900)
        assert process.returncode == 1
        assert f"inputs/templates/link/{why}" in said
        assert server.connections == 0
