"""Fixtures of the replay's tests; modules with items of their own have a `serve` of their own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants

from assay.sample.replay import ReplayServer
from tests.sample.apis.hub_replays import MODELS, Serve, write


@pytest.fixture(autouse=True)
def _online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.delenv("HF_TOKEN", raising=False)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    with contextlib.ExitStack() as stack:

        def start(models: list[Any] = MODELS, **options: Any) -> ReplayServer:
            folder = write(tmp_path / "recorded", models)
            return stack.enter_context(ReplayServer(folder, **options))

        yield start


@pytest.fixture
def server(serve: Serve) -> ReplayServer:
    return serve()
