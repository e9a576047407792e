"""What the project serves is served on this machine alone."""

import os
import socket
from pathlib import Path

import psutil
import pytest

from assay.publish.issue_report import address
from assay.publish.pocketbase.server import bundled
from assay.sample.replay import ReplayServer
from tests.support import SAMPLE


def listening() -> set[str]:
    """Return the addresses at which this process and those it started listen."""
    me = psutil.Process(os.getpid())
    return {
        connection.laddr.ip
        for process in (me, *me.children(recursive=True))
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }


def test_the_replay_server_and_pocketbase_listen_on_the_loopback_address_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_DATA_DIR", str(tmp_path / "data"))
    before = listening()
    with ReplayServer(SAMPLE, quota=0), bundled() as server:
        assert listening() - before | {"127.0.0.1"} == {"127.0.0.1"}
        assert "127.0.0.1" in listening()
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(OSError), socket.create_connection((_own_address(), port), timeout=5):
            pass


def _own_address() -> str:
    """Return an address of this machine that is not 127.0.0.1, without sending anything."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # TEST-NET-1 of RFC 5737
        except OSError:
            return "127.0.0.2"  # no network: the loopback net has more addresses
        return str(probe.getsockname()[0])


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,<script>", "file:///etc/passwd", "//x", "\x01"]
)
def test_the_report_links_to_nothing_but_web_pages(url: str) -> None:
    assert not address(url)
    assert address("https://example.org/a?b=c") == "https://example.org/a?b=c"
