"""Tell people what is new, by the rules of .dlt/config.toml, each thing once.

    python -m publish.tell [--dry-run] [--again]

Messages go out through Apprise to the targets that rules name (docs/being-told.md).
"""

import argparse
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import duckdb

from assay import warehouse
from assay.publish.hf_report import print_text
from assay.publish.news import ledger
from assay.publish.news.happenings import Happening, News, news
from assay.publish.news.message import MOST, check, send, text
from assay.publish.news.rules import Rule, Target, TellError, configured, quiet, targets
from assay.warehouse import journal

log = logging.getLogger(__name__)

LOOK_BACK_DAYS = 7  # quiet hours, and machines that were off, lose nothing within these


def main(argv: list[str] | None = None) -> int:
    """Tell what is new; return the process's exit code."""
    args = _arguments(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        rules = configured()
        if not rules:
            log.info("nobody is to be told: no rule in section [tell.rules] of .dlt/config.toml")
            return 0
        if args.dry_run:
            return _dry_run(rules)
        found = targets(rules)
        for target in found.values():
            check(target)
        if hours := quiet(datetime.now(UTC)):
            log.info("quiet hours (%s UTC): what is new is told after them", hours)
            return 0
        logging.getLogger().addHandler(journal.structured_log())
        return _tell(rules, found, again=args.again)
    except (TellError, warehouse.WarehouseError, duckdb.Error, OSError) as error:
        sys.stderr.write(f"tell: {warehouse.why(error, 'issues are')}\n")
        return 1


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m publish.tell",
        description="Tell people of new, rising and reopened issues and of models on the move, by "
        "the rules of section [tell] in .dlt/config.toml: each thing once to each target.",
        epilog="Exit code 0: told, or nothing to tell. 1: a target did not take its message, which "
        "is told by the next run. 2: called wrongly.",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print the messages, and send and write nothing"
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="tell what a killed run may have told already; without it that is never told twice",
    )
    return parser.parse_args(argv)


def _dry_run(rules: list[Rule]) -> int:
    with warehouse.duckdb_file(writing=False) as db:
        found = news(db, LOOK_BACK_DAYS)
        for rule in rules:
            matched = _matched(rule, found)
            for target in rule.to:
                left = ledger.left(db, rule.name, f"{target}/1", matched)
                if matched and not left:
                    log.info("rule %s: %s knows all %d already", rule.name, target, len(matched))
                for some in batched(left, MOST):
                    title, body = text(rule.name, some)
                    print_text(f"to {target}: {title}\n{body}\n\n")
    return 0


def _matched(rule: Rule, found: News) -> list[Happening]:
    matched = [one for one in found.happenings if rule.matches(one)]
    if not matched:
        log.info("rule %s: nothing of the last %d days matches", rule.name, LOOK_BACK_DAYS)
    return matched


def _tell(rules: list[Rule], to: dict[str, Target], *, again: bool) -> int:
    with warehouse.duckdb_file(writing=True) as db, journal.step("tell", "apprise") as step:
        book = ledger.Ledger(db)
        if again:
            log.info("%d things that may have been told are told again", book.ask_again())
        elif unsure := book.unsure():
            log.warning(
                "%d things may have been told by a run that was killed, and are not told twice: "
                "`python -m publish.tell --again` does",
                unsure,
            )
        found = news(db, LOOK_BACK_DAYS)
        step.counts |= {"told": 0, "failed": 0}
        for rule in rules:
            matched = _matched(rule, found)
            for name in rule.to:
                counts = _deliver(book, rule, to[name], matched)
                step.counts = {key: step.counts[key] + counts[key] for key in step.counts}
        if failed := step.counts["failed"]:
            step.problem = f"{failed:,} things were not taken: the next run tells them"
    return 1 if failed else 0


def _deliver(
    book: ledger.Ledger, rule: Rule, target: Target, matched: list[Happening]
) -> dict[str, int]:
    """Tell a target what it does not know; each of its addresses is told by itself."""
    counts = {"told": 0, "failed": 0}
    for number, address in enumerate(target.addresses, 1):
        name = f"{target.name}/{number}"
        for some in batched(book.left(rule.name, name, matched), MOST):
            book.put(rule.name, name, some, ledger.TELLING)
            taken = send(address, *text(rule.name, some))
            book.put(rule.name, name, some, ledger.TOLD if taken else ledger.FAILED)
            counts["told" if taken else "failed"] += len(some)
            if taken:
                log.info("rule %s: told %s of %d", rule.name, name, len(some))
            else:
                log.error("rule %s: %s did not take its message", rule.name, name)
                break  # a target that is down is not asked for every message
    return counts


def batched(found: list[Happening], most: int) -> Iterator[list[Happening]]:
    """Yield the same in lists of at most `most`; itertools has it from Python 3.12 on."""
    for begin in range(0, len(found), most):
        yield found[begin : begin + most]


if __name__ == "__main__":
    sys.exit(main())
