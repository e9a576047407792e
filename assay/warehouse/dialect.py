"""What DuckDB's file and a lake do differently, behind one name each."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from assay.warehouse.profile import (
    MEMORY,
    WarehouseError,
    is_lake,
    main_target,
    output,
    where_is_lake,
)

if TYPE_CHECKING:
    import duckdb


def attach(connection: "duckdb.DuckDBPyConnection", alias: str) -> None:
    """Attach the warehouse for reading to a DuckDB in memory, or an empty one where there is none.

    The caller has its turn. Raises WarehouseError when a lake is not to be had.
    """
    settings = output(main_target())
    if is_lake(settings):
        from assay.warehouse import lake  # noqa: PLC0415 - only who sets a lake needs its part

        try:
            lake.attach(connection, where_is_lake(), alias=alias)
        except lake.LakeError as error:
            raise WarehouseError(str(error)) from error
        return
    found = Path(settings["path"]).exists()
    path = (settings["path"] if found else MEMORY).replace("'", "''")
    connection.execute(f"attach '{path}' as {alias}{' (read_only)' if found else ''}")


def make_tables(connection: "duckdb.DuckDBPyConnection", ddl: str) -> None:
    """Make tables where they are missing, in a lake without their keys.

    Whoever else makes them at that moment is no error. ddl: statements that say `if not exists`.
    """
    if main_target() != "duckdb":
        from assay.warehouse import lake  # noqa: PLC0415 - only who sets a lake needs its part

        ddl = lake.without_keys(ddl)
    for statement in filter(str.strip, ddl.split(";")):
        again_after_conflicts(partial(connection.execute, statement))


def again_after_conflicts(write: Callable[[], object]) -> None:
    """Do a write, in a lake again while other processes have changed the same table."""
    if main_target() == "duckdb":
        write()
        return
    from assay.warehouse import lake  # noqa: PLC0415 - only who sets a lake needs its part

    lake.again_after_conflicts(write)


def mark_snapshot(connection: "duckdb.DuckDBPyConnection", run_id: str, step_id: str) -> None:
    """Write down which snapshot of a lake a step of a run left; DuckDB has none."""
    if main_target() != "duckdb":
        from assay.warehouse import lake  # noqa: PLC0415 - only who sets a lake needs its part

        make_tables(connection, lake.SNAPSHOTS_DDL)
        lake.mark_snapshot(connection, run_id, step_id)


def drop_deleted(connection: "duckdb.DuckDBPyConnection") -> None:
    """Take what was deleted out of the files too, and with it out of a lake's history."""
    if main_target() == "duckdb":
        connection.execute("checkpoint")
        return
    from assay.warehouse import lake  # noqa: PLC0415 - only who sets a lake needs its part

    lake.drop_deleted(connection)
