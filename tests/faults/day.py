"""One run of the whole pipeline under faults, as a person makes it: the same command again until it
says that it is done, then the next one."""

import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from assay.sample.replay import ReplayServer
from tests.faults import compare, warehouses
from tests.faults.attempts import Attempts, NotDoneError, Result
from tests.faults.items import back_days
from tests.faults.plan import STAGES, Plan, calm
from tests.faults.surroundings import Clock, Disk
from tests.publish.pocketbase.support import PocketBase


class FaultDay:
    """Runs the pipeline on a folder of items, first undisturbed, then under plans."""

    def __init__(
        self, base: Path, items: Path, *, target: str = warehouses.DUCKDB, data_tests: bool = False
    ) -> None:
        """base: an empty folder of our own; target: duckdb or ducklake; data_tests: dbt's data and
        unit tests run as well."""
        self.items, self.base = items, base
        self.home = base / "now"
        base.mkdir(parents=True)
        # Its server is outside the disk that a fault fills.
        self.warehouse = warehouses.opened(target, self.home, base / "catalog")
        self.disk = Disk(self.home)
        self.clock = Clock(base / "clock")
        # Where what the undisturbed run left is kept.
        self.reference = base / "reference" / "assay.duckdb"
        self.data_tests = data_tests
        self.back_days = back_days(items, self.clock.today)
        self.took: dict[str, float] = {}
        self._wanted_records: compare.Records = {}
        self.outputs = base / "outputs"
        self.outputs.mkdir()
        self.days: set[object] = set()

    def close(self) -> None:
        """Stop and unmount what the day has started."""
        self.warehouse.close()
        self.disk.close()

    def undisturbed(self) -> float:
        """Make the run that all others are compared with; return its seconds."""
        result = Result(calm())
        self.took = dict.fromkeys(STAGES, 0.0)
        started = time.monotonic()
        with self._house(result.plan, result) as house:
            for stage in STAGES:
                began = time.monotonic()
                house.finish(stage)
                self.took[stage] = time.monotonic() - began
            self._wanted_records = house.records()
        self.reference.parent.mkdir()
        self.warehouse.keep(self.reference)
        # A person's dbt knows the project from the command before.
        shutil.copytree(self.home / "target", self.base / "target")
        return time.monotonic() - started

    def run(self, plan: Plan, keep: Path | None = None) -> Result:
        """Make one run under a plan and compare it; keep: copy its folder there when it differs."""
        result = Result(plan)
        started = time.monotonic()
        with self._house(plan, result) as house:
            try:
                for stage in STAGES:
                    house.finish(stage)
                several = len(self.days) > 1
                result.differences += self.warehouse.differences(
                    self.reference, several_days=several
                )
                result.differences += compare.collections(self._wanted_records, house.records())
            except NotDoneError as error:
                result.differences.append(str(error))
        result.seconds = time.monotonic() - started
        if keep and (result.differences or result.complaints):
            kept = keep / f"run-{plan.number}"
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(self.home, kept / "now", ignore_dangling_symlinks=True)
            shutil.copytree(self.outputs, kept / "outputs")
        return result

    @contextmanager
    def _house(self, plan: Plan, result: Result) -> Iterator[Attempts]:
        """Empty the folder of the run and start what its commands ask."""
        for folder in (*self.home.iterdir(), *self.outputs.iterdir()):
            shutil.rmtree(folder) if folder.is_dir() else folder.unlink()
        for name in ("home", "tmp", "data"):
            (self.home / name).mkdir()
        if (self.base / "target").exists():
            shutil.copytree(self.base / "target", self.home / "target")
        self.warehouse.empty()
        self.days = {self.clock.today}
        with ExitStack() as stack:
            replay = stack.enter_context(ReplayServer(self.items, quota=0))
            server = None
            if plan.own_server:
                own = self.base / "server"
                shutil.rmtree(own, ignore_errors=True)
                server = PocketBase(own)
                server.start()
                stack.callback(server.stop)
                server.allow(enabled=True, maxRequests=50)
            stack.callback(self.clock.set, 0)
            yield Attempts(self, plan, result, replay, server)
        result.http = Counter(
            str(status) for *_, status in replay.requests if isinstance(status, str)
        )
