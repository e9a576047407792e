"""The options of `dlt pipeline NAME run`: one parser for each pipeline, and one for all of them."""

import argparse
from collections.abc import Iterable, Sequence
from typing import NoReturn

from rich_argparse import RawDescriptionRichHelpFormatter

from assay import warehouse
from assay.extract.pipeline import Pipeline, UsageError


class HelpFormatter(RawDescriptionRichHelpFormatter):
    """Help in dlt's colours, with headings as they are written here.

    rich_argparse would write "Hf_Catalog: The Hub'S Tasks".
    """

    group_name_formatter = str


class Parser(argparse.ArgumentParser):
    """A parser that raises UsageError where argparse prints its usage and ends the process."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with argparse's own line."""
        raise UsageError(message)


def parser_of(pipelines: Iterable[Pipeline], description: str = "") -> Parser:
    """Return the parser of these pipelines' options: those common to all, then those of each under
    its name."""
    chosen = list(pipelines)
    named = f"{chosen[0].name} " if len(chosen) == 1 else ""
    parser = Parser(
        prog=f"dlt pipeline {named}run", description=description, formatter_class=HelpFormatter
    )
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
    added: set[str] = set()
    for pipeline in chosen:
        group = parser.add_argument_group(f"{pipeline.name}: {pipeline.summary}")
        for flag, keywords in pipeline.options.items():
            # An option that several pipelines know is one option.
            if flag not in added:
                group.add_argument(flag, **keywords)
                added.add(flag)
    return parser


def parse(
    pipelines: Sequence[Pipeline], words: Sequence[str], description: str = ""
) -> argparse.Namespace:
    """Read the words of a command line that follow `run`.

    Returns the options by name; `destination` is never None. Raises UsageError for what no option
    of these pipelines takes.
    """
    args, unknown = parser_of(pipelines, description).parse_known_args(words)
    if unknown:
        which = pipelines[0].name if len(pipelines) == 1 else "any pipeline"
        raise UsageError(f"{unknown[0].partition('=')[0]} is no option of {which}")
    args.destination = args.destination or warehouse.target_name()
    return args
