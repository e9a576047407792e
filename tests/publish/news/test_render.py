"""The digest and the feed: what stands in them, and what hostile text does there: nothing."""

import re
from datetime import date
from pathlib import Path

import duckdb
import pytest
from lxml import etree

from assay.publish import digest as command
from assay.publish.news import words
from assay.publish.news.happenings import News, news
from assay.publish.news.render import ATOM, digest, feed
from tests.publish.news.gold import add_movers, make

HOSTILE = (
    "<script>alert(1)</script> @everyone <!channel> [x](javascript:alert(1)) "
    "![i](http://evil.test) "
    "https://evil.test/a www.evil.test evil.test # `code` | \x1b[31m \u202e &lt;b&gt; ]]>"
)


@pytest.fixture
def told(tmp_path: Path) -> News:
    path = tmp_path / "assay.duckdb"
    make(path)
    add_movers(path)
    with duckdb.connect(path, read_only=True) as db:
        return news(db, 7)


@pytest.fixture
def hostile(tmp_path: Path) -> News:
    make(tmp_path / "assay.duckdb", HOSTILE)
    with duckdb.connect(tmp_path / "assay.duckdb", read_only=True) as db:
        return news(db, 7)


def test_a_digest_names_each_thing_under_its_kind(told: News) -> None:
    markdown, html = digest(told, 7)
    assert markdown.startswith("# What is new, 2026-11-15\n\nThe 7 days from 2026-11-09 to")
    assert "1 new, 1 rising, 1 back again." in markdown
    assert (
        "1. **Tills freeze fresh** · Shops · high impact · 3 people, 4 posts on github · would"
        in markdown
    )
    assert "Speaks of: acme/tiny" in markdown.replace("&#47;", "/")
    assert " · would pay · about Till &#64;\N{WORD JOINER}here (own)" in markdown
    assert "would pay · about Till @here, own" in html
    assert "2.5 times as hot" in markdown and "2.0 times as often downloaded" in markdown
    for title in ("New", "Rising", "Back again", "Models on the move"):
        assert f"## {title}\n" in markdown and f"<h2>{title}</h2>" in html
    assert html.count("<li><b>") == 4


def test_nothing_to_tell_is_said(tmp_path: Path) -> None:
    markdown, html = digest(News(None, None, None), 1)
    assert "Nothing has been clustered yet" in markdown and "Nothing has been" in html
    quiet, _ = digest(News(date(2026, 11, 15), date(2026, 11, 15), date(2026, 11, 15)), 1)
    assert "No problem is new." in quiet and "History begins on 2026-11-15" in quiet


def test_hostile_text_is_text_in_every_form(hostile: News) -> None:
    markdown, html = digest(hostile, 7)
    assert "<script" not in html and "&lt;script&gt;" in html
    assert set(re.findall(r'href="([^"]+)"', html)) == {
        "issues.atom",
        *(f"https://github.com/a/b/issues/{n}" for n in (0, 2, 3)),
    }
    said = markdown.replace("https://github.com/a/b/issues/", "")
    assert not re.search(
        r"<|@everyone|\]\(javascript|https?://|www\.\w|evil\.test|!\[|\x1b|\u202e", said
    )
    xml = feed(hostile)
    assert "\x1b" not in xml and "<script" not in xml
    titles = [one.text for one in etree.fromstring(xml.encode()).iter(f"{{{ATOM}}}title")]
    assert any("<script>" in (title or "") for title in titles), "as text, whole"


def test_the_feed_is_atom_with_ids_that_last(told: News) -> None:
    xml = feed(told)
    assert xml == feed(told)
    root = etree.fromstring(xml.encode())
    entries = root.findall(f"{{{ATOM}}}entry")
    ids = [entry.findtext(f"{{{ATOM}}}id") for entry in entries]
    assert sorted(ids) == [
        "tag:assay.invalid,2026:mover/acme%2Fup/2026-11-15",
        "tag:assay.invalid,2026:new/fresh/2026-11-15",
        "tag:assay.invalid,2026:reopened/old/2026-11-15",
        "tag:assay.invalid,2026:rising/rising/2026-11-15",
    ]
    for part in ("title", "id", "updated"):
        assert root.findtext(f"{{{ATOM}}}{part}")
        assert all(entry.findtext(f"{{{ATOM}}}{part}") for entry in entries)
    assert root.findtext(f"{{{ATOM}}}author/{{{ATOM}}}name") == "Assay"


def test_the_command_writes_three_files_and_prints_the_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "assay.duckdb"
    monkeypatch.setenv("DUCKDB_PATH", str(path))
    assert command.main(["--out", str(tmp_path)]) == 1
    assert "run `make run` first" in capsys.readouterr().err
    make(path)
    assert command.main(["--days", "7", "--out", str(tmp_path / "reports")]) == 0
    printed = capsys.readouterr().out
    assert (tmp_path / "reports" / "digest.md").read_text(encoding="utf-8") == printed
    assert (tmp_path / "reports" / "digest.html").is_file()
    etree.parse(tmp_path / "reports" / "issues.atom")


@pytest.mark.parametrize("text", [HOSTILE, "/shrug", "!deploy now", "a_b_ *c* ~d~", "x" * 999])
def test_a_message_has_no_mention_link_or_markup_of_a_stranger(text: str) -> None:
    line = words.in_message(text)
    assert not re.search(r"[@<>\[\]`*~|&#\\_]|https?://|\w\.[a-z]", line), line
    assert line[0] not in "/!" and "\n" not in line and len(line) < 260
