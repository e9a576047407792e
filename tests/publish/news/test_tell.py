"""Telling through Apprise, to a server of this machine: each thing once, whatever happens."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import duckdb
import pytest

from assay.publish import tell
from assay.publish.news import rules as rules_of
from assay.publish.news.rules import TellError, quiet, rule
from tests.publish.news.gold import make

TOKEN = "s3cret-token-of-the-team"  # noqa: S105 - invented
ROOT = Path(__file__).resolve().parents[3]


class Inbox(ThreadingHTTPServer):
    """Takes what `json://` sends; `status`: its answer, `taken`: the messages it took."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.taken = 200, []

    @property
    def address(self) -> str:
        return f"json://127.0.0.1:{self.server_port}/{TOKEN}"

    def lines(self) -> list[str]:
        return [line for one in self.taken for line in one["message"].splitlines()]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.status == 200:
            self.server.taken.append(json.loads(body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with Inbox() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inbox: Inbox) -> Path:
    monkeypatch.setenv("ASSAY_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DUCKDB_PATH", str(tmp_path / "assay.duckdb"))
    monkeypatch.setenv("TELL__RULES", '{"all": {"to": ["team"]}}')
    monkeypatch.setenv("TELL__TARGETS__TEAM", inbox.address)
    monkeypatch.delenv("TELL__QUIET_HOURS", raising=False)
    make(tmp_path / "assay.duckdb")
    return tmp_path / "assay.duckdb"


def ledger(path: Path) -> list[tuple]:
    with duckdb.connect(path, read_only=True) as db:
        return db.execute(
            "select kind, subject, target, status from ops.told order by all"
        ).fetchall()


def test_each_thing_is_told_once(path: Path, inbox: Inbox) -> None:
    assert tell.main([]) == 0 and tell.main([]) == 0
    [message] = inbox.taken
    assert message["title"] == "Assay, all: 3 things"
    assert message["message"].splitlines() == [
        "- Rising: Tills freeze rising (Shops, 3 people, 2.5 times)",
        "- New: Tills freeze fresh (Shops, 3 people, would pay, about Till \uff20here, own)",
        "- Back again: Tills freeze old (Shops, 3 people, 1.0 times)",
    ]
    assert ledger(path) == [
        ("new", "fresh", "team/1", "told"),
        ("reopened", "old", "team/1", "told"),
        ("rising", "rising", "team/1", "told"),
    ]


def test_a_refused_message_is_told_by_the_next_run_and_the_secret_by_none(
    path: Path,
    inbox: Inbox,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TELL__TARGETS__TEAM", f"{inbox.address} json://127.0.0.1:9/{TOKEN}")
    inbox.status = 500
    caplog.set_level("DEBUG")
    assert tell.main([]) == 1
    inbox.status = 200
    assert tell.main([]) == 1, "the second address is still down"
    monkeypatch.setenv("TELL__TARGETS__TEAM", inbox.address)
    assert tell.main([]) == 0
    assert len(inbox.taken) == 1, "and the first is not told again"
    written = (path.parent / "logs" / "assay.jsonl").read_text(encoding="utf-8")
    out, err = capfd.readouterr()
    for said in (out, err, caplog.text, written, str(ledger(path))):
        assert TOKEN not in said
    assert "team/2 did not take its message" in caplog.text


def test_a_dry_run_prints_the_messages_and_sends_and_writes_nothing(
    path: Path, inbox: Inbox, capsys: pytest.CaptureFixture[str]
) -> None:
    before = path.read_bytes()
    assert tell.main(["--dry-run"]) == 0
    assert "to team: Assay, all: 3 things\n- Rising: Tills" in capsys.readouterr().out
    assert (inbox.taken, path.read_bytes()) == ([], before)


def test_quiet_hours_hold_back_and_lose_nothing(
    path: Path, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setenv("TELL__QUIET_HOURS", "00:00-23:59:59.999999")
    assert tell.main([]) == 0
    assert inbox.taken == [] and "quiet hours" in caplog.text
    monkeypatch.delenv("TELL__QUIET_HOURS")
    assert tell.main([]) == 0 and len(inbox.lines()) == 3


@pytest.mark.parametrize(
    ("hours", "at", "is_quiet"),
    [
        ("22:00-07:00", 23, True),
        ("22:00-07:00", 6, True),
        ("22:00-07:00", 7, False),
        ("01:00-02:00", 3, False),
    ],
)
def test_quiet_hours_may_go_over_midnight(
    monkeypatch: pytest.MonkeyPatch, hours: str, at: int, is_quiet: bool
) -> None:
    monkeypatch.setenv("TELL__QUIET_HOURS", hours)
    assert bool(quiet(datetime(2026, 11, 15, at, tzinfo=UTC))) == is_quiet


def test_a_rule_that_matches_nothing_says_so(
    path: Path, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setenv("TELL__RULES", '{"rare": {"to": ["team"], "categories": ["AI"]}}')
    assert tell.main([]) == 0
    assert "rule rare: nothing of the last 7 days matches" in caplog.text
    monkeypatch.setenv("TELL__RULES", "{}")
    assert tell.main([]) == 0 and "nobody is to be told" in caplog.text
    assert inbox.taken == []


@pytest.mark.parametrize(
    ("given", "subjects"),
    [
        ({"kinds": ["new", "reopened"]}, {"fresh", "old"}),
        ({"growth": 2}, {"rising"}),
        ({"would_pay": True}, {"fresh"}),
        ({"places": ["ACME/till"], "sources": ["github"]}, {"fresh", "old", "rising"}),
        ({"sources": ["reddit"]}, set()),
        ({"models": ["acme/tiny"]}, {"fresh"}),
        ({"products": ["till @HERE"]}, {"fresh"}),
    ],
)
def test_conditions_are_joined_by_and(path: Path, given: dict, subjects: set) -> None:
    with duckdb.connect(path, read_only=True) as db:
        found = tell.news(db, 7).happenings
    one = rule("r", given | {"to": ["team"]})
    assert {each.subject for each in found if one.matches(each)} == subjects


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"to": ["team"], "kind": ["new"]}, "has kind, which is none of to, kinds"),
        ({"kinds": ["new"]}, "does not say to whom"),
        ({"to": ["team"], "kinds": ["newest"]}, "has the kind 'newest'"),
        ({"to": "team"}, "to must be a list of texts"),
        ({"to": ["team"], "growth": "much"}, "growth is 'much'"),
        ({"to": ["team"], "would_pay": "yes"}, "would_pay is 'yes'"),
        (["team"], "is no table"),
    ],
)
def test_a_rule_that_cannot_be_used_is_named(given: object, said: str) -> None:
    with pytest.raises(TellError, match="rule r of") as raised:
        rule("r", given)
    assert said in str(raised.value)


