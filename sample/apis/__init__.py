"""One module per API that is replayed."""

from importlib import import_module
from types import ModuleType

from assay.common.post_sources import POST_SOURCES


def replayed(source: str) -> ModuleType:
    """The module that replays a source of posts, and makes its items of the bundled sample."""
    return import_module(f"{__name__}.{POST_SOURCES[source].recording.replay}")
