"""Fixtures of publishing: a house with a small gold, and a real PocketBase."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.publish.pocketbase.gold import Gold
from tests.publish.pocketbase.proxy import Proxy
from tests.publish.pocketbase.support import House, PocketBase


@pytest.fixture(scope="session")
def made_gold(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a gold with four days of issues."""
    return Gold(tmp_path_factory.mktemp("gold") / "assay.duckdb").fill().path


@pytest.fixture
def house(tmp_path: Path, made_gold: Path) -> House:
    """Return the project with four days of issues in gold, and the bundled PocketBase."""
    return House(tmp_path, Gold(tmp_path / "assay.duckdb", made_gold))


@pytest.fixture(scope="session")
def made_server(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the data of a PocketBase whose batches are on, with the limits it comes with."""
    server = PocketBase(tmp_path_factory.mktemp("made"))
    server.start()
    try:
        server.allow(enabled=True, maxRequests=50)
    finally:
        server.stop()
    return server.folder / "pb_data"


@pytest.fixture
def server(tmp_path: Path, made_server: Path) -> Iterator[PocketBase]:
    """Return a PocketBase of somebody's own."""
    found = PocketBase(tmp_path / "server", made_server)
    found.start()
    yield found
    found.stop()


@pytest.fixture
def there(house: House, server: PocketBase) -> House:
    """Return the house with that PocketBase to publish to."""
    house.more |= server.environment()
    return house


@pytest.fixture
def proxy(house: House, server: PocketBase) -> Iterator[Proxy]:
    """Return a proxy before that PocketBase; the house publishes through it."""
    found = Proxy(server)
    house.more |= server.environment(found.url)
    yield found
    found.close()
