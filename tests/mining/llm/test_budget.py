"""The budget: what is really paid never passes it, whatever is in flight or claimed."""

import json
import logging
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.mining.llm import Cache, LlmError, Settings
from assay.mining.llm.budget import (
    Budget,
    Prices,
    count_tokens,
    most_prompt_tokens,
    prices,
    settled,
)
from tests.llm_server import LlmServer, Question, Reply, always, error, good
from tests.mining.llm.asking import asked, settings, statuses, task, tasks


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    with Cache(tmp_path / "llm.sqlite") as opened:
        yield opened


def bill(server: LlmServer) -> float:
    """Return what the server charges, at 1 and 5 USD per million tokens."""
    return sum(tokens_in * 1e-6 + tokens_out * 5e-6 for tokens_in, tokens_out in server.billed)


def crowded(question: Question, server: LlmServer) -> Reply:
    """Answer only when eight requests have once been open, with answers of any length."""
    while server.most_at_once < 8 and len(server.questions) > 1 and not _crowd.wait(0.01):
        pass
    label = json.loads(good(question).content or "")
    label["description"] = "x " * (len(question.text) % 100)
    return Reply(json.dumps(label))


_crowd = threading.Event()


@pytest.mark.parametrize("cap", [0.024, 0.0317])
def test_with_eight_calls_in_flight_the_real_cost_never_passes_the_cap(
    cap: float, cache: Cache
) -> None:
    some = [task(f"{number} " * (1 + number % 40), f"k{number}") for number in range(1, 101)]
    server = LlmServer()
    server.rule = lambda question: crowded(question, server)
    with server:
        results = asked(some, settings(server.base), cache, cap)
    assert server.most_at_once == 8
    assert 0.8 * cap < bill(server) <= cap  # near, but never above
    spent = sum(cache.calls()["cost_usd"].to_pylist())
    assert bill(server) - 1e-9 <= spent <= cap
    counts = {status: statuses(results).count(status) for status in ("ok", "over_budget")}
    assert counts["ok"] == len(server.billed)
    assert counts["ok"] + counts["over_budget"] == 100
    assert counts["over_budget"] > 10
    assert {one.error for one in results if one.status == "over_budget"} == {
        "the next call could pass llm_max_usd"
    }


def test_retries_count_against_the_budget_too(cache: Cache) -> None:
    with LlmServer(always(Reply("never JSON", finish_reason="length"))) as server:
        results = asked(tasks(20), settings(server.base), cache, 0.01)
        assert bill(server) <= 0.01
    assert "ok" not in statuses(results)
    assert "over_budget" in statuses(results)


def test_runs_of_one_build_share_its_budget(cache: Cache) -> None:
    with LlmServer() as server:
        how = settings(server.base)
        for purpose in ("issue_labels", "links", "essays"):
            some = [task(f"{purpose} {n}", purpose=purpose) for n in range(10)]
            asked(some, how, cache, 0.006, run_id="build 1")
        assert bill(server) <= 0.006
        first = len(server.questions)
        asked(tasks(2), how, cache, 0.006, run_id="build 2")
    assert first < 30
    assert len(server.questions) == first + 2


def test_nothing_is_sent_when_not_even_one_call_fits(cache: Cache) -> None:
    with LlmServer() as server:
        results = asked(tasks(3), settings(server.base), cache, 0)
    assert statuses(results) == ["over_budget"] * 3
    assert server.questions == []
    assert cache.calls().num_rows == 0


@pytest.mark.parametrize("cap", [-1.0, float("nan"), float("inf")])
def test_a_cap_that_is_none_is_refused(cap: float, cache: Cache) -> None:
    with LlmServer() as server, pytest.raises(LlmError, match="llm_max_usd is"):
        asked(tasks(1), settings(server.base), cache, cap)
    assert server.questions == []


