"""The `dlt` plug-in: `dlt pipeline run` and `dlt pipeline NAME run`.

dlt finds this module through the entry point group `dlt` (pyproject.toml). Besides the command it
gives dlt a run context of our own, so that what dlt remembers of a pipeline lies in the project's
data folder and dlt's own `info`, `trace` and `show` find it there.
"""

import argparse
import logging
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dlt.common.configuration import plugins
from dlt.common.configuration.specs.pluggable_run_context import RunContextBase
from dlt.common.runtime.run_context import RunContext
from rich_argparse import RichHelpFormatter

from assay import warehouse
from assay.runs import journal


class AssayRunContext(RunContext):
    """dlt's run context with the pipelines' working folders in the project's data folder."""

    @property
    def data_dir(self) -> str:
        """Where dlt keeps pipeline state and load packages."""
        return str(warehouse.data_dir() / "dlt")


@plugins.hookimpl(specname="plug_run_context", tryfirst=True)
def plug_run_context(run_dir: str | None, runtime_kwargs: Any) -> RunContextBase | None:
    """Give dlt our run context when it is started in this project, and none elsewhere."""
    return AssayRunContext(run_dir) if _is_project(run_dir) else None


def _is_project(folder: str | None) -> bool:
    return Path(folder or ".").resolve() == warehouse.ROOT


class RunCommand(plugins.SupportsCliCommand):
    """`dlt pipeline [NAME] run`."""

    parent = "pipeline"
    command = "run"
    help_string = "Runs one of this project's pipelines, or without a name all of them in order"
    docs_url = None
    description = (
        "Reads sources into a run folder under data/raw, then loads bronze from it.\n\n"
        "* `dlt pipeline run` - every pipeline, in order\n"
        "* `dlt pipeline hf_catalog run --max-tasks 2 --limit-per-task 50` - one, little of it\n"
        "* `dlt pipeline hf_catalog run --dry-run` - read, but load nothing\n\n"
        "Exit code 0: done. 1: failed, the last line says why. 2: called wrongly, nothing happened."
    )

    def configure_parser(self, parser: argparse.ArgumentParser) -> None:
        """Add the options common to all pipelines, then those of each under its name."""
        from assay.extract.pipelines import PIPELINES  # noqa: PLC0415 - dlt imports plug-ins at each start

        # dlt prints help with rich_argparse, which would write "Hf_Catalog: The Hub'S Tasks".
        RichHelpFormatter.group_name_formatter = str
        parser.add_argument(
            "--destination",
            choices=warehouse.TARGETS,
            help="where bronze is; credentials come from the environment (default: ASSAY_TARGET, "
            "duckdb)",
        )
        parser.add_argument(
            "--progress",
            choices=("tqdm", "log", "enlighten", "alive_progress"),
            help="dlt's progress display (default: tqdm on a terminal, otherwise lines)",
        )
        for pipeline in PIPELINES:
            group = parser.add_argument_group(f"{pipeline.name}: {pipeline.summary}")
            for flag, options in pipeline.options.items():
                # An option that several pipelines know is one option.
                if flag not in parser._option_string_actions:
                    group.add_argument(flag, **options)

    def execute(self, args: argparse.Namespace) -> None:
        """Run the pipelines that were named; leaves the process with an honest exit code."""
        code = _exit_code(lambda: _run(args), verbose=bool(args.verbosity))
        if code:
            sys.exit(code)


@plugins.hookimpl(specname="plug_cli")
@plugins.only_host("dlt")
def plug_cli(host: str) -> type[plugins.SupportsCliCommand] | None:
    """Add `run` to `dlt pipeline` in the project's root; elsewhere the settings are not ours."""
    return RunCommand if _is_project(os.environ.get("DLT_PROJECT_DIR")) else None


def _run(args: argparse.Namespace) -> None:
    from assay.extract.pipeline import UsageError  # noqa: PLC0415
    from assay.extract.pipelines import PIPELINES  # noqa: PLC0415

    names = [pipeline.name for pipeline in PIPELINES]
    if args.pipeline_name and args.pipeline_name not in names:
        raise UsageError(f"there is no pipeline {args.pipeline_name!r}: choose {', '.join(names)}")
    chosen = [p for p in PIPELINES if args.pipeline_name in (None, p.name)]
    known = {flag for pipeline in chosen for flag in pipeline.options}
    for flag in {flag for pipeline in PIPELINES for flag in pipeline.options} - known:
        if getattr(args, flag.removeprefix("--").replace("-", "_")):
            raise UsageError(f"{flag} is no option of {args.pipeline_name}")
    args.destination = args.destination or warehouse.output()["type"]
    for pipeline in chosen:
        pipeline.check(args)
    from assay.extract.landing.running import one_at_a_time, progress_display, start_logging  # noqa: PLC0415

    start_logging(args.pipeline_name or "all", verbose=bool(args.verbosity))
    failed: list[tuple[str, Exception]] = []
    with one_at_a_time():
        for pipeline in chosen:
            # Postgres has no journal, and what loads nothing is none of the warehouse's business.
            kept = args.destination == "duckdb" and not getattr(args, "dry_run", False)
            try:
                with journal.step("dlt", pipeline.name, kept=kept):
                    pipeline.run(args, progress_display(args.progress))
            except UsageError:
                raise
            except Exception as error:
                # The next pipeline asks others: one source that is down does not stop it.
                failed.append((pipeline.name, error))
                if len(chosen) > 1:
                    logging.getLogger("assay").error("%s failed: %s", pipeline.name, _cause(error))
    if failed:
        raise failed[0][1]


def _exit_code(action: Callable[[], None], *, verbose: bool) -> int:
    """Run the action; say in one line why it failed, with the traceback only when verbose."""
    from assay.extract.pipeline import UsageError  # noqa: PLC0415

    log = logging.getLogger("assay")
    try:
        action()
    except UsageError as error:
        sys.stderr.write(f"dlt pipeline run: {error}\n")
        return 2
    except KeyboardInterrupt:
        log.error("stopped by the keyboard; run again to go on")
        return 1
    except Exception as error:
        if verbose:
            traceback.print_exc()
        log.error("%s", _cause(error))
        return 1
    return 0


def _cause(error: BaseException) -> str:
    """Return the one line that names what went wrong below dlt's own wrapping."""
    while type(error).__module__.startswith("dlt.") and error.__cause__ is not None:
        error = error.__cause__
    return warehouse.first_line(error)


__all__ = ["AssayRunContext", "RunCommand", "plug_cli", "plug_run_context"]
