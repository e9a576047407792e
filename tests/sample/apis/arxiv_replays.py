"""What the tests of the replayed arXiv share: papers, and two ways to ask for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import arxiv
import httpx
import pytest

from assay.sample.apis.arxiv_feed import FORMS
from assay.sample.replay import ReplayServer
from tests.sample.apis.hub_replays import CLIENT, Serve

NS = {
    "atom": "http://www.w3.org/2005/Atom",
    "arxiv": "http://arxiv.org/schemas/atom",
    "opensearch": "http://a9.com/-/spec/opensearch/1.1/",
}


def paper(name: str, version: int | None = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "version": version,
        "title": f"On {name}",
        "summary": f"We study {name}.",
        "authors": ["Ada Lovelace", "Émile Borel"],
        "published": "2017-06-12T17:57:34Z",
        "updated": "2023-08-02T00:41:18Z",
        "primary_category": "cs.CL",
        "categories": ["cs.CL", "I.2.7"],
        "comment": None,
        "doi": None,
    } | more


PAPERS = [
    paper(
        "1706.03762",
        7,
        title="Attention & <b>all</b> that, " + "with a title that is longer than one line " * 2,
        summary="First line\nsecond line, x < y",
        comment="15 pages\n  5 figures",
        doi="10.1/a&b",
    ),
    paper("hep-th/9901001", 2),
    paper("math/0309136"),
    # as recorded with the URL for an id
    paper("http://arxiv.org/abs/2508.06471v3", arxiv_id="2508.06471v3", version=None),
    *(paper(f"2401.{n:05d}", published=f"2024-01-{n:02d}T00:00:00Z") for n in range(1, 21)),
]
IDS = ["1706.03762", "hep-th/9901001", "2508.06471"]
MANY = [f"2401.{n:05d}" for n in range(1, 21)]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    with ExitStack() as stack:

        def start(items: list[Any] = PAPERS, **options: Any) -> ReplayServer:
            lines = (item if isinstance(item, str) else json.dumps(item) for item in items)
            (tmp_path / "arxiv.jsonl").write_text("".join(f"{line}\n" for line in lines))
            return stack.enter_context(ReplayServer(tmp_path, **options))

        yield start


@pytest.fixture(params=FORMS)
def either(serve: Serve, request: pytest.FixtureRequest) -> ReplayServer:
    return serve(arxiv_form=request.param)


def ask(server: ReplayServer, ids: list[str], more: str = "") -> httpx.Response:
    listed = quote(",".join(ids), safe=",/")
    return CLIENT.get(f"{server.url}/api/query?id_list={listed}{more}", timeout=300)


def feed(answer: httpx.Response) -> ElementTree.Element:
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    return ElementTree.fromstring(answer.content)  # noqa: S314 - of our own server


def names(answer: httpx.Response) -> list[str]:
    ids = [entry.findtext("atom:id", "", NS) for entry in feed(answer).iterfind("atom:entry", NS)]
    return [text.removeprefix("http://arxiv.org/abs/") for text in ids]


def total(answer: httpx.Response) -> int:
    return int(feed(answer).findtext("opensearch:totalResults", "", NS))


def search(
    server: ReplayServer, ids: list[str], *, retries: int = 0, **client: Any
) -> list[arxiv.Result]:
    """What the package `arxiv` gets; its waiting is left out."""
    real = arxiv.Client(delay_seconds=0, num_retries=retries, **client)
    real.query_url_format = server.url + "/api/query?{}"
    return list(real.results(arxiv.Search(id_list=ids, max_results=None)))
