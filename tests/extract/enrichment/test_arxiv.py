"""arXiv by ids: its pace, its errors, its empty pages."""

import itertools
from typing import Any

import httpx
import pytest
from huggingface_hub import constants

from assay.extract.enrichment.arxiv import LOOKS, MIN_INTERVAL_SECONDS, Arxiv, Looked, read_feed
from assay.extract.http.transport import RetryPolicy, SourceRefusedError, SourceUnavailableError
from tests.extract.helpers import Script, VirtualClock

NEW = (
    '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom" '
    'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"><title>arXiv Query: id_list</title>'
    "<opensearch:totalResults>{}</opensearch:totalResults>{}</feed>"
)
ENTRY = (
    "<entry><id>http://arxiv.org/abs/{}v{}</id><title>On\n  {}</title>"
    "<summary>  It\n is. </summary>"
    "<published>2017-06-12T17:57:34Z</published><updated>2023-08-02T00:41:18Z</updated>"
    "<author><name>A. Author</name><arxiv:affiliation>Somewhere</arxiv:affiliation></author>"
    "<author><name>B. Author</name></author><arxiv:comment>15 pages</arxiv:comment>"
    '<arxiv:primary_category term="cs.CL"/><category term="cs.CL"/><category term="68T50; 62H30"/>'
    "</entry>"
)


def entry(name: str, version: int = 2) -> str:
    return ENTRY.format(name, version, name)


def feed(*names: str, total: int | None = None) -> httpx.Response:
    body = "".join(map(entry, names))
    return atom(NEW.format(len(names) if total is None else total, body))


def atom(body: str, status: int = 200) -> httpx.Response:
    return httpx.Response(
        status, content=body.encode(), headers={"content-type": "application/atom+xml"}
    )


def complaint(about: str, status: int = 400) -> httpx.Response:
    bad = about.replace(" ", "_")
    return atom(
        NEW.format(
            1,
            f"<entry><id>http://arxiv.org/api/errors#{bad}</id><title>Error</title>"
            f"<summary>{about}</summary></entry>",
        ),
        status,
    )


def scripted(
    *answers: Any, clock: VirtualClock | None = None, **retry_policy: Any
) -> tuple[Arxiv, Script]:
    clock = clock or VirtualClock()
    script = Script(clock, *answers)
    session = Arxiv(
        "https://export.arxiv.org", RetryPolicy(**retry_policy), clock=clock, inner=script
    )
    return session, script


def asked(script: Script) -> list[list[str]]:
    """The ids of each request."""
    return [request.url.params["id_list"].split(",") for request in script.seen]


@pytest.fixture(autouse=True)
def _online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "is_offline_mode", lambda: False)


def test_papers_come_back_by_the_ids_that_were_asked_for_in_whatever_order() -> None:
    session, script = scripted(feed("hep-th/9901001", "1706.03762"))
    looked = session.look(["1706.03762", "hep-th/9901001"])
    assert set(looked.papers) == {"1706.03762", "hep-th/9901001"}
    assert looked.papers["1706.03762"] == {
        "id": "1706.03762",
        "version": 2,
        "title": "On 1706.03762",
        "summary": "It is.",
        "authors": ["A. Author", "B. Author"],
        "primary_category": "cs.CL",
        "categories": ["cs.CL", "68T50; 62H30"],
        "published": "2017-06-12T17:57:34Z",
        "updated": "2023-08-02T00:41:18Z",
        "doi": None,
        "journal_ref": None,
        "comment": "15 pages",
    }
    assert dict(script.seen[0].url.params) == {
        "id_list": "1706.03762,hep-th/9901001",
        "start": "0",
        "max_results": "2",
    }
    assert script.seen[0].url.path == "/api/query"


def test_a_subject_class_that_arxiv_leaves_out_of_the_id_is_no_difference() -> None:
    session, _ = scripted(feed("math/0309136"))
    assert set(session.look(["math.GT/0309136"]).papers) == {"math.GT/0309136"}


@pytest.mark.parametrize("threads", [1, 4])
def test_between_two_requests_are_three_seconds_whatever_the_settings_say(threads: int) -> None:
    clock, names = VirtualClock(), [f"1706.{number:05}" for number in range(20)]
    session, script = scripted(*(feed(name) for name in names), clock=clock, min_interval=0.0)
    waiting = iter(names)

    def ask() -> None:
        for name in waiting:
            session.look([name])

    clock.run(threads, ask)
    assert min(script.gaps) == MIN_INTERVAL_SECONDS
    assert script.starts[-1] == pytest.approx(MIN_INTERVAL_SECONDS * (len(script.starts) - 1))
    assert len(script.starts) >= len(names)


def test_a_server_on_this_machine_is_asked_at_the_pace_of_the_settings() -> None:
    clock = VirtualClock()
    script = Script(clock, feed("1706.03762"), feed("1810.04805"))
    retry_policy = RetryPolicy(min_interval=0.25)
    session = Arxiv("http://127.0.0.1:9", retry_policy, clock=clock, inner=script)
    session.look(["1706.03762"])
    session.look(["1810.04805"])
    assert script.gaps == [0.25]


