"""Models that think before they answer: room for it, what is cut away, and what it costs."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.mining.llm import Cache, LlmError, Settings, plan
from assay.mining.llm.answer import BadAnswerError, parsed
from assay.mining.llm.limits import Limits
from tests.llm_providers import effortless, particular, reasoning, short
from tests.llm_server import LlmServer, Reply, always, good
from tests.mining.llm.asking import Label, asked, settings, statuses, tasks

LABEL = {
    "canonical_title": "Qwen says </think> alone",
    "category": "ai",
    "description": "A template opens <think> itself; only </think> is said.",
    "would_pay_signal": False,
    "impact_level": "low",
}
JSON, DRAFT = json.dumps(LABEL), json.dumps(LABEL | {"category": "finance"})


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    with Cache(tmp_path / "llm.sqlite") as opened:
        yield opened


@pytest.mark.parametrize(
    "text",
    [
        f"<think>Perhaps {DRAFT}?</think>{JSON}",
        f"Perhaps {DRAFT}? No.\n</think>\n\n{JSON}",
        f"<think>\n\n</think>\n\n```json\n{JSON}\n```",
        f"<THINKING>{DRAFT}</THINKING> {JSON}",
        f"[THINK]{DRAFT}[/THINK]{JSON}",
        f"◁think▷{DRAFT}◁/think▷{JSON}",
        f"<|channel|>analysis<|message|>{DRAFT}<|end|><|start|>assistant"
        f"<|channel|>final <|constrain|>json<|message|>{JSON}",
        f"<think>One.</think><think>{DRAFT}</think>{JSON}",
        JSON,
        f"<think>\n{JSON}",  # a grammar that lets nothing but JSON follow the opening mark
    ],
)
def test_thoughts_are_no_part_of_an_answer_and_marks_within_it_are(text: str) -> None:
    assert parsed(text, Label, cut=False) == LABEL


@pytest.mark.parametrize(
    "before", ["<think>Hm.</think>", "Hm.\n</think>", "<reasoning>x</reasoning>"]
)
def test_thoughts_before_a_text_go_too(before: str) -> None:
    assert parsed(f"{before}\n\nAn essay.", None, cut=False) == {"text": "An essay."}


def test_a_text_that_speaks_of_thoughts_stays_whole() -> None:
    text = "Between <think> and </think> stands what a model thought."
    assert parsed(text, None, cut=False) == {"text": text}


@pytest.mark.parametrize(
    ("text", "cut"),
    [("<think>Hm, perhaps", True), ("", True), (f"<think>{DRAFT}", True), ("Okay, so", True)],
)
def test_an_answer_that_ended_in_thoughts_says_so(text: str, cut: bool) -> None:
    with pytest.raises(BadAnswerError) as bad:
        parsed(text, Label, cut=cut)
    assert bad.value.thinking


def test_a_draft_in_thoughts_is_no_answer() -> None:
    with pytest.raises(BadAnswerError, match="it is empty"):
        parsed(f"<think>{DRAFT}</think>", Label, cut=False)


def test_a_model_that_turns_out_to_think_is_given_room_after_one_answer(cache: Cache) -> None:
    with LlmServer(reasoning(900)) as server:
        results = asked(tasks(6), settings(server.base), cache)
    assert statuses(results) == ["ok"] * 6
    assert [question.limit for question in server.questions] == [100] + [4_196] * 6
    assert cache.calls()["status"].to_pylist() == ["invalid"] + ["ok"] * 6
    assert results[5].tokens_out > 900  # what it thought is paid for, and counted


def test_the_room_grows_until_the_thoughts_fit_and_no_further_than_the_model_goes(
    cache: Cache,
) -> None:
    with LlmServer(reasoning(5_000)) as server:
        assert asked(tasks(1), settings(server.base), cache).status == "ok"
        assert [question.limit for question in server.questions] == [100, 4_196, 8_392]
        server.questions.clear()
        server.rule = reasoning(10**6)
        one = asked(tasks(2)[1:], settings(server.base), cache, 100)
    assert (one.status, len(server.questions)) == ("failed", 3)
    assert "the answer is cut off before it began" in one.error


def test_models_that_are_known_to_think_have_room_from_the_start(cache: Cache) -> None:
    room = {
        "groq/openai/gpt-oss-20b": 4_196,
        "openai/gpt-5-mini": 4_196,
        "openai/gpt-5.1": 100,  # thinks on demand only
        "anthropic/claude-haiku-4-5": 100,
        "openai/gpt-4o-mini": 100,
        "openai/unknown": 100,
    }
    assert {model: Limits(Settings(model)).of(100) for model in room} == room
    assert Limits(Settings("openai/gpt-4o-mini", reasoning_effort="high")).of(100) == 16_384
    assert Limits(Settings("openai/unknown", reasoning_effort="low")).of(100) == 2_148
    assert Limits(Settings("groq/openai/gpt-oss-20b", reasoning_effort="none")).of(100) == 100
    with LlmServer(reasoning(900)) as server:
        how = settings(server.base, model="openai/gpt-5-mini")
        planned = plan(tasks(2), how, cache)
        assert asked(tasks(1), how, cache).status == "ok"
    assert [q.body["max_completion_tokens"] for q in server.questions] == [4_196]
    assert planned.cost_usd == pytest.approx((planned.prompt_tokens + 2 * 4_196 * 5) / 1e6)


def test_a_thinker_whose_provider_counts_nothing_costs_the_most_it_can(cache: Cache) -> None:
    with LlmServer(always(Reply(JSON, usage="none", thoughts="Hm."))) as server:
        results = asked(tasks(2), settings(server.base, concurrency=1), cache)
    assert [one.tokens_out for one in results] == [100, 4_196]


def test_how_much_to_think_is_told_and_changes_no_question(cache: Cache) -> None:
    with LlmServer() as server:
        assert asked(tasks(1), settings(server.base, reasoning_effort="low"), cache).status == "ok"
        assert asked(tasks(1), settings(server.base, reasoning_effort="high"), cache).cached
    assert [q.body["reasoning_effort"] for q in server.questions] == ["low"]
    assert Settings.from_environment({"LLM_REASONING_EFFORT": "Low"}).reasoning_effort == "low"
    with pytest.raises(LlmError, match="LLM_REASONING_EFFORT is 'much': give one of none, minimal"):
        Settings.from_environment({"LLM_REASONING_EFFORT": "much"})


def test_a_model_that_does_not_take_it_ends_the_run_with_the_variables_name(cache: Cache) -> None:
    with LlmServer(effortless()) as server:
        results = asked(tasks(9), settings(server.base, reasoning_effort="low"), cache)
    assert len(server.questions) == 1
    assert statuses(results) == ["failed"] + ["skipped"] * 8
    assert "the model does not take LLM_REASONING_EFFORT=low" in results[8].error


def test_the_limit_has_the_name_that_the_model_wants_and_what_it_does_not_take_is_left_out(
    cache: Cache,
) -> None:
    with LlmServer(particular()) as server:
        results = asked(tasks(8), settings(server.base), cache)
    assert statuses(results) == ["ok"] * 8
    assert len(server.questions) == 2 + 8
    assert all(q.body["max_completion_tokens"] == 100 for q in server.questions[1:])
    assert all("temperature" not in q.body for q in server.questions[2:])
    assert {q.format for q in server.questions} == {"json_schema"}
    assert cache.calls()["cost_usd"].to_pylist()[:2] == [0, 0]


def test_a_model_without_room_is_asked_for_the_answer_alone(cache: Cache) -> None:
    with LlmServer(short(2_000)) as server:
        results = asked(tasks(5), settings(server.base, reasoning_effort="high"), cache)
    assert statuses(results) == ["ok"] * 5
    assert [q.limit for q in server.questions] == [16_484] + [100] * 5


def test_an_answer_among_the_thoughts_of_a_parser_that_saw_no_end_is_taken(cache: Cache) -> None:
    def rule(question):
        return Reply(None, thoughts=good(question).content)

    with LlmServer(rule) as server:
        assert asked(tasks(1), settings(server.base), cache).status == "ok"
