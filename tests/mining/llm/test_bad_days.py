"""What providers say on bad days: waits, limits of a day, no credit, and answers found unfit."""

import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from assay.mining.llm import Cache, Settings
from assay.mining.llm.gate import Gate
from assay.mining.llm.refusal import refused
from tests.clocks import Clock
from tests.llm_providers import (
    anthropic_credit,
    azure_wait,
    google_quota,
    groq_rate_limit,
    groq_unfit,
    openai_hard_limit,
    openai_quota,
    openai_requests_per_day,
)
from tests.llm_server import LlmServer, Question, Reply, always, error, first_then, good
from tests.mining.llm.asking import asked, settings, statuses, tasks

PER_MINUTE, PER_DAY = "tokens per minute (TPM)", "tokens per day (TPD)"
CREDIT = "the provider gives no more for this key: add credit or raise its limit there"


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    with Cache(tmp_path / "llm.sqlite") as opened:
        yield opened


def response(reply: Reply) -> httpx.Response:
    return httpx.Response(reply.status, headers=reply.headers, content=reply.raw or b"")


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        (groq_rate_limit(PER_MINUTE, "7.66s"), 7.66),
        (groq_rate_limit(PER_MINUTE, "1m2.5s"), 62.5),
        (groq_rate_limit(PER_MINUTE, "172ms"), 0.172),
        (groq_rate_limit(PER_MINUTE, "20s", retry_after="21"), 21),  # the longer of the two
        (azure_wait(33), 33),
        (google_quota("GenerateRequestsPerMinute", "20.5s"), 20.5),
        (error(429, "slow down", retry_after_ms="1500"), 1.5),
        (error(429, "slow down"), 0),
    ],
)
def test_a_wait_is_kept_however_it_is_told(reply: Reply, seconds: float) -> None:
    found = refused(response(reply), Settings("groq/x"))
    assert (found.retry, found.ends_run) == (True, False)
    assert found.retry_after == pytest.approx(seconds)


def test_a_wait_in_words_that_is_too_long_ends_the_run(cache: Cache) -> None:
    with LlmServer(always(groq_rate_limit(PER_MINUTE, "7m12s"))) as server:
        results = asked(tasks(9), settings(server.base), cache)
    assert len(server.questions) == 1
    assert statuses(results) == ["failed"] + ["skipped"] * 8
    assert "asks to wait 432 s, more than 120 s: run again after that" in results[8].error


@pytest.mark.parametrize(
    ("reply", "what_to_do"),
    [
        (groq_rate_limit(PER_DAY, "9m38.016s"), "run again in 10 min, or raise it there"),
        (groq_rate_limit(PER_DAY, "20s"), "run again in 20 s, or raise it there"),
        (openai_requests_per_day(), "run again in 7 min, or raise it there"),
        (google_quota("GenerateRequestsPerDay", "40s"), "run again in 40 s, or raise it there"),
        (error(429, "Rate limit exceeded: free-models-per-day. Add 10 credits"), "again tomorrow"),
        (openai_quota(), CREDIT),
        (openai_hard_limit(), CREDIT),
        (anthropic_credit(), CREDIT),
    ],
)
def test_a_limit_that_waiting_does_not_lift_ends_the_run_at_once_and_says_what_to_do(
    reply: Reply, what_to_do: str, cache: Cache, caplog: pytest.LogCaptureFixture
) -> None:
    with LlmServer(always(reply)) as server:
        results = asked(tasks(20), settings(server.base), cache)
        assert len(server.questions) == 1
        assert statuses(results) == ["failed"] + ["skipped"] * 19
        [line] = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
        assert line.startswith("llm: no more is asked: the provider")
        assert what_to_do in line
        assert f"(HTTP {reply.status}: " in line and "\n" not in line
        assert cache.failures() == []  # nothing was paid: asked again with the next run
        server.rule = good
        assert statuses(asked(tasks(20), settings(server.base), cache)) == ["ok"] * 20


def test_words_of_a_day_in_other_errors_end_nothing(cache: Cache) -> None:
    """A server may repeat what a stranger wrote: "fails 3 times per day"."""
    refusal = error(400, "invalid prompt: it fails 3 times per day (RPD), daily")
    with LlmServer(lambda q: refusal if "Post 3 " in q.text else good(q)) as server:
        results = asked(tasks(6), settings(server.base), cache)
    assert statuses(results).count("ok") == 5


