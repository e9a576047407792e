"""`dlt pipeline hf_catalog run`: its options, their check, and what it does."""

import argparse
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dlt.common.runtime.collector_base import Collector

from assay import warehouse
from assay.extract import settings
from assay.extract.http.transport import SourceUnavailableError
from assay.extract.hub import apart, whole
from assay.extract.hub.bronze import MODELS_FILE, totals
from assay.extract.hub.catalog import UnknownTaskError, missing, read_hub
from assay.extract.hub.client import Hub
from assay.extract.hub.followed import Known, unlisted
from assay.extract.hub.listings import Choice, choose
from assay.extract.hub.source import hub_catalog
from assay.extract.landing import bronze, running
from assay.extract.landing.run_folder import RunFolder, RunFolderError
from assay.extract.pipeline import Pipeline, UsageError, ids, in_range
from assay.warehouse import journal

log = logging.getLogger(__name__)

MAX_PER_TASK = 1_000_000
MAX_TASKS = 10_000
# The listings beside those of tasks, as options, and the settings of all.
_LISTINGS = ("filter", "authors", "models")
_KEYS = {"tasks": "tasks", "filter": "filters", "authors": "authors", "models": "models"}

_HF_CATALOG_OPTIONS: dict[str, dict[str, Any]] = {
    "--limit-per-task": {
        "type": int,
        "metavar": "N",
        "help": "models to read per task, most downloaded first, and per filter and author "
        "(default: limit_per_task in .dlt/config.toml, 1000)",
    },
    "--max-tasks": {
        "type": int,
        "metavar": "N",
        "help": "read only the first N tasks (default: all)",
    },
    "--tasks": {
        "metavar": "A,B",
        "help": "read only these task ids, separated by commas; all or none, beside other listings "
        "(default: tasks in .dlt/config.toml, all; none where another listing is named here)",
    },
    "--filter": {
        "metavar": "A,B",
        "help": "read the top models of these libraries or tags, gguf,license:mit; those joined "
        "by & must all hold (default: filters in .dlt/config.toml, none)",
    },
    "--authors": {
        "metavar": "A,B",
        "help": "read the top models of these owners (default: authors in .dlt/config.toml, none)",
    },
    "--models": {
        "metavar": "A,B",
        "help": "read these models by name; one that is not there is recorded with the reason "
        "(default: models in .dlt/config.toml, none)",
    },
    "--all": {
        "action": "store_true",
        "help": "read every model of the Hub instead, newest first; a run that was killed goes on "
        "where it was (default: no)",
    },
    "--dry-run": {
        "action": "store_true",
        "help": "write the run folder, load nothing (default: load)",
    },
    "--accept": {
        "action": "store_true",
        "help": "take listings as they come, though their numbers fall out of what came before "
        "(default: keep those apart)",
    },
    "--run-folder": {
        "type": Path,
        "metavar": "PATH",
        "help": "load this earlier run folder again, without asking the Hub (default: ask it); "
        "hf_enrichment enriches it (default: the newest)",
    },
}


def _check_hf_catalog(args: argparse.Namespace) -> None:
    try:
        settings.flag("hf_catalog.private")
        _follow()
    except settings.SettingError as error:
        raise UsageError(str(error)) from error
    in_range("--limit-per-task", args.limit_per_task, MAX_PER_TASK)
    _limit(args)
    in_range("--max-tasks", args.max_tasks, MAX_TASKS)
    for option in _LISTINGS:
        if _named(args, option) == []:
            raise UsageError(f"--{option} names nothing: give what to read, separated by commas")
    if args.tasks is not None and not ids(args.tasks):
        raise UsageError("--tasks names no task: give ids separated by commas")
    _choice(args)
    if args.all:
        for option in ("limit_per_task", "max_tasks", "tasks", *_LISTINGS, "run_folder"):
            if getattr(args, option):
                name = option.replace("_", "-")
                raise UsageError(f"--{name} has no meaning with --all: it reads every model")
    if args.run_folder is not None:
        for option in ("limit_per_task", "max_tasks", "tasks", *_LISTINGS, "dry_run"):
            if getattr(args, option):
                name = option.replace("_", "-")
                raise UsageError(f"--{name} has no meaning with --run-folder: the folder decides")
        if not args.run_folder.is_dir():
            raise UsageError(f"--run-folder {args.run_folder}: there is no such folder")


def _run_hf_catalog(args: argparse.Namespace, progress: Collector) -> None:
    if not args.dry_run:
        warehouse.check_access(args.destination, bronze.SCHEMAS)
    if args.run_folder is not None:
        folder = RunFolder.open(args.run_folder)
        if "listings" not in folder.manifest:
            raise RunFolderError(f"{args.run_folder} holds no catalog: it was not read to its end")
    elif args.all:
        folder = _read_whole_hub(dry_run=args.dry_run, progress=progress)
    else:
        folder = _read_catalog(args, progress)
    if args.dry_run:
        log.info("dry run: %s is written, nothing is loaded", folder.path)
    else:
        _load(folder, args.destination, progress, accept=args.accept)
    if args.run_folder is None and (line := missing(folder)):
        raise SourceUnavailableError(line)


def _load(folder: RunFolder, target: str, progress: Collector, *, accept: bool) -> None:
    try:
        load_catalog(folder, target, progress, accept=accept)
    except BaseException as error:
        folder.finish("failed", f"load: {warehouse.first_line(error)}")
        raise
    folder.finish("loaded")
    if line := missing(folder):
        log.warning("%s: %s", folder.run_id, line)


