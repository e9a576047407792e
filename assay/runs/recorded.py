"""What a folder of recorded items holds, so that a replay is asked for that and no more.

Live, a person chooses repositories, subreddits and days; of a recording all of them are wanted.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from assay.common.hub_entities import HUB_ENTITIES
from assay.common.post_sources import POST_SOURCES, PostSource

YEAR_10000 = 253_402_300_800  # seconds since the epoch; no date of Python's is later


def environment(folder: Path, server: str) -> dict[str, str]:
    """Return the settings that make the pipelines of enrichment and issues ask a replay server at
    `server` (http://host:port) for all that the folder holds, without limits, since nobody is
    spared."""
    entities = [name for name, one in HUB_ENTITIES.items() if (folder / one.recording).is_file()]
    present = [
        name for name, source in POST_SOURCES.items() if (folder / source.recording.file).is_file()
    ]
    settings = {
        "ARXIV_ENDPOINT": server,
        "HF_ENRICHMENT__ENTITIES": json.dumps(entities),
        "ISSUES__SOURCES": json.dumps(present),
    }
    for source in POST_SOURCES.values():
        settings |= _settings(folder, server, source)
    return settings


def _settings(folder: Path, server: str, source: PostSource) -> dict[str, str]:
    """Return the settings of one source. Nobody's secrets go to a replay."""
    recording = source.recording
    chosen = {"requests_per_minute": "0"}
    chosen |= {name: server + path for name, path in recording.paths.items()}
    for name, query in recording.queries.items():
        chosen[name] = json.dumps(_all(folder, source, query) if callable(query) else query)
    section = f"ISSUES__{source.name.upper()}__"
    named = {f"{section}{name.upper()}": value for name, value in chosen.items()}
    return named | dict(recording.secrets)


def span(folder: Path) -> tuple[date, date] | None:
    """Return the first and the last day (UTC) of the posts in the folder, None without posts."""
    moments = [
        at
        for source in POST_SOURCES.values()
        for at in _created(folder, source)
        if 0 <= at < YEAR_10000
    ]
    if not moments:
        return None
    return tuple(datetime.fromtimestamp(at, UTC).date() for at in (min(moments), max(moments)))


def _created(folder: Path, source: PostSource) -> Iterator[float]:
    for item in _items(folder, source):
        try:
            yield source.recording.created(item)
        except (KeyError, TypeError, ValueError):
            continue


def _all(folder: Path, source: PostSource, query: Callable[[Any], str]) -> list[str]:
    found = set()
    for item in _items(folder, source):
        try:
            found.add(query(item))
        except (AttributeError, KeyError, TypeError):
            continue
    return sorted(found, key=str.lower)


def _items(folder: Path, source: PostSource) -> Iterator[Any]:
    path = folder / source.recording.file
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                continue
