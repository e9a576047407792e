"""What is put right in an answer instead of being asked and paid for again.

Only form, never content: thoughts before the answer go, names and listed values get the letters
that the schema has, and keys that nobody asked for are left out.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

# How models mark what they think: DeepSeek, Qwen and others; Magistral; Kimi; gpt-oss, whose last
# channel is the answer.
_NAMES = r"(?:think|thinking|thought|reasoning|reflection)"
_OPEN = re.compile(rf"\s*(?:<{_NAMES}>|\[THINK\]|◁think▷|<\|channel\|>analysis)", re.IGNORECASE)
_CLOSE = re.compile(
    rf"</{_NAMES}>|\[/THINK\]|◁/think▷|<\|channel\|>final\s*(?:<\|constrain\|>\w+\s*)?<\|message\|>",
    re.IGNORECASE,
)


def without_thoughts(text: str, objects: Iterable[tuple[int, int]] = ()) -> tuple[str, bool]:
    """Return an answer without what the model thought before it, and whether it never stopped.

    Chat templates may hold the opening mark themselves, so that only the closing one is said: all
    before the last closing mark is thought. objects: (start, end) of the JSON objects in the text;
    a mark inside one is a word of the answer.
    """
    spans = list(objects)
    ends = [
        mark.end()
        for mark in _CLOSE.finditer(text)
        if not any(start < mark.start() < end for start, end in spans)
    ]
    if ends and (spans or _OPEN.match(text) or not _OPEN.search(text, 0, ends[0])):
        return text[ends[-1] :], False
    opened = _OPEN.match(text)
    return (text[opened.end() :], True) if opened else (text, False)


def repaired(value: Any, schema: Mapping[str, Any]) -> Any:
    """Return JSON data with names and listed values as a JSON schema has them; what it cannot put
    right stays as it is, for the check that follows.

    Names are the same when their letters and digits are: `Canonical Title` is `canonical_title`.
    """
    return _repaired(value, schema, schema.get("$defs", {}))


def _repaired(value: Any, node: Mapping[str, Any], known: Mapping[str, Any]) -> Any:
    if "$ref" in node:
        node = known.get(str(node["$ref"]).rsplit("/", 1)[-1], {})
    if isinstance(value, str):
        return _listed(value, node.get("enum") or [node.get("const")])
    if isinstance(value, list) and isinstance(node.get("items"), dict):
        return [_repaired(part, node["items"], known) for part in value]
    if isinstance(value, dict) and isinstance(node.get("properties"), dict):
        return _with_names(value, node["properties"], known)
    return value


def _listed(value: str, allowed: Sequence[Any]) -> str:
    plain = {_plain(one): one for one in allowed if isinstance(one, str)}
    return value if value in allowed else plain.get(_plain(value), value)


def _with_names(
    value: dict[str, Any], properties: Mapping[str, Any], known: Mapping[str, Any]
) -> dict[str, Any]:
    """Return an object with the names of the schema; unchanged where two keys claim one name."""
    plain = {_plain(name): name for name in properties}
    found: dict[str, Any] = {}
    for key, part in value.items():
        name = key if key in properties else plain.get(_plain(key))
        if name is None:
            continue
        good = _repaired(part, properties[name], known)
        if name in found and found[name] != good:
            return value
        found[name] = good
    return found


def _plain(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())
