"""`make lake-compact`: fewer and larger files in a lake, and an end to what nobody asks for.

    python -m assay.runs.compact [--keep-days 30]

Every load and build leaves files and a snapshot, by which tables can be asked as they were. Here
posts go as an earlier run brought them where a later one brought them again, small files become
large ones, rows that were deleted leave them, and snapshots that are older than so many days are
forgotten (DUCKLAKE_KEEP_DAYS), with the files that only they had. Others may load and read
meanwhile; a build waits.
"""

import argparse
import sys

import duckdb

from assay import warehouse
from assay.common import env
from assay.warehouse import appended, lake

KEEP_DAYS = 30.0
# A file that no snapshot names may belong to a load that has not committed yet.
ORPHANED_DAYS = 1


def main(argv: list[str] | None = None) -> int:
    """Compact the lake of the environment; return the process's exit code."""
    parser = argparse.ArgumentParser(
        prog="make lake-compact",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--keep-days", type=float, metavar="N", help="default DUCKLAKE_KEEP_DAYS")
    args = parser.parse_args(argv)
    try:
        days = env.number("DUCKLAKE_KEEP_DAYS", KEEP_DAYS, 0)
        days = days if args.keep_days is None else args.keep_days
        if warehouse.main_target() == "duckdb":
            raise warehouse.WarehouseError("ASSAY_TARGET is no lake: there is nothing to compact")
        with warehouse.duckdb_file(writing=True) as connection:
            before = _counts(connection)
            compact(connection, days)
            after = _counts(connection)
    except (warehouse.WarehouseError, env.EnvironmentValueError, duckdb.Error) as error:
        sys.stderr.write(f"lake-compact: {warehouse.first_line(error)}\n")
        return 1
    told = ", ".join(f"{name} {before[name]:,} -> {after[name]:,}" for name in before)
    sys.stdout.write(f"lake: {told}; snapshots of the last {days:g} days are kept\n")
    return 0


def compact(connection: duckdb.DuckDBPyConnection, keep_days: float) -> None:
    """Compact the lake that a connection has attached. keep_days: of snapshots, at least 0."""
    warehouse.make_tables(connection, lake.SNAPSHOTS_DDL)
    lake.again_after_conflicts(lambda: appended.drop_outdated(connection))
    connection.execute("call ducklake_flush_inlined_data('lake')")
    connection.execute(
        "call ducklake_expire_snapshots('lake', older_than => now() - to_seconds($1))",
        [keep_days * 86_400],
    )
    connection.execute(
        "delete from ops.run_snapshots "
        "where snapshot_id not in (select snapshot_id from ducklake_snapshots('lake'))"
    )
    connection.execute("call ducklake_merge_adjacent_files('lake')")
    connection.execute("call ducklake_rewrite_data_files('lake')")
    connection.execute(
        "call ducklake_cleanup_old_files('lake', older_than => now() - to_days($1))",
        [ORPHANED_DAYS],
    )
    connection.execute(
        "call ducklake_delete_orphaned_files('lake', older_than => now() - to_days($1))",
        [ORPHANED_DAYS],
    )


def _counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    [(snapshots,)] = connection.execute(
        "select count(*) from ducklake_snapshots('lake')"
    ).fetchall()
    [(files,)] = connection.execute(
        "select coalesce(sum(file_count), 0)::bigint from ducklake_table_info('lake')"
    ).fetchall()
    return {"snapshots": snapshots, "files": files}


if __name__ == "__main__":
    sys.exit(main())
