"""Definitions of keywords from Wikidata."""

from typing import Any

import httpx
import pytest
from huggingface_hub import constants

from assay.extract.enrichment.cache import Answer
from assay.extract.enrichment.wikidata import Wikidata
from assay.extract.http.transport import RetryPolicy, SourceRefusedError
from tests.extract.helpers import EPOCH, Script, VirtualClock

FILM = {"id": "Q1", "label": "Transformers: The Film", "description": "2007 film"}
BARE = {"id": "Q2", "label": "Transformers"}
ALIAS = {
    "id": "Q3",
    "label": "HF Transformers",
    "description": "Python library",
    "match": {"type": "alias", "text": "transformers"},
}


def defined(*answers: Any, label: str = "Transformers") -> tuple[Answer, Script]:
    clock = VirtualClock()
    script = Script(clock, *answers)
    with Wikidata("http://127.0.0.1:9", RetryPolicy(), clock=clock, inner=script) as wikidata:
        return wikidata.define(label), script


def test_only_an_item_of_that_very_name_with_a_description_is_taken() -> None:
    answer, script = defined(httpx.Response(200, json={"search": [FILM, BARE, 7, ALIAS]}))
    assert answer == Answer(None, EPOCH, {"id": "Q3", "description": "Python library"})
    assert script.seen[0].url.path == "/w/api.php"
    assert dict(script.seen[0].url.params) == {
        "action": "wbsearchentities",
        "format": "json",
        "language": "en",
        "type": "item",
        "search": "Transformers",
        "limit": "7",
    }


def test_a_name_without_such_an_item_is_not_found() -> None:
    answer, _ = defined(httpx.Response(200, json={"search": [FILM, BARE]}))
    assert answer == Answer("not_found", EPOCH)


def test_a_wish_to_wait_is_obeyed() -> None:
    busy = httpx.Response(429, headers={"retry-after": "30"})
    answer, script = defined(busy, httpx.Response(200, json={"search": []}))
    assert answer.reason == "not_found"
    assert script.gaps == [30.0]


@pytest.mark.parametrize("body", [{"error": {"code": "x"}}, {"search": None}, []])
def test_an_answer_without_a_search_is_told(body: Any) -> None:
    with pytest.raises(SourceRefusedError):
        defined(httpx.Response(200, json=body))


def test_offline_only_this_machine_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "is_offline_mode", lambda: True)
    script = Script(VirtualClock())
    wikidata = Wikidata("https://www.wikidata.org", RetryPolicy(), inner=script)
    with pytest.raises(SourceRefusedError, match="HF_HUB_OFFLINE is set"):
        wikidata.define("x")
    assert script.seen == []
