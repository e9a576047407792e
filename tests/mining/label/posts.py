"""Posts for the tests of the local label."""

from assay.mining.label.member import Member
from assay.mining.label.terms import Day, day_of


def member(title: str = "A title of four words", text: str = "", **more: object) -> Member:
    """Return a post of a person of its own, with what is not given left plain."""
    return Member(**{"title": title, "text": text, "source": "github", "engagement": 0, **more})


# A day of 500 posts on which everybody says that things fail, and few speak of exports.
DAY: Day = day_of(
    [("fails", 200), ("error", 150), ("app", 120), ("export", 4), ("invoice", 6), ("row", 9)], 500
)
EXPORTS = [
    member(
        "Help! Why is my export broken??",
        "Hi all. I have been using this for years and I love it. "
        "The invoice export of Ledgerly 4.2 drops the last row when a page is full. "
        "This is really annoying.",
        person="ann",
        url="https://github.com/a/1",
    ),
    member(
        "Ledgerly invoice export loses the last row",
        "It worked in 4.1. Every invoice export of 50 rows has 49 of them in the file.",
        source="stackoverflow",
        person="bob",
        url="https://stackoverflow.com/q/2",
    ),
    member(
        "Weekly thread: what did your export do to you?",
        "Our accountant found it: the invoice export misses one row a page.",
        source="reddit",
        person="cid",
        url="https://www.reddit.com/r/x/3",
    ),
]
