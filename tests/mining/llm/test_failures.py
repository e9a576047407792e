"""What happens when no answer comes: every case ends, says why in one line, and costs its share."""

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.mining.llm import Cache, Settings
from tests.llm_server import LlmServer, Question, Reply, always, error, first_then, good
from tests.mining.llm.asking import asked, settings, statuses, task, tasks


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    with Cache(tmp_path / "llm.sqlite") as opened:
        yield opened


def costs(cache: Cache) -> list[bool]:
    """Return for each call whether it counts as paid."""
    return [cost > 0 for cost in cache.calls()["cost_usd"].to_pylist()]


@pytest.mark.parametrize(
    ("reply", "paid"),
    [
        (error(429), False),
        (error(500), False),
        (error(503), False),
        (error(529), False),
        (error(502), True),  # a gateway's errors may hide an answer that was billed
        (error(504), True),
        (error(408), True),
        (Reply("half an answer " * 50, cut=True), True),
    ],
    ids=["429", "500", "503", "529", "502", "504", "408", "cut off"],
)
def test_what_may_pass_is_tried_again_until_it_does(reply: Reply, paid: bool, cache: Cache) -> None:
    with LlmServer(first_then([reply, reply])) as server:
        one = asked(tasks(1), settings(server.base), cache)
    assert one.status == "ok"
    assert len(server.questions) == 3
    assert costs(cache) == [paid, paid, True]
    assert cache.calls()["status"].to_pylist() == ["failed", "failed", "ok"]


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (error(429, "slow down"), "HTTP 429: slow down (3 tries)"),
        (error(500, "oh\nno"), "HTTP 500: oh no (3 tries)"),
        (Reply("half " * 50, cut=True), "the answer was cut off (3 tries)"),
    ],
)
def test_what_does_not_pass_is_given_up_after_the_attempts_allowed(
    reply: Reply, why: str, cache: Cache, caplog: pytest.LogCaptureFixture
) -> None:
    with LlmServer(always(reply)) as server:
        how = settings(server.base, max_attempts=3)
        one = asked(tasks(1), how, cache)
        assert (one.status, one.data, one.error) == ("failed", None, why)
        assert len(server.questions) == 3
        server.rule = good
        assert asked(tasks(1), how, cache).status == "ok"
    assert f"llm: issue_labels k0 failed: {why}" in caplog.text


def test_a_slow_answer_is_waited_for_as_long_as_allowed_and_may_have_been_paid(
    cache: Cache,
) -> None:
    never = threading.Event()
    with LlmServer(always(Reply("late", hold=never))) as server:
        how = settings(server.base, timeout=0.2, max_attempts=2)
        one = asked(tasks(1), how, cache)
        never.set()
    assert (one.status, one.error) == ("failed", "no answer within 0.2 s (2 tries)")
    assert costs(cache) == [True, True]


def test_a_server_that_is_not_there_ends_the_run_instead_of_trying_every_question(
    cache: Cache,
) -> None:
    how = settings("http://127.0.0.1:9/v1", max_attempts=2, concurrency=3)
    results = asked(tasks(30), how, cache)
    counts = {status: statuses(results).count(status) for status in ("failed", "skipped")}
    assert sum(counts.values()) == 30
    assert 3 <= counts["failed"] <= 6  # three in a row, and what was under way
    gone = "the server is not there (connection refused or name unknown)"
    assert results[0].error == f"{gone} (2 tries)"
    assert results[-1].error == f"the model cannot be reached: {gone}"
    assert not any(costs(cache))


@pytest.mark.parametrize(
    ("status", "why"),
    [(401, "does not accept the key"), (403, "does not let this key"), (404, "have the model")],
)
def test_what_is_wrong_for_every_question_is_asked_once(
    status: int, why: str, cache: Cache
) -> None:
    with LlmServer(always(error(status, "no such thing"))) as server:
        results = asked(tasks(20), settings(server.base), cache)
    assert len(server.questions) == 1
    assert statuses(results) == ["failed"] + ["skipped"] * 19
    assert why in results[0].error
    assert f"(HTTP {status}: no such thing)" in results[0].error
    assert results[19].error == results[0].error


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_request_that_is_refused_fails_alone(status: int, cache: Cache) -> None:
    def rule(question: Question) -> Reply:
        return error(status, "too long") if "Post 3 " in question.text else good(question)

    with LlmServer(rule) as server:
        results = asked(tasks(6), settings(server.base), cache)
    assert statuses(results) == ["ok", "ok", "ok", "failed", "ok", "ok"]
    assert results[3].error == f"HTTP {status}: too long"
    assert len(server.questions) == 6


