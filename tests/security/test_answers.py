"""What a source may send without harm: answers that unfold, and addresses that listen in."""

import zlib
from collections.abc import Iterator

import httpx
import pytest
from huggingface_hub import constants

from assay.extract.http.transport import MAX_BYTES, RetryPolicy, SourceUnavailableError
from assay.extract.hub.client import Hub, HubError
from assay.extract.settings import SettingError, address
from tests.extract.helpers import VirtualClock, scripted

GZIP = {"content-encoding": "gzip", "content-type": "application/json"}


class Bomb(httpx.SyncByteStream):
    """Zeros without end, folded a thousand times; counts what was taken of it."""

    taken = 0

    def __iter__(self) -> Iterator[bytes]:
        folder = zlib.compressobj(wbits=31)
        while True:
            part = folder.compress(bytes(1_000_000))
            Bomb.taken += len(part)
            yield part


def test_a_small_answer_that_unfolds_without_end_is_given_up_at_the_limit() -> None:
    asking, transport, _ = scripted(httpx.Response(200, stream=Bomb(), headers=GZIP))
    with pytest.raises(SourceUnavailableError, match="more than 128 MB as one answer"):
        asking.get("https://source.test/")
    assert Bomb.taken < 2 * MAX_BYTES / 1000
    assert transport.requests == 1, "asking again would only bring it again"


class Drip(httpx.SyncByteStream):
    """Blanks without end, one every 50 s of a virtual clock."""

    taken = 0

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self.clock.sleep(50)
            Drip.taken += 1
            yield b" "


def test_an_answer_that_drips_without_end_is_given_up_like_one_that_never_begins() -> None:
    clock = VirtualClock()
    dripping = httpx.Response(200, stream=Drip(clock))
    asking, transport, _ = scripted(dripping, httpx.Response(200, json=[1]), clock=clock)
    assert asking.get("https://source.test/").json() == [1]
    assert transport.retries == 1
    assert Drip.taken == 7, "of 50 s each; five time-outs are 300 s"


def test_a_folded_answer_of_an_honest_size_comes_whole_with_its_headers() -> None:
    text = b'{"id": "' + b"x" * 20_000_000 + b'"}'
    folder = zlib.compressobj(wbits=31)
    stream = httpx.ByteStream(folder.compress(text) + folder.flush())
    asking, _, _ = scripted(httpx.Response(200, stream=stream, headers=GZIP | {"link": "<next>"}))
    answer = asking.get("https://source.test/")
    assert (answer.content, answer.headers["link"]) == (text, "<next>")
    assert answer.json()["id"] == "x" * 20_000_000


def test_a_token_never_goes_over_an_open_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with pytest.raises(HubError, match=r"HF_TOKEN would go to http\S+ unencrypted") as error:
        Hub("http://hub.test", "secret-token", RetryPolicy())
    assert "secret-token" not in str(error.value)
    assert Hub("https://hub.test", "secret-token", RetryPolicy())
    assert Hub("http://127.0.0.1:9", "secret-token", RetryPolicy())


class Elsewhere(httpx.BaseTransport):
    """Sends whoever asks to another host, and keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.host == "hub.test":
            return httpx.Response(302, headers={"location": "https://thief.test/api/tasks"})
        return httpx.Response(200, json={"any-to-any": {"label": "Any"}})


def test_a_redirect_to_another_host_does_not_carry_the_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    inner = Elsewhere()
    with Hub("https://hub.test", "secret-token", RetryPolicy(min_interval=0), inner=inner) as hub:
        hub.tasks()
    told = [(one.url.host, one.headers.get("authorization")) for one in inner.asked]
    assert told == [("hub.test", "Bearer secret-token"), ("thief.test", None)]


def test_the_sources_of_posts_are_asked_over_https_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISSUES__GITHUB__ENDPOINT", "http://api.example.org")
    with pytest.raises(SettingError, match="ISSUES__GITHUB__ENDPOINT must begin with https://"):
        address("issues.github.endpoint")
    monkeypatch.setenv("ISSUES__GITHUB__ENDPOINT", "http://127.0.0.1:8000/github/")
    assert address("issues.github.endpoint") == "http://127.0.0.1:8000/github"
