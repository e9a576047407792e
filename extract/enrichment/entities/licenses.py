"""Licences: `license:` tags, looked up in the SPDX list, and for the rest in the Hub's own."""

import re
from collections.abc import Mapping
from typing import Any

from assay.extract.enrichment.cache import NOT_IN_VOCABULARY
from assay.extract.enrichment.entity import (
    FLAG,
    TEXT,
    Entity,
    Fetched,
    Field,
    Record,
    References,
    record,
)
from assay.extract.enrichment.fetcher import Fetcher
from assay.extract.enrichment.hub import fetch_vocabulary, labels
from assay.extract.enrichment.spdx import BY_ID, meant_by
from assay.extract.enrichment.tags import Row, Tags, row
from assay.extract.enrichment.workers import FetchStats

NAME, PREFIX = "licenses", "license"
# Ids of the Hub's own that are SPDX's without the version.
# https://huggingface.co/docs/hub/repositories-licenses
_OPEN_DATA = frozenset({"c-uda", "odbl", "odc-by", "pddl"})
_FAMILIES = {"agpl": "gpl", "lgpl": "gpl", "gfdl": "gpl", "bigscience": "openrail"}
_LEADING_LETTERS = re.compile(r"[a-z]+")
_IN_CC = re.compile(r"cc(0|-|$)")


def identify(tags: Tags) -> tuple[Row, ...]:
    """Return (id,) of each licence that a model's tags name."""
    return tuple(row(name) for name in tags.ids(PREFIX))


def fetch(fetcher: Fetcher, references: References) -> Fetched:
    """Look all licences up; the Hub is asked only when SPDX lacks one of them."""
    ids = references.ids(NAME)
    vocabulary, stats = None, FetchStats()
    if any(name.lower() not in BY_ID and name.lower() not in _OPEN_DATA for name in ids):
        vocabulary, stats = fetch_vocabulary(fetcher)
    names = {name: label for name, (_, label) in labels(vocabulary, only=[PREFIX]).items()}
    missing = NOT_IN_VOCABULARY if vocabulary else fetcher.unanswered

    def licence(name: str) -> Record:
        facts = license_facts(name, names)
        if facts is None:
            return record(name, None, missing)
        # The SPDX list is shipped: nobody was asked.
        at = None if "spdx_id" in facts or vocabulary is None else vocabulary.fetched_at
        return {"id": name, "enriched": True, "reason": None, "fetched_at": at, "answer": facts}

    return Fetched(map(licence, ids), stats)


def license_facts(license_id: str, labels: Mapping[str, str]) -> dict[str, Any] | None:
    """Return spdx_id, name, family, url and is_osi_approved, None for an unknown licence.

    labels: the Hub's own names, by id as in `license:mit`, which come before another spelling.
    """
    key = license_id.lower()
    label = labels.get(f"license:{license_id}")
    of_the_hub = label is not None and key not in BY_ID and key not in _OPEN_DATA
    spdx_id = None if of_the_hub else meant_by(license_id)
    if spdx_id is None:
        return None if label is None else {"name": label, "family": family(key)}
    spdx = BY_ID.get(spdx_id.lower())
    if spdx is None:  # an expression of several
        return {"spdx_id": spdx_id, "name": spdx_id}
    return {
        "spdx_id": spdx.id,
        "name": spdx.name,
        "family": family(spdx.id),
        "url": f"https://spdx.org/licenses/{spdx.id}.html",
        "is_osi_approved": spdx.osi_approved,
    }


def family(license_id: str) -> str:
    """Return what a licence is a version of, in lower case: gpl-3.0 and lgpl are gpl, llama3.1 is
    llama."""
    key = license_id.lower()
    if "rail" in key:
        return "openrail"
    if _IN_CC.match(key):
        return "cc"
    letters = _LEADING_LETTERS.match(key)
    word = letters[0] if letters else key
    return _FAMILIES.get(word, word)


ENTITY = Entity(
    name=NAME,
    prefix=PREFIX,
    file="licenses.json",
    answered={
        "spdx_id": Field("spdx_id"),
        "name": Field("name"),
        "family": Field("family"),
        "url": Field("url"),
        "is_osi_approved": Field("is_osi_approved", FLAG),
    },
    mapping_columns={"license_id": TEXT},
    identify=identify,
    fetch=fetch,
)
