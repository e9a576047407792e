"""Two runs at once: the second waits for the first, and then has nothing left to do."""

import threading

import pytest

from assay.runs import recorded
from assay.sample.replay import ReplayServer
from assay.sample.server.wire import Request, Response
from tests import servers
from tests.issues.items import days
from tests.support import SAMPLE, Project, collecting

pytestmark = pytest.mark.slow("two runs of the issues pipeline at once")


def test_a_second_run_waits_says_for_whom_and_finds_everything_there(project: Project) -> None:
    second_waits = threading.Event()
    with ReplayServer(SAMPLE, quota=0) as server:
        hold_answers(server, second_waits)
        environment = recorded.environment(SAMPLE, server.url)
        command = collecting(SAMPLE, *days(15, 15))
        first = project.start(*command, **environment)
        until_asked(server)
        second = project.start(*command, **environment)
        told = second.stdout.readline()
        assert f"another run (pid {first.pid}) is loading this warehouse: waiting" in told
        assert first.poll() is None
        second_waits.set()
        output, _ = first.communicate(timeout=300)
        assert first.returncode == 0, output
        asked = len(server.requests)
        output, _ = second.communicate(timeout=300)
        assert second.returncode == 0, output
        assert len(server.requests) == asked
    assert output.count("2026-11-15 complete, nothing to ask") == 4
    [(rows, pages, runs)] = project.rows(
        "select count(*), count(distinct url_hash), count(distinct run_id) from bronze.raw_items"
    )
    assert rows == pages == 13 + 14 + 17 + 15
    assert runs == 1


def hold_answers(server: ReplayServer, until: threading.Event) -> None:
    """Let GitHub answer nothing before an event."""
    [github] = [api for api in server.apis if api.paths == ("/github",)]
    answer = github.answer

    def waiting(request: Request) -> Response:
        assert until.wait(300)
        return answer(request)

    github.answer = waiting


def until_asked(server: ReplayServer) -> None:
    """Wait for the first request, which a run sends with the lock in its hands."""
    servers.until(lambda: bool(server.requests))
