"""What a plan says beforehand, beside what the server then counts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.mining.llm import Cache, plan
from tests.llm_server import LlmServer, Question, Reply, always
from tests.mining.llm.asking import asked, settings, task


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    with Cache(tmp_path / "llm.sqlite") as opened:
        yield opened


def prose(some: range) -> list:
    words = "Somebody describes at length what does not work, and since when. "
    return [task(f"{number} {words * (2 + number % 7)}", schema=None) for number in some]


def bill(server: LlmServer) -> float:
    return sum(tokens_in * 1e-6 + tokens_out * 5e-6 for tokens_in, tokens_out in server.billed)


def test_answers_at_full_length_cost_what_the_plan_says(cache: Cache) -> None:
    full = "word" * 98  # four bytes a token, of 100
    with LlmServer(always(Reply(full))) as server:
        planned = plan(prose(range(15)), settings(server.base), cache)
        asked(prose(range(15)), settings(server.base), cache)
        assert planned.prompt_tokens == pytest.approx(sum(t for t, _ in server.billed), rel=0.2)
        assert planned.cost_usd == pytest.approx(bill(server), rel=0.2)


def test_once_twenty_answers_are_on_record_their_length_is_what_the_plan_expects(
    cache: Cache,
) -> None:
    def short(question: Question) -> Reply:
        return Reply("word " * (8 + len(question.text) % 9))

    with LlmServer(short) as server:
        how = settings(server.base)
        asked(prose(range(19)), how, cache)
        at_full_length = plan(prose(range(100, 150)), how, cache).cost_usd
        asked(prose(range(19, 20)), how, cache)
        planned = plan(prose(range(100, 150)), how, cache)
        other = plan([task("x", schema=None, purpose="other")], how, cache)
        server.billed.clear()
        asked(prose(range(100, 150)), how, cache)
        assert planned.cost_usd == pytest.approx(bill(server), rel=0.2)
    assert at_full_length > 2.5 * planned.cost_usd
    assert other.cost_usd == pytest.approx(100 * 5e-6, rel=0.2)  # of that purpose nothing is known


def test_another_temperature_is_another_question_and_reaches_the_server(cache: Cache) -> None:
    with LlmServer(always(Reply("fine"))) as server:
        how = settings(server.base)
        for temperature in (0.0, 0.7, 0.7, 0.9):
            asked([task("x", schema=None, temperature=temperature)], how, cache)
    assert [q.body["temperature"] for q in server.questions] == [0, 0.7, 0.9]
    assert task("x").question("m") == task("x", temperature=0.0).question("m")
