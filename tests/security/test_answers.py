"""What a source may send without harm: answers that unfold, and addresses that listen in."""

import zlib
from collections.abc import Iterator

import httpx
import pytest
from huggingface_hub import constants

from extract.http import MOST_BYTES, Politeness, SourceUnavailableError
from extract.hub import Hub, HubError
from extract.settings import SettingError, address
from tests.extract.helpers import scripted

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
    assert Bomb.taken < 2 * MOST_BYTES / 1000
    assert transport.requests == 1, "asking again would only bring it again"


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
        Hub("http://hub.test", "secret-token", Politeness())
    assert "secret-token" not in str(error.value)
    assert Hub("https://hub.test", "secret-token", Politeness())
    assert Hub("http://127.0.0.1:9", "secret-token", Politeness())


def test_the_sources_of_posts_are_asked_over_https_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISSUES__GITHUB__ENDPOINT", "http://api.example.org")
    with pytest.raises(SettingError, match="ISSUES__GITHUB__ENDPOINT must begin with https://"):
        address("issues.github.endpoint")
    monkeypatch.setenv("ISSUES__GITHUB__ENDPOINT", "http://127.0.0.1:8000/github/")
    assert address("issues.github.endpoint") == "http://127.0.0.1:8000/github"
