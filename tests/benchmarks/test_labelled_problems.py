"""The labelled posts are what benchmarks/labelled/README.md says of them."""

import json
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks" / "labelled"
LINES = (FOLDER / "problems.jsonl").read_text(encoding="utf-8").splitlines()
POSTS = [json.loads(line) for line in LINES]
HALVES = ("a", "b")
FIELDS = ["problem", "half", "near", "source", "place", "author", "posted_at", "title", "body"]
PLACES = {
    "github": r"[\w.-]+/[\w.-]+",
    "stackoverflow": r"[a-z0-9.#+-]+( [a-z0-9.#+-]+){1,4}",
    "reddit": r"\w+",
    "hackernews": "",
}
FREE = "dmlc/xgboost"  # asks nothing: people write as they like
E_MAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)*\.[a-z]{2,}", re.I)
# A signature or an introduction, and given names that many people have.
NAME = re.compile(
    r"\b(my name is|(kind |best )?regards,|cheers,|thanks,) [A-Z]|\b(Alexander|Andrew|Anna|Anton|"
    r"Carlos|Christian|Christine|Daniel|David|Elena|Emma|Eric|Guido|Hans|Ivan|James|Jane|Jennifer|"
    r"John|Joseph|Julie|Karen|Kevin|Laura|Linus|Lisa|Maria|Martin|Mary|Matthew|Michael|Mohammed|"
    r"Nicole|Olga|Patrick|Paul|Peter|Richard|Robert|Sarah|Stefan|Steven|Susan|Thomas|William)\b"
)


def told() -> dict[str, list[dict]]:
    """Return the posts of each problem."""
    found = defaultdict(list)
    for post in POSTS:
        if post["problem"]:
            found[post["problem"]].append(post)
    return found


def words(post: dict) -> set[str]:
    return set(re.findall(r"[a-z]{3,}", f"{post['title']} {post['body']}".lower()))


def test_each_line_is_a_post_with_these_fields() -> None:
    for post in POSTS:
        assert list(post) == FIELDS
        assert post["half"] in HALVES
        assert not (post["problem"] and post["near"])
        assert re.fullmatch(PLACES[post["source"]], post["place"]), post["place"]
        assert post["title"] == post["title"].strip() != ""
        at = datetime.strptime(post["posted_at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        assert datetime(2026, 10, 5, tzinfo=UTC) <= at < datetime(2026, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize("half", HALVES)
def test_a_half_has_32_problems_60_near_misses_and_20_lone_posts(half: str) -> None:
    posts = [post for post in POSTS if post["half"] == half]
    assert len({post["problem"] for post in posts} - {None}) >= 32
    assert sum(post["near"] is not None for post in posts) >= 60
    assert sum(post["near"] is None and post["problem"] is None for post in posts) >= 20


def test_a_problem_is_told_by_three_to_five_people_on_two_sites() -> None:
    for problem, posts in told().items():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", problem)
        assert 3 <= len({post["author"] for post in posts}) == len(posts) <= 5, problem
        assert len({post["source"] for post in posts}) >= 2, problem


def test_every_problem_has_a_near_miss_in_its_half() -> None:
    half = {problem: posts[0]["half"] for problem, posts in told().items()}
    assert {post["near"] for post in POSTS} - {None} == set(half)
    assert all(half[post["near"]] == post["half"] for post in POSTS if post["near"])


def test_halves_share_neither_problems_nor_repositories_nor_people() -> None:
    halves = defaultdict(set)
    for post in POSTS:
        halves["problem", post["problem"]].add(post["half"])
        halves["author", post["author"]].add(post["half"])
        if post["source"] == "github":
            halves["repository", post["place"]].add(post["half"])
    del halves["problem", None]
    assert [what for what, where in halves.items() if len(where) > 1] == []


def test_each_person_writes_once() -> None:
    assert max(Counter(post["author"] for post in POSTS).values()) == 1


def test_no_text_is_there_twice() -> None:
    for text in ("title", "body"):
        said = [" ".join(post[text].lower().split()) for post in POSTS]
        forms = {one for one, post in zip(said, POSTS, strict=True) if post["source"] == "github"}
        counts = Counter(one for one in said if one and (text == "title" or one not in forms))
        assert [one for one, times in counts.items() if times > 1] == []


def test_who_tell_the_same_tell_it_in_other_words() -> None:
    for problem, posts in told().items():
        for i, one in enumerate(posts):
            for other in posts[:i]:
                if {one["source"], other["source"]} != {"github"}:  # these share their form's words
                    both = words(one) & words(other)
                    assert len(both) < 0.5 * len(words(one) | words(other)), problem


def test_bodies_have_the_form_of_their_source() -> None:
    for post in POSTS:
        source, body = post["source"], post["body"]
        if source == "stackoverflow":
            assert body.startswith("<p>") or body.startswith("<pre"), post["title"]
            assert "```" not in body
            assert body.count("<pre") == body.count("</pre>")
        elif source in ("github", "reddit"):
            assert body.count("```") % 2 == 0, post["title"]
            assert body.strip()
        else:
            assert "'" not in body
            assert "\n\n" not in body


@pytest.mark.parametrize("half", HALVES)
def test_the_form_of_a_repository_is_in_all_its_bodies(half: str) -> None:
    bodies = defaultdict(list)
    for post in POSTS:
        if post["source"] == "github" and post["half"] == half and post["place"] != FREE:
            bodies[post["place"]].append(set(post["body"].splitlines()) - {""})
    several = {place: set.intersection(*one) for place, one in bodies.items() if len(one) > 1}
    assert all(len(form) >= 3 for form in several.values())
    assert len({frozenset(form) for form in several.values()}) >= 8


def test_nobody_is_named() -> None:
    for post in POSTS:
        text = f"{post['author']}\n{post['title']}\n{post['body']}"
        assert not E_MAIL.search(text), post["title"]
        assert not NAME.search(text), post["title"]


def test_the_page_counts_them() -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    for half in HALVES:
        posts = [post for post in POSTS if post["half"] == half]
        problems = [post["problem"] for post in posts if post["problem"]]
        near = sum(post["near"] is not None for post in posts)
        row = [half, len(set(problems)), len(problems), near, len(posts) - len(problems) - near]
        assert f"| {' | '.join(map(str, [*row, len(posts)]))} |" in page
