"""The sources as the settings want them: limits nobody can raise, lists, secrets, the salt."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from assay.common.post_sources import POST_SOURCES
from assay.extract import settings
from assay.extract.posts import github, hackernews, reddit, stackexchange
from assay.extract.posts.api import NotConfiguredError, chosen_sources, open_source
from assay.extract.posts.post import Post, author_hash
from assay.extract.settings import SettingError, author_salt
from tests.support import folders_of_items

LIMITS = {name: source.requests_per_minute for name, source in POST_SOURCES.items()}
SECRETS = (
    "GITHUB_TOKEN",
    "STACKEXCHANGE_KEY",
    "REDDIT_CLIENT_ID",
    "REDDIT_CLIENT_SECRET",
    "AUTHOR_SALT",
)


@pytest.fixture(autouse=True)
def mine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment with Reddit's credentials and nothing else that a developer may have."""
    for name in SECRETS:
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("REDDIT_CLIENT_ID", "an_id")
    monkeypatch.setenv("REDDIT_CLIENT_SECRET", "a_secret")
    monkeypatch.setenv("ASSAY_DATA_DIR", str(tmp_path / "data"))
    return monkeypatch


def opened(name: str) -> Any:
    """A source that is closed again."""
    source = open_source(name)
    source.api.close()
    return source


def limit(name: str) -> int:
    return opened(name).api.transport.rate_limiter.most


def per_minute(name: str) -> str:
    return f"ISSUES__{name.upper()}__REQUESTS_PER_MINUTE"


# --- limits --------------------------------------------------------------------------------------


def test_the_limits_are_those_of_the_apis(mine: pytest.MonkeyPatch) -> None:
    mine.setenv("GITHUB_TOKEN", "ghp_x")
    assert {name: limit(name) for name in LIMITS} == {
        "github": 30,
        "stackoverflow": 30,
        "reddit": 60,
        "hackernews": 100,
    }


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_can_be_lowered_but_not_raised(mine: pytest.MonkeyPatch, name: str) -> None:
    mine.setenv(per_minute(name), "7")
    assert limit(name) == 7
    mine.setenv(per_minute(name), str(LIMITS[name] + 1))
    with pytest.raises(SettingError) as caught:
        open_source(name)
    assert str(caught.value) == (
        f"{per_minute(name)} is '{LIMITS[name] + 1}': must be between 0 and {LIMITS[name]}"
    )


@pytest.mark.parametrize("value", ["-1", "many", "nan", "7.5", "1e2"])
def test_a_limit_that_is_no_number_is_refused(mine: pytest.MonkeyPatch, value: str) -> None:
    mine.setenv(per_minute("github"), value)
    with pytest.raises(SettingError, match=f"{per_minute('github')} is '{value}'"):
        open_source("github")


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize(
    ("endpoint", "free"),
    [
        ("http://127.0.0.1:9/x", True),
        ("http://localhost:9", True),
        ("http://[::1]:9", True),
        ("https://10.0.0.1", False),
        ("https://localhost.example.com", False),
        (None, False),
    ],
)
def test_only_a_server_on_this_machine_can_be_asked_without_a_limit(
    mine: pytest.MonkeyPatch, name: str, endpoint: str | None, free: bool
) -> None:
    mine.setenv(per_minute(name), "0")
    if endpoint:
        mine.setenv(f"ISSUES__{name.upper()}__ENDPOINT", endpoint)
    if free:
        assert limit(name) == 0
    else:
        line = f"{per_minute(name)} is 0, which is for a replay server on this machine only"
        with pytest.raises(SettingError, match=line):
            open_source(name)


@pytest.mark.parametrize(("set_to", "most"), [(None, 10), ("30", 10), ("10", 10), ("4", 4)])
def test_github_without_a_token_is_asked_ten_times_a_minute_at_most(
    mine: pytest.MonkeyPatch, set_to: str | None, most: int
) -> None:
    if set_to:
        mine.setenv(per_minute("github"), set_to)
    assert limit("github") == most


# --- which sources, and what for -----------------------------------------------------------------


def test_all_sources_are_collected_unless_named(mine: pytest.MonkeyPatch) -> None:
    assert chosen_sources() == list(LIMITS)
    mine.setenv("ISSUES__SOURCES", "hackernews, github,hackernews")
    assert chosen_sources() == ["github", "hackernews"]
    mine.setenv("ISSUES__SOURCES", "")
    assert chosen_sources() == []