def test_an_address_that_is_none_is_named_by_its_place_alone(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TELL__TARGETS__TEAM", f"nosuch://{TOKEN}")
    assert tell.main([]) == 1
    said = capsys.readouterr().err
    assert said.startswith("tell: address 1 of the target team is none") and TOKEN not in said
    monkeypatch.setenv("TELL__TARGETS__TEAM", "")
    assert tell.main([]) == 1
    assert "set TELL__TARGETS__TEAM" in capsys.readouterr().err
    assert TOKEN not in repr(rules_of.Target("team", (TOKEN,)))


def test_what_rises_again_is_told_after_a_week_and_what_is_new_once(
    path: Path, inbox: Inbox
) -> None:
    assert tell.main([]) == 0
    with duckdb.connect(path) as db:
        db.execute("update ops.told set occasion = occasion - 6")
    assert tell.main([]) == 0
    assert [line.split(":")[0] for line in inbox.lines()[3:]] == ["- Back again"], "another time"
    with duckdb.connect(path) as db:
        db.execute("update ops.told set occasion = occasion - 1")
    assert tell.main([]) == 0
    assert "- Rising" in {line.split(":")[0] for line in inbox.lines()[4:]}
    assert sum(line.startswith("- New") for line in inbox.lines()) == 1


def test_more_things_than_a_message_holds_are_several_messages(
    path: Path, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tell, "MOST", 2)
    assert tell.main([]) == 0
    assert [len(one["message"].splitlines()) for one in inbox.taken] == [2, 1]


# What is replaced by a kill -9: before the message leaves, when it has left, when all is written.
MOMENTS = {
    "send": "tell.send = lambda *a: os.kill(os.getpid(), 9)",
    "sent": "send = tell.send; tell.send = lambda *a: (send(*a), os.kill(os.getpid(), 9))",
    "begun": "put = L.put; L.put = lambda *a: (put(*a), os.kill(os.getpid(), 9))",
    "told": "put = L.put; L.put = lambda *a: (put(*a), a[4] == 'told' and os.kill(os.getpid(), 9))",
}


@pytest.mark.slow("a kill -9 at any moment tells nothing twice, and says what it may not have told")
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_moment_nothing_is_told_twice(
    path: Path, inbox: Inbox, moment: str, caplog: pytest.LogCaptureFixture
) -> None:
    code = (
        "import os; from assay.publish import tell; "
        "from assay.publish.news.ledger import Ledger as L; "
        f"{MOMENTS[moment]}; tell.main([])"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ, check=False)
    assert ended.returncode == -signal.SIGKILL
    caplog.set_level("INFO")
    assert tell.main([]) == 0
    arrived = len(inbox.taken)
    assert arrived == (1 if moment in ("sent", "told") else 0)
    assert ("3 things may have been told" in caplog.text) == (moment != "told")
    assert tell.main(["--again"]) == 0
    assert len(inbox.taken) == arrived + (moment != "told"), "only when a person says so"
