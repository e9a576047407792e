"""Posts straight from a source into anybody's dlt pipeline, without our folders and locks.

    from assay.extract import github_issues
    issues = github_issues(["dlt-hub/dlt"], since=date(2026, 11, 1))
    dlt.pipeline("x", destination="duckdb", dataset_name="posts").run(issues)

Days are read whole. dlt remembers the last one, and the next run begins a day before it, since
search indexes lag: raw_items is merged by url_hash, collected_windows by source, query and day.
A destination that cannot merge (plain files) then holds the posts of those two days twice.
"""

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime

import dlt
from dlt.extract import DltResource

from assay.extract.landing.run_folder import new_run_id
from assay.extract.posts.collect import SourceJob, read_source
from assay.extract.posts.lines import LineWriter, as_rows
from assay.extract.posts.post import Source
from assay.extract.posts.tables import COLLECTED_WINDOWS, RAW_ITEMS, Part, resources
from assay.extract.posts.windows import days

SETTLE_SECONDS = 15 * 60  # a day read so long after its end is complete: search indexes lag
# dlt's own marker: it copies it for each resource and keeps the last day in the pipeline's state.
LAST_DAY = dlt.sources.incremental[date]("collection_date", lag=1, primary_key=())


def live(
    source: Source, since: date, until: date | None, author_salt: str | None
) -> Iterable[DltResource]:
    """Return the resources raw_items and collected_windows of a source that is open.

    since, until: first and last day, UTC; today when None. author_salt: what names of authors are
    hashed with; without one no author is kept. The source is closed when all is read.
    """

    @dlt.resource(name=f"{source.name}_days", selected=False)
    def parts(collection_date: dlt.sources.incremental[date] = LAST_DAY) -> Iterator[dict]:
        started = datetime.now(UTC)
        now, last = int(time.time()), until or started.date()
        first = max(since, collection_date.last_value or since)
        wanted = days(first, last)
        job = SourceJob(source, [(query, wanted) for query in source.queries if wanted])
        salt = author_salt.encode() if author_salt else None
        lines = LineWriter(new_run_id(started), salt, SETTLE_SECONDS, now)
        try:
            yield {"collection_date": first} | _part([], [])
            for result in read_source(job, now):
                day = lines.day(result)
                yield {"collection_date": result.day} | _part(day.posts, day.windows)
        finally:
            source.api.close()

    return resources(parts, arrow=False)


def _part(posts: list[bytes], windows: list[bytes]) -> Part:
    return {
        RAW_ITEMS.name: as_rows(RAW_ITEMS, posts),
        COLLECTED_WINDOWS.name: as_rows(COLLECTED_WINDOWS, windows),
    }
