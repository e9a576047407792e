"""One built copy of the project for all tests that refresh it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.runs import recorded
from assay.sample.replay import ReplayServer
from tests.inputs.house import House
from tests.llm_server import LlmServer
from tests.support import SAMPLE, collecting


@pytest.fixture(scope="session")
def llm() -> Iterator[LlmServer]:
    """Return a language model's server that every refresh could reach, with a key."""
    with LlmServer() as server:
        yield server


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory, llm: LlmServer) -> tuple[House, list]:
    """Return the house after its first two refreshes, and of each what it printed and what ran:
    one with inputs alone, one after the catalog and a day of posts were loaded."""
    house = House.build(tmp_path_factory.mktemp("inputs") / "house")
    house.more |= {
        "LLM_MODEL": "openai/test",
        "LLM_API_BASE": llm.base,
        "LLM_API_KEY": "sk-of-the-tests",
    }
    told = [(house.refresh(), house.ran(), house.current())]
    with ReplayServer(SAMPLE, quota=0) as server:
        house.run(
            "dlt",
            "pipeline",
            "hf_catalog",
            "run",
            "--max-tasks",
            "1",
            "--limit-per-task",
            "5",
            HF_ENDPOINT=server.url,
        )
        house.run(
            *collecting(SAMPLE, "--source", "hackernews"),
            **recorded.environment(SAMPLE, server.url),
        )
    told.append((house.refresh(), house.ran(), house.current()))
    return house, told


@pytest.fixture
def house(first: tuple[House, list]) -> House:
    """Return the house with everything built; a test leaves it so."""
    return first[0]


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project that is copied once more for each test that only observes."""
    return House.build(tmp_path_factory.mktemp("inputs") / "pristine", models=False).folder
