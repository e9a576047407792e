"""Publishing by itself: after a `dbt build` of issues, where PUBLISH_AFTER_BUILD is true.

The hook at the end of a build (macros/publish_after_build.sql) calls `request` from SQL. dbt still
has the warehouse then, and DuckDB lets one process have it: so the publication begins when this
process has nothing more to do, has closed the warehouse and released its lock. It is the command
that a person would type, `python -m publish.pocketbase`, and waits for its turn like any other.
By then dbt has decided how the build ended: what fails here fails nothing but itself. It is said on
the terminal, and is a step of the journal, which `make status` shows.
"""

import atexit
import subprocess
import sys

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from duckdb import DuckDBPyConnection

from assay import warehouse
from assay.common import env
from assay.warehouse import journal

VARIABLE = "PUBLISH_AFTER_BUILD"
FUNCTION = "request_publication"  # in SQL
COMMAND = (sys.executable, "-m", "assay.publish.pocketbase")
NAME = "pocketbase"  # of the journal's step: a later publication that succeeds clears it
_YES_OR_NO = {"true": True, "1": True, "false": False, "0": False, "": False}

_state = {"requested": False, "registered": False}


def is_on() -> bool:
    """Return whether a person switched it on.

    Raises EnvironmentValueError for what is neither yes nor no.
    """
    value = env.text(VARIABLE)
    if value.lower() not in _YES_OR_NO:
        raise env.EnvironmentValueError(f"{VARIABLE} is {value!r}: it must be true or false")
    return _YES_OR_NO[value.lower()]


def register() -> None:
    """See to it that what is requested is done when this process ends.

    What is registered first happens last: call it before the warehouse's lock is taken, so that
    the lock is free by then.
    """
    if not _state["registered"]:
        _state["registered"] = True
        atexit.register(_publish)


def offer(connection: DuckDBPyConnection) -> None:
    """Give SQL on this database the function `request_publication()`."""
    connection.create_function(FUNCTION, _request, [], "BOOLEAN", side_effects=True)


def _request() -> bool:
    _state["requested"] = True
    return True


def _publish() -> None:
    if not _state["requested"]:
        return
    _state["requested"] = False
    DuckDBConnectionManager.close_all_connections()
    result = subprocess.run(
        COMMAND,
        cwd=warehouse.ROOT,
        stdout=sys.stderr,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    said = result.stderr.strip()
    if said:
        sys.stderr.write(f"{said}\n")
    if result.returncode:
        # It may have failed before it wrote a step of its own.
        with journal.step("publish", NAME) as step:
            step.problem = said.splitlines()[-1] if said else f"exit code {result.returncode}"
