"""dlt sources: one package per origin, the shared HTTP client, and the `dlt` plug-in.

    from assay.extract import hub_catalog, hub_enrichment, inputs

and, for each source of posts, the function that common/post_sources.py names. Each makes a dlt
source that runs in any `dlt.pipeline(...)`. They are imported when they are asked for: dlt loads
this package at every start, for the plug-in.
"""

from importlib import import_module
from typing import Any

from assay.common.post_sources import POST_SOURCES

# What is exported, as `module:function` within this package.
_FUNCTIONS = {
    "hub_catalog": "hub.source:hub_catalog",
    "hub_enrichment": "enrichment.source:hub_enrichment",
    "inputs": "input_files.source:inputs",
    **{
        source.function.partition(":")[2]: f"posts.{source.function}"
        for source in POST_SOURCES.values()
    },
}
__all__ = list(_FUNCTIONS)


def __getattr__(name: str) -> Any:
    if name not in _FUNCTIONS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, function = _FUNCTIONS[name].partition(":")
    return getattr(import_module(f"{__name__}.{module}"), function)
