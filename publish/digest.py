"""What is new, for people: a digest of a day or a week, and an Atom feed of the same.

    python -m publish.digest [--days 1|7] [--day 2026-11-15] [--out reports]

It writes reports/digest.md, digest.html and issues.atom, and prints the Markdown.
"""

import argparse
import logging
import sys
import time
from datetime import date
from pathlib import Path

import duckdb

from assay import warehouse
from assay.common import files
from assay.publish.hf_report import print_text
from assay.publish.news.happenings import news
from assay.publish.news.render import digest, feed

log = logging.getLogger(__name__)

MARKDOWN, HTML, FEED = "digest.md", "digest.html", "issues.atom"
FEED_DAYS = 14  # a reader of feeds that looks once in a fortnight misses nothing


def main(argv: list[str] | None = None) -> int:
    """Write the three files; return the process's exit code."""
    args = _arguments(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    started = time.monotonic()
    try:
        with warehouse.duckdb_file(writing=False) as db:
            found = news(db, args.days, day=args.day)
            of_feed = news(db, FEED_DAYS, day=args.day)
        markdown, html = digest(found, args.days)
        args.out.mkdir(parents=True, exist_ok=True)
        for name, text in ((MARKDOWN, markdown), (HTML, html), (FEED, feed(of_feed))):
            files.write(args.out / name, text)
    except (warehouse.WarehouseError, duckdb.Error, OSError) as error:
        sys.stderr.write(f"digest: {warehouse.why(error, 'issues are')}\n")
        return 1
    print_text(markdown)
    log.info(
        "wrote %s, %s and %s in %s in %.1f s",
        MARKDOWN,
        HTML,
        FEED,
        args.out,
        time.monotonic() - started,
    )
    return 0


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m publish.digest",
        description="Write what is new as a digest (digest.md, digest.html) and as an Atom feed "
        f"of {FEED_DAYS} days (issues.atom), and print the digest.",
    )
    parser.add_argument(
        "--days", type=int, choices=(1, 7), default=1, help="of a day or of a week (default 1)"
    )
    parser.add_argument(
        "--day",
        type=date.fromisoformat,
        metavar="YYYY-MM-DD",
        help="the last of these days (default: the last that was clustered)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=warehouse.reports_dir(),
        metavar="DIR",
        help="where the files go (default: ASSAY_REPORTS_DIR, or reports)",
    )
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
