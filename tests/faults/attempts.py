"""The commands of one run under faults: each is run again until it says that it is done."""

import shutil
import subprocess
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from assay.sample.replay import ReplayServer
from assay.sample.server import faults as weather
from tests.faults import commands, compare
from tests.faults.plan import BUILD, CATALOG, CLOCK, DIE, DISK, KILL, SERVER, TWICE, Fault, Plan
from tests.faults.surroundings import Clock, Disk, kill_bundled, kill_group
from tests.faults.warehouses import File, OnLake
from tests.publish.pocketbase.support import PocketBase, published
from tests.support import ROOT

MAX_TRIES = 6  # of one command without a fault of its own
STUCK_SECONDS = 420.0
SERVER_IS_GONE_SECONDS = 0.5


@dataclass
class Result:
    """What became of one run.

    hits: kind and stage of each fault, and whether it struck; told: the same in words. http: how
    many requests each kind of weather struck. complaints: what a person should not have to see.
    """

    plan: Plan
    commands: Counter[str] = field(default_factory=Counter)
    hits: list[tuple[str, str, bool]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    http: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Day(Protocol):
    """What a run finds around it (tests/faults/day.py).

    base, home: the folders of all runs and of this one; outputs: of what commands said. took: the
    seconds of each stage undisturbed. days: what the clock has shown.
    """

    base: Path
    home: Path
    items: Path
    outputs: Path
    disk: Disk
    clock: Clock
    warehouse: File | OnLake
    took: dict[str, float]
    days: set[object]
    back_days: int
    data_tests: bool


class NotDoneError(Exception):
    """A command did not come to its end, however often it was run."""


class Attempts:
    """One run while it is under way."""

    def __init__(
        self, day: Day, plan: Plan, result: Result, replay: ReplayServer, server: PocketBase | None
    ) -> None:
        self._day, self._plan, self._result = day, plan, result
        self._replay, self._server = replay, server

    def finish(self, stage: str) -> None:
        """Run a command under its faults, then until it is done. Raises NotDoneError."""
        code = 1
        for fault in self._plan.faults[stage]:
            code = self._try(stage, fault)
        for _ in range(MAX_TRIES):
            if code == 0:
                return
            code = self._try(stage, None)
        if code:
            raise NotDoneError(f"{stage}: not done after {MAX_TRIES} tries: {self._last_line()}")

    def records(self) -> compare.Records:
        """Return what anybody can read in PocketBase."""
        if self._server:
            return published(self._server.url)
        made = self._day.home / "data" / "pocketbase" / "pb_data"
        copy = self._day.base / "read"
        shutil.rmtree(copy, ignore_errors=True)
        server = PocketBase(copy, made)
        server.start()
        try:
            return published(server.url)
        finally:
            server.stop()

    def _try(self, stage: str, fault: Fault | None) -> int:
        """Run a command once; return its exit code, of two at once the better one."""
        number = self._result.commands[stage] = self._result.commands[stage] + 1
        self._set_weather(number)
        dies_at = fault.point if fault and fault.kind == DIE else ""
        command = commands.command(stage, self._day.items, dies_at, data_tests=self._day.data_tests)
        copies, day = 2 if fault and fault.kind == TWICE else 1, self._day
        with ExitStack() as stack:
            if fault and fault.kind == DISK:
                command = stack.enter_context(day.disk.full(fault.amount, command))
            if fault and fault.kind == CLOCK and not fault.at:
                self._jump(fault.amount)
            names = [f"{number}-{stage}{'-b' * copy}" for copy in range(copies)]
            processes = [self._start(command, name) for name in names]
            for process in processes:  # nothing outlives an interrupted day
                stack.callback(kill_group, process)
            struck = self._disturb(processes[0], stage, fault) if fault else False
            codes = [self._end(process, stage) for process in processes]
        day.days.add(day.clock.today)
        for name, code in zip(names, codes, strict=True):
            self._judge(stage, name, code)
        if fault:
            struck = {DISK: codes[0] != 0, DIE: codes[0] == -9, TWICE: True}.get(fault.kind, struck)
            self._note(fault, stage, struck, codes)
        return 0 if 0 in codes else codes[0]

    def _disturb(self, process: "subprocess.Popen[str]", stage: str, fault: Fault) -> bool:
        """Wait for the moment of a fault and let it strike; tell whether it found the command."""
        if fault.kind not in (KILL, CLOCK, SERVER, CATALOG):
            return False
        if fault.kind == CLOCK and not fault.at:
            return True
        try:
            process.wait(fault.at * self._day.took[stage])
        except subprocess.TimeoutExpired:
            if fault.kind == KILL:
                kill_group(process)
            elif fault.kind == CLOCK:
                self._jump(fault.amount)
            elif fault.kind == CATALOG:
                self._interrupt_catalog()
            elif self._server:
                self._server.kill()
                time.sleep(SERVER_IS_GONE_SECONDS)
                self._server.start()
            else:
                return kill_bundled(self._day.home / "data" / "pocketbase" / "pb_data")
            return True
        return False

    def _interrupt_catalog(self) -> None:
        assert isinstance(self._day.warehouse, OnLake), "only a lake has a catalog's server"
        self._day.warehouse.crash()
        time.sleep(SERVER_IS_GONE_SECONDS)
        self._day.warehouse.start()

    def _jump(self, seconds: int) -> None:
        self._day.clock.jump(seconds, self._day.back_days)
        self._day.days.add(self._day.clock.today)

    def _start(self, command: list[str], name: str) -> "subprocess.Popen[str]":
        with (self._day.outputs / f"{name}.txt").open("w") as output:
            return subprocess.Popen(
                command,
                cwd=ROOT,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )

    def _end(self, process: "subprocess.Popen[str]", stage: str) -> int:
        try:
            return process.wait(STUCK_SECONDS)
        except subprocess.TimeoutExpired:
            kill_group(process)
            self._result.complaints.append(f"{stage}: stuck for {STUCK_SECONDS:.0f} s")
            return 1

    def _judge(self, stage: str, name: str, code: int) -> None:
        """A command that fails says why, our own ones in a line without a traceback.

        dbt has ways of its own: with no room for its log, Python's logging says so at each line.
        """
        said = (self._day.outputs / f"{name}.txt").read_text(errors="replace")
        if stage != BUILD and code >= 0 and "Traceback (most recent call last)" in said:
            last = [line for line in said.splitlines() if line.strip()][-1]
            self._result.complaints.append(f"{name}: a traceback, exit {code}: {last[:300]}")
        if code > 0 and not said.strip():
            self._result.complaints.append(f"{name}: exit {code} without a word")

    def _note(self, fault: Fault, stage: str, struck: bool, codes: list[int]) -> None:
        self._result.hits.append((fault.kind, stage, struck))
        what = f"{stage}: {fault}: " + ("struck" if struck else "missed")
        ends = ", ".join("killed" if code == -9 else f"exit {code}" for code in codes)
        self._result.told.append(f"{what} ({ends})")

    def _last_line(self) -> str:
        newest = max(self._day.outputs.iterdir(), key=lambda path: path.stat().st_mtime)
        lines = [line for line in newest.read_text(errors="replace").splitlines() if line.strip()]
        return lines[-1][:300] if lines else "no word"

    def _set_weather(self, number: int) -> None:
        """The weather holds for the whole run; what is down is up again for the second try."""
        specs = self._plan.weather + (self._plan.down if number == 1 else ())
        self._replay.faults = weather.Faults(weather.parse(specs), self._plan.seed + number)

    def _environment(self) -> dict[str, str]:
        settings = commands.environment(
            self._day.home, self._day.items, self._replay.url, self._day.warehouse
        )
        if self._plan.jumps:
            settings |= self._day.clock.environment()
        if self._server:
            settings |= self._server.environment()
        return settings
