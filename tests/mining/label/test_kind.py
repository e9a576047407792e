"""Posts are told apart by what the API knows, then by what comes back, then by words."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.mining.label.kind import LEFT_OUT, Signs, kind_of, says_nothing

BROKEN = "Uploads over 2 GB end with a time-out"

TOLD: Mapping[str, tuple[dict[str, Any], str, str]] = {
    "a program": ({"author_type": "Bot"}, "automated", "the API: a program wrote it"),
    "a program of a forum": (
        {"source": "reddit", "author_type": "Bot"},
        "recurring thread",
        "the API: a program wrote it",
    ),
    "a pinned post": ({"source": "reddit", "is_stickied": True}, "announcement", "the API: pinned"),
    "a pinned thread": (
        {"source": "reddit", "is_stickied": True, "title": "Weekly help thread"},
        "recurring thread",
        "the API: pinned",
    ),
    "a moderator": (
        {"source": "reddit", "distinguished": "moderator"},
        "announcement",
        "the API: written as moderator",
    ),
    "a job": ({"source": "hackernews", "tags": ("job",)}, "advertisement or job", "the API: a job"),
    "a flair": (
        {"source": "reddit", "flair": "Hiring"},
        "advertisement or job",
        "the flair Hiring",
    ),
    "a show": ({"source": "hackernews", "tags": ("show_hn",)}, "showcase", "the API: Show HN"),
    "a label": ({"labels": ("area: ui", "enhancement")}, "request", "the label enhancement"),
    "titles that come back": (
        {"titles": 3},
        "automated",
        "3 posts of one author under one title but for numbers",
    ),
    "a question that comes back": (
        {"source": "reddit", "title": "What did you ship in week 47?", "days": 4},
        "recurring thread",
        "4 posts of one author under one title but for numbers",
    ),
    "twice is no return": ({"titles": 2, "days": 2}, "problem", "the tracker"),
}


@pytest.mark.parametrize("name", TOLD)
def test_what_the_api_knows_and_what_comes_back_tell_first(name: str) -> None:
    given_signs, kind, sign = TOLD[name]
    found = kind_of(Signs(**{"source": "github", "title": BROKEN, **given_signs}))
    assert (found.name, found.sign) == (kind, sign)


BY_WORDS = {
    ("github", "Bug", ""): "says nothing",
    ("github", "[BUG]: please help!!", "RuntimeError: x"): "says nothing",
    ("reddit", "test, please ignore", "hello world"): "says nothing",
    ("reddit", "A big thank you to everybody here", "You are great."): "says nothing",
    ("reddit", "[Hiring] Data engineer in Porto", "Apply by mail."): "advertisement or job",
    ("hackernews", "Acme (YC W21) is hiring a Rust engineer", ""): "advertisement or job",
    (
        "reddit",
        "I built an uptime monitor",
        "We launched it today. Use the code HELLO and get 30% off, link below.",
    ): "advertisement or job",
    ("reddit", "Monthly career questions thread", "Ask away."): "recurring thread",
    ("hackernews", "Ask HN: Who wants to be hired? (May 2026)", ""): "recurring thread",
    ("github", "Roadmap for 2027", "What we plan."): "announcement",
    # None of these may be taken for one of the above.
    ("github", "Login broken", ""): "problem",
    ("github", "KeyError: 'draft' on save", "KeyError: 'draft'"): "problem",
    ("github", "Weekly job thread pool crashes", "It leaks threads."): "problem",
    ("reddit", "Discount code is applied twice at checkout", "Customers get 20% off."): "problem",
    ("reddit", "Nobody is hiring juniors", "I sent 300 letters and heard nothing."): "problem",
    ("reddit", "Thanks to an update our invoices are gone. What now?", "All lost."): "question",
    ("stackoverflow", "How do I keep order in a parallel map?", "I tried."): "question",
    ("github", "Add a dry run to the importer", "So that I see what it does."): "request",
    ("github", "登录失败了", ""): "problem",
}


@pytest.mark.parametrize("post", BY_WORDS)
def test_words_tell_the_rest(post: tuple[str, str, str]) -> None:
    source, title, text = post
    assert kind_of(Signs(source, title, text)).name == BY_WORDS[post]


def test_a_title_alone_speaks() -> None:
    assert not says_nothing("Worker drops the last message", "")
    assert says_nothing("Error", "ValueError: invalid literal for int() with base 10")


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_words_have_a_kind_and_the_same_one_again(title: str, text: str) -> None:
    for source in ("github", "reddit", "hackernews", "stackoverflow", "elsewhere"):
        found = kind_of(Signs(source, title, text))
        assert found == kind_of(Signs(source, title, text))
        assert found.is_sure or found.name not in LEFT_OUT
