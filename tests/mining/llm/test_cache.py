"""The cache: the same question is never paid for twice, whatever kills a run."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from pydantic import BaseModel, Field

from assay.mining.llm import Cache, plan
from tests.llm_server import LlmServer, Question, Reply, always, first_then, good
from tests.mining.llm.asking import asked, child, settings, statuses, task, tasks

PATIENCE = 300  # seconds; only a failure takes so long


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "llm.sqlite"


@pytest.fixture
def cache(file: Path) -> Iterator[Cache]:
    with Cache(file) as opened:
        yield opened


def until(happened: Callable[[], bool]) -> None:
    """Wait for something that another process does, however busy the machine is."""
    ends = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.005)


def times_asked(server: LlmServer) -> Counter[str]:
    """Return how often each post was asked about."""
    return Counter(question.body["messages"][1]["content"] for question in server.questions)


def test_the_second_run_asks_nothing_and_gives_the_same_results(cache: Cache) -> None:
    with LlmServer(first_then([Reply("not JSON")])) as server:
        first = asked(tasks(5), settings(server.base), cache)
        requests = len(server.questions)
        second = asked(tasks(5), settings(server.base), cache)
        assert len(server.questions) == requests == 10
    assert [one.cached for one in first + second] == [False] * 5 + [True] * 5
    for one, again in zip(first, second, strict=True):
        # what the answer took, bad attempts included, is part of the answer
        assert again == type(one)(**(vars(one) | {"cached": True}))
    calls = cache.calls().to_pylist()
    assert Counter((call["status"], call["cached"]) for call in calls) == {
        ("invalid", False): 5,
        ("ok", False): 5,
        ("ok", True): 5,
    }
    assert sum(call["cost_usd"] for call in calls) == pytest.approx(
        sum(one.cost_usd for one in first)
    )


def test_a_question_is_its_model_its_prompt_version_and_its_words(cache: Cache) -> None:
    with LlmServer() as server:
        how = settings(server.base)
        asked([task("a", "k1")], how, cache)
        assert asked([task("a", "k2", max_tokens=50, purpose="x")], how, cache).cached
        others = [
            (task("b"), how),
            (task("a", prompt_version="2"), how),
            (task("a", schema=None), how),
            (task("a"), settings(server.base, model="openai/other")),
        ]
        assert [asked([one], how, cache).cached for one, how in others] == [False] * 4
    assert len(server.questions) == 5


def test_equal_questions_of_one_run_are_asked_once(cache: Cache) -> None:
    with LlmServer() as server:
        results = asked([task("a", f"k{n}") for n in range(20)], settings(server.base), cache)
    assert len(server.questions) == 1
    assert [one.key for one in results] == [f"k{n}" for n in range(20)]
    assert [one.cached for one in results] == [False] + [True] * 19
    assert len({str(one.data) for one in results}) == 1


def test_what_was_paid_for_in_vain_is_asked_again_on_demand_and_both_are_on_record(
    cache: Cache,
) -> None:
    with LlmServer(always(Reply("no"))) as server:
        how = settings(server.base)
        first = asked(tasks(1), how, cache)
        server.rule = good
        second = asked(tasks(1), how, cache)
        assert (first.status, second.status, len(server.questions)) == ("failed", "failed", 3)
        assert second.error.endswith("not asked again (llm_ask_again: true does)")
        [failure] = cache.failures()
        assert (failure.purpose, failure.model, failure.questions) == ("issue_labels", how.model, 1)
        assert failure.cost_usd == pytest.approx(first.cost_usd)
        assert failure.error == first.error
        planned = plan(tasks(2), how, cache)
        assert (len(planned.pending), len(planned.failed)) == (1, 1)
        assert "1 failed before and are not asked again" in str(planned)
        one = asked(tasks(1), how, cache, ask_again=True)
        assert asked(tasks(1), how, cache, ask_again=True).cached  # an answer is one for ever
    assert (one.status, one.cached) == ("ok", False)
    assert cache.failures() == []
    assert cache.calls()["status"].to_pylist() == ["invalid"] * 3 + ["ok"] * 2


def test_other_settings_ask_again_what_failed(cache: Cache) -> None:
    with LlmServer(always(Reply("no"))) as server:
        assert asked(tasks(1), settings(server.base), cache).status == "failed"
        server.rule = good
        how = settings(server.base, concurrency=2, backoff=0.02, timeout=9.0)
        assert asked(tasks(1), how, cache).status == "failed"
        assert asked([task(WORDS, "k0", max_tokens=200)], how, cache).status == "ok"
        server.rule = always(Reply("no"))
        assert asked(tasks(2)[1:], settings(server.base), cache).status == "failed"
        server.rule = good
        how = settings(server.base, reasoning_effort="low")
        assert asked(tasks(2)[1:], how, cache).status == "ok"


WORDS = "Post 0 is about a problem."


class OldLabel(BaseModel):
    """A label of the prompt before."""

    title: str


def test_an_answer_to_an_older_prompt_of_the_same_task_is_not_paid_for_again(cache: Cache) -> None:
    with LlmServer(always(Reply('{"title": "old"}'))) as server:
        how = settings(server.base)
        old = asked([task("Old words.", "k0", schema=OldLabel)], how, cache)
        server.rule = good
        new = task("New words.", "k0", prompt_version="2", earlier={"1": OldLabel})
        assert len(plan([new], how, cache).pending) == 0
        taken = asked([new], how, cache, run_id="second")
        assert (taken.status, taken.cached, taken.data) == ("ok", True, {"title": "old"})
        assert (taken.prompt_version, taken.prompt_hash) == ("1", old.prompt_hash)
        assert taken.cost_usd == old.cost_usd
        served = cache.calls().to_pylist()[-1]
        assert (served["run_id"], served["cached"]) == ("second", True)
        assert (served["prompt_version"], served["prompt_hash"]) == ("1", old.prompt_hash)
        others = [
            task("New words.", "k1", prompt_version="2", earlier={"1": OldLabel}),
            task("Newer.", "k0", prompt_version="2", purpose="x", earlier={"1": OldLabel}),
            task("Newest.", "k0", prompt_version="2", earlier={"0": OldLabel}),
        ]
        assert not any(one.cached for one in asked(others, how, cache))
        assert asked([replace(new, key="k2")], how, cache).cached  # by its own words
        again = task("Again.", "k0", prompt_version="2", earlier={"1": OldLabel})
        assert asked([again], how, cache).data == {"title": "old"}
        assert not asked([again], how, cache, ask_again=True).cached
        assert asked([again], how, cache).prompt_version == "2"


def test_an_answer_that_its_schema_no_longer_takes_is_asked_for_again(cache: Cache) -> None:
    class Strict(BaseModel):
        canonical_title: str

    class Stricter(BaseModel):
        canonical_title: str = Field(pattern="^Problem")

    Stricter.model_json_schema = Strict.model_json_schema  # the same question, another check
    with LlmServer(always(Reply('{"canonical_title": "x"}'))) as server:
        how = settings(server.base)
        assert asked([task("a", schema=Strict)], how, cache).status == "ok"
        server.rule = always(Reply('{"canonical_title": "Problem"}'))
        again = asked([task("a", schema=Stricter)], how, cache)
    assert (again.cached, again.data) == (False, {"canonical_title": "Problem"})


def test_calls_are_one_table_with_every_attempt(cache: Cache) -> None:
    assert cache.calls().num_rows == 0
    before = datetime.now(UTC)
    with LlmServer() as server:
        asked([task("a", "k1")], settings(server.base), cache, run_id="build 1")
    table = cache.calls(since=before - timedelta(seconds=1))
    row = table.to_pylist()[0]
    assert table.schema.field("at").type == pa.timestamp("us", tz="UTC")
    assert table.schema.field("cached").type == pa.bool_()
    assert (row["run_id"], row["purpose"], row["task_key"]) == ("build 1", "issue_labels", "k1")
    assert (row["model"], row["prompt_version"]) == ("openai/test", "1")
    assert (row["status"], row["cached"], row["error"]) == ("ok", False, None)
    assert row["tokens_in"] == server.billed[0][0]
    assert row["cost_usd"] == pytest.approx((server.billed[0][0] + 5 * server.billed[0][1]) / 1e6)
    assert before <= row["at"] <= datetime.now(UTC)
    assert cache.calls(since=datetime.now(UTC) + timedelta(seconds=1)).num_rows == 0


@pytest.mark.slow("kills and second processes while a language model answers")
def test_a_run_killed_with_eight_in_flight_keeps_every_answer_it_had(file: Path) -> None:
    let_go, numbers = threading.Event(), itertools.count(1)

    def rule(question: Question) -> Reply:
        answer = good(question)
        return answer if next(numbers) <= 12 else Reply(answer.content, hold=let_go)

    with LlmServer(rule) as server, Cache(file) as cache:
        started = child(server.base, file, 40)
        until(lambda: len(server.questions) == 20 and ok(cache) == 12)
        started.kill()
        started.wait()
        let_go.set()
        results = asked(tasks(40), settings(server.base), cache)
        assert statuses(results) == ["ok"] * 40
        assert sum(one.cached for one in results) == 12
        # 12 answered, 8 under way when it was killed and asked again, 20 not asked before
        assert sorted(times_asked(server).values()) == [1] * 32 + [2] * 8
        lost = [call for call in cache.calls().to_pylist() if call["status"] == "lost"]
    assert len(lost) == 8
    assert all(call["cost_usd"] > 0 for call in lost)  # they may have been billed


def ok(cache: Cache) -> int:
    """Return how many answers are kept."""
    return sum(call["status"] == "ok" and not call["cached"] for call in cache.calls().to_pylist())


@pytest.mark.slow("kills and second processes while a language model answers")
def test_a_run_killed_at_any_moment_loses_at_most_what_was_under_way(file: Path) -> None:
    let_go, numbers = threading.Event(), itertools.count(1)

    def rule(question: Question) -> Reply:
        answer = good(question)
        # However late the kill comes, the run is not at its end by then.
        return answer if next(numbers) <= 150 else Reply(answer.content, hold=let_go)

    with LlmServer(rule) as server, Cache(file) as cache:
        started = child(server.base, file, 200)
        until(lambda: len(server.billed) >= 60)
        started.kill()
        started.wait()
        kept, billed = ok(cache), len(server.billed)
        assert billed - 8 <= kept <= billed < 200
        let_go.set()
        until(lambda: server.open_now == 0)
        before = len(server.questions)
        assert statuses(asked(tasks(200), settings(server.base), cache)) == ["ok"] * 200
        assert len(server.questions) - before == 200 - kept


@pytest.mark.slow("kills and second processes while a language model answers")
def test_two_processes_at_once_pay_nothing_twice(file: Path) -> None:
    let_go = threading.Event()

    def rule(question: Question) -> Reply:
        let_go.wait(PATIENCE)
        return good(question)

    with LlmServer(rule) as server, Cache(file) as cache:
        started = child(server.base, file, 10)
        until(lambda: len(server.questions) >= 1)
        results: list = []
        waiting = threading.Thread(
            target=lambda: results.extend(asked(tasks(12), settings(server.base), cache))
        )
        waiting.start()
        let_go.set()
        waiting.join()
        assert started.wait() == 0
    assert statuses(results) == ["ok"] * 12
    assert [one.cached for one in results] == [True] * 10 + [False] * 2
    assert set(times_asked(server).values()) == {1}
    assert len(server.questions) == 12
