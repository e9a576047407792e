"""Following by name: whom to ask, what the answers are, and when nobody believes them."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest

from assay.extract.http.transport import RetryPolicy, SourceUnavailableError
from assay.extract.hub import apart, followed
from assay.extract.hub.bronze import listings, models, totals, withdrawn
from assay.extract.hub.catalog import read_hub
from assay.extract.hub.client import GATED, Hub, LookedUp
from assay.extract.hub.followed import Known, follow, unlisted
from assay.extract.landing.run_folder import RunFolder
from assay.sample.replay import ReplayServer
from tests.extract.helpers import NoProgress, ScriptedHub, model, pages_of, recorded

DAY = datetime(2026, 11, 15, 6, tzinfo=UTC)
BEFORE = datetime(2000, 1, 1, tzinfo=UTC)


# --- whom to ask ---------------------------------------------------------------------------------

TABLES = """
create schema hf;
create table hf.models (
    model_id text, hub_id text, downloads bigint, last_synced_at timestamptz, gone_at timestamptz
);
create table hf.model_listings (model_id text, listing_id text);
"""


@pytest.fixture
def hf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what puts models into a warehouse: name, downloads, days unseen, listings, hub id."""
    path = tmp_path / "assay.duckdb"
    monkeypatch.setenv("ASSAY_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DUCKDB_PATH", str(path))

    def fill(*known: tuple[Any, ...]) -> None:
        with duckdb.connect(path) as db:
            db.execute(TABLES)
            for name, downloads, days, shown, *hub_id in known:
                row = [name, hub_id[0] if hub_id else None, downloads, DAY - timedelta(days=days)]
                db.execute("insert into hf.models values (?, ?, ?, ?, null)", row)
                for listing in shown:
                    db.execute("insert into hf.model_listings values (?, ?)", [name, listing])

    return fill


def shown(tmp_path: Path, *records: dict[str, Any]) -> Path:
    path = tmp_path / "hf_models.json"
    path.write_bytes(orjson.dumps(list(records)))
    return path


def test_who_is_asked_is_known_and_shown_by_no_listing(hf: Any, tmp_path: Path) -> None:
    hf(
        ("a/listed", 5, 0, ["fill-mask"]),
        ("a/fell-now", 5, 0, ["fill-mask"]),
        ("a/fell-before", 4, 9, []),
        ("a/elsewhere", 5, 0, ["fill-mask", "translation"]),
        ("old/name", 3, 0, ["fill-mask"], "id-7"),
        ("a/left", 2, 0, ["fill-mask"]),
    )
    path = shown(
        tmp_path,
        {"id": "a/listed"},
        {"id": "new/name", "_id": "id-7"},
        {"id": "a/left", "_left": True},
    )
    found = unlisted("duckdb", path, ["fill-mask", "filter:gguf"], 9)
    assert [one.model_id for one in found] == ["a/fell-now", "a/fell-before", "a/left"]


def test_half_are_those_of_most_downloads_and_half_those_unseen_for_longest(
    hf: Any, tmp_path: Path
) -> None:
    hf(*((f"a/{number}", 100 - number, number, []) for number in range(9)))
    found = [one.model_id for one in unlisted("duckdb", shown(tmp_path), [], 4)]
    assert found == ["a/0", "a/8", "a/1", "a/7"]


def test_nobody_is_asked_while_no_build_of_this_version_has_been(tmp_path: Path, hf: Any) -> None:
    assert unlisted("duckdb", shown(tmp_path), [], 9) == []
    with duckdb.connect(tmp_path / "assay.duckdb") as db:
        db.execute("create schema hf; create table hf.models (model_id text, hub_id text)")
    assert unlisted("duckdb", shown(tmp_path), [], 9) == []


def test_more_than_a_batch_are_looked_through(
    hf: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followed, "BATCH_ROWS", 3)
    hf(*((f"a/{number}", number, 0, []) for number in range(10)))
    assert len(unlisted("duckdb", shown(tmp_path), [], 99)) == 10


# --- what the answers are ------------------------------------------------------------------------


def rows(tables: Any, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in columns) for one in tables for row in one.to_pylist()]


