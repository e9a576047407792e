"""The Hub over HTTP: next pages, the time-out, and listings that shift while they are read."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from huggingface_hub import get_session

from assay.extract.http.transport import RetryPolicy
from assay.extract.hub.client import Hub, HubError
from assay.sample.replay import ReplayServer
from tests.extract.helpers import Script, VirtualClock, model, read_all, recorded


def page_linking_to(url: str) -> httpx.Response:
    return httpx.Response(200, json=[], headers={"link": f'<{url}>; rel="next"'})


def test_the_time_out_of_the_settings_reaches_the_connection() -> None:
    script = Script(VirtualClock())
    with Hub("http://127.0.0.1:9", None, RetryPolicy(timeout=33.0), inner=script) as hub:
        hub.tasks()
    assert script.seen[0].extensions["timeout"] == httpx.Timeout(33.0).as_dict()


def test_who_asks_the_hub_elsewhere_in_the_process_does_not_ask_through_us() -> None:
    before = get_session()
    script = Script(VirtualClock())
    with Hub("http://127.0.0.1:9", None, RetryPolicy(), inner=script) as hub:
        hub.tasks()
        assert get_session() is before
    assert get_session() is before


def test_a_next_page_on_another_host_is_refused() -> None:
    script = Script(VirtualClock(), page_linking_to("http://evil.test/api/models?cursor=x"))
    with Hub("http://127.0.0.1:9", "hf_secret", RetryPolicy(), inner=script) as hub:
        pages = hub.model_pages("fill-mask", 10)
        assert next(pages) == []
        with pytest.raises(HubError, match=r"the next page is on another host \(evil.test\)"):
            next(pages)
    assert len(script.seen) == 1


def test_a_next_page_in_the_hubs_own_words_is_asked_of_the_mirror() -> None:
    script = Script(VirtualClock(), page_linking_to("https://huggingface.co/api/models?cursor=x"))
    with (
        Hub("http://127.0.0.1:9", None, RetryPolicy(), inner=script) as hub,
        pytest.raises(HubError, match="did not answer with a list"),
    ):
        list(hub.model_pages("fill-mask", 10))
    assert str(script.seen[1].url) == "http://127.0.0.1:9/api/models?cursor=x"


N = 25
MODELS = [model(f"o/m{number:02}", 1000 - 10 * number, tags=["fill-mask"]) for number in range(60)]


def always_on_top(moves: list[dict[str, Any]]) -> set[str]:
    """The models that were among the N most downloaded before, between and after all moves."""
    downloads = {record["id"]: record["downloads"] for record in MODELS}

    def top() -> set[str]:
        return set(sorted(downloads, key=lambda name: (-downloads[name], name))[:N])

    stayed = top()
    for move in moves:
        downloads[move["id"]] = move["after"]
        stayed &= top()
    return stayed


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 11, 20])
def test_a_shifting_listing_loses_no_model_that_stayed_on_top(tmp_path: Path, seed: int) -> None:
    folder = recorded(tmp_path / "recorded", MODELS, "fill-mask")
    with (
        ReplayServer(folder, page_cap=7, shift=2, seed=seed, quota=0) as server,
        Hub(server.url, None, RetryPolicy(min_interval=0)) as hub,
    ):
        listing, records = read_all(hub, limit=N)
    stayed = always_on_top(server.shifted)
    assert server.shifted
    assert len(stayed) > N / 2
    last = {record["id"]: record for record in sorted(records, key=lambda r: r["_seq"])}
    by_rank = sorted(last, key=lambda name: (-last[name]["downloads"], name))
    assert len(by_rank[:N]) == N
    assert stayed <= set(by_rank[:N])
    assert (listing.models, listing.pages) == (len(last), 4 * listing.readings)
