"""The real `dlt pipeline issues run`: what it loads, what it says, and what it asks for next."""

import re
from argparse import Namespace
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from assay.extract.issues.command import ISSUES
from assay.extract.pipeline import UsageError
from assay.extract.posts.windows import Window
from assay.sample.apis.github import INVALID_TOKEN
from assay.sample.apis.reddit import INVALID_ID
from assay.sample.replay import ReplayServer
from tests.extract.helpers import Ended, Person
from tests.extract.posts.helpers import issue, question, story, submission
from tests.sample.apis.post_replays import serving

FIRST, LAST = date(2025, 11, 8), date(2025, 11, 9)
DAYS = ("--start", str(FIRST), "--end", str(LAST))
NOON = Window.of_day(FIRST).start + 43_200
NEXT_NOON = NOON + 86_400
SECRETS = {
    "GITHUB_TOKEN": "ghp_sesame",
    "STACKEXCHANGE_KEY": "se_sesame",
    "REDDIT_CLIENT_ID": "an_id",
    "REDDIT_CLIENT_SECRET": "rd_sesame",
}
AUTHORS = (b"octo-ann", b"Ann Loom", b"ann_loom", b"annloom")
ITEMS: dict[str, list[Any]] = {
    "github": [issue(1, NOON), issue(2, NEXT_NOON), issue(3, NOON - 86_400)],
    "stackexchange": [question(1, NOON), question(2, NOON)],
    "reddit": [
        submission("1a", NOON),
        submission("1b", NEXT_NOON),
        submission("1c", NOON, subreddit="secret", subreddit_type="private"),
    ],
    "hackernews": [story(1, NEXT_NOON), story(2, NEXT_NOON, title=None)],
}
Done = tuple["Reader", Ended, list[Any]]


class Reader(Person):
    """A person with the credentials of all sources, which are replayed."""

    @property
    def environment(self) -> dict[str, str]:
        hosts = {
            "GITHUB__ENDPOINT": "/github",
            "STACKOVERFLOW__ENDPOINT": "/stackexchange",
            "REDDIT__ENDPOINT": "/reddit/oauth",
            "REDDIT__TOKEN_ENDPOINT": "/reddit/www",
            "HACKERNEWS__ENDPOINT": "/hackernews",
        }
        limits = [f"ISSUES__{host.partition('__')[0]}__REQUESTS_PER_MINUTE" for host in hosts]
        return {
            **super().environment,
            **{f"ISSUES__{name}": self.endpoint + path for name, path in hosts.items()},
            **dict.fromkeys(limits, "0"),
            "ISSUES__GITHUB__REPOSITORIES": "octo/one",
            "ISSUES__REDDIT__SUBREDDITS": "devops,secret",
            **SECRETS,
        }

    def issues(self, *args: str, **environment: str) -> Ended:
        """Run the pipeline."""
        return self.pipeline("issues", "run", *args, **environment)

    def counts(self) -> dict[str, int]:
        """Posts in bronze by source."""
        return dict(self.rows("select source, count(*) from bronze.raw_items group by all"))


def asked(requests: list[Any]) -> set[str]:
    """What was asked for, without the parameters."""
    return {target.partition("?")[0] for _, target, _ in requests}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReplayServer]:
    folder = tmp_path_factory.mktemp("recorded")
    for api, items in list(ITEMS.items())[:-1]:
        serving(folder, api, items).close()
    with serving(folder, "hackernews", ITEMS["hackernews"], quirks=["closed-subs"]) as running:
        yield running


@pytest.fixture
def reader(tmp_path: Path, server: ReplayServer) -> Reader:
    server.requests.clear()
    return Reader(tmp_path / "reader", server.url)


# --- a good run, and the next --------------------------------------------------------------------


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, server: ReplayServer) -> Done:
    """A reader after one run of two days, what it said, and the requests it took."""
    server.requests.clear()
    reader = Reader(tmp_path_factory.mktemp("done"), server.url)
    ended = reader.issues(*DAYS)
    return reader, ended, list(server.requests)


def test_all_sources_are_loaded_and_a_refused_subreddit_stops_nobody(done: Done) -> None:
    reader, ended, _ = done
    assert ended.code == 0, ended.err
    assert reader.counts() == {"github": 2, "stackoverflow": 2, "reddit": 2, "hackernews": 1}
    assert "WARNING reddit: secret is refused: HTTP 403: private" in ended.err
    table = re.findall(r"INFO +(\w+ +2025-\S+ .*)", ended.err)
    assert [re.sub(" +", " ", line) for line in table] == [
        "github 2025-11-08 1 1 0 0 -",
        "github 2025-11-09 1 1 0 0 -",
        "hackernews 2025-11-08 0 0 0 0 -",
        "hackernews 2025-11-09 1 1 0 1 -",
        "reddit 2025-11-08 1 1 0 0 1 (refused: HTTP 403: private)",
        "reddit 2025-11-09 1 1 0 0 1 (refused: HTTP 403: private)",
        "stackoverflow 2025-11-08 2 2 0 0 -",
        "stackoverflow 2025-11-09 0 0 0 0 -",
    ]