def test_after_a_pause_the_threads_leave_one_after_the_other() -> None:
    clock = Clock()
    gate = Gate(4, clock)
    assert [gate.wait() for _ in range(3)] == [0, 0, 0]
    gate.close(20, 0.25)
    gate.close(5, 0.25)  # another thread's shorter wait changes nothing
    assert [gate.wait() for _ in range(4)] == [20, 20.25, 20.5, 20.75]
    clock.now += 30
    assert [gate.wait() for _ in range(3)] == [0, 0, 0]
    gate.close(1, 0.25)
    clock.now += 1  # a thread that slept out the wait by itself has its place in line as well
    assert [gate.wait() for _ in range(3)] == [0, 0.25, 0.5]


def test_a_crowd_that_is_sent_away_does_not_come_back_as_one(cache: Cache) -> None:
    back: list[float] = []
    sent_away: list[float] = []

    def rule(question: Question) -> Reply:
        if len(server.questions) == 1:
            return good(question)
        if question.nth:
            back.append(time.monotonic())
            return good(question)
        while server.most_at_once < 4:
            time.sleep(0.005)
        sent_away.append(time.monotonic())
        return groq_rate_limit(PER_MINUTE, "200ms")

    with LlmServer(rule) as server:
        how = settings(server.base, concurrency=4, backoff=0.4)
        assert statuses(asked(tasks(5), how, cache)) == ["ok"] * 5
    assert len(back) == len(sent_away) == 4
    # The wait, and three steps of a tenth of a second between four that come back.
    assert max(back) - min(sent_away) >= 0.2 + 3 * 0.1


LABEL = {
    "canonical_title": "Webhooks arrive twice",
    "category": "finance",
    "description": "Payments are booked twice.",
    "would_pay_signal": True,
    "impact_level": "high",
}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(LABEL | {"category": "Finance", "impact_level": "HIGH"}),
        json.dumps({key.upper(): value for key, value in LABEL.items()}),
        json.dumps({key.replace("_", " ").title(): value for key, value in LABEL.items()}),
        json.dumps(LABEL | {"confidence": 0.9}),
        f"Here:\n```json\n{json.dumps(LABEL | {'Category': 'finance'})}\n```\nDone.",
    ],
)
def test_form_is_put_right_and_not_paid_for_again(text: str, cache: Cache) -> None:
    with LlmServer(always(Reply(text))) as server:
        one = asked(tasks(1), settings(server.base), cache)
        assert asked(tasks(1), settings(server.base), cache).cached
    assert (one.status, one.data, len(server.questions)) == ("ok", LABEL, 1)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(LABEL | {"category": "money"}),
        json.dumps({key: value for key, value in LABEL.items() if key != "category"}),
    ],
)
def test_content_is_never_put_right(text: str, cache: Cache) -> None:
    with LlmServer(first_then([Reply(text)])) as server:
        asked(tasks(1), settings(server.base), cache)
    assert len(server.questions) == 2


@pytest.mark.parametrize("model", ["openai/test", "groq/openai/gpt-oss-20b"])
def test_an_answer_that_groq_finds_unfit_is_read_all_the_same(model: str, cache: Cache) -> None:
    unfit = groq_unfit(f"```json\n{json.dumps(LABEL | {'category': 'Finance'})}\n```")
    with LlmServer(always(unfit)) as server:
        one = asked(tasks(1), settings(server.base, model=model, api_key="k"), cache)
    assert (one.status, one.data, len(server.questions)) == ("ok", LABEL, 1)
    assert one.cost_usd > 0  # it was written, so it may be on the bill


def test_what_groq_finds_unfit_and_nobody_can_read_is_asked_for_again(cache: Cache) -> None:
    bad = [groq_unfit(""), groq_unfit('{"canonical_title": "Web')]
    with LlmServer(first_then(bad)) as server:
        one = asked(tasks(1), settings(server.base), cache)
    assert (one.status, len(server.questions)) == ("ok", 3)
    assert {question.format for question in server.questions} == {"json_schema"}
    assert cache.calls()["status"].to_pylist() == ["invalid", "invalid", "ok"]


def test_groqs_limit_of_tokens_gives_the_next_try_more_room(cache: Cache) -> None:
    full = groq_unfit("max completion tokens reached before generating a valid document")
    with LlmServer(first_then([full])) as server:
        assert asked(tasks(1), settings(server.base), cache).status == "ok"
    assert [question.limit for question in server.questions] == [100, 4_196]
