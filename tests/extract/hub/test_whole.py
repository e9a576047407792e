"""The whole Hub by its cursor: every model once, on from where a killed run was, in few bytes."""

import os
import signal
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from assay.extract.http.transport import RetryPolicy
from assay.extract.hub import rejected, whole
from assay.extract.hub.bronze import listings, model_files, models, totals
from assay.extract.hub.client import Hub, HubError
from assay.extract.hub.whole import resumable, walk
from assay.extract.landing.run_folder import RunFolder
from assay.sample.replay import ReplayServer
from benchmarks.hub import synthetic
from tests.extract.helpers import NoProgress, Person, model
from tests.servers import until

MODELS = 230
ENDPOINT = "http://hub.test"


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a made-up Hub."""
    folder = tmp_path_factory.mktemp("hub")
    synthetic.write(folder, MODELS)
    return folder


@pytest.fixture(autouse=True)
def few_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole, "PAGES_IN_PART", 3)


def expected() -> list[str]:
    newest = sorted(synthetic.records(MODELS), key=lambda one: one["id"].encode())
    newest.sort(key=lambda one: one["createdAt"], reverse=True)
    return [one["id"] for one in newest]


def ids(folder: RunFolder) -> list[str]:
    return [row["model_id"] for table in models(folder) for row in table.to_pylist()]


def begin(parent: Path, endpoint: str = ENDPOINT) -> RunFolder:
    return RunFolder.create(parent, {"endpoint": endpoint, "all": True})


def asked(server: ReplayServer) -> int:
    return sum("/api/models" in target for _, target, _ in server.requests)


def test_every_model_is_read_once_with_the_newest_first(tmp_path: Path, made_up: Path) -> None:
    folder = begin(tmp_path)
    with (
        ReplayServer(made_up, quota=0, page_cap=10) as server,
        Hub(server.url, None, RetryPolicy(min_interval=0)) as hub,
    ):
        walk(hub, folder, NoProgress())
        assert asked(server) == MODELS / 10
    assert ids(folder) == expected()
    assert len(model_files(folder)) == 8
    sums = {
        name: sum(one[name] for one in synthetic.records(MODELS)) for name in ("downloads", "likes")
    }
    [row] = [row for table in listings(folder) for row in table.to_pylist()]
    assert (row["task_id"], row["kind"], row["models"], row["pages"]) == ("all", "all", MODELS, 23)
    assert (row["downloads"], row["likes"]) == (sums["downloads"], sums["likes"])
    assert totals(folder)["all"].models == MODELS
    assert folder.manifest["counts"]["models_listed"] == MODELS
    folder.finish("extracted")
    RunFolder.open(folder.path)
    assert resumable(tmp_path, ENDPOINT) is None, "it came to its end"


class Stopped(BaseException):
    """The end of a process, as far as a test that goes on can have it."""


class Interrupted:
    """A hub that stops at one page of all that are asked for, counted from 1."""

    def __init__(self, hub: Hub, at: int) -> None:
        self._hub, self._left = hub, at
        self.transport, self.hides = hub.transport, hub.hides

    def all_pages(self, start: str | None) -> Iterator[Any]:
        for page in self._hub.all_pages(start):
            self._left -= 1
            if not self._left:
                raise Stopped
            yield page


@pytest.mark.parametrize("at", [4, 5, 6, 7, 23])
def test_a_walk_goes_on_after_the_last_part_that_is_whole(
    tmp_path: Path, made_up: Path, at: int
) -> None:
    with (
        ReplayServer(made_up, quota=0, page_cap=10) as server,
        Hub(server.url, None, RetryPolicy(min_interval=0)) as hub,
    ):
        with pytest.raises(Stopped):
            walk(Interrupted(hub, at), begin(tmp_path, server.url), NoProgress())
        before = asked(server)
        folder = resumable(tmp_path, server.url)
        assert folder is not None, "nothing was finished by whoever was killed"
        walk(hub, folder, NoProgress())
        assert asked(server) - before == 23 - (at - 1) // 3 * 3
    assert ids(folder) == expected()
    assert totals(folder)["all"].models == MODELS


@pytest.mark.slow("a walk over the whole Hub is killed, and the next run goes on with it")
def test_a_killed_walk_is_gone_on_with_by_the_next_run(tmp_path: Path) -> None:
    synthetic.write(tmp_path / "hub", 1_000)
    command = ("pipeline", "hf_catalog", "run", "--all")
    with ReplayServer(tmp_path / "hub", quota=0, page_cap=10) as server:
        person = Person(tmp_path / "person", server.url)
        killed = person.start(*command)
        until(lambda: asked(server) > 50)
        os.kill(killed.pid, signal.SIGKILL)
        killed.communicate(timeout=60)
        before = asked(server)
        ended = person.pipeline("hf_catalog", "run", "--all")
        assert ended.code == 0, ended.err
        assert "goes on with" in ended.err
        assert asked(server) - before <= 100 - 40
    assert len(person.folders) == 1
    loaded = "select count(*), count(distinct model_id), min(task_id) from bronze.hf_models"
    assert person.rows(loaded) == [(1_000, 1_000, "all")]


class Endless:
    """As many models as wanted, a hundred a page."""

    def __init__(self, pages: int) -> None:
        self._pages, self.transport = pages, SimpleNamespace(requests=0, retries=0)

    def hides(self, record: dict[str, Any]) -> bool:
        return False

    def all_pages(self, start: str | None) -> Iterator[tuple[list[Any], str]]:
        for number in range(int(start or 0), self._pages):
            page = [model(f"owner/{number:06}-{place:03}") for place in range(100)]
            yield page, str(number + 1) if number + 1 < self._pages else ""


def test_memory_does_not_grow_with_the_hub(tmp_path: Path) -> None:
    peaks = []
    for pages in (12, 120):
        folder = begin(tmp_path)
        tracemalloc.start()
        walk(Endless(pages), folder, NoProgress())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert folder.manifest["counts"]["models_listed"] == pages * 100
    assert peaks[1] < 1.3 * peaks[0], peaks


def test_what_is_no_model_is_told_once_and_private_models_are_left_out(tmp_path: Path) -> None:
    class Odd(Endless):
        def hides(self, record: dict[str, Any]) -> bool:
            return bool(record.get("private"))

        def all_pages(self, start: str | None) -> Iterator[tuple[list[Any], str]]:
            for page, following in super().all_pages(start):
                yield [*page, {"likes": 3}, model("me/secret", private=True)], following

    folder = begin(tmp_path)
    walk(Odd(9), folder, NoProgress())
    assert len(ids(folder)) == 900
    told = [row for one in rejected.rows(folder, *model_files(folder)) for row in one.to_pylist()]
    assert [(row["reason"], row["task_id"]) for row in told] == [("no_id", "all")]
    for file in folder.path.iterdir():
        assert b"secret" not in file.read_bytes(), file.name


def test_a_walk_over_another_hub_or_of_long_ago_is_not_gone_on_with(tmp_path: Path) -> None:
    folder = begin(tmp_path)
    with pytest.raises(Stopped):
        walk(Interrupted(Endless(9), 5), folder, NoProgress())
    assert resumable(tmp_path, ENDPOINT) is not None
    assert resumable(tmp_path, "http://another.test") is None
    long_ago = datetime.now(UTC) - whole.RESUME_WITHIN - timedelta(hours=1)
    folder.manifest["started_at"] = long_ago.isoformat()
    folder.save()
    assert resumable(tmp_path, ENDPOINT) is None


def test_a_cursor_that_the_hub_takes_no_more_is_given_up(tmp_path: Path, made_up: Path) -> None:
    with (
        ReplayServer(made_up, quota=0, page_cap=10) as server,
        Hub(server.url, None, RetryPolicy(min_interval=0)) as hub,
    ):
        with pytest.raises(Stopped):
            walk(Interrupted(hub, 5), begin(tmp_path, server.url), NoProgress())
        folder = resumable(tmp_path, server.url)
        folder.manifest["walk"]["next"] = f"{server.url}/api/models?cursor=worn"
        with pytest.raises(HubError, match='"cursor" is not valid'):
            walk(hub, folder, NoProgress())
        folder.finish("failed", "the cursor")
        assert resumable(tmp_path, server.url) is None


def test_a_kept_address_on_another_host_is_not_asked(tmp_path: Path) -> None:
    with (
        Hub("http://127.0.0.1:9", None, RetryPolicy()) as hub,
        pytest.raises(HubError, match="ref"),
    ):
        next(hub.all_pages("http://evil.test/api/models?cursor=x"))


def test_the_manifest_keeps_no_more_than_a_cursor(tmp_path: Path) -> None:
    folder = begin(tmp_path)
    with pytest.raises(Stopped):
        walk(Interrupted(Endless(900), 700), folder, NoProgress())
    kept = orjson.loads((folder.path / "manifest.json").read_bytes())["walk"]
    assert (kept["next"], kept["models"]) == ("699", 69_900)
    assert len(orjson.dumps(kept)) < 400