def test_an_unknown_source_is_named_beside_those_there_are(mine: pytest.MonkeyPatch) -> None:
    mine.setenv("ISSUES__SOURCES", '["github", "gitlab"]')
    with pytest.raises(SettingError) as caught:
        chosen_sources()
    assert str(caught.value) == (
        "ISSUES__SOURCES: no source 'gitlab', choose github, stackoverflow, reddit, hackernews"
    )


def test_queries_are_made_of_the_lists(mine: pytest.MonkeyPatch) -> None:
    mine.setenv("ISSUES__GITHUB__REPOSITORIES", "a/b, c/d")
    mine.setenv("ISSUES__GITHUB__QUERIES", '["label:bug org:x, y"]')
    mine.setenv("ISSUES__STACKOVERFLOW__SITES", "stackoverflow,serverfault")
    mine.setenv("ISSUES__STACKOVERFLOW__TAGS", "python;dbt,sql")
    mine.setenv("ISSUES__REDDIT__SUBREDDITS", '["devops"]')
    mine.setenv("ISSUES__HACKERNEWS__QUERIES", '["story", "ask_hn postgres"]')
    assert {name: opened(name).queries for name in LIMITS} == {
        "github": ["repo:a/b", "repo:c/d", "label:bug org:x, y"],
        "stackoverflow": [
            "stackoverflow python;dbt",
            "stackoverflow sql",
            "serverfault python;dbt",
            "serverfault sql",
        ],
        "reddit": ["devops"],
        "hackernews": ["story", "ask_hn postgres"],
    }


def test_without_tags_a_site_is_one_query() -> None:
    assert opened("stackoverflow").queries == ["stackoverflow"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a,b", ["a", "b"]),
        (" a , b ,, a,", ["a", "b"]),
        ('["a", " b ", "a", ""]', ["a", "b"]),
        (' ["a,b"]', ["a,b"]),
        ("", []),
        ("[]", []),
    ],
)
def test_a_list_is_json_or_commas(mine: pytest.MonkeyPatch, text: str, found: list[str]) -> None:
    mine.setenv("ISSUES__HACKERNEWS__QUERIES", text)
    assert settings.words("issues.hackernews.queries") == found


@pytest.mark.parametrize("text", ['["a"', "[1, 2]", '["a", null]', '[["a"]]'])
def test_a_list_that_is_none_is_refused(mine: pytest.MonkeyPatch, text: str) -> None:
    mine.setenv("ISSUES__HACKERNEWS__QUERIES", text)
    with pytest.raises(SettingError, match="ISSUES__HACKERNEWS__QUERIES") as caught:
        settings.words("issues.hackernews.queries")
    assert 'like ["a", "b"]' in str(caught.value)


# --- secrets and addresses -----------------------------------------------------------------------


@pytest.mark.parametrize("lacking", ["REDDIT_CLIENT_ID", "REDDIT_CLIENT_SECRET"])
def test_reddit_without_credentials_is_not_configured(
    mine: pytest.MonkeyPatch, lacking: str
) -> None:
    mine.setenv(lacking, " ")
    with pytest.raises(NotConfiguredError) as caught:
        open_source("reddit")
    assert str(caught.value) == (
        "REDDIT_CLIENT_ID and REDDIT_CLIENT_SECRET are not set: make an app of type `script` at "
        "https://www.reddit.com/prefs/apps"
    )
    assert {name: opened(name).name for name in LIMITS if name != "reddit"}.keys() == {
        "github",
        "stackoverflow",
        "hackernews",
    }


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("value", ["s3c\nret", "s3cr\xe9t", "s3c\tret"], ids=ascii)
def test_a_secret_that_cannot_be_one_is_named_but_not_shown(
    mine: pytest.MonkeyPatch, name: str, value: str
) -> None:
    mine.setenv(name, value)
    with pytest.raises(SettingError) as caught:
        settings.secret(name.lower())
    assert str(caught.value) == f"{name} holds characters that no secret has: copy it anew"


def test_blanks_around_a_secret_are_not_part_of_it(mine: pytest.MonkeyPatch) -> None:
    mine.setenv("GITHUB_TOKEN", " ghp_x\r\n")
    assert settings.secret("github_token") == "ghp_x"


