"""Retry-After and RateLimit: what a source asks for, and how far that is obeyed."""

import email.utils

import pytest

from assay.extract.http.transport import SourceUnavailableError
from tests.extract.helpers import EPOCH, good, refusal, scripted

URL = "http://hub.test/api/models?filter=x"


def http_date(seconds: int) -> str:
    return email.utils.formatdate(EPOCH + seconds, usegmt=True)


@pytest.mark.parametrize(
    ("value", "pause"),
    [
        ("30", 30.0),
        ("7.5", 7.5),
        (http_date(45), 45.0),
        ("900", 900.0),
        ("2", 4.0),
        ("0", 4.0),
        ("-8", 4.0),
        (http_date(3), 4.0),
        (http_date(-60), 4.0),
        ("soon", 4.0),
        ("", 4.0),
        ("nan", 4.0),
    ],
)
def test_retry_after_is_obeyed_when_it_asks_for_more_than_the_back_off(
    value: str, pause: float
) -> None:
    client, _, script = scripted(refusal(429, Retry_After=value))
    assert client.get(URL).json() == {"good": True}
    assert script.gaps == [pause]


def test_a_success_that_uses_up_the_limit_holds_back_the_next_request() -> None:
    client, transport, script = scripted(good(RateLimit='"api";r=0;t=55'))
    assert client.get(URL).json() == {"good": True}
    assert script.clock.monotonic() == 0.0, "the answer itself is not held back"
    client.get(URL)
    assert script.starts == [0.0, 56.0]
    assert transport.retries == 0


def test_a_limit_that_is_not_used_up_holds_back_nothing() -> None:
    client, _, script = scripted(good(RateLimit='"api";r=1;t=55'))
    client.get(URL)
    client.get(URL)
    assert script.starts == [0.0, 0.5]


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"RateLimit": '"api";r=0;t=55'}, 56.0),
        ({"RateLimit": '"api";r=0;t=1'}, 4.0),
        ({"RateLimit": '"api";r=0;t=20', "Retry_After": "60"}, 60.0),
        ({"RateLimit": '"api";r=0;t=80', "Retry_After": "60"}, 81.0),
        ({"RateLimit": "nonsense"}, 4.0),
        ({}, 4.0),
    ],
)
def test_a_429_is_retried_after_the_longest_pause_asked_for(
    headers: dict[str, str], pause: float
) -> None:
    client, transport, script = scripted(refusal(429, **headers))
    assert client.get(URL).json() == {"good": True}
    assert script.gaps == [pause]
    assert (transport.requests, transport.retries) == (2, 1)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry_After": "901"}, 901),
        ({"Retry_After": http_date(86_400)}, 86_400),
        ({"RateLimit": '"api";r=0;t=3600'}, 3601),
    ],
)
def test_a_pause_beyond_the_longest_wait_ends_it_in_one_line(
    headers: dict[str, str], seconds: int
) -> None:
    client, transport, script = scripted(refusal(429, **headers))
    with pytest.raises(SourceUnavailableError) as caught:
        client.get(URL)
    assert str(caught.value) == (
        f"The Hub asks to wait {seconds} s, more than we do (900 s): run again after that"
    )
    assert (transport.requests, script.clock.monotonic()) == (1, 0.0)
