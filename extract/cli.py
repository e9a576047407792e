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
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dlt.common.configuration import plugins
from dlt.common.configuration.specs.pluggable_run_context import RunContextBase
from dlt.common.runtime.run_context import RunContext

from assay import warehouse
from assay.warehouse import journal


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


DESCRIPTION = """\
Reads sources into a run folder under data/raw, then loads bronze from it.

  dlt pipeline run                                  every pipeline, in order
  dlt pipeline hf_catalog run --max-tasks 2         one of them, little of it
  dlt pipeline hf_catalog run --help                the options of one alone

Exit code 0: done. 1: failed, the last line says why. 2: called wrongly, nothing happened."""


class RunCommand(plugins.SupportsCliCommand):
    """`dlt pipeline [NAME] run`."""

    parent = "pipeline"
    command = "run"
    help_string = "Runs one of this project's pipelines, or without a name all of them in order"
    docs_url = None

    def configure_parser(self, parser: argparse.ArgumentParser) -> None:
        """Take every word that follows `run` as it is.

        dlt makes this parser before it knows for which pipeline; the words are read by that
        pipeline's own parser in `execute`. No word begins with a line break, so that none is taken
        for an option here, not even --help.
        """
        parser.prefix_chars = "\n"
        parser.add_argument("words", nargs="*")

    def execute(self, args: argparse.Namespace) -> None:
        """Run the pipelines that were named; leaves the process with an honest exit code."""
        verbose = bool(args.verbosity)
        code = _exit_code(
            lambda: _run(args.pipeline_name, args.words, verbose=verbose), verbose=verbose
        )
        if code:
            sys.exit(code)


@plugins.hookimpl(specname="plug_cli")
@plugins.only_host("dlt")
def plug_cli(host: str) -> type[plugins.SupportsCliCommand] | None:
    """Add `run` to `dlt pipeline` in the project's root; elsewhere the settings are not ours."""
    return RunCommand if _is_project(os.environ.get("DLT_PROJECT_DIR")) else None


def _run(name: str | None, words: Sequence[str], *, verbose: bool) -> None:
    from assay.extract.options import parse  # noqa: PLC0415 - dlt imports plug-ins at each start
    from assay.extract.pipeline import UsageError  # noqa: PLC0415
    from assay.extract.pipelines import PIPELINES  # noqa: PLC0415

    names = [pipeline.name for pipeline in PIPELINES]
    if name and name not in names:
        raise UsageError(f"there is no pipeline {name!r}: choose {', '.join(names)}")
    chosen = [pipeline for pipeline in PIPELINES if name in (None, pipeline.name)]
    args = parse(chosen, words, DESCRIPTION)
    if args.destination != "postgres":  # which holds the catalog alone: the rest is elsewhere
        os.environ["ASSAY_TARGET"] = args.destination
    for pipeline in chosen:
        pipeline.check(args)
    from assay.extract.landing.running import exclusive_run, progress_display, start_logging  # noqa: PLC0415

    start_logging(name or "all", verbose=verbose)
    failed: list[tuple[str, Exception]] = []
    with exclusive_run():
        for pipeline in chosen:
            # Postgres has no journal, and what loads nothing is none of the warehouse's business.
            kept = args.destination != "postgres" and not getattr(args, "dry_run", False)
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
