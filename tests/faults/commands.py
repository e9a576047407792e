"""The three commands of a run as README.md names them, and what their environment says."""

import json
import sys
from pathlib import Path

from assay.runs import recorded
from tests.faults.plan import BUILD, EXTRACT
from tests.faults.warehouses import File, OnLake
from tests.support import UNTESTED, Project


def command(stage: str, items: Path, dies_at: str = "", *, data_tests: bool = False) -> list[str]:
    """Return the command of a stage; dies_at: the same, with a death at that point.

    data_tests: dbt's data and unit tests run as well.
    """
    first, last = map(str, recorded.span(items) or ())
    if stage == EXTRACT:
        options = ["pipeline", "run", "--start", first, "--end", last]
        dying = [sys.executable, "-m", "tests.faults.moments", dies_at]
        return [*(dying if dies_at else ["dlt"]), *options]
    if stage == BUILD:
        given = json.dumps({"cluster_start": first, "cluster_date": last})
        options = ["--quiet", "build", *(() if data_tests else UNTESTED), "--vars", given]
        dying = [sys.executable, "-m", "tests.issues.gold.building", f"die={dies_at}"]
        return [*(dying if dies_at else ["dbt"]), *options]
    module = ["tests.faults.moments", dies_at] if dies_at else ["assay.publish.pocketbase"]
    return [sys.executable, "-m", *module]


def environment(home: Path, items: Path, server: str, warehouse: File | OnLake) -> dict[str, str]:
    """Return the environment of a run: all that it writes is in `home` and the warehouse, all that
    it reads comes from the replay server."""
    return (
        Project(home, warehouse.target, warehouse.settings).environment
        | recorded.environment(items, server)
        | {
            "HOME": str(home / "home"),
            "TMPDIR": str(home / "tmp"),
            "ASSAY_DATA_DIR": str(home / "data"),
            "ASSAY_REPORTS_DIR": str(home / "reports"),
            "DUCKDB_PATH": str(home / "data" / "assay.duckdb"),
            "DBT_TARGET_PATH": str(home / "target"),
            "DBT_LOG_PATH": str(home / "logs"),
            "HF_ENDPOINT": server,
            "HTTP__TIMEOUT_SECONDS": "4",  # slow answers come after 2 s
            "POCKETBASE_BATCH_REQUESTS": "12",  # so that there are many batches
            "POCKETBASE_BACKOFF_SECONDS": "[0.1, 0.2, 0.4, 0.8]",
        }
    )
