"""The Croissant that the replayed Hub gives of its datasets, or refuses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from huggingface_hub.errors import GatedRepoError
from huggingface_hub.utils import hf_raise_for_status

from assay.sample.apis import croissant
from assay.sample.replay import ReplayServer
from tests.sample.apis.hub_replays import Serve, get
from tests.sample.apis.repo_replays import DATASETS, TOKEN, serve
from tests.support import SAMPLE

__all__ = ["serve"]  # a fixture


def test_croissant_describes_the_dataset(server: ReplayServer) -> None:
    found = get(server, "/api/datasets/rajpurkar/squad/croissant").json()
    assert found["@type"] == "sc:Dataset"
    assert found["conformsTo"] == "http://mlcommons.org/croissant/1.1"
    assert (found["name"], found["alternateName"]) == ("squad", ["rajpurkar/squad"])
    assert found["license"] == "https://choosealicense.com/licenses/cc-by-4.0/"
    assert found["url"] == "https://huggingface.co/datasets/rajpurkar/squad"
    assert found["creator"]["url"] == "https://huggingface.co/rajpurkar"
    assert found["description"] == DATASETS[0]["description"]
    assert found["keywords"] == ["question-answering", "en", "cc-by-4.0", "parquet", "region:us"]
    assert [part["@type"] for part in found["distribution"]] == ["cr:FileObject", "cr:FileSet"]
    columns = [field["@id"] for field in found["recordSet"][1]["field"]]
    assert columns == ["default/question", "default/context"]


def test_croissant_refers_to_what_it_has(server: ReplayServer) -> None:
    found = get(server, "/api/datasets/a/second/croissant").json()
    assert "license" not in found
    parts = {part["@id"] for part in found["distribution"]}
    sources = {field["source"]["fileSet"]["@id"] for field in found["recordSet"][1]["field"]}
    contained = {p["containedIn"]["@id"] for p in found["distribution"] if "containedIn" in p}
    assert sources | contained == parts
    prefixes = {"sc", "cr", "rai", "dct"}
    used = {str(value).partition(":")[0] for key, value in _pairs(found) if key == "@type"}
    assert used - {"Person", "@json", "@vocab"} <= prefixes <= set(found["@context"])


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    for key, inner in value.items() if isinstance(value, dict) else ():
        yield key, inner
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            yield from _pairs(inner)


def test_croissant_is_not_there_for_every_dataset(serve: Serve) -> None:
    server = serve(repos=["no-croissant:datasets/a/second"])
    for name in ("a/plain", "a/second"):
        answer = get(server, f"/api/datasets/{name}/croissant")
        assert answer.status_code == 400
        assert answer.json() == {"error": "The croissant format is not available for this dataset."}
        assert get(server, f"/api/datasets/{name}").status_code == 200


@pytest.mark.parametrize(
    ("name", "token", "status"),
    [("auto", None, 401), ("auto", TOKEN, 200), ("manual", None, 401), ("manual", TOKEN, 403)],
)
def test_croissant_of_a_gated_dataset_is_for_those_on_its_list(
    server: ReplayServer, name: str, token: str | None, status: int
) -> None:
    answer = get(server, f"/api/datasets/b/{name}/croissant", token)
    assert answer.status_code == status
    if status != 200:
        assert answer.json()["error"].startswith(f"Access to dataset b/{name} is restricted")
        with pytest.raises(GatedRepoError):
            hf_raise_for_status(answer)


def test_datasets_recorded_without_tags_have_croissant_as_often_as_on_the_hub() -> None:
    items = [{"id": f"owner/{n}", "tags": []} for n in range(10_000)]
    share = sum(not croissant.has_croissant(item) for item in items) / len(items)
    assert share == pytest.approx(66_131 / 413_225, abs=0.01)
    assert [croissant.has_croissant(item) for item in items[:6]] == [True] * 3 + [
        False,
        True,
        False,
    ]


def test_the_sample_has_every_answer_to_a_question_for_croissant() -> None:
    with ReplayServer(SAMPLE, quota=0) as server, httpx.Client(base_url=server.url) as client:
        items = client.get("/api/datasets?limit=1000").json()
        statuses = Counter(
            client.get(f"/api/datasets/{item['id']}/croissant").status_code for item in items
        )
    assert statuses == {200: 96, 400: 18, 401: 7}