def load_catalog(
    folder: RunFolder, target: str, progress: Collector, *, accept: bool = False
) -> None:
    """Load a run folder into bronze of `target` (duckdb or postgres).

    The rows of the run replace what was loaded of it before, so loading twice changes nothing.
    Listings that fall out of what came before are kept apart, unless `accept`. Raises dlt's
    PipelineStepFailed when the destination refuses.
    """
    started = time.monotonic()
    pipeline = bronze.open_pipeline("hf_catalog", target, progress)
    kept_apart = {}
    if not accept:
        now, earlier = totals(folder), apart.loaded(pipeline, target)
        kept_apart = apart.reasons(now, folder.run_id, folder.started_at, earlier)
    source = hub_catalog(folder=folder, apart=kept_apart, keep_runs=True)
    bronze.run(pipeline, list(source.resources.values()), target)
    log.info(
        "loaded %s into bronze of %s in %.1f s", folder.run_id, target, time.monotonic() - started
    )
    if kept_apart:
        log.warning("%s", _said(kept_apart, folder))


def _said(kept_apart: dict[str, str], folder: RunFolder) -> str:
    """Return in one line which listings are kept apart, why, and how to accept them."""
    first, why = next(iter(kept_apart.items()))
    more = f" and {len(kept_apart) - 1} more" if len(kept_apart) > 1 else ""
    return (
        f"kept apart, since their numbers fall out of what came before: {first} ({why}){more}; "
        f"to accept: dlt pipeline hf_catalog run --accept --run-folder {folder.path}"
    )


def _read_catalog(args: argparse.Namespace, progress: Collector) -> RunFolder:
    limit, choice = _limit(args), _choice(args)
    endpoint = settings.hub_endpoint()
    if not args.dry_run:
        running.say_if_mixed(endpoint)
    arguments = {
        "endpoint": endpoint,
        "limit_per_task": limit,
        "max_tasks": args.max_tasks,
        "tasks": choice.tasks,
    }
    if choice.others:
        arguments["listings"] = [one.listing_id for one in choice.others]
    folder = RunFolder.create(warehouse.data_dir() / "raw" / "hf", arguments)
    log.info("hf_catalog reads %s into %s", arguments["endpoint"], folder.path)
    try:
        with _hub(endpoint) as hub, progress("hf_catalog: read"):
            read_hub(
                hub,
                folder,
                limit_per_task=limit,
                wanted=choice.tasks,
                max_tasks=args.max_tasks,
                progress=progress,
                others=choice.others,
                known=None if args.dry_run else _known(args.destination, folder),
            )
    except BaseException as error:
        folder.finish("failed", warehouse.first_line(error))
        if isinstance(error, UnknownTaskError):
            raise UsageError(str(error)) from error
        raise
    folder.finish("extracted")
    return folder


def _read_whole_hub(*, dry_run: bool, progress: Collector) -> RunFolder:
    """Read every model of the Hub, into the folder of a walk that did not come to its end or into a
    new one."""
    endpoint = settings.hub_endpoint()
    if not dry_run:
        running.say_if_mixed(endpoint)
    parent = warehouse.data_dir() / "raw" / "hf"
    folder = whole.resumable(parent, endpoint)
    if folder is None:
        folder = RunFolder.create(parent, {"endpoint": endpoint, "all": True})
        log.info("hf_catalog reads all models of %s into %s", endpoint, folder.path)
    else:
        if step := journal.current():
            step.run_folders.append(folder.run_id)
        done = folder.manifest["walk"]["models"]
        log.info("hf_catalog goes on with %s after %d models", folder.path, done)
    try:
        with _hub(endpoint) as hub, progress("hf_catalog: read"):
            whole.walk(hub, folder, progress)
    except BaseException as error:
        folder.finish("failed", warehouse.first_line(error))
        raise
    folder.finish("extracted")
    return folder


def _hub(endpoint: str) -> Hub:
    return Hub(
        endpoint,
        settings.secret("hf_token"),
        settings.retry_policy(),
        with_private=settings.flag("hf_catalog.private"),
    )


def _known(target: str, folder: RunFolder) -> Callable[[list[str]], list[Known]] | None:
    """Return what gives the models to follow by name, None when none are to be followed."""
    most = _follow()
    if not most:
        return None
    return lambda read: unlisted(target, folder.path / MODELS_FILE, read, most)


def _follow() -> int:
    return int(settings.number("hf_catalog.follow", int, 0, MAX_PER_TASK, 1000))


def _limit(args: argparse.Namespace) -> int:
    if args.limit_per_task is not None:
        return int(args.limit_per_task)
    try:
        return int(settings.number("hf_catalog.limit_per_task", int, 1, MAX_PER_TASK))
    except settings.SettingError as error:
        raise UsageError(str(error)) from error


def _choice(args: argparse.Namespace) -> Choice:
    """Return what to list: what the options name or, where they name nothing, what the settings do.

    Raises UsageError for what can be no listing.
    """
    given = {option: _named(args, option) for option in ("tasks", *_LISTINGS)}
    try:
        if all(names is None for names in given.values()):
            given = {option: settings.words(f"hf_catalog.{key}") for option, key in _KEYS.items()}
        others = (given[option] or () for option in _LISTINGS)
        return choose(given["tasks"], *others)
    except (settings.SettingError, ValueError) as error:
        raise UsageError(str(error)) from error


def _named(args: argparse.Namespace, option: str) -> list[str] | None:
    """Return what an option names, None where it is not given."""
    text = getattr(args, option)
    return None if text is None else ids(text)


HF_CATALOG = Pipeline(
    name="hf_catalog",
    summary="the Hub's tasks and the top models of each, and of other listings",
    options=_HF_CATALOG_OPTIONS,
    check=_check_hf_catalog,
    run=_run_hf_catalog,
)
