"""Where the warehouse is, and one command at a time in it."""

from assay.warehouse.profile import (
    CONNECT_SECONDS,
    ORIGIN,
    ROOT,
    TARGETS,
    Warehouse,
    WarehouseError,
    check_access,
    connect,
    data_dir,
    duckdb_file,
    first_line,
    libpq,
    output,
    reports_dir,
    schema,
)

__all__ = [
    "CONNECT_SECONDS",
    "ORIGIN",
    "ROOT",
    "TARGETS",
    "Warehouse",
    "WarehouseError",
    "check_access",
    "connect",
    "data_dir",
    "duckdb_file",
    "first_line",
    "libpq",
    "output",
    "reports_dir",
    "schema",
]
