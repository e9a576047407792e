"""The fault day: the whole pipeline again and again under random faults, compared value by value
with a run that nothing disturbed.

    python -m tests.faults --runs 30 --seed 1
    python -m tests.faults --seed 1 --only 7 --keep build/faults     one run again
    python -m tests.faults --target ducklake      on a lake, whose catalog is killed as well

Exit code 0: no difference. 1: there are differences, or a command did not end well. 2: called
wrongly. docs/decisions/fault-day.md says what is drawn and how it is compared.
"""

import argparse
import logging
import shutil
import sys
import time
from collections import Counter
from pathlib import Path

from assay.warehouse import lake
from tests.faults import items
from tests.faults.attempts import Result
from tests.faults.compare import compared_tables
from tests.faults.day import FaultDay
from tests.faults.plan import STAGES, draw
from tests.faults.surroundings import Clock
from tests.faults.warehouses import DUCKDB, TARGETS
from tests.support import STAGE


def main(argv: list[str] | None = None) -> int:
    """Run the day, print each run and the tally; return the process's exit code."""
    args = _arguments(argv)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        day = FaultDay(
            STAGE / "faults",
            items.cut(STAGE / "items"),
            target=args.target,
            data_tests=args.data_tests,
        )
        try:
            results = _runs(day, args)
        finally:
            day.close()
    finally:
        shutil.rmtree(STAGE, ignore_errors=True)
    _say(tally(results))
    return 1 if any(result.differences or result.complaints for result in results) else 0


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--runs", type=int, default=30, help="how many (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the faults (default %(default)s)")
    parser.add_argument(
        "--target",
        choices=TARGETS,
        default=DUCKDB,
        help="the warehouse: the DuckDB file, or a lake with a Postgres of its own, whose faults "
        "are drawn apart (default %(default)s)",
    )
    parser.add_argument("--only", type=int, nargs="+", metavar="RUN", help="these runs alone")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the folders of bad runs")
    parser.add_argument(
        "--data-tests", action="store_true", help="let dbt's tests run in every build as well"
    )
    args = parser.parse_args(argv)
    if args.runs < 1:
        parser.error("--runs: at least 1")
    return args


def _runs(day: FaultDay, args: argparse.Namespace) -> list[Result]:
    seconds = day.undisturbed()
    tables = len(compared_tables(day.reference))
    clocks = "libfaketime" if Clock.library() else "no libfaketime, so none"
    _say(f"undisturbed: {seconds:.0f} s, {tables} tables and views to compare, 2 collections")
    _say(f"warehouse: {day.warehouse.name}")
    _say(f"full disk: {day.disk.means}; clock jumps: {clocks}")
    results = []
    for number in args.only or range(1, args.runs + 1):
        plan = draw(
            args.seed,
            number,
            back_days=day.back_days,
            clocks=Clock.library() is not None,
            on_lake=args.target == lake.TARGET,
        )
        results.append(day.run(plan, args.keep))
        _say(told(results[-1]))
    return results


def told(result: Result) -> str:
    """Return what one run was and what became of it."""
    plan = result.plan
    where = "a PocketBase of its own" if plan.own_server else "the bundled PocketBase"
    sky = ", ".join((*plan.weather, *plan.down))
    lines = [
        f"run {plan.number}: {len(result.differences)} differences, "
        f"{sum(result.commands.values())} commands, {result.seconds:.0f} s; {where}; {sky}; "
        f"{sum(result.http.values())} requests struck",
        *(f"    {line}" for line in result.told),
        *(f"    DIFFERENCE {line}" for line in result.differences),
        *(f"    COMPLAINT {line}" for line in result.complaints),
    ]
    return "\n".join(lines)


def tally(results: list[Result]) -> str:
    """Return the closing table: faults by kind and stage, commands, differences."""
    injected: Counter[tuple[str, str]] = Counter()
    struck: Counter[tuple[str, str]] = Counter()
    for result in results:
        for kind, stage, hit in result.hits:
            injected[kind, stage] += 1
            struck[kind, stage] += hit
    lines = [f"\n{'fault (struck of injected)':<28}" + "".join(f"{s:>10}" for s in STAGES)]
    for kind in sorted({kind for kind, _ in injected}):
        cells = [f"{struck[kind, s]} of {injected[kind, s]}" for s in STAGES]
        lines.append(f"{kind:<28}" + "".join(f"{cell:>10}" for cell in cells))
    http = sum((result.http for result in results), Counter())
    lines += [f"HTTP {kind:<23}{number:>10}" for kind, number in sorted(http.items())]
    commands = sum((result.commands for result in results), Counter())
    tries = ", ".join(f"{stage} {commands[stage]}" for stage in STAGES)
    total = sum(commands.values())
    lines += [
        f"runs {len(results)}, faults injected {sum(injected.values())} (struck "
        f"{sum(struck.values())}), HTTP requests struck {sum(http.values())}",
        f"commands {total} for {len(results) * len(STAGES)} undisturbed ones ({tries})",
        f"complaints {sum(len(result.complaints) for result in results)}",
        f"differences {sum(len(result.differences) for result in results)}",
    ]
    return "\n".join(lines)


def _say(text: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S', time.gmtime())} {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
