"""What several test modules of the extraction share: virtual time, a scripted network, folders."""

import io
import math
import os
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import httpx
import orjson
from dlt.common.runtime.collector import NullCollector as NoProgress  # noqa: F401

from assay import warehouse
from assay.extract.http.transport import RetryPolicy, RetryTransport
from assay.extract.hub.catalog import TaskListing, read_listing
from assay.extract.hub.client import NOT_FOUND, LookedUp
from assay.extract.hub.listings import TASK, Wanted
from assay.extract.landing.run_folder import RecordFile, RunFolder
from tests import forks

EPOCH = 1_760_000_000  # what time() says when a virtual clock starts: 2025-10-09 08:53:20 UTC
STAMP = "2026-08-18T06:09:20.000Z"


class VirtualClock:
    """Time that passes only while all threads sleep, and then at once.

    `late` are seconds by which the first sleeps oversleep, as they do on a busy machine.
    """

    def __init__(self, *late: float) -> None:
        self._now, self._late = 0.0, list(late)
        self._awake, self._wakes = 1, list[float]()
        self._changed = threading.Condition()

    def monotonic(self) -> float:
        return self._now

    def time(self) -> float:
        return EPOCH + self._now

    def sleep(self, seconds: float) -> None:
        with self._changed:
            late = self._late.pop(0) if self._late else 0.0
            wake = max(self._now + seconds + late, math.nextafter(self._now, math.inf))
            self._wakes.append(wake)
            self._leave()
            while self._now < wake:
                self._changed.wait()

    def run(self, count: int, action: Callable[[], Any]) -> None:
        """Run the action in so many threads and wait for them."""

        def body() -> None:
            try:
                action()
            finally:
                with self._changed:
                    self._leave()

        self._awake = count
        threads = [threading.Thread(target=body, daemon=True) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(300)
            assert not thread.is_alive(), "a thread hangs, or sleeps while it holds a lock"
        self._awake = 1

    def _leave(self) -> None:
        """One thread fewer is awake; when it was the last, the next moment comes."""
        self._awake -= 1
        if not self._awake and self._wakes:
            self._now = min(self._wakes)
            self._awake = sum(wake <= self._now for wake in self._wakes)
            self._wakes = [wake for wake in self._wakes if wake > self._now]
            self._changed.notify_all()


class Script(httpx.BaseTransport):
    """A network that gives the answers of a list, one per request, and a good one after that.

    An answer is a response, an exception to raise, or a function without arguments that makes one.
    """

    def __init__(self, clock: VirtualClock, *answers: Any) -> None:
        self.clock, self.answers = clock, list(answers)
        self.starts: list[float] = []
        self.seen: list[httpx.Request] = []
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.starts.append(self.clock.monotonic())
            self.seen.append(request)
            answer = self.answers.pop(0) if self.answers else good()
        answer = answer() if callable(answer) else answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def gaps(self) -> list[float]:
        """Seconds between the starts of consecutive requests."""
        return [b - a for a, b in zip(self.starts, self.starts[1:], strict=False)]


def good(**headers: str) -> httpx.Response:
    """The answer that everybody hopes for."""
    return httpx.Response(200, json={"good": True}, headers=_dashed(headers))


def refusal(status: int = 429, **headers: str) -> httpx.Response:
    """An error answer; header names with _ for -."""
    return httpx.Response(status, json={"error": "no"}, headers=_dashed(headers))


def _dashed(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def scripted(
    *answers: Any, clock: VirtualClock | None = None, **retry_policy: Any
) -> tuple[httpx.Client, RetryTransport, Script]:
    """A client over a polite transport over a script, all on one virtual clock."""
    clock = clock or VirtualClock()
    script = Script(clock, *answers)
    transport = RetryTransport("The Hub", RetryPolicy(**retry_policy), inner=script, clock=clock)
    return httpx.Client(transport=transport), transport, script


FILL_MASK = Wanted(TASK, "fill-mask")


def read_all(
    hub: Any, limit: int = 1000, wanted: Wanted = FILL_MASK
) -> tuple[TaskListing, list[dict[str, Any]]]:
    """Read a listing; return what it came to and the records in the file."""
    stream = io.BytesIO()
    out = RecordFile(stream)
    listing = read_listing(hub, wanted, limit, out)
    out.end()
    return listing, orjson.loads(stream.getvalue())


def model(model_id: str, downloads: Any = 1, **more: Any) -> dict[str, Any]:
    """A model as the listing gives it."""
    return {"id": model_id, "downloads": downloads, "likes": 3, "tags": ["region:us"], **more}


def recorded(folder: Path, models: list[dict[str, Any]], *tasks: str) -> Path:
    """Write a folder for the replay server."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {
        task: {"id": task, "label": task.title(), "summary": f"What {task} is"} for task in tasks
    }
    (folder / "hf_tasks.json").write_bytes(orjson.dumps(pages))
    lines = b"".join(orjson.dumps(record) + b"\n" for record in models)
    (folder / "hf_models.jsonl").write_bytes(lines)
    return folder


def catalog_folder(
    parent: Path, listings: dict[str, list[dict[str, Any]]], limit: int = 1000
) -> RunFolder:
    """Write a finished run folder with these models per task, in this order."""
    folder = RunFolder.create(parent, {"limit_per_task": limit})
    with folder.records("hf_tasks.json") as out:
        for task in listings:
            out.write(orjson.dumps({"id": task, "label": task.title(), "summary": None}))
    with folder.records("hf_models.json") as out:
        for task, models in listings.items():
            for record in models:
                out.write(orjson.dumps({**record, "_task_id": task, "_seq": out.count}))
    folder.manifest["listings"] = [
        TaskListing(task, limit, models=len(models), pages=1, readings=1).as_record()
        for task, models in listings.items()
    ]
    folder.finish("extracted")
    return folder


def pages_of(*readings: list[list[Any]]) -> "ScriptedHub":
    """A hub whose listing reads differently each time; the last reading stays."""
    return ScriptedHub(list(readings))


class ScriptedHub:
    """As much of a Hub as reading listings needs; `named` are the models it knows by name."""

    def __init__(self, readings: list[list[list[Any]]]) -> None:
        self._readings = readings
        self.task_pages: dict[str, Any] = {}
        self.named: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, int]] = []
        self.asked_by_name: list[str] = []
        self.pages = 0
        self.transport = SimpleNamespace(requests=0, retries=0)

    def hides(self, record: dict[str, Any]) -> bool:
        return bool(record.get("private"))

    def tasks(self) -> dict[str, Any]:
        return self.task_pages

    def model_pages(self, task: str, page_size: int) -> Iterator[list[Any]]:
        self.asked.append((task, page_size))
        for page in self._readings[min(len(self.asked), len(self._readings)) - 1]:
            self.pages += 1
            yield page

    def look_up(self, model_id: str) -> LookedUp:
        self.asked_by_name.append(model_id)
        record = self.named.get(model_id)
        return LookedUp(record, None if record else NOT_FOUND)

    def model(self, model_id: str) -> dict[str, Any] | None:
        return self.look_up(model_id).record


@dataclass
class Ended:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @classmethod
    def after(cls, process: "subprocess.Popen[str] | forks.Forked") -> "Ended":
        """Wait for a process."""
        out, err = process.communicate(timeout=300)
        return cls(process.returncode, out, err)

    @property
    def last(self) -> str:
        """The last line that it said, without its time and level."""
        return re.sub(r"^[\d-]+ [\d:]+Z [A-Z]+ +", "", self.err.strip().splitlines()[-1])


class Person:
    """Somebody with the project, a data folder of their own, and an address of a Hub."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self.folder, self.endpoint = folder, endpoint
        self.data, self.database = folder / "data", folder / "assay.duckdb"

    @property
    def environment(self) -> dict[str, str]:
        """What the command sees, apart from whoever runs the tests."""
        kept = ("PATH", "PYTHONPATH", "LANG", "TMPDIR")
        return {name: os.environ[name] for name in kept if name in os.environ} | {
            "HOME": str(self.folder),
            "HF_ENDPOINT": self.endpoint,
            "HF_HUB_OFFLINE": "1",
            "HTTP__MIN_INTERVAL_SECONDS": "0",
            "HTTP__BACKOFF_SECONDS": "[0.01, 0.01, 0.01, 0.01, 0.01]",
            "DUCKDB_PATH": str(self.database),
            "ASSAY_DATA_DIR": str(self.data),
            "RUNTIME__DLTHUB_TELEMETRY": "false",
        }

    def start(self, *args: str, **environment: str) -> "subprocess.Popen[str] | forks.Forked":
        """Start `dlt` with these arguments in the project's root."""
        self.folder.mkdir(exist_ok=True)
        more = self.environment | environment
        return forks.start(["dlt", *args], warehouse.ROOT, more, apart=True)

    def dlt(self, *args: str, **environment: str) -> Ended:
        """Run `dlt` with these arguments to its end."""
        return Ended.after(self.start(*args, **environment))

    def pipeline(self, *args: str, **environment: str) -> Ended:
        """Run `dlt pipeline` with these arguments to its end."""
        return self.dlt("pipeline", *args, **environment)

    @property
    def folders(self) -> list[Path]:
        """The run folders, oldest first."""
        return sorted((self.data / "raw" / "hf").glob("*"))

    def manifest(self) -> dict[str, Any]:
        """The manifest of the only run folder."""
        [folder] = self.folders
        return orjson.loads((folder / "manifest.json").read_bytes())

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run one query in the warehouse."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def written(self) -> bytes:
        """Everything in all files below the person's folder."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return b"\n".join(path.read_bytes() for path in files)
