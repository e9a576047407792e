"""What the replayed Hub refuses: missing, private, disabled and gated repositories."""

from __future__ import annotations

import pytest
from huggingface_hub.errors import (
    DisabledRepoError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
)
from huggingface_hub.utils import hf_raise_for_status

from assay.sample.apis.hub import INVALID_TOKEN
from assay.sample.replay import ReplayServer
from assay.sample.server.hub_states import STATES, parse_repos
from tests.sample.apis.hub_replays import Serve, get, hub
from tests.sample.apis.repo_replays import TOKEN, serve

__all__ = ["serve"]  # a fixture


@pytest.mark.parametrize(
    "path",
    [
        "datasets/no/one",
        "datasets/no/one/croissant",
        "models/no/one",
        "datasets/c/hidden",
        "datasets/WHAM!",
        "models/%20",
        "datasets/a/%C3%A9%F0%9F%92%A5/croissant",
    ],
)
def test_what_is_missing_or_private_is_401_and_with_a_token_404(
    server: ReplayServer, path: str
) -> None:
    anonymous, known = get(server, f"/api/{path}"), get(server, f"/api/{path}", TOKEN)
    assert anonymous.json() == {"error": "Invalid username or password."}
    assert known.json() == {"error": "Repository not found"}
    assert (anonymous.status_code, known.status_code) == (401, 404)
    for answer in (anonymous, known):
        assert answer.headers["x-error-code"] == "RepoNotFound"
        assert answer.headers["x-error-message"] == answer.json()["error"]
        with pytest.raises(RepositoryNotFoundError):
            hf_raise_for_status(answer)


def test_a_wrong_token_is_not_a_missing_repository(server: ReplayServer) -> None:
    for path in (
        "datasets",
        "datasets/a/plain",
        "datasets/a/plain/croissant",
        "models-tags-by-type",
        "datasets-tags-by-type",
    ):
        answer = get(server, f"/api/{path}", INVALID_TOKEN)
        assert answer.json() == {"error": "Invalid credentials in Authorization header"}
        with pytest.raises(HfHubHTTPError) as raised:
            hf_raise_for_status(answer)
        assert not isinstance(raised.value, RepositoryNotFoundError)


def test_a_path_of_the_wrong_form_is_no_page(server: ReplayServer) -> None:
    for path in (
        "datasets/a/b/c",
        "datasets/a/b/c/croissant",
        "datasets/a/plain/tree/main",
        "models/a/b/croissant",
        "models-tags-by-type/x",
    ):
        answer = get(server, f"/api/{path}")
        assert (answer.status_code, list(answer.json())) == (404, ["error"])
        assert "x-error-code" not in answer.headers


def test_what_the_hub_disabled_says_so(server: ReplayServer) -> None:
    with pytest.raises(DisabledRepoError):
        hub(server).dataset_info("c/closed")
    answer = get(server, "/api/datasets/c/closed/croissant", TOKEN)
    assert (answer.status_code, answer.json()) == (
        403,
        {"error": "Access to this resource is disabled."},
    )


def test_what_is_gated_describes_itself_in_public(server: ReplayServer) -> None:
    assert hub(server).dataset_info("b/manual").gated == "manual"
    assert hub(server).dataset_info("b/auto").gated == "auto"
    assert hub(server).model_info("m/gated").gated == "manual"


def test_states_are_declared_by_id(serve: Serve) -> None:
    server = serve(
        repos=[
            "missing:m/gated",
            "private:other/roberta-base",
            "disabled:FacebookAI/roberta-base",
            "missing:datasets/a/plain",
            "gated:datasets/a/second",
            "gated-auto:datasets/rajpurkar/squad",
            "gated-info:datasets/b/auto",
        ]
    )
    statuses = {
        path: get(server, f"/api/{path}").status_code
        for path in (
            "models/m/gated",
            "models/other/roberta-base",
            "models/FacebookAI/roberta-base",
            "datasets/a/plain",
            "datasets/a/second",
            "datasets/b/auto",
        )
    }
    assert list(statuses.values()) == [401, 401, 403, 401, 200, 401]
    assert [item["id"] for item in get(server, "/api/models").json()] == ["FacebookAI/roberta-base"]
    listed = {i["id"]: i["gated"] for i in get(server, "/api/datasets?gated=true").json()}
    assert listed == {
        "a/second": "manual",
        "b/auto": "manual",
        "b/manual": "manual",
        "rajpurkar/squad": "auto",
    }
    with pytest.raises(GatedRepoError):
        hub(server).dataset_info("b/auto")
    with pytest.raises(GatedRepoError):
        hub(server, TOKEN).dataset_info("b/auto")


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("mising:a/b", "did you mean missing"),
        ("gated", "write gated:owner/name"),
        ("missing:", "write missing:owner/name"),
        ("renamed:a/b", "write renamed:OLD=NEW"),
        ("gated:a/b=c/d", "write gated:owner/name"),
        ("gated:no/one", "has no 'no/one'"),
        ("renamed:a/b=no/one", "has no 'no/one'"),
        ("missing:datasets/no/one", "has no 'no/one'"),
    ],
)
def test_a_state_that_is_not_understood_names_the_cure(serve: Serve, spec: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        serve(repos=[spec])


def test_every_state_is_understood_for_models_and_datasets() -> None:
    specs = [f"{state}:{kind}a/b" for state in STATES for kind in ("", "datasets/")]
    parsed = parse_repos(f"{spec}=c/d" if spec.startswith("renamed") else spec for spec in specs)
    for states in parsed.values():
        assert dict(states.renamed) == {"a/b": "c/d"}
        assert set(states.ids) == set(STATES) - {"renamed"}
        assert states.hidden == {"a/b"}
