"""arXiv as the replay gives it: to the real client, and as XML in both forms."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import arxiv
import pytest

from assay.sample.apis.arxiv_feed import FORMS
from assay.sample.replay import ReplayServer
from tests.sample.apis.arxiv_replays import (
    IDS,
    MANY,
    NS,
    PAPERS,
    ask,
    either,
    feed,
    names,
    paper,
    search,
    serve,
    total,
)
from tests.sample.apis.hub_replays import CLIENT, Serve
from tests.support import folders_of_items

__all__ = ["either", "serve"]  # fixtures


# --- the real client -----------------------------------------------------------------------------


def test_the_client_reads_every_field_in_either_form(either: ReplayServer) -> None:
    [found] = search(either, ["1706.03762"])
    assert found.entry_id == "http://arxiv.org/abs/1706.03762v7"
    assert found.title.strip() == re.sub(r"\s+", " ", PAPERS[0]["title"]).strip()
    assert found.summary.strip() == "First line\nsecond line, x < y"
    assert [author.name for author in found.authors] == ["Ada Lovelace", "Émile Borel"]
    assert found.published == datetime(2017, 6, 12, 17, 57, 34, tzinfo=UTC)
    assert found.updated == datetime(2023, 8, 2, 0, 41, 18, tzinfo=UTC)
    assert (found.primary_category, found.categories) == ("cs.CL", ["cs.CL", "I.2.7"])
    assert (found.comment, found.doi) == ("15 pages\n  5 figures", "10.1/a&b")
    assert found.pdf_url is not None and found.pdf_url.endswith("://arxiv.org/pdf/1706.03762v7")


def test_the_client_gets_every_paper_once_over_several_pages(either: ReplayServer) -> None:
    found = [result.get_short_id() for result in search(either, MANY, page_size=7)]
    assert sorted(found) == [f"{name}v1" for name in MANY]
    assert len(either.requests) == 3


def test_the_client_retries_what_passes(serve: Serve) -> None:
    server = serve(faults=["503:0.3", "429:0.2", "gone:0.1"], seed=4)
    assert len(search(server, MANY, page_size=5, retries=8)) == 20
    assert {"503", "429"} <= {outcome for *_, outcome in server.requests}


def test_the_client_calls_an_empty_page_unexpected_unless_it_is_the_first(serve: Serve) -> None:
    # seed 2 spares the first page and strikes the second one once
    server = serve(faults=["empty-page:0.5"], seed=2)
    with pytest.raises(arxiv.UnexpectedEmptyPageError):
        search(server, MANY, page_size=10)
    assert [outcome for *_, outcome in server.requests] == [200, "empty-page"]
    again = serve(faults=["empty-page:0.5"], seed=2)
    assert len(search(again, MANY, page_size=10, retries=1)) == 20
    assert [outcome for *_, outcome in again.requests] == [200, "empty-page", 200]
    struck = ask(serve(faults=["empty-page:1"]), MANY)
    assert (struck.status_code, names(struck), total(struck)) == (200, [], 20)


# --- what is in a feed ---------------------------------------------------------------------------


def test_the_new_form_declares_its_namespaces_once(serve: Serve) -> None:
    answer = ask(serve(), ["1706.03762"])
    assert answer.text.count("xmlns") == 3
    assert feed(answer).findtext("atom:title", "", NS) == "arXiv Query: id_list=1706.03762"
    link = feed(answer).find("atom:link", NS)
    assert link is not None and "rel" not in link.attrib
    assert link.get("href") == "https://arxiv.org/api/query?id_list=1706.03762"
    updated = feed(answer).findtext("atom:updated", "", NS)
    assert datetime.fromisoformat(updated).tzinfo is not None


def test_the_old_form_declares_them_on_each_element_and_breaks_lines(serve: Serve) -> None:
    answer = ask(serve(arxiv_form="old"), ["1706.03762"])
    assert answer.text.count('xmlns:opensearch="') == 3
    title = feed(answer).find("atom:title", NS)
    assert title is not None
    assert (title.text, title.get("type")) == ("ArXiv Query: id_list=1706.03762", "html")
    entry = feed(answer).find("atom:entry", NS)
    assert entry is not None
    assert "\n  " in entry.findtext("atom:title", "", NS)
    assert entry.findtext("atom:summary", "", NS).startswith("  First line\n")
    assert {link.get("href", "").partition(":")[0] for link in entry.iterfind("atom:link", NS)} == {
        "http",
        "https",
    }


def test_entries_have_versions_and_an_order_of_their_own(either: ReplayServer) -> None:
    there = names(ask(either, MANY, "&max_results=50"))
    back = names(ask(either, MANY[::-1], "&max_results=50"))
    assert there == back != sorted(there)
    assert sorted(there) == [f"{name}v1" for name in MANY]


def test_a_page_has_10_entries_unless_asked_for_more(either: ReplayServer) -> None:
    assert len(names(ask(either, MANY))) == 10
    numbers = feed(ask(either, MANY, "&start=15&max_results=7"))
    found = {
        name: numbers.findtext(f"opensearch:{name}", "", NS)
        for name in ("totalResults", "startIndex", "itemsPerPage")
    }
    assert found == {"totalResults": "20", "startIndex": "15", "itemsPerPage": "7"}
    assert len(names(ask(either, MANY, "&start=15&max_results=7"))) == 5
    assert names(ask(either, MANY, "&start=20")) == []


def test_entries_can_be_sorted_by_date(either: ReplayServer) -> None:
    order = "&max_results=50&sortBy=submittedDate&sortOrder="
    expected = [f"{name}v1" for name in MANY]
    assert names(ask(either, MANY, order + "ascending")) == expected
    assert names(ask(either, MANY, order + "descending")) == expected[::-1]


def test_a_version_can_be_asked_for_and_one_that_never_was_is_absent(either: ReplayServer) -> None:
    asked = ["1706.03762v1", "1706.03762", "1706.03762v7", "1706.03762v8", "2508.06471v2"]
    answer = ask(either, asked)
    assert sorted(names(answer)) == ["1706.03762v1", "1706.03762v7", "2508.06471v2"]
    updated = {
        entry.findtext("atom:id", "", NS)[-2:]: entry.findtext("atom:updated", "", NS)
        for entry in feed(answer).iterfind("atom:entry", NS)
    }
    assert updated["v1"] == "2017-06-12T17:57:34Z"
    assert updated["v7"] == "2023-08-02T00:41:18Z"


def test_ids_of_the_old_style_are_known_with_and_without_a_class(either: ReplayServer) -> None:
    asked = ["hep-th/9901001", "hep-th/9901001v1", "math.GT/0309136"]
    assert sorted(names(ask(either, asked))) == [
        "hep-th/9901001v1",
        "hep-th/9901001v2",
        "math/0309136v1",
    ]
    assert names(CLIENT.get(f"{either.url}/api/query?id_list=hep-th%2F9901001")) == [
        "hep-th/9901001v2"
    ]


def test_unknown_ids_are_absent_and_counted_in_the_old_form_only(serve: Serve) -> None:
    for form, counted in (("new", 3), ("old", 5)):
        answer = ask(serve(arxiv_form=form), [*IDS, "0704.0001", "9999.99999"])
        assert (len(names(answer)), total(answer)) == (3, counted)
        alone = ask(serve(arxiv_form=form), ["9999.99999"])
        assert (alone.status_code, names(alone), total(alone)) == (200, [], counted // 5)


def test_the_old_form_pages_over_what_was_asked_so_a_client_can_meet_a_gap(serve: Serve) -> None:
    asked = ["9999.99999", "1706.03762"]
    old, new = serve(arxiv_form="old"), serve(arxiv_form="new")
    assert names(ask(old, asked, "&max_results=1")) == []
    assert names(ask(old, asked, "&start=1&max_results=1")) == ["1706.03762v7"]
    assert names(ask(new, asked, "&max_results=1")) == ["1706.03762v7"]
    # a known bug of the old service: the missing id makes the client see the paper twice
    assert [r.get_short_id() for r in search(old, asked)] == ["1706.03762v7"] * 2
    assert [r.get_short_id() for r in search(new, asked)] == ["1706.03762v7"]


def test_nothing_asked_is_an_empty_feed(either: ReplayServer) -> None:
    for query in ("", "?id_list=", "?id_list=,%20,", "?search_query=&id_list="):
        answer = CLIENT.get(f"{either.url}/api/query{query}")
        assert (answer.status_code, names(answer), total(answer)) == (200, [], 0)


# --- odd and real items --------------------------------------------------------------------------


def test_bad_items_are_left_out_and_odd_ones_give_sound_xml(
    either: ReplayServer, serve: Serve
) -> None:
    odd = [
        "{not json",
        "[1, 2]",
        "null",
        paper("nonsense"),
        {"id": None},
        {"title": "without id"},
        {"id": "2401.00001"},
        paper("2401.00002", title="a\x00b\x0b\ufffe]]>", summary=None, authors="one", doi=5),
        paper("2401.00003", authors=[None, {"name": "x"}], categories=['"<&>'], comment={"a": 1}),
        '{"id": "2401.00004", "title": "\\ud800", "published": 5, "updated": null}',
    ]
    server = serve(odd, arxiv_form=either.apis[0]._form.name)
    answer = ask(server, [f"2401.0000{n}" for n in range(1, 5)])
    assert sorted(names(answer)) == [f"2401.0000{n}v1" for n in range(1, 5)]
    titles = {e.findtext("atom:title", "", NS) for e in feed(answer).iterfind("atom:entry", NS)}
    assert {"ab]]>", ""} <= titles


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("folder", folders_of_items(), ids=lambda folder: folder.parent.name)
def test_all_papers_of_a_real_folder_reach_the_client(folder: Path, form: str) -> None:
    with (folder / "arxiv.jsonl").open() as lines:
        items = {
            re.sub(r"v\d+$", "", item["id"].rpartition("/abs/")[2]): item
            for item in map(json.loads, lines)
        }
    with ReplayServer(folder, arxiv_form=form, quota=0) as server:
        found = search(server, list(items), page_size=100)
    assert len(found) == len(items)
    for result in found:
        item = items[re.sub(r"v\d+$", "", result.get_short_id())]
        assert result.title.split() == item["title"].split()
        assert result.summary.split() == item["summary"].split()
        assert [author.name for author in result.authors] == item["authors"]
        assert result.categories == item["categories"]
        assert f"{result.published:%Y-%m-%dT%H:%M:%SZ}" == item["published"]
