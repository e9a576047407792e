"""The catalog as a page: files for a browser, of which any server of static files makes a site.

    python -m publish.catalog [--target duckdb|postgres|ducklake] [--out reports/catalog]

`make serve` shows the same files beside the issues, at /catalog.html.
"""

import argparse
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import psycopg2

from assay import warehouse
from assay.common import lock
from assay.publish.catalog import files, page, tables
from assay.publish.catalog.place import folder

log = logging.getLogger(__name__)

MODELS_MOST = 100_000
HISTORY_DAYS = 90


def main(argv: list[str] | None = None) -> int:
    """Write the files; return the process's exit code."""
    args = _arguments(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    started = time.monotonic()
    try:
        manifest = export(args.target, args.out, args.most, args.days)
    except (
        warehouse.WarehouseError,
        lock.LockedError,
        duckdb.Error,
        psycopg2.Error,
        OSError,
    ) as error:
        if args.verbose:
            log.exception("where it stopped:")
        sys.stderr.write(f"catalog: {warehouse.why(error, 'the catalog is')}\n")
        return 1
    log.info(
        "wrote %s: %s models, %.1f MB in %.1f s",
        args.out / page.PAGE,
        f"{manifest['models']:,}",
        manifest["bytes"] / 1e6,
        time.monotonic() - started,
    )
    return 0


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m publish.catalog",
        description="Write the catalog as a page with its data, for `make serve` and for any "
        "server of static files.",
    )
    parser.add_argument(
        "--target",
        choices=warehouse.TARGETS,
        help="the warehouse (default: ASSAY_TARGET, or duckdb)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=folder(),
        metavar="DIR",
        help="where the page goes (default: catalog in ASSAY_REPORTS_DIR, or in reports)",
    )
    parser.add_argument(
        "--most",
        type=_count,
        default=MODELS_MOST,
        metavar="N",
        help=f"models, the most downloaded ones (default {MODELS_MOST:,})",
    )
    parser.add_argument(
        "--days",
        type=_count,
        default=HISTORY_DAYS,
        metavar="N",
        help=f"days of history (default {HISTORY_DAYS})",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="show tracebacks")
    return parser.parse_args(argv)


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


def export(
    target: str | None, out: Path, most: int = MODELS_MOST, days: int = HISTORY_DAYS
) -> dict[str, object]:
    """Write the page and its data into `out`; return the manifest.

    Raises WarehouseError, LockedError when another export is at work there, and the database's own
    errors when a table is missing.
    """
    with files.one_writer(out):
        with warehouse.connect(target) as db, _gold(target, db) as gold:
            models = tables.models(db, most)
            version = files.Version(out, models, days)
            try:
                version.add_models()
                for name, table in tables.relations(db, models).items():
                    version.add(name, table)
                if (told := tables.complaints(gold, models)) is not None:
                    version.add("complaints", told)
                for start, table in tables.histories(db, models, days, files.HISTORY_CHUNK):
                    version.add_history(start, table)
                version.add_sparks()
                files.write(out, version)
            finally:
                version.discard()
        page.copy(out)
    return version.manifest()


@contextmanager
def _gold(target: str | None, db: warehouse.Warehouse) -> Iterator[warehouse.Warehouse | None]:
    """Open what has the issues: the same warehouse, or DuckDB beside a Postgres; None without."""
    if warehouse.output(target)["type"] == "duckdb":
        yield db
    elif not warehouse.exists():
        yield None
    else:
        with warehouse.connect(warehouse.main_target()) as found:
            yield found