def test_a_prompt_that_no_model_should_get_fails_without_being_sent(cache: Cache) -> None:
    long = task("x", "long")
    long.messages[0]["content"] = "x" * 100_000
    with LlmServer() as server:
        results = asked([long, *tasks(1)], settings(server.base), cache)
    assert statuses(results) == ["failed", "ok"]
    assert "more than 100,000" in results[0].error
    assert len(server.questions) == 1


def test_retry_after_holds_back_every_thread(cache: Cache) -> None:
    arrived: list[float] = []

    def rule(question: Question) -> Reply:
        arrived.append(time.monotonic())
        return error(429, "wait", Retry_After="0.5") if len(arrived) == 1 else good(question)

    with LlmServer(rule) as server:
        results = asked(tasks(5), settings(server.base), cache)
    assert statuses(results) == ["ok"] * 5
    # Those that waited for the first to come back from the server are held back as well.
    assert min(arrived[1:]) - arrived[0] >= 0.5
    assert len(arrived) == 6


def test_a_pause_longer_than_allowed_ends_the_run(cache: Cache) -> None:
    with LlmServer(always(error(429, "quota", Retry_After="3600"))) as server:
        results = asked(tasks(9), settings(server.base), cache)
    assert len(server.questions) == 1
    assert statuses(results) == ["failed"] + ["skipped"] * 8
    assert "asks to wait 3600 s, more than 120 s: run again after that" in results[8].error


def test_eight_are_in_flight_at_once_and_never_more(cache: Cache) -> None:
    full = threading.Event()

    def rule(question: Question) -> Reply:
        if server.most_at_once == 8:
            full.set()
        if len(server.questions) > 1:  # the first goes alone, to meet the server
            full.wait(300)
        return good(question)

    with LlmServer(rule) as server:
        results = asked(tasks(40), settings(server.base), cache)
    assert server.most_at_once == 8
    assert [one.key for one in results] == [f"k{number}" for number in range(40)]
    titles = [one.data["canonical_title"] for one in results]
    assert len(set(titles)) == 40


def test_requests_are_deterministic_and_never_retried_below_us(cache: Cache) -> None:
    with LlmServer(always(error(500))) as server:
        asked(tasks(1), settings(server.base, max_attempts=1), cache)
        body = server.questions[0].body
    assert len(server.questions) == 1
    assert (body["temperature"], body["max_tokens"], body["model"]) == (0, 100, "test")
    assert isinstance(body["seed"], int)


def test_parameters_that_a_model_does_not_know_are_left_out(cache: Cache) -> None:
    with LlmServer() as server:
        how = settings(server.base, model="openai/gpt-5-mini")
        assert statuses(asked(tasks(2), how, cache)) == ["ok", "ok"]
    assert "temperature" not in server.questions[0].body
    assert len(server.questions) == 2


def test_a_full_disk_stops_the_paying(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(Cache, "answered", full)
    with LlmServer() as server:
        with pytest.raises(OSError, match="no space left"):
            asked(tasks(50), settings(server.base), cache)
        assert len(server.questions) <= 8


def test_an_interrupted_run_takes_in_what_is_under_way_and_sends_no_more(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(bar: object, count: int = 1) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("assay.mining.llm.runner.tqdm.update", interrupt)
    with LlmServer() as server:
        with pytest.raises(KeyboardInterrupt):
            asked(tasks(200), settings(server.base), cache)
        sent = len(server.questions)
        assert 1 <= sent < 200
        assert cache.calls()["status"].to_pylist() == ["ok"] * sent


def test_free_text_has_no_schema_and_none_is_asked_for(cache: Cache) -> None:
    essay = task("Write.", "e1", schema=None, purpose="essay_responses")
    with LlmServer(always(Reply("An essay."))) as server:
        one = asked([essay], settings(server.base), cache)
    assert one.data == {"text": "An essay."}
    assert server.questions[0].format == "none"
    assert Settings().max_attempts == 5


def test_progress_is_logged_with_counts_and_money(
    cache: Cache, caplog: pytest.LogCaptureFixture
) -> None:
    with LlmServer() as server, caplog.at_level(logging.INFO):
        asked(tasks(4), settings(server.base), cache, usd=2)
    assert "llm: 4 ok; $0.00" in caplog.text
    assert "of $2 spent" in caplog.text
