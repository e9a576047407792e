"""The replay server as a process: its port, its connections, and its command line."""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path

import httpx
import pytest

from assay.sample.replay import ReplayServer, main
from tests.sample.apis.hub_replays import CLIENT, MODELS, TASKS, Serve, write
from tests.servers import PATIENCE_SECONDS, started


def test_it_listens_on_loopback_only_and_close_frees_the_port(serve: Serve) -> None:
    server = serve()
    port = int(server.url.rpartition(":")[2])
    assert server.url.startswith("http://127.0.0.1:")
    assert server._http.socket.getsockname() == ("127.0.0.1", port)
    client = httpx.Client(base_url=server.url)
    assert client.get("/api/tasks").status_code == 200
    server.close()
    with pytest.raises(httpx.HTTPError):
        client.get("/api/tasks")
    client.close()
    with socket.socket() as taken:
        assert taken.connect_ex(("127.0.0.1", port)) != 0


def test_connections_are_kept_and_head_has_no_body(server: ReplayServer) -> None:
    with httpx.Client(base_url=server.url) as client:
        streams = {client.get("/api/models").extensions["network_stream"] for _ in range(3)}
        head = client.head("/api/models")
        assert client.get("/api/tasks").json() == TASKS
    assert len(streams) == 1
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 100


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_until_it_is_told_to_stop(tmp_path: Path, number: int) -> None:
    folder, port_file, log = write(tmp_path / "f", MODELS), tmp_path / "port", tmp_path / "log"
    port_file.write_text("1")  # left by a run that was killed
    command = [
        sys.executable,
        "-m",
        "assay.sample.replay",
        "--folder",
        str(folder),
        "--port-file",
        str(port_file),
        "--fault",
        "500:0",
        "--log",
        str(log),
    ]
    with started(command) as process:
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        url = line.rpartition(" ")[2]
        assert url == f"http://127.0.0.1:{port_file.read_text().strip()}"
        assert CLIENT.get(f"{url}/api/models/a/one").json()["downloads"] == 20
        os.kill(process.pid, number)
        assert process.wait(PATIENCE_SECONDS) == 0
        assert process.stdout.read() == ""
    assert log.read_text().endswith(" 200 GET /api/models/a/one\n")
    assert not port_file.exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--folder", "{tmp}/none"], "no such folder"),
        (["--folder", "{tmp}"], "has no hf_tasks.json and no hf_models.jsonl"),
        (["--folder", "{ok}", "--fault", "slo:0.1"], "did you mean slow"),
        (["--folder", "{ok}", "--page-cap", "0"], "page_cap must be at least 1"),
    ],
)
def test_wrong_usage_ends_with_2_and_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    ok = write(tmp_path / "ok", MODELS)
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    assert main([a.format(tmp=tmp_path, ok=ok) for a in arguments]) == 2
    for number, handler in zip((signal.SIGTERM, signal.SIGINT), before, strict=True):
        signal.signal(number, handler)
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1
