"""What the replayed arXiv refuses, how it tells its limits, and its faults."""

from __future__ import annotations

from xml.etree import ElementTree

import arxiv
import httpx
import pytest

from assay.sample.apis.arxiv import Arxiv
from assay.sample.replay import ReplayServer
from assay.sample.server.wire import Options
from tests.sample.apis.arxiv_replays import IDS, NS, ask, either, feed, names, search, serve
from tests.sample.apis.hub_replays import CLIENT, Serve

__all__ = ["either", "serve"]  # fixtures


@pytest.mark.parametrize(
    "bad",
    [
        "181004805",
        "18l0.04805",
        "2010.119291",
        "https://arxiv.org/abs/2010.11929",
        "cs.CL",
        "x y",
        "1910.10683v0",
        "arxiv:1706.03762",
        "1706.03762V7",
        "0112019",
        "<&\"'>",
        "é",
        "1706.03762v",
    ],
)
@pytest.mark.parametrize(("form", "status"), [("new", 400), ("old", 200)])
def test_one_malformed_id_spoils_the_batch(serve: Serve, bad: str, form: str, status: int) -> None:
    answer = ask(serve(arxiv_form=form), [IDS[0], bad, IDS[1]])
    [entry] = feed(answer).iterfind("atom:entry", NS)
    assert answer.status_code == status
    assert entry.findtext("atom:title", "", NS) == "Error"
    assert entry.findtext("atom:summary", "", NS) == f"incorrect id format for {bad}"
    url = f"http://arxiv.org/api/errors#incorrect_id_format_for_{bad.replace(' ', '_')}"
    assert entry.findtext("atom:id", "", NS) == url
    assert entry.find("atom:published", NS) is None


def test_the_client_raises_on_a_malformed_id_or_silently_gets_nothing(serve: Serve) -> None:
    with pytest.raises(arxiv.HTTPError) as raised:
        search(serve(), [IDS[0], "nonsense"])
    assert raised.value.status == 400
    assert search(serve(arxiv_form="old"), [IDS[0], "nonsense"]) == []


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("&start=x", "start must be an integer"),
        ("&start=-1", "start must be non-negative"),
        ("&max_results=1e3", "max_results must be an integer"),
        (f"&max_results={'9' * 5000}", "max_results must be an integer"),
        ("&max_results=2001", "max_results must be at most 2000"),
        ("&start=29000&max_results=2000", "start + max_results must be at most 30000"),
        ("&sortBy=date", "sortBy must be in: relevance, lastUpdatedDate, submittedDate"),
        ("&sortOrder=up", "sortOrder must be in: descending, ascending"),
        ("&search_query=all:x", "this replay cannot search: ask for an id_list"),
    ],
)
def test_a_query_that_arxiv_refuses_is_400_with_one_error_entry(
    either: ReplayServer, more: str, says: str
) -> None:
    answer = ask(either, IDS, more)
    [entry] = feed(answer).iterfind("atom:entry", NS)
    assert (answer.status_code, entry.findtext("atom:summary", "", NS)) == (400, says)


def test_limits_are_told_in_plain_text_without_saying_for_how_long(serve: Serve) -> None:
    for fault in ("429:1", "429-bare:1"):
        answer = ask(serve(faults=[fault]), IDS)
        assert (answer.status_code, answer.text) == (429, "Rate exceeded.")
        assert answer.headers["content-type"] == "text/plain"
        assert not [name for name in answer.headers if "ratelimit" in name or "retry" in name]
    assert ask(serve(faults=["429-retry-after:1"]), IDS).headers["retry-after"] == "1"


def test_other_faults_have_no_atom(serve: Serve) -> None:
    for fault, status in (("503", 503), ("500", 500), ("502-html", 502)):
        answer = ask(serve(faults=[f"{fault}:1"]), IDS)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html")
    broken = ask(serve(faults=["malformed:1"]), IDS)
    assert broken.status_code == 200
    with pytest.raises(ElementTree.ParseError):
        feed(broken)
    with pytest.raises(httpx.RemoteProtocolError):
        ask(serve(faults=["cut:1"]), IDS)
    with pytest.raises(httpx.RemoteProtocolError):
        ask(serve(faults=["gone:1"]), IDS)


def test_a_request_too_soon_is_refused_and_starts_the_wait_anew() -> None:
    moments = iter((100.0, 102.9, 105.0, 108.0, 120.0, 120.0))
    api = Arxiv({}, Options(quirks={"arxiv-pace": 3}), clock=lambda: next(moments))
    refusals = [api.meter()[1] for _ in range(6)]
    assert [refusal.status if refusal else None for refusal in refusals] == [
        None,
        429,
        429,
        None,
        None,
        429,
    ]


def test_a_pace_is_asked_for_with_its_seconds(serve: Serve) -> None:
    server = serve(quirks=["arxiv-pace:60"])
    assert [ask(server, IDS).status_code for _ in range(2)] == [200, 429]
    with pytest.raises(ValueError, match="write arxiv-pace:N"):
        serve(quirks=["arxiv-pace"])
    with pytest.raises(ValueError, match="one of new, old"):
        serve(arxiv_form="atom")


def test_other_methods_and_paths_are_not_arxivs(serve: Serve) -> None:
    server = serve()
    assert CLIENT.get(f"{server.url}/api/queryx").status_code == 404
    assert CLIENT.get(f"{server.url}/api/query/x?id_list={IDS[0]}").status_code == 404
    assert CLIENT.put(f"{server.url}/api/query?id_list={IDS[0]}").status_code == 405
    posted = CLIENT.post(f"{server.url}/api/query", data={"id_list": ",".join(IDS)})
    assert len(names(posted)) == 3
    head = CLIENT.head(f"{server.url}/api/query?id_list={IDS[0]}")
    assert (head.status_code, head.content) == (200, b"")
