"""The two collections that corrections come through, and the rules that let only editors in.

issue_editors: accounts that a superuser makes. issue_corrections: a record is what one of them
said once; nobody but a superuser changes or deletes one. The rules are PocketBase's own, so that
they hold on every server, and each run sets them again (docs/decisions/corrections.md).
"""

import logging
from typing import Any

from assay.publish.pocketbase.client import Client
from assay.publish.pocketbase.schema import EVIDENCE, ISSUES, make_collection
from assay.publish.pocketbase.settings import PublishError

log = logging.getLogger(__name__)

EDITORS = "issue_editors"
CORRECTIONS = "issue_corrections"
KINDS = ("merge", "split_off", "title", "category", "impact", "mute", "no_problem", "fixed")
REVOKE = "revoke"
IMPACTS = ("low", "medium", "high")
SESSION_SECONDS = 8 * 3600  # a day's work; the page itself forgets earlier, when it is closed
NAME_MOST, VALUE_MOST, WHY_MOST = 100, 200, 500  # characters, as int_corrections has them
ONE_LINE = r"^[^\x00-\x1f\x7f]*$"
PATTERNS = {"issue_id": r"^[0-9a-z-]+$", "url_hash": "^[0-9a-f]*$"}

Definition = dict[str, Any]


def _text(name: str, most: int, *, required: bool = False) -> Definition:
    pattern = PATTERNS.get(name, ONE_LINE)
    return {"name": name, "type": "text", "max": most, "pattern": pattern, "required": required}


def _relation(name: str, collection_id: str, *, required: bool = False) -> Definition:
    """Return a field that points at one record; a record that goes takes none of ours with it."""
    return {
        "name": name,
        "type": "relation",
        "collectionId": collection_id,
        "cascadeDelete": False,
        "maxSelect": 1,
        "required": required,
    }


EDITORS_DEFINITION: Definition = {
    "name": EDITORS,
    "type": "auth",
    "fields": [_text("name", NAME_MOST, required=True)],
    "listRule": None,
    "viewRule": None,
    "createRule": None,  # an account is a superuser's to make
    "updateRule": None,
    "deleteRule": None,
    "manageRule": None,
    "authRule": "",
    "passwordAuth": {"enabled": True, "identityFields": ["email"]},
    "oauth2": {"enabled": False},
    "otp": {"enabled": False},
    "authAlert": {"enabled": False},  # no mail leaves the server
    "authToken": {"duration": SESSION_SECONDS},
}


def _corrections(ids: dict[str, str]) -> Definition:
    """Return what the collection is to be. ids: of the collections that it points at."""
    fields = [
        _text("issue_id", 64, required=True),
        {"name": "kind", "type": "select", "maxSelect": 1, "required": True}
        | {"values": [*KINDS, REVOKE]},
        _text("value", VALUE_MOST),
        _text("url_hash", 64),
        _text("why", WHY_MOST, required=True),
        _text("who", NAME_MOST, required=True),
        _relation("editor", ids[EDITORS], required=True),
        # What is corrected, as it stands on the page: PocketBase takes no record that is not there.
        _relation("issue", ids[ISSUES]),
        _relation("into", ids[ISSUES]),
        _relation("post", ids[EVIDENCE]),
        *([_relation("revokes", ids[CORRECTIONS])] if CORRECTIONS in ids else []),
        # What became of it, from gold.corrections; empty until a build has seen it.
        _text("state", 40),
        _text("state_because", WHY_MOST),
        {"name": "made_at", "type": "autodate", "onCreate": True, "onUpdate": False},
    ]
    return {
        "name": CORRECTIONS,
        "type": "base",
        "fields": fields,
        "listRule": IS_EDITOR,
        "viewRule": IS_EDITOR,
        "createRule": _create_rule() if CORRECTIONS in ids else None,
        "updateRule": None,
        "deleteRule": None,
    }


IS_EDITOR = f'@request.auth.collectionName = "{EDITORS}"'


def _create_rule() -> str:
    """Return PocketBase's condition for a new correction."""
    levels = " || ".join(f'value = "{level}"' for level in IMPACTS)
    said = [
        '(kind = "merge" && into.issue_id = value && value != issue_id && url_hash = "")',
        '(kind = "split_off" && post.issue = issue && post.url_hash = url_hash && value = "")',
        '((kind = "title" || kind = "fixed" || kind = "category") && value != "" && url_hash = "")',
        f'(kind = "impact" && ({levels}) && url_hash = "")',
        '((kind = "mute" || kind = "no_problem") && value = "" && url_hash = "")',
    ]
    about = f"(issue.issue_id = issue_id && ({' || '.join(said)}))"
    # What was muted is not on the page: to take it back, what was said is enough.
    back = (
        '(kind = "revoke" && revokes.issue_id = issue_id && revokes.kind = value '
        "&& revokes.url_hash = url_hash)"
    )
    signed = (
        'editor = @request.auth.id && who = @request.auth.name && state = "" && state_because = ""'
    )
    return f"{IS_EDITOR} && {signed} && ({about} || {back})"


def prepare(client: Client) -> bool:
    """Make both collections, or bring their fields and rules to what they are to be; return
    whether anything changed. Raises PublishError where one of their names means something else."""
    changed = False
    ids = {}
    for name in (ISSUES, EVIDENCE):
        collection = client.find(f"/api/collections/{name}")
        if collection is None:
            raise PublishError(f"{client.server.url} has no collection {name}: publish to it first")
        ids[name] = collection["id"]
    for name in (EDITORS, CORRECTIONS):
        wanted = EDITORS_DEFINITION if name == EDITORS else _corrections(ids)
        have = client.find(f"/api/collections/{name}")
        if have is None:
            have = make_collection(client, wanted)
            changed = True
            log.info("made the collection %s", name)
        ids[name] = have["id"]
        if name == CORRECTIONS:
            # It points at itself, which it could not before it was there.
            wanted = _corrections(ids)
        if change := _change(client, have, wanted):
            client.ask("PATCH", f"/api/collections/{name}", change)
            changed = True
            log.info("set fields and rules of the collection %s", name)
    return changed


def _change(client: Client, have: Definition, wanted: Definition) -> Definition:
    """Return what a PATCH has to change, {} for nothing; fields of others stay."""
    if have["type"] != wanted["type"]:
        raise PublishError(
            f"the collection {wanted['name']} of {client.server.url} is not ours (its type is "
            f"{have['type']}): it is left as it is; rename it there"
        )
    change = {
        key: value
        for key, value in wanted.items()
        if key not in ("name", "type", "fields") and not _has(have.get(key), value)
    }
    known = {field["name"]: field for field in have["fields"]}
    for field in wanted["fields"]:
        kind = known.get(field["name"], field)["type"]
        if kind != field["type"]:
            raise PublishError(
                f"the collection {wanted['name']} of {client.server.url} is not ours (its field "
                f"{field['name']} is of type {kind}): it is left as it is; rename it there"
            )
    if any(not _has(known.get(field["name"]), field) for field in wanted["fields"]):
        ours = {field["name"] for field in wanted["fields"]}
        change["fields"] = [field for name, field in known.items() if name not in ours] + [
            known.get(field["name"], {}) | field for field in wanted["fields"]
        ]
    return change


def _has(have: Any, wanted: Any) -> bool:
    """Tell whether what the server has holds all that is wanted of it."""
    if isinstance(wanted, dict):
        return isinstance(have, dict) and all(_has(have.get(k), v) for k, v in wanted.items())
    return have == wanted
