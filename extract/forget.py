"""`make forget`: takes posts, or all posts of an author, out by hand, for good.

    python -m extract.forget https://www.reddit.com/r/devops/comments/abc/ ...
    python -m extract.forget --author reddit:somebody
    python -m extract.forget --author-of https://www.reddit.com/r/devops/comments/abc/

Rows, vectors, answers of language models, reports and the lines of run folders go at once, and what
is collected later brings none of it back. The next build makes issues without them, and the next
publication takes them off the page: `make forget` does both.
"""

import argparse
import logging
import sys
from datetime import UTC, datetime

import duckdb

from assay import forget, warehouse
from assay.common.post_sources import POST_SOURCES
from assay.extract import settings
from assay.extract.landing.running import exclusive_run
from assay.extract.posts.bronze import scrub_files
from assay.extract.posts.post import author_hash
from assay.extract.posts.urls import url_hash
from assay.forget import caches


class UsageError(Exception):
    """The command was called wrongly; the message says how."""


def main(argv: list[str] | None = None) -> int:
    """Forget; return the process's exit code: 0 done, 1 failed, 2 called wrongly."""
    args = _arguments(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        with exclusive_run(), warehouse.duckdb_file(writing=True) as db:
            forget.prepare(db)
            removals = _removals(args, db)
            warehouse.again_after_conflicts(lambda: forget.add(db, removals))
            found = forget.erase_pending(db, scrub_files)
    except UsageError as error:
        sys.stderr.write(f"extract.forget: {error}\n")
        return 2
    except (warehouse.WarehouseError, settings.SettingError, duckdb.Error, OSError) as error:
        sys.stderr.write(f"extract.forget: {warehouse.first_line(error)}\n")
        return 1
    for line in _note(removals, found):
        sys.stdout.write(f"{line}\n")
    return 0


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m extract.forget",
        usage="make forget URL=... | make forget AUTHOR=source:name | make forget AUTHOR_OF=...",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("urls", nargs="*", metavar="URL", help="the page of a post")
    parser.add_argument(
        "--author",
        action="append",
        default=[],
        metavar="SOURCE:NAME",
        help=f"all posts of an author, those to come too; sources: {', '.join(POST_SOURCES)}",
    )
    parser.add_argument(
        "--author-of",
        action="append",
        default=[],
        metavar="URL",
        help="the same for whoever wrote the post on this page",
    )
    args = parser.parse_args(argv)
    if not (args.urls or args.author or args.author_of):
        parser.error("say which: the page of a post, or an author")
    return args


def _removals(args: argparse.Namespace, db: duckdb.DuckDBPyConnection) -> list[forget.Removal]:
    """Return the tombstones that were asked for. Raises UsageError for what names nothing."""
    now = datetime.now(UTC)

    def removal(kind: str, key: str, source: str | None = None) -> forget.Removal:
        return forget.Removal(
            kind, key, source, None, forget.BY_HAND, is_by_hand=True, removed_at=now
        )

    posts = [removal(forget.POST, _key(url)) for url in args.urls]
    authors = [removal(forget.AUTHOR, *_author(name)) for name in args.author]
    authors += [removal(forget.AUTHOR, *_author_of(db, url)) for url in args.author_of]
    return posts + authors


def _key(url: str) -> str:
    try:
        return url_hash(url)
    except ValueError as error:
        raise UsageError(f"{url[:200]!r}: {error}") from error


def _author(text: str) -> tuple[str, str]:
    source, _, name = text.partition(":")
    if source not in POST_SOURCES or not name:
        raise UsageError(f"{text[:200]!r} is no author: write source:name, reddit:somebody")
    return author_hash(settings.author_salt(), source, name) or "", source


def _author_of(db: duckdb.DuckDBPyConnection, url: str) -> tuple[str, str]:
    rows = db.execute(
        "select author_hash, source from bronze.raw_items where url_hash = ?", [_key(url)]
    ).fetchall()
    if not rows or rows[0][0] is None:
        why = "its author is not known" if rows else "it is not in the warehouse"
        raise UsageError(f"{url[:200]!r}: {why}, so nobody can be taken out by it")
    return rows[0]


def _note(removals: list[forget.Removal], found: forget.Found) -> list[str]:
    """Return what a person is told: what was found where, and what is left to do."""
    authors = sum(one.kind == forget.AUTHOR for one in removals)
    lines = [
        f"taken out for good: {len(removals) - authors:,} addresses, {authors:,} authors; "
        f"{len(found.url_hashes):,} posts in all"
    ]
    lines += [f"  {count:>6,}  {place}" for place, count in sorted(found.counts.items())]
    if not found.counts:
        lines.append("  nothing of them was here; nothing will come in")
    if kept := caches.backups():
        lines.append(
            f"{kept:,} back-ups in {warehouse.data_dir() / 'backups'} were made before: "
            "`make backup` takes it out of them too"
        )
    lines.append("left to do: build, report and publish (`make forget` does it now)")
    return lines


if __name__ == "__main__":
    sys.exit(main())
