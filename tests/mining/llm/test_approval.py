"""Nothing is asked without approval, and nobody learns the key."""

import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assay.mining.llm import Cache, LlmError, Settings, plan, run
from tests.llm_server import LlmServer, always, error
from tests.mining.llm.asking import ROOT, asked, settings, statuses, task, tasks

KEY = "sk-live-0123456789abcdef"


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    with Cache(tmp_path / "llm.sqlite") as opened:
        yield opened


def test_without_approval_no_connection_is_opened_and_the_plan_is_logged(
    cache: Cache, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*args: Any) -> None:
        raise AssertionError("a socket was connected")

    with LlmServer() as server:
        monkeypatch.setattr(socket.socket, "connect", refuse)
        monkeypatch.setattr(socket, "getaddrinfo", refuse)
        with caplog.at_level(logging.INFO):
            results = run(tasks(3), settings(server.base), cache, approved=False, max_usd=100)
        assert (server.connections, server.questions) == (0, [])
    assert statuses(results) == ["skipped"] * 3
    assert [one.key for one in results] == ["k0", "k1", "k2"]
    assert {one.error for one in results} == {"not approved"}
    assert "not approved, so nothing is asked" in caplog.text
    assert "issue_labels  1            3       0        3" in caplog.text
    assert cache.calls().num_rows == 0


@pytest.mark.slow("a plan loads no LiteLLM, and LiteLLM asks nobody when it is loaded")
def test_planning_loads_no_litellm_and_loading_it_asks_no_network(tmp_path: Path) -> None:
    program = """
import os, socket, sys
from pathlib import Path

def refuse(*args):
    raise SystemExit("a socket was connected")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
from assay.mining.llm import Cache, Settings, plan, run
from assay.mining.llm.provider import Provider
from tests.mining.llm.asking import tasks

settings = Settings(model="groq/openai/gpt-oss-20b", api_key="x" * 12)
with Cache(Path(sys.argv[1])) as cache:
    planned = plan(tasks(2), settings, cache)
    run(tasks(2), settings, cache, approved=False, max_usd=1)
    print(len(planned.pending), planned.prompt_tokens > 400, "litellm" in sys.modules)
Provider(settings)
import litellm
print("litellm" in sys.modules, len(litellm.model_cost) > 1000, "FROM_DOTENV" in os.environ)
"""
    (tmp_path / ".env").write_text("FROM_DOTENV=1\n")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LITELLM")}
    command = [sys.executable, "-c", program, str(tmp_path / "llm.sqlite")]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == ["2 True False", "True True False"], done.stderr


def test_the_plan_counts_each_question_once_and_prices_the_longest_answers(cache: Cache) -> None:
    with LlmServer() as server:
        how = settings(server.base)
        asked(tasks(2), how, cache)
        some = [*tasks(5), task("Post 4 is about a problem.", "again")]
        planned = plan(some, how, cache)
    assert [one.key for one in planned.cached] == ["k0", "k1"]
    assert [one.key for one in planned.pending] == ["k2", "k3", "k4"]
    line = planned.lines[0]
    assert (line.tasks, line.cached, line.pending) == (6, 2, 3)
    assert planned.cost_usd == pytest.approx((planned.prompt_tokens * 1 + 300 * 5) / 1e6)
    assert "issue_labels  1            6       2        3" in str(planned)
    assert "model openai/test" in str(planned)


def test_a_plan_needs_no_model_and_says_that_none_is_set(cache: Cache) -> None:
    planned = plan(tasks(2), Settings(), cache)
    assert (len(planned.pending), planned.cost_usd) == (2, None)
    assert "LLM_MODEL is not set" in str(planned)
    with pytest.raises(LlmError, match="LLM_MODEL is not set"):
        run(tasks(2), Settings(), cache, approved=True, max_usd=1)


def test_a_model_without_a_key_is_refused_in_one_line_before_anything_is_sent(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GROQ_API_KEY", raising=False)
    how = Settings(model="groq/openai/gpt-oss-20b")
    with pytest.raises(LlmError, match="set LLM_API_KEY or GROQ_API_KEY"):
        run(tasks(1), how, cache, approved=True, max_usd=1)


def test_a_model_without_its_provider_is_refused_in_one_line(cache: Cache) -> None:
    with LlmServer() as server, pytest.raises(LlmError, match="openai/NAME") as refused:
        run(tasks(1), settings(server.base, model="tiny"), cache, approved=True, max_usd=1)
    assert "\n" not in str(refused.value)


def test_the_key_reaches_the_server_and_nothing_that_is_kept(
    cache: Cache, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    said = f"Incorrect API key provided: {KEY}; also Bearer abcdefgh and gsk_abcdefghijk"
    with LlmServer(always(error(500, said))) as server, caplog.at_level(logging.DEBUG):
        how = settings(server.base, api_key=KEY, max_attempts=2)
        failed = asked(tasks(1), how, cache)
        assert server.questions[0].headers["authorization"] == f"Bearer {KEY}"
    assert failed.error == ("HTTP 500: Incorrect API key provided: ***; also *** and *** (2 tries)")
    files = b"".join(file.read_bytes() for file in cache.path.parent.iterdir())
    kept = [repr(how), repr(failed), caplog.text, *capfd.readouterr(), files.decode("latin-1")]
    assert not [text for text in kept if KEY in text or "gsk_abc" in text]


def test_a_server_of_ones_own_never_gets_the_key_of_the_provider(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with LlmServer() as server:
        asked(tasks(1), settings(server.base), cache)
    assert KEY not in str(server.questions[0].headers)


def test_settings_come_from_the_environment_and_wrong_ones_are_named() -> None:
    read = Settings.from_environment(
        {
            "LLM_MODEL": "openai/x",
            "LLM_API_BASE": "http://localhost:1/v1",
            "LLM_CONCURRENCY": "3",
            "LLM_INPUT_USD_PER_MTOK": "0.5",
            "LLM_OUTPUT_USD_PER_MTOK": "2",
            "LLM_API_KEY": KEY,
        }
    )
    assert (read.model, read.concurrency, read.timeout) == ("openai/x", 3, 60.0)
    assert (read.input_usd_per_mtok, read.output_usd_per_mtok) == (0.5, 2.0)
    assert read.is_local
    assert KEY not in repr(read)
    for wrong in (
        {"LLM_CONCURRENCY": "0"},
        {"LLM_TIMEOUT_SECONDS": "nan"},
        {"LLM_MAX_ATTEMPTS": "many"},
        {"LLM_INPUT_USD_PER_MTOK": "1"},
    ):
        with pytest.raises(LlmError, match=next(iter(wrong))):
            Settings.from_environment(wrong)