@pytest.mark.parametrize(
    "usage",
    [
        "none",
        {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        {"prompt_tokens": -9, "completion_tokens": 10**30, "total_tokens": 1},
        {"prompt_tokens": None, "completion_tokens": None},
    ],
    ids=["missing", "nothing", "impossible", "null"],
)
def test_when_the_providers_count_is_absurd_our_own_counts(usage: object, cache: Cache) -> None:
    def rule(question: Question) -> Reply:
        return Reply(good(question).content, usage=usage)

    with LlmServer(rule) as server:
        one = asked(tasks(1), settings(server.base), cache)
    texts = [message["content"] for message in server.questions[0].body["messages"]]
    assert one.tokens_in == count_tokens(*texts) > 50
    assert one.tokens_out == count_tokens(good(server.questions[0]).content or "") > 20


def test_a_count_above_the_most_there_can_be_is_believed_and_closes_the_budget(
    cache: Cache, caplog: pytest.LogCaptureFixture
) -> None:
    def rule(question: Question) -> Reply:
        return Reply(good(question).content, usage={"prompt_tokens": 10**6, "completion_tokens": 1})

    with LlmServer(rule) as server, caplog.at_level(logging.WARNING):
        results = asked(tasks(20), settings(server.base, concurrency=1), cache, 0.5)
    assert statuses(results) == ["ok"] + ["over_budget"] * 19
    assert results[0].cost_usd > 1
    assert "more than there can be" in caplog.text


def test_the_larger_count_wins_only_when_the_claim_is_not_believable() -> None:
    assert settled(90, 100, 400) == 90
    assert settled(24, 100, 400) == 100
    assert settled(401, 100, 400) == 401
    assert settled(10**8, 100, 400) == 100
    assert settled(None, 100, 400) == settled(True, 100, 400) == settled(-1, 100, 400) == 100
    assert settled(0, 0, 400) == 0


def test_bytes_bound_the_tokens_of_any_text() -> None:
    texts = ["plain words", "日本語のテキスト", "🙂" * 20, "\x00\x01", "a" * 999, "<|endoftext|>"]
    for text in texts:
        messages = [{"role": "user", "content": text}]
        assert count_tokens(text) <= len(text.encode()) < most_prompt_tokens(messages)


def test_a_budget_holds_under_many_threads_and_uses_what_others_leave() -> None:
    budget, sure = Budget(1.0), random.Random(7)
    real: list[int] = []

    def spend(costs: list[int]) -> None:
        for cost in costs:
            if budget.reserve(50_000_000):
                real.append(cost)
                budget.settle(50_000_000, cost)

    lots = [[sure.randrange(50_000_000) for _ in range(20)] for _ in range(8)]
    threads = [threading.Thread(target=spend, args=(costs,)) for costs in lots]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 950_000_000 < sum(real) <= 1_000_000_000
    assert budget.spent_usd == sum(real) / 1e9


def test_prices_come_from_the_settings_then_litellms_list_then_a_local_servers_zero() -> None:
    local = "http://127.0.0.1:8000/v1"
    given = Settings("openai/x", local, input_usd_per_mtok=2.0, output_usd_per_mtok=8.0)
    assert prices(given) == Prices(2e-6, 8e-6)
    assert prices(Settings("groq/openai/gpt-oss-20b")) == Prices(7.5e-8, 3e-7)
    assert prices(Settings("gpt-4o-mini")) == Prices(1.5e-7, 6e-7)
    assert prices(Settings("openai/gpt-4o-mini")) == Prices(1.5e-7, 6e-7)
    assert prices(Settings("anthropic/claude-haiku-4-5")) == Prices(1e-6, 5e-6)
    assert prices(Settings("openai/tiny", local)) == Prices(0.0, 0.0)
    assert prices(Settings("openai/tiny", "http://[::1]:1/v1")) == Prices(0.0, 0.0)
    # A known model behind a local address may be a relay to the real one.
    assert prices(Settings("openai/gpt-4o-mini", local)) == Prices(1.5e-7, 6e-7)
    assert Prices(1e-6, 0).nano(3, 0) == 3000


@pytest.mark.parametrize(
    "how",
    [
        Settings("openai/tiny"),
        Settings("openai/tiny", "https://llm.example.org/v1"),
        Settings("openai/tiny", "http://127.0.0.1.example.org/v1"),
        Settings("groq/gpt-4o-mini"),
    ],
)
def test_a_model_without_a_known_price_is_refused(how: Settings, cache: Cache) -> None:
    with pytest.raises(LlmError, match=r"price of .* is not known.*LLM_INPUT_USD_PER_MTOK") as no:
        asked(tasks(1), how, cache)
    assert "\n" not in str(no.value)


def test_failed_calls_that_cost_nothing_leave_the_budget_whole(cache: Cache) -> None:
    with LlmServer(always(error(500))) as server:
        asked(tasks(3), settings(server.base, max_attempts=2, concurrency=1), cache, 0.004)
    assert len(server.questions) >= 2
    assert sum(cache.calls()["cost_usd"].to_pylist()) == 0