@pytest.mark.parametrize("status", [200, 400], ids=["old", "new"])
def test_a_malformed_id_spoils_nothing_for_the_rest_of_its_batch(status: int) -> None:
    session, script = scripted(
        complaint("incorrect id format for 1234.567", status), feed("1706.03762", "1810.04805")
    )
    looked = session.look(["1706.03762", "1234.567", "1810.04805"])
    assert set(looked.papers) == {"1706.03762", "1810.04805"}
    assert looked.malformed == {"1234.567"}
    assert asked(script) == [["1706.03762", "1234.567", "1810.04805"], ["1706.03762", "1810.04805"]]


def test_an_id_that_arxiv_complains_of_without_its_name_is_found_by_halves() -> None:
    bad = "bad/0000000"

    def answer(request: httpx.Request) -> httpx.Response:
        ids = request.url.params["id_list"].split(",")
        return complaint("something is wrong") if bad in ids else feed(*ids)

    ids = ["1706.03762", "1810.04805", bad, "1810.04806"]
    session = Arxiv(
        "https://export.arxiv.org",
        RetryPolicy(min_interval=0),
        clock=VirtualClock(),
        inner=httpx.MockTransport(answer),
    )
    assert session.look(ids) == Looked(
        session.look([name for name in ids if name != bad]).papers, frozenset(), frozenset({bad})
    )


def test_an_id_that_arxiv_does_not_have_is_in_no_part_of_the_answer() -> None:
    session, script = scripted(feed("1706.03762"), feed())
    assert session.look(["1706.03762", "2399.99999"]).papers.keys() == {"1706.03762"}
    assert session.look(["2399.99999"]) == Looked({}, frozenset())
    assert len(script.seen) == 2, "what the new service does not count is not asked again"


def test_an_empty_page_of_a_result_is_asked_again() -> None:
    session, script = scripted(feed(total=2), feed(total=2), feed("1706.03762", "1810.04805"))
    assert len(session.look(["1706.03762", "1810.04805"]).papers) == 2
    assert len(script.seen) == 3


def test_only_what_a_page_lacks_is_asked_again_and_not_for_ever() -> None:
    # The old service counts the missing id as found.
    session, script = scripted(feed("1706.03762", total=2), *(feed(total=1) for _ in range(9)))
    looked = session.look(["1706.03762", "2399.99999"])
    assert looked.papers.keys() == {"1706.03762"}
    assert asked(script) == [["1706.03762", "2399.99999"], *[["2399.99999"]] * (LOOKS - 1)]


def test_rate_exceeded_and_overload_are_waited_out_and_a_longer_wish_is_obeyed() -> None:
    session, script = scripted(
        httpx.Response(429, text="Rate exceeded."),
        httpx.Response(503, text="<html>busy</html>"),
        httpx.Response(503, headers={"retry-after": "40"}),
        httpx.Response(429, headers={"ratelimit": '"api";r=0;t=55'}),
        feed("1706.03762"),
    )
    assert session.look(["1706.03762"]).papers.keys() == {"1706.03762"}
    assert script.gaps == [4.0, 8.0, 40.0, 56.0]


@pytest.mark.parametrize("body", ["", "<feed", "<html><body>hello</body></html>", "{}"])
def test_a_body_that_is_no_feed_is_asked_again(body: str) -> None:
    session, script = scripted(atom(body), feed("1706.03762"))
    assert session.look(["1706.03762"]).papers.keys() == {"1706.03762"}
    assert len(script.seen) == 2


def test_a_source_that_stays_down_is_given_up_with_one_line() -> None:
    session, script = scripted(*(httpx.Response(503) for _ in range(9)))
    with pytest.raises(SourceUnavailableError, match=r"arXiv at .* after 6 tries: HTTP 503"):
        session.look(["1706.03762"])
    assert len(script.seen) == 6


def test_an_address_that_is_not_arxivs_is_told() -> None:
    session, _ = scripted(httpx.Response(404, json={"error": "no such page"}))
    with pytest.raises(SourceRefusedError, match="HTTP 404 without a feed: is ARXIV_ENDPOINT"):
        session.look(["1706.03762"])


def test_offline_only_this_machine_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "is_offline_mode", lambda: True)
    session, script = scripted()
    with pytest.raises(SourceRefusedError, match="HF_HUB_OFFLINE is set"):
        session.look(["1706.03762"])
    assert script.seen == []


def test_a_document_can_make_us_read_no_file_and_expand_no_entity(tmp_path: Any) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hidden")
    body = f'<!DOCTYPE feed [<!ENTITY x SYSTEM "file://{secret}"><!ENTITY y "lol">]>' + NEW.format(
        1, entry("1706.03762").replace("15 pages", "&x;&y;")
    )
    found = read_feed(body.encode())
    assert found is not None
    assert "hidden" not in str(found)
    assert "lol" not in str(found)
    laughs = "".join(
        f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' if n else '<!ENTITY l0 "lol">' for n in range(12)
    )
    bomb = f"<!DOCTYPE feed [{laughs}]>" + NEW.format(1, "<entry><id>&l11;</id></entry>")
    read = read_feed(bomb.encode())
    assert read is None or read.papers == {}


def test_entries_without_a_papers_address_are_left_out() -> None:
    read = read_feed(NEW.format("many", "<entry/><entry><id>x</id></entry>" + entry("1")).encode())
    assert read is not None
    assert (list(read.papers), read.total, read.error) == (["1"], 1, None)
    assert list(itertools.chain(read.papers["1"]["authors"])) == ["A. Author", "B. Author"]
