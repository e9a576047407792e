"""What strikes an answer of the replay server when it is told to misbehave."""

from __future__ import annotations

import contextlib
import itertools
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from assay.sample.replay import ReplayServer
from assay.sample.server import faults
from tests.sample.apis.hub_replays import CLIENT, TASKS, Serve, get, hub
from tests.servers import until


def test_429_says_when_in_the_hubs_own_header(serve: Serve) -> None:
    answer = get(serve(faults=["429:1"]), "/api/tasks")
    assert (answer.status_code, answer.headers["ratelimit"]) == (429, '"api";r=0;t=1')
    assert "retry-after" not in answer.headers


def test_429_may_say_retry_after_or_nothing(serve: Serve) -> None:
    answer = get(serve(faults=["429-retry-after:1"]), "/api/tasks")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert "ratelimit" not in answer.headers
    answer = get(serve(faults=["429-bare:1"]), "/api/tasks")
    assert answer.status_code == 429
    assert not {"retry-after", "ratelimit", "ratelimit-policy"} & set(answer.headers)


def test_server_errors_have_their_bodies(serve: Serve) -> None:
    for kind, status in (("500", 500), ("503", 503)):
        answer = get(serve(faults=[f"{kind}:1"]), "/api/tasks")
        assert (answer.status_code, list(answer.json())) == (status, ["error"])
        assert answer.headers["ratelimit"].startswith('"api";r=499;')
    answer = get(serve(faults=["502-html:1"]), "/api/tasks")
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html")
    assert "<h1>502 Bad Gateway</h1>" in answer.text


def test_malformed_is_200_whole_and_not_json(serve: Serve) -> None:
    answer = get(serve(faults=["malformed:1"]), "/api/models")
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) == len(answer.content) > 100
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_cut_promises_more_than_it_sends(serve: Serve) -> None:
    server = serve(faults=["cut:1"])
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        get(server, "/api/models")
    with CLIENT.stream("GET", server.url + "/api/models") as answer:
        got = b""
        with contextlib.suppress(httpx.RemoteProtocolError):
            for chunk in answer.iter_raw():
                got += chunk
    assert len(got) == int(answer.headers["content-length"]) // 2


def test_gone_closes_without_an_answer(serve: Serve) -> None:
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        get(serve(faults=["gone:1"]), "/api/tasks")


def test_timeout_answers_nothing_and_ends_with_the_client(serve: Serve) -> None:
    server = serve(faults=["timeout:1"])
    with pytest.raises(httpx.ReadTimeout):
        get(server, "/api/tasks", timeout=0.3)
    until(lambda: len(server.requests) == 1)
    assert server.requests == [("GET", "/api/tasks", "timeout")]
    with ThreadPoolExecutor(1) as pool:  # closing the server frees a waiting client
        waiting = pool.submit(get, server, "/api/tasks")
        until(lambda: len(server.requests) == 2)
        server.close()
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):  # not of its own time-out
            waiting.result()


def test_slow_answers_rightly_after_2_seconds(serve: Serve) -> None:
    server, began = serve(faults=["slow:1"]), time.monotonic()
    assert get(server, "/api/tasks").json() == TASKS
    assert time.monotonic() - began >= 2


def test_gone_after_refuses_connections_after_n_answers(serve: Serve) -> None:
    server = serve(faults=["gone-after:2"])
    with httpx.Client(base_url=server.url) as client:
        assert [client.get("/api/tasks").status_code for _ in range(2)] == [200, 200]
        for _ in range(2):
            with pytest.raises(httpx.ConnectError):
                client.get("/api/tasks")


def test_faults_do_not_depend_on_the_order_of_arrival(serve: Serve) -> None:
    kinds = ["500:0.3", "429:0.2"]
    paths = [f"/api/models?limit={n}" for n in range(1, 41)]

    def outcomes(server: ReplayServer, asked: list[str], threads: int) -> set[tuple[str, int, Any]]:
        with ThreadPoolExecutor(threads) as pool:
            for _ in range(3):
                list(pool.map(lambda path: get(server, path), asked))
        nth: dict[str, int] = {}
        found = set()
        for _, path, outcome in server.requests:
            nth[path] = nth.get(path, 0) + 1
            found.add((path, nth[path], outcome))
        return found

    one = outcomes(serve(faults=kinds, seed=7), paths, 1)
    many = outcomes(serve(faults=kinds, seed=7), paths[::-1], 8)
    assert one == many
    assert {outcome for *_, outcome in one} == {200, "500", "429"}
    assert one != outcomes(serve(faults=kinds, seed=8), paths, 1)


def test_the_client_retries_a_later_page_through_faults(serve: Serve) -> None:
    # seed 55 leaves the first page, which the client does not retry, alone and strikes the third
    server = serve(page_cap=2, faults=["500:0.3"], seed=55)
    assert len(list(hub(server).list_models(sort="downloads"))) == 9
    assert [outcome for *_, outcome in server.requests] == [200, 200, "500", 200, 200, 200]


def test_draws_are_even_and_strike_an_ask_again_but_not_for_ever() -> None:
    shares = [("500", 0.2), ("gone", 0.1)]
    drawn = [faults.draw(0, f"/p{n}", 0) for n in range(4000)]
    kinds = [faults.choose(shares, d) for d in drawn]
    assert kinds.count("500") == pytest.approx(800, abs=100)
    assert kinds.count("gone") == pytest.approx(400, abs=80)
    runs = [faults.choose(shares, faults.draw(0, "/p", n)) for n in range(200)]
    assert ("500", "500") in itertools.pairwise(runs)
    assert None in runs[:10]


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("492:0.1", "did you mean 429"),
        ("tiemout:0.1", "did you mean timeout"),
        ("500", "a number from 0 to 1"),
        ("500:2", "a number from 0 to 1"),
        ("500:nan", "a number from 0 to 1"),
        ("gone-after:x", "whole number"),
    ],
)
def test_a_fault_that_is_not_understood_names_the_cure(spec: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        faults.parse([spec])


def test_shares_of_more_than_everything_are_refused() -> None:
    with pytest.raises(ValueError, match="more than 1"):
        faults.parse(["500:0.6", "429:0.5"])