def test_what_a_source_refused_is_recorded_and_not_final(done: Done) -> None:
    windows = done[0].rows(
        "select source, query, collection_date, items, dropped, is_final, reason "
        "from bronze.collected_windows where not is_final or dropped > 0 order by all"
    )
    refused = (0, 0, False, "refused: HTTP 403: private")
    assert windows == [
        ("hackernews", "story", LAST, 1, 1, True, None),
        ("reddit", "secret", FIRST, *refused),
        ("reddit", "secret", LAST, *refused),
    ]


def test_no_author_and_no_secret_is_written_or_said(done: Done) -> None:
    reader, ended, _ = done
    written = reader.written()
    said = (ended.out + ended.err).encode()
    for word in (
        *AUTHORS,
        *(secret.encode() for secret in list(SECRETS.values()) if "_s" in secret),
    ):
        assert word not in written
        assert word not in said
    hashes = reader.rows(
        "select count(*), count(author_hash), min(length(author_hash)) from bronze.raw_items"
    )
    assert hashes == [(7, 7, 32)]
    assert (reader.data / "author_salt").stat().st_mode & 0o777 == 0o600


def test_the_next_run_asks_only_for_what_is_not_complete(done: Done, server: ReplayServer) -> None:
    reader = done[0]
    before = reader.rows("select url_hash, author_hash from bronze.raw_items order by all")
    server.requests.clear()
    ended = reader.issues(*DAYS)
    assert ended.code == 0, ended.err
    assert asked(server.requests) == {
        "/reddit/www/api/v1/access_token",
        "/reddit/oauth/r/secret/new",
    }
    for name in ("github", "stackoverflow", "hackernews"):
        assert f"{name}: 2025-11-08 to 2025-11-09 complete, nothing to ask" in ended.err
    server.requests.clear()
    again = reader.issues(*DAYS, "--refresh", "--source", "github", "hackernews")
    assert again.code == 0, again.err
    assert asked(server.requests) == {"/github/search/issues", "/hackernews/api/v1/search_by_date"}
    assert reader.rows("select url_hash, author_hash from bronze.raw_items order by all") == before
    assert "github         2025-11-08       1       0           1" in again.err


# --- sources that fail ---------------------------------------------------------------------------


@pytest.mark.slow("the exit code when one source is down, and the run after it")
def test_a_source_that_is_down_fails_the_run_and_only_it_is_asked_again(
    reader: Reader, server: ReplayServer, tmp_path: Path
) -> None:
    with serving(tmp_path / "dead", "hackernews", ITEMS["hackernews"]) as dead:
        gone = f"{dead.url}/hackernews"
    ended = reader.issues(
        *DAYS, ISSUES__HACKERNEWS__ENDPOINT=gone, ISSUES__REDDIT__SUBREDDITS="devops"
    )
    assert ended.code == 1
    assert "Traceback" not in ended.err
    assert ended.last == (
        f"hackernews: Hacker News does not answer GET {gone}/api/v1/search_by_date after 6 tries: "
        "the server is not there (connection refused or name unknown). Try again later "
        "(what was covered is loaded; run again for the rest)"
    )
    assert reader.counts() == {"github": 2, "stackoverflow": 2, "reddit": 2}
    server.requests.clear()
    again = reader.issues(*DAYS, ISSUES__REDDIT__SUBREDDITS="devops")
    assert again.code == 0, again.err
    assert asked(server.requests) == {"/hackernews/api/v1/search_by_date"}
    assert reader.counts() == {"github": 2, "stackoverflow": 2, "reddit": 2, "hackernews": 1}


@pytest.mark.slow("secrets stay unsaid when they are refused, with -v too")
def test_refused_secrets_fail_their_sources_and_are_never_shown_not_even_verbosely(
    reader: Reader, server: ReplayServer
) -> None:
    ended = reader.dlt(
        "-v",
        "pipeline",
        "issues",
        "run",
        *DAYS,
        "--source",
        "github",
        "reddit",
        "stackoverflow",
        GITHUB_TOKEN=INVALID_TOKEN,
        REDDIT_CLIENT_ID=INVALID_ID,
    )
    assert ended.code == 1
    assert "Traceback (most recent call last):" in ended.err
    assert ended.last.startswith("github: GitHub does not accept GITHUB_TOKEN (HTTP 401)") or (
        ended.last.startswith("reddit: Reddit gives no token (HTTP 401)")
    )
    assert "github failed: GitHub does not accept GITHUB_TOKEN (HTTP 401)" in ended.err
    assert "reddit failed: Reddit gives no token (HTTP 401): check REDDIT_CLIENT_ID" in ended.err
    assert reader.counts() == {"stackoverflow": 2}
    assert any("key=se_sesame" in target for _, target, _ in server.requests)
    for secret in (INVALID_TOKEN, "se_sesame", "rd_sesame"):
        assert secret not in ended.out + ended.err
        assert secret.encode() not in reader.written()


