"""The pipelines there are, in the order in which `dlt pipeline run` runs them.

A pipeline is an entry in PIPELINES: a name, the options it adds to the command, a check of their
values that needs no network, and what it does. Adding a source is adding an entry
(CONTRIBUTING.md).
"""

import argparse
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dlt.common.runtime.collector_base import Collector

from assay import warehouse
from extract import bronze, settings
from extract.hf_catalog import UnknownTaskError, read_hub
from extract.hub import Hub
from extract.run_folder import RunFolder, RunFolderError

log = logging.getLogger(__name__)

MOST_PER_TASK = 1_000_000
MOST_TASKS = 10_000


class UsageError(Exception):
    """The command was called wrongly; the message says how to call it. Exit code 2."""


@dataclass(frozen=True)
class Pipeline:
    """One pipeline of the command line.

    add_options: adds its options to an argument group. check: raises UsageError for values that
    cannot be meant, before anything happens. run: does the work; what it raises, it failed with.
    """

    name: str
    summary: str
    add_options: Callable[[argparse._ArgumentGroup], None]
    check: Callable[[argparse.Namespace], None]
    run: Callable[[argparse.Namespace, Collector], None]


def _hf_catalog_options(group: argparse._ArgumentGroup) -> None:
    default = settings.value("hf_catalog.limit_per_task", int)
    group.add_argument(
        "--limit-per-task", type=int, metavar="N",
        help=f"models to read per task, most downloaded first (default {default})",
    )  # fmt: skip
    group.add_argument(
        "--max-tasks", type=int, metavar="N", help="read only the first N tasks (default: all)"
    )
    group.add_argument(
        "--tasks", metavar="A,B", help="read only these task ids, separated by commas"
    )
    group.add_argument("--dry-run", action="store_true", help="write the run folder, load nothing")
    group.add_argument(
        "--run-folder", type=Path, metavar="PATH",
        help="load this earlier run folder again, without asking the Hub",
    )  # fmt: skip


def _check_hf_catalog(args: argparse.Namespace) -> None:
    _in_range("--limit-per-task", args.limit_per_task, MOST_PER_TASK)
    _in_range("--max-tasks", args.max_tasks, MOST_TASKS)
    if args.tasks is not None and not _ids(args.tasks):
        raise UsageError("--tasks names no task: give ids separated by commas")
    if args.run_folder is not None:
        for option in ("limit_per_task", "max_tasks", "tasks", "dry_run"):
            if getattr(args, option):
                name = option.replace("_", "-")
                raise UsageError(f"--{name} has no meaning with --run-folder: the folder decides")
        if not args.run_folder.is_dir():
            raise UsageError(f"--run-folder {args.run_folder}: there is no such folder")


def _run_hf_catalog(args: argparse.Namespace, progress: Collector) -> None:
    if args.run_folder is not None:
        folder = RunFolder.open(args.run_folder)
        if "listings" not in folder.manifest:
            raise RunFolderError(f"{args.run_folder} holds no catalog: it was not read to its end")
    else:
        folder = _read_catalog(args, progress)
    if args.dry_run:
        log.info("dry run: %s is written, nothing is loaded", folder.path)
        return
    try:
        bronze.load(folder, args.destination, progress)
    except BaseException as error:
        folder.finish("failed", f"load: {warehouse.first_line(error)}")
        raise
    folder.finish("loaded")


def _read_catalog(args: argparse.Namespace, progress: Collector) -> RunFolder:
    limit = args.limit_per_task or settings.value("hf_catalog.limit_per_task", int)
    arguments = {
        "endpoint": settings.hub_endpoint(),
        "limit_per_task": limit,
        "max_tasks": args.max_tasks,
        "tasks": _ids(args.tasks) if args.tasks else None,
    }
    folder = RunFolder.create(warehouse.data_dir() / "raw" / "hf", arguments)
    log.info("hf_catalog reads %s into %s", arguments["endpoint"], folder.path)
    try:
        hub = Hub(arguments["endpoint"], settings.hub_token(), settings.politeness())
        with hub, progress("hf_catalog: read"):
            read_hub(
                hub,
                folder,
                limit_per_task=limit,
                wanted=arguments["tasks"],
                max_tasks=args.max_tasks,
                progress=progress,
            )
    except BaseException as error:
        folder.finish("failed", warehouse.first_line(error))
        if isinstance(error, UnknownTaskError):
            raise UsageError(str(error)) from error
        raise
    folder.finish("extracted")
    return folder


def _in_range(option: str, value: int | None, most: int) -> None:
    if value is not None and not 1 <= value <= most:
        raise UsageError(f"{option} {value}: must be between 1 and {most:,}")


def _ids(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


PIPELINES = (
    Pipeline(
        name="hf_catalog",
        summary="the Hub's tasks and the top models of each",
        add_options=_hf_catalog_options,
        check=_check_hf_catalog,
        run=_run_hf_catalog,
    ),
)
