"""The benchmark of publishing makes up gold, which has to have all that is published of it."""

import duckdb

from assay.publish.pocketbase.records import records
from assay.publish.pocketbase.schema import EVIDENCE, ISSUES
from benchmarks.publish import DAYS, GOLD


def test_the_made_up_gold_has_all_that_is_published() -> None:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(GOLD.format(days=DAYS, issues=10, per_issue=3))
        for collection, count in ((ISSUES, 10), (EVIDENCE, 30)):
            bodies = [one.body for one in records(connection.cursor(), collection)]
            assert len({body["id"] for body in bodies}) == count