def test_reddit_without_credentials_is_left_out_unless_it_is_named(
    reader: Reader, server: ReplayServer
) -> None:
    bare = {"REDDIT_CLIENT_ID": "", "REDDIT_CLIENT_SECRET": ""}
    line = (
        "REDDIT_CLIENT_ID and REDDIT_CLIENT_SECRET are not set: make an app of type `script` at "
        "https://www.reddit.com/prefs/apps"
    )
    refused = reader.issues(*DAYS, "--source", "reddit", **bare)
    assert (refused.code, refused.last) == (1, line)
    assert "Traceback" not in refused.err
    assert server.requests == []
    ended = reader.issues(*DAYS, **bare)
    assert ended.code == 0, ended.err
    assert f"WARNING reddit is not configured: {line}" in ended.err
    assert reader.counts() == {"github": 2, "stackoverflow": 2, "hackernews": 1}


# --- called wrongly ------------------------------------------------------------------------------

TODAY = datetime.now(UTC).date()
FUTURE = str(TODAY + timedelta(days=3))
NOT_YET = f"{FUTURE} has not begun yet: today is {TODAY} (UTC)"
WRONG: dict[str, tuple[list[str], dict[str, str], str]] = {
    "backwards": (
        ["--start", "2025-11-09", "--end", "2025-11-08"],
        {},
        "--start 2025-11-09 is after --end 2025-11-08",
    ),
    "future": (["--end", FUTURE], {}, NOT_YET),
    "unknown source": (
        ["--source", "gitlab"],
        {},
        "argument --source: invalid choice: 'gitlab' (choose from",
    ),
    "no day": (["--start", "soon"], {}, "argument --start: invalid day value: 'soon'"),
    "another's option": (["--max-tasks", "2"], {}, "--max-tasks is no option of issues"),
    "raised limit": (
        [],
        {"ISSUES__GITHUB__REQUESTS_PER_MINUTE": "31"},
        "ISSUES__GITHUB__REQUESTS_PER_MINUTE is '31': must be between 0 and 30",
    ),
}


@pytest.fixture(scope="module")
def wrongly(
    tmp_path_factory: pytest.TempPathFactory, server: ReplayServer
) -> dict[str, tuple[Reader, Ended]]:
    """Run all wrong commands, side by side; return how they ended."""
    base, started = tmp_path_factory.mktemp("wrongly"), {}
    for name, (args, environment, _) in WRONG.items():
        reader = Reader(base / name.replace(" ", "-"), server.url)
        process = reader.start("pipeline", "issues", "run", *args, **environment)
        started[name] = reader, process
    return {name: (reader, Ended.after(process)) for name, (reader, process) in started.items()}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_call_ends_with_2_and_one_line_before_anything_happens(
    wrongly: dict[str, tuple[Reader, Ended]], name: str
) -> None:
    reader, ended = wrongly[name]
    assert ended.code == 2, ended.err
    assert WRONG[name][2] in ended.err.replace("\n", " ")
    assert "Traceback" not in ended.err
    assert not reader.database.exists()
    assert not list((reader.data / "raw").glob("issues/*"))


@pytest.mark.slow("each wrong range of days, as the command tells of it")
@pytest.mark.parametrize(
    ("start", "end", "line"),
    [
        (date(2001, 1, 1), date(2025, 1, 1), "8,767 days: at most 3,660 in one run"),
        (date.fromisoformat(FUTURE), None, NOT_YET),
        (None, date.fromisoformat(FUTURE), NOT_YET),
        (LAST, FIRST, "--start 2025-11-09 is after --end 2025-11-08"),
    ],
)
def test_days_that_cannot_be_meant_are_refused(
    start: date | None, end: date | None, line: str
) -> None:
    with pytest.raises(UsageError) as caught:
        ISSUES.check(Namespace(start=start, end=end, source=None))
    assert str(caught.value) == line


@pytest.mark.slow("each wrong setting, as the command tells of it")
@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("ISSUES__SOURCES", "github,gitlab", "ISSUES__SOURCES: no source 'gitlab', choose github"),
        ("ISSUES__SOURCES", "[github", "ISSUES__SOURCES is no list like"),
        ("ISSUES__SETTLE_MINUTES", "-1", "ISSUES__SETTLE_MINUTES is '-1': must be between 0 and"),
        ("ISSUES__REDDIT__ENDPOINT", "here", "ISSUES__REDDIT__ENDPOINT is no address"),
        ("ISSUES__HACKERNEWS__REQUESTS_PER_MINUTE", "0", "is 0, which is for a replay server"),
        ("HTTP__BACKOFF_SECONDS", "often", "HTTP__BACKOFF_SECONDS must be numbers like"),
        ("GITHUB_TOKEN", "a\nb", "GITHUB_TOKEN holds characters that no secret has"),
    ],
)
def test_settings_that_cannot_be_used_are_found_before_anything_happens(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, line: str
) -> None:
    monkeypatch.setenv("REDDIT_CLIENT_ID", "an_id")
    monkeypatch.setenv("REDDIT_CLIENT_SECRET", "a_secret")
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError) as caught:
        ISSUES.check(Namespace(start=FIRST, end=LAST, source=None))
    assert line in str(caught.value)