@pytest.mark.parametrize(
    "address", ["ftp://x", "x.example", "http://me:s3cret@x", "http://me:s3cret@x:port", "http://"]
)
def test_an_address_that_cannot_be_used_is_refused_without_its_password(
    mine: pytest.MonkeyPatch, address: str
) -> None:
    for name in ("ISSUES__REDDIT__ENDPOINT", "ISSUES__REDDIT__TOKEN_ENDPOINT"):
        with mine.context() as once:
            once.setenv(name, address)
            with pytest.raises(SettingError, match=name) as caught:
                open_source("reddit")
        assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("agent", [" ", "ass\xe4y", "a\nb"], ids=ascii)
def test_a_name_that_fits_no_header_is_refused(mine: pytest.MonkeyPatch, agent: str) -> None:
    mine.setenv("ISSUES__USER_AGENT", agent)
    with pytest.raises(SettingError, match="ISSUES__USER_AGENT must be a line of plain letters"):
        open_source("hackernews")


@pytest.mark.parametrize("value", ["abc", "[1, x]", "[1, -2]", '["nan"]', "[9999]", "5", "{}"])
def test_a_back_off_that_is_no_list_of_pauses_is_refused(
    mine: pytest.MonkeyPatch, value: str
) -> None:
    mine.setenv("HTTP__BACKOFF_SECONDS", value)
    with pytest.raises(SettingError, match="HTTP__BACKOFF_SECONDS must be numbers"):
        settings.retry_policy()


# --- authors -------------------------------------------------------------------------------------


def test_the_salt_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    salt = author_salt()
    path = tmp_path / "data" / "author_salt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert salt == path.read_bytes()
    assert len(salt) == 64
    assert author_salt() == salt


def test_two_data_folders_have_two_salts(mine: pytest.MonkeyPatch, tmp_path: Path) -> None:
    salt = author_salt()
    mine.setenv("ASSAY_DATA_DIR", str(tmp_path / "other"))
    assert author_salt() != salt


def test_a_chosen_salt_wins_and_leaves_no_file(mine: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mine.setenv("AUTHOR_SALT", "pepper")
    assert author_salt() == b"pepper"
    assert not (tmp_path / "data").exists()


def test_an_empty_salt_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data" / "author_salt"
    path.parent.mkdir()
    path.write_text("\n")
    with pytest.raises(SettingError, match="author_salt is empty: remove it, or set AUTHOR_SALT"):
        author_salt()


def test_an_author_is_the_same_within_a_source_and_nobody_without_the_salt() -> None:
    ann = author_hash(b"salt", "github", "ann")
    assert ann == "bc34cdf84c2c9a0a0ce78a0c29d32e0d"
    assert author_hash(b"salt", "github", "ann") == ann
    others = [(b"pepper", "github", "ann"), (b"salt", "reddit", "ann"), (b"salt", "github", "bob")]
    assert ann not in {author_hash(*other) for other in others}
    assert author_hash(b"salt", "github", None) is author_hash(b"salt", "github", "") is None


READERS: dict[str, tuple[str, Any, Any]] = {
    "github": ("github_issues.jsonl", github.post, lambda i: (i.get("user") or {}).get("login")),
    "stackoverflow": (
        "stackoverflow_questions.jsonl",
        stackexchange.post,
        lambda i: (i.get("owner") or {}).get("display_name"),
    ),
    "reddit": ("reddit_posts.jsonl", reddit.post, lambda i: i["data"].get("author")),
    "hackernews": ("hackernews_items.jsonl", hackernews.post, lambda i: i.get("author")),
}


def texts(value: Any) -> Iterator[str]:
    """All texts within JSON data."""
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value:
        if not isinstance(value, str):
            yield from texts(inner) if isinstance(inner, str | list | dict) else ()


@pytest.mark.parametrize("folder", folders_of_items(), ids=lambda folder: folder.name)
@pytest.mark.parametrize("name", READERS)
def test_no_author_is_named_in_what_is_kept_of_real_items(folder: Path, name: str) -> None:
    file, read, author_of = READERS[name]
    seen = 0
    for line in (folder / file).open("rb"):
        item = orjson.loads(line)
        try:
            found, author = read(item), author_of(item)
        except (KeyError, TypeError, ValueError):
            continue
        if isinstance(found, Post) and author:
            seen += 1
            kept = set(texts(found.raw)) - {found.raw.get("subreddit")}
            assert not kept & {author, f"author_{author}", f"u_{author}"}, json.dumps(found.raw)
    assert seen > 40
