"""A replayed API of posts in the virtual time of who asks it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from assay.sample.apis import github
from assay.sample.replay import ReplayServer
from tests.extract.helpers import VirtualClock
from tests.sample.apis.post_replays import serving


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> VirtualClock:
    """Return a clock on which the replayed GitHub's headers say when a limit ends, too."""
    clock = VirtualClock()
    monkeypatch.setattr(github, "time", SimpleNamespace(time=clock.time))
    return clock


@pytest.fixture
def replay(tmp_path: Path, clock: VirtualClock) -> Callable[..., ReplayServer]:
    """Return `serving` of a folder of its own, with limits and pauses by the virtual clock."""
    return partial(serving, tmp_path, clock=clock.monotonic)
