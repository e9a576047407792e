"""What the Hub says of a repository, and what it says when it does not describe it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from assay.extract.enrichment import hub
from assay.extract.enrichment.cache import Answer
from assay.extract.http.transport import RetryPolicy, SourceUnavailableError
from assay.extract.hub.client import Hub, HubError
from tests.extract.helpers import EPOCH, Script, VirtualClock

URL = "http://127.0.0.1:9"
MODEL = {
    "_id": "x",
    "id": "google-bert/bert-base-uncased",
    "author": "google-bert",
    "likes": 3,
    "tags": ["en", "license:apache-2.0"],
    "safetensors": {"total": 110},
    "siblings": [1, 2],
}


@contextmanager
def hub_that_says(*answers: Any) -> Iterator[tuple[Hub, Script]]:
    clock = VirtualClock()
    script = Script(clock, *answers)
    with Hub(URL, None, RetryPolicy(min_interval=0, backoff=()), clock=clock, inner=script) as hub:
        yield hub, script


def said(status: int, message: str = "", code: str | None = None, **headers: str) -> httpx.Response:
    named = {"X-Error-Message": message} | ({"X-Error-Code": code} if code else {}) | headers
    return httpx.Response(status, json={"error": message}, headers=named)


def test_a_model_is_kept_with_the_properties_that_were_asked_for() -> None:
    with hub_that_says(httpx.Response(200, json=MODEL)) as (client, script):
        answer = hub.model(client, "google-bert/bert-base-uncased")
    found = {key: MODEL[key] for key in ("id", "author", "likes", "safetensors", "tags")}
    assert answer == Answer(None, EPOCH, found)
    url = script.seen[0].url
    assert url.path == "/api/models/google-bert/bert-base-uncased"
    assert set(url.params.get_list("expand")) == set(hub.MODEL_PROPERTIES)


def test_a_legacy_id_is_followed_to_its_new_owner() -> None:
    moved = httpx.Response(307, headers={"location": f"/api/models/{MODEL['id']}?expand=tags"})
    with hub_that_says(moved, httpx.Response(200, json=MODEL)) as (client, script):
        answer = hub.model(client, "bert-base-uncased")
    assert answer.found is not None
    assert answer.found["id"] == "google-bert/bert-base-uncased"
    assert [request.url.path for request in script.seen] == [
        "/api/models/bert-base-uncased",
        "/api/models/google-bert/bert-base-uncased",
    ]


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (said(401, "Invalid username or password.", "RepoNotFound"), "not_found"),
        (said(401, "Invalid username or password."), "not_found"),
        (said(404, "Repository not found", "RepoNotFound"), "not_found"),
        (said(404), "not_found"),
        (said(410), "not_found"),
        (said(403, "Access to model a/b is restricted", "GatedRepo"), "gated"),
        (said(401, "Access to model a/b is restricted", "GatedRepo"), "gated"),
        (said(403, "Access to this resource is disabled."), "disabled"),
        (said(403, "Forbidden"), "private"),
        (said(400, "Invalid repository name"), "malformed_id"),
    ],
)
def test_what_the_hub_does_not_describe_ends_with_the_reason(
    response: httpx.Response, reason: str
) -> None:
    for ask in (hub.model, hub.dataset):
        copy = httpx.Response(
            response.status_code, content=response.content, headers=response.headers
        )
        with hub_that_says(copy) as (client, script):
            assert ask(client, "a/b") == Answer(reason, EPOCH)
        assert len(script.seen) == 1


@pytest.mark.parametrize(
    "name", ["WHAM!", "a/b/c", "", "a b", "../x", "a..b", "x.git", "https://x/y", "a/" + "b" * 97]
)
def test_an_id_that_no_repository_can_have_is_not_asked_for(name: str) -> None:
    with hub_that_says() as (client, script):
        assert hub.dataset(client, name) == Answer("malformed_id", EPOCH)
    assert script.seen == []


def test_a_refused_token_is_no_word_about_a_repository() -> None:
    refused = said(401, "Invalid credentials in Authorization header")
    with (
        hub_that_says(refused) as (client, _),
        pytest.raises(HubError, match="HF_TOKEN was refused"),
    ):
        hub.model(client, "a/b")


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(418, json={"error": "no"}),
        httpx.Response(200, json=["a", "list"]),
        httpx.Response(200, json={"likes": 1}),
        httpx.Response(200, text="<html>log in first</html>"),
    ],
)
def test_an_answer_that_says_nothing_of_a_repository_is_no_answer(response: httpx.Response) -> None:
    with hub_that_says(response) as (client, _), pytest.raises(HubError):
        hub.model(client, "a/b")


def dataset(**more: Any) -> httpx.Response:
    return httpx.Response(
        200, json={"id": "rajpurkar/squad", "tags": ["license:cc-by-4.0"], **more}
    )


def test_a_dataset_comes_with_its_croissant_description() -> None:
    described = httpx.Response(200, json={"@type": "sc:Dataset", "name": "squad"})
    with hub_that_says(dataset(description="x"), described) as (client, script):
        answer = hub.dataset(client, "squad")
    assert answer.found == {
        "id": "rajpurkar/squad",
        "description": "x",
        "tags": ["license:cc-by-4.0"],
        "croissant": {"@type": "sc:Dataset", "name": "squad"},
    }
    assert script.seen[1].url.path == "/api/datasets/rajpurkar/squad/croissant"


@pytest.mark.parametrize(
    "croissant",
    [
        said(400, "The croissant format is not available for this dataset."),
        said(401, "Access to dataset rajpurkar/squad is restricted.", "GatedRepo"),
        said(404, "Sorry", "RepoNotFound"),
        httpx.Response(200, json=[]),
    ],
)
def test_a_dataset_without_croissant_is_enriched_all_the_same(croissant: httpx.Response) -> None:
    with hub_that_says(dataset(), croissant) as (client, _):
        answer = hub.dataset(client, "squad")
    assert (answer.reason, answer.is_partial) == (None, False)
    assert answer.found is not None
    assert answer.found["croissant"] is None


def test_a_croissant_that_fails_for_now_leaves_a_part_to_ask_again() -> None:
    with hub_that_says(dataset(), httpx.Response(503)) as (client, _):
        answer = hub.dataset(client, "squad")
    assert (answer.reason, answer.is_partial) == (None, True)
    with hub_that_says(httpx.Response(503)) as (client, _), pytest.raises(SourceUnavailableError):
        hub.dataset(client, "squad")


def test_the_vocabulary_is_an_object_by_type_or_an_error() -> None:
    tags = {"license": [{"id": "license:mit", "label": "mit"}]}
    with hub_that_says(httpx.Response(200, json=tags)) as (client, _):
        assert hub.vocabulary(client) == Answer(None, EPOCH, tags)
    for wrong in (httpx.Response(200, json=[]), said(404, "no page")):
        with hub_that_says(wrong) as (client, _), pytest.raises(HubError, match="is HF_ENDPOINT"):
            hub.vocabulary(client)


def test_a_repositorys_licence_is_its_first_tag_of_that_kind() -> None:
    assert hub.license_of({"tags": ["en", "license:", "license:mit", "license:x"]}) == "mit"
    assert hub.license_of({"tags": None}) is hub.license_of({"tags": 7}) is None
