"""What a run says at its end of a query that found something and kept nothing."""

from collections import Counter
from datetime import date

from assay.extract.posts.collect import Collected, Counts, summary

DAY = date(2026, 11, 9)


def test_a_query_whose_every_item_is_dropped_is_named_with_the_reasons() -> None:
    collected = Collected()
    gone = Counts(0, Counter({"deleted": 1200, "no title": 2}))
    collected.counts["hackernews", DAY] = gone
    collected.queries["hackernews", "comment postgres"] = gone
    collected.queries["hackernews", "story"] = Counts(3, Counter({"deleted": 1}))
    collected.queries["hackernews", "job"] = Counts()
    assert summary(collected, {})[2:] == [
        "hackernews: comment postgres: all 1,202 items were dropped: 1,200 deleted, 2 no title"
    ]
