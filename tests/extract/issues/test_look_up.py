"""A post that bronze has is asked for by itself: it is there, it is gone, or nobody can tell."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assay.extract.http.transport import SourceRefusedError
from assay.extract.posts.github import GitHub
from assay.extract.posts.hackernews import HackerNews
from assay.extract.posts.post import Known, Post, Removed
from assay.extract.posts.reddit import Reddit
from assay.extract.posts.stackexchange import StackExchange
from tests.extract.posts.helpers import (
    START,
    answer,
    api,
    issue,
    question,
    scripted_api,
    story,
    submission,
)
from tests.sample.apis.post_replays import serving


def known(native_id: str, url: str, query: str = "") -> Known:
    return Known(f"hash {native_id}", native_id, url, query, date(2026, 11, 9), START, "{}")


def told(source: Any, *posts: Known) -> list[tuple[str, str]]:
    """Return what is said of each post: its title, why it is gone, or why nobody knows."""

    def words(reading: Any) -> str:
        if isinstance(reading, Post):
            return reading.title
        return f"gone: {reading.reason}" if isinstance(reading, Removed) else str(reading)

    return [(post.native_id, words(reading)) for post, reading in source.look_up(list(posts))]


def of_github(number: int) -> Known:
    return known(str(number), f"https://github.com/octo/one/issues/{number}")


def test_github_is_asked_for_the_issue_itself(tmp_path: Path) -> None:
    with serving(tmp_path, "github", [issue(1), issue(2)]) as server:
        source = GitHub(api(f"{server.url}/github"), [], None)
        assert told(source, of_github(1), of_github(3), of_github(2)) == [
            ("1", "It breaks, part 1"),
            ("3", "gone: deleted"),
            ("2", "It breaks, part 2"),
        ]


def test_an_issue_that_moved_is_there_and_one_that_nobody_can_tell_of_is_not_gone() -> None:
    moved = answer({}, 301, location="http://api.test/repositories/7/issues/9")
    session, script = scripted_api(None, moved, answer(issue(9)), answer({}, 410), answer({}, 401))
    source = GitHub(session, [], None)
    assert told(source, of_github(1), of_github(2)) == [
        ("1", "It breaks, part 9"),
        ("2", "gone: deleted"),
    ]
    assert script.seen[1].url.path == "/repositories/7/issues/9"
    with pytest.raises(SourceRefusedError):
        told(source, of_github(3))


def test_questions_are_asked_for_by_the_hundred(tmp_path: Path) -> None:
    posts = [
        known(str(number), f"https://stackoverflow.com/questions/{number}", "stackoverflow dbt")
        for number in range(1, 151)
    ]
    items = [question(number) for number in range(1, 150)]
    with serving(tmp_path, "stackexchange", items) as server:
        source = StackExchange(api(f"{server.url}/stackexchange"), [], None)
        found = told(source, *posts)
        assert len(server.requests) == 2
    assert found[0] == ("1", "Why 1?")
    assert found[-1] == ("150", "gone: deleted")
    assert sum(words.startswith("gone") for _, words in found) == 1


def test_reddit_says_what_was_removed_and_has_no_word_of_what_is_gone(tmp_path: Path) -> None:
    items = [submission("a"), submission("b", removed_by_category="moderator", selftext="")]
    with serving(tmp_path, "reddit", items) as server:
        where, tokens = f"{server.url}/reddit/oauth", f"{server.url}/reddit/www"
        source = Reddit(api(where), [], ("id", "secret"), f"{tokens}/api/v1/access_token")
        assert told(source, *(known(name, f"https://x.test/{name}") for name in "abc")) == [
            ("a", "Who owns a?"),
            ("b", "gone: removed by moderator"),
            ("c", "gone: deleted"),
        ]


def test_a_story_whose_title_lost_the_words_of_the_search_is_still_there(tmp_path: Path) -> None:
    items = [story(1, title="Renamed"), story(3, START + 1)]
    with serving(tmp_path, "hackernews", items) as server:
        source = HackerNews(api(f"{server.url}/hackernews"), [])
        posts = [known(str(n), f"https://x.test/{n}", "story loom") for n in (1, 2)]
        assert told(source, *posts) == [("1", "Renamed"), ("2", "gone: deleted")]


def test_a_post_without_an_id_of_its_source_cannot_be_asked_for() -> None:
    session, script = scripted_api(None)
    page = "https://stackoverflow.com/questions/1"
    assert told(StackExchange(session, [], None), known(page, page, "stackoverflow")) == [
        (page, "no number")
    ]
    assert script.seen == []
