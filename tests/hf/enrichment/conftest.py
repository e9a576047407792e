"""A workshop for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.sample.replay import ReplayServer
from tests.hf.enrichment.workshop import Workshop
from tests.support import SAMPLE


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """Return a workshop with no catalog yet, whose server is not there."""
    return Workshop(tmp_path, "http://127.0.0.1:9", monkeypatch)


@pytest.fixture
def sample_server() -> Iterator[ReplayServer]:
    """Return a replay server of the sample without limits."""
    with ReplayServer(SAMPLE, quota=0) as server:
        yield server