def test_who_is_there_is_counted_and_who_is_not_is_gone_then_withdrawn(tmp_path: Path) -> None:
    hub = recorded(
        tmp_path / "hub",
        [
            model("a/top", 9, tags=["fill-mask"]),
            model("a/fell", 4),
            model("a/closed", 3, gated="manual"),
            model("new/name", 2),
        ],
        "fill-mask",
    )
    known = [
        Known("a/fell", None, BEFORE),
        Known("a/closed", None, None),
        Known("a/first-day", "id-1", None),
        Known("a/second-day", "id-2", BEFORE),
        Known("a/again-today", "id-3", datetime.now(UTC)),
    ]
    folder = RunFolder.create(tmp_path / "raw", {})
    with (
        ReplayServer(hub, quota=0) as server,
        Hub(server.url, None, RetryPolicy(min_interval=0)) as client,
    ):
        read_hub(
            client,
            folder,
            limit_per_task=5,
            wanted=["fill-mask"],
            max_tasks=None,
            progress=NoProgress(),
            known=lambda read: known if read == ["fill-mask"] else [],
        )
    assert rows(models(folder), "task_id", "model_id", "downloads", "is_listed", "reason") == [
        ("fill-mask", "a/top", 9, True, None),
        ("followed", "a/fell", 4, True, None),
        ("followed", "a/closed", 3, True, None),  # gated, but its card can be read
        ("followed", "a/first-day", None, False, "not_found"),
        ("followed", "a/again-today", None, False, "not_found"),
    ]
    digest = hashlib.md5(b"a/second-day", usedforsecurity=False).hexdigest()
    assert rows(withdrawn(folder), "digest", "hub_id", "reason") == [(digest, "id-2", "not_found")]
    assert rows(withdrawn(folder, {"followed"}), "digest") == []
    assert rows(listings(folder), "task_id", "kind", "models", "asked", "limit_per_task") == [
        ("fill-mask", "task", 1, 0, 5),
        ("followed", "followed", 2, 5, 5),
    ]
    assert folder.manifest["counts"]["models_listed"] == 1
    assert folder.manifest["counts"]["private_left_out"] == 0
    for file in folder.path.iterdir():
        assert b"second-day" not in file.read_bytes(), file.name


class Scripted(ScriptedHub):
    """A hub with answers by name; an exception is raised."""

    def __init__(self, answers: dict[str, Any]) -> None:
        super().__init__([[[]]])
        self.answers = answers

    def look_up(self, model_id: str) -> LookedUp:
        answer = self.answers[model_id]
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_what_turned_private_before_the_owners_eyes_is_withdrawn_at_once(tmp_path: Path) -> None:
    mine = model("me/secret", 3, private=True) | {"_id": "id-9"}
    hub = Scripted({"me/secret": LookedUp(mine), "a/shut": LookedUp(None, GATED)})
    folder = RunFolder.create(tmp_path, {})
    known = [Known("me/secret", "id-9", None), Known("a/shut", None, BEFORE)]
    listing = follow(hub, folder, known)
    assert (listing.models, listing.private, listing.asked) == (0, 1, 2)
    assert [one["reason"] for one in listing.hidden.values()] == ["private", "gated"]
    assert b"secret" not in (folder.path / "hf_followed.json").read_bytes()


def test_a_hub_that_stops_answering_ends_the_asking_and_not_the_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    down = SourceUnavailableError("The Hub does not answer")
    hub = Scripted({"a/1": LookedUp(model("a/1", 5)), "a/2": down, "a/3": down})
    folder = RunFolder.create(tmp_path, {})
    listing = follow(hub, folder, [Known(f"a/{number}", None, None) for number in (1, 2, 3)])
    assert (listing.models, listing.asked, listing.limit) == (1, 1, 1)
    assert "followed 1 of 3 models: The Hub does not answer" in caplog.messages


def test_a_name_that_the_hub_does_not_take_says_nothing_of_the_model(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, {})
    hub = Scripted({"a/odd": LookedUp(None, "malformed_id")})
    listing = follow(hub, folder, [Known("a/odd", None, BEFORE)])
    assert (listing.models, listing.hidden) == (0, {})
    assert orjson.loads((folder.path / "hf_followed.json").read_bytes()) == []


# --- when nobody believes them -------------------------------------------------------------------


@pytest.mark.parametrize(("there", "told"), [(10, None), (9, "11 of 20 models asked for by name")])
def test_where_most_are_gone_the_answers_are_kept_apart(
    tmp_path: Path, there: int, told: str | None
) -> None:
    hub = pages_of([[model("a/top", 9)]])
    hub.task_pages = {"fill-mask": {}}
    hub.named = {f"a/{number}": model(f"a/{number}", 5) for number in range(there)}
    folder = RunFolder.create(tmp_path, {})
    known = [Known(f"a/{number}", f"id-{number}", BEFORE) for number in range(20)]
    read_hub(
        hub,
        folder,
        limit_per_task=5,
        wanted=None,
        max_tasks=None,
        progress=NoProgress(),
        known=lambda _: known,
    )
    why = apart.reasons(totals(folder), folder.run_id, folder.started_at, [])
    assert why.keys() == ({"followed"} if told else set())
    assert why.get("followed", "").startswith(told or "")
    assert len(rows(withdrawn(folder, why), "digest")) == (0 if told else 10)
