"""Wikidata's search for entities, /w/api.php?action=wbsearchentities, over the Hub's vocabulary.

It is there only under the quirk `wikidata`. Labels are those of `hf_tags_by_type.json`; ids and
descriptions are stand-ins and no facts about Wikidata.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, ClassVar, Self

import orjson

from assay.sample.server.wire import Options, Request, Response, dumps

CONCEPT = "http://www.wikidata.org/entity/"
DESCRIBED = {"library": "software library", "pipeline_tag": "machine learning task"}
FIRST, MAX_RESULTS = 7, 50  # answers to one search, and what a caller without rights may ask for


class Wikidata:
    """Labels in lower case; a search finds those that begin with it, as on Wikidata."""

    needs: ClassVar = ("hf_tags_by_type.json",)

    def __init__(self, vocabulary: dict[str, list[dict[str, Any]]], options: Options) -> None:
        self.paths = ("/w/api.php",) if "wikidata" in options.quirks else ()
        self._entities = sorted(
            (str(entry["label"]).lower(), str(entry["label"]), description)
            for kind, description in DESCRIBED.items()
            for entry in vocabulary.get(kind, ())
        )

    @classmethod
    def open(cls, folder: Path, options: Options) -> Self:
        """Read the folder's vocabulary."""
        return cls(orjson.loads((folder / "hf_tags_by_type.json").read_bytes()), options)

    def answer(self, request: Request) -> Response:
        """Entities by label. MediaWiki tells errors with status 200, in `error`."""
        asked = {name: request.last(name) or "" for name in ("action", "format", "search")}
        language = request.last("language")
        if asked["action"] != "wbsearchentities" or asked["format"] != "json":
            return self._failure("badvalue", "this replay knows action=wbsearchentities as json")
        for name, value in (("search", asked["search"]), ("language", language)):
            if not value:
                return self._failure("missingparam", f'The "{name}" parameter must be set.')
        limit = request.last("limit") or str(FIRST)
        if not (
            limit.isascii()
            and limit.isdigit()
            and len(limit) < 3
            and 1 <= int(limit) <= MAX_RESULTS
        ):
            return self._failure("badinteger", f'"limit" must be a number from 1 to {MAX_RESULTS}.')
        word = asked["search"].strip().lower()
        hits = [entity for entity in self._entities if entity[0].startswith(word)][: int(limit)]
        found = [self._entity(label, description, language) for _, label, description in hits]
        return Response(
            200, dumps({"searchinfo": {"search": asked["search"]}, "search": found, "success": 1})
        )

    def _entity(self, label: str, description: str, language: str | None) -> dict[str, Any]:
        digest = hashlib.sha256(f"{description} {label}".encode("utf-8", "surrogatepass")).digest()
        number = int.from_bytes(digest[:4], "big")
        entity = f"Q{number}"
        return {
            "id": entity,
            "title": entity,
            "pageid": number,
            "concepturi": CONCEPT + entity,
            "repository": "wikidata",
            "url": f"//www.wikidata.org/wiki/{entity}",
            "display": {
                "label": {"value": label, "language": language},
                "description": {"value": description, "language": language},
            },
            "label": label,
            "description": description,
            "match": {"type": "label", "language": language, "text": label},
        }

    def _failure(self, code: str, info: str) -> Response:
        body = {"error": {"code": code, "info": info}, "servedby": "replay"}
        return Response(200, dumps(body), {"MediaWiki-API-Error": code})

    def error(self, status: int, message: str) -> Response:
        """What stands before MediaWiki answers in HTML."""
        body = f"<html><body><h1>{status} {message}</h1></body></html>\n".encode()
        return Response(status, body, content_type="text/html")

    def refused(self, seconds: int) -> Response:
        """429 with Retry-After, as Wikimedia asks callers to wait."""
        response = self.error(429, "Too Many Requests")
        response.headers["Retry-After"] = str(seconds)
        return response

    def meter(self) -> tuple[dict[str, str], Response | None]:
        """No limit."""
        return {}, None
