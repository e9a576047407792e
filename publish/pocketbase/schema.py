"""The collections: what they hold, who may see them, and how they are made and migrated.

publish/web reads these fields. A collection of the same name that means something else is refused
and left as it is. One more, which only superusers see, says which warehouse publishes here: two
that did would undo each other's work.
"""

import logging
import secrets
from typing import Any

from assay.publish.pocketbase.answers import RefusedError
from assay.publish.pocketbase.client import Client
from assay.publish.pocketbase.settings import PublishError

log = logging.getLogger(__name__)

ISSUES = "issues"
EVIDENCE = "issue_evidence"
CATEGORIES = "issue_categories"
TITLE_MOST, POST_TITLE_MOST, TEXT_MOST = 200, 500, 5000  # characters

PUBLISHER = "issue_publisher"
PUBLISHER_RECORD = "publisher000000"  # 15 characters, as ids of PocketBase have

Definition = dict[str, Any]


def _text(name: str, most: int = TEXT_MOST) -> Definition:
    return {"name": name, "type": "text", "max": most}


def _fields(kind: str, *names: str) -> list[Definition]:
    return [{"name": name, "type": kind} for name in names]


FIELDS: dict[str, list[Definition]] = {
    ISSUES: [
        _text("cluster_date"),
        *_fields("number", "cluster_id"),
        _text("issue_id"),
        _text("canonical_title", TITLE_MOST),
        _text("topic"),
        _text("category"),
        *_fields("number", "category_confidence"),
        _text("description"),
        *_fields("bool", "would_pay_signal"),
        _text("would_pay_because"),
        _text("impact_level"),
        *_fields("number", "impact_score", "cluster_size", "people", "confidence"),
        *_fields("number", "posts_open", "posts_answered", "posts_fixed", "posts_declined"),
        *_fields("number", "posts_locked"),
        *_fields("json", "quotes", "because"),
        _text("labeled_by"),
        *_fields("number", "heat", "heat_rank"),
        *_fields("json", "sources"),
        *_fields("number", "posts"),
        *_fields("date", "first_posted_at", "last_posted_at"),
        *_fields("json", "trend", "models", "place", "lineage"),
        _text("fixed_in"),
        *_fields("json", "corrections"),
        *_fields("bool", "is_latest"),
        _text("content_hash"),
    ],
    EVIDENCE: [
        {
            "name": "issue",
            "type": "relation",
            "required": True,
            "cascadeDelete": True,
            "minSelect": 0,
            "maxSelect": 1,
            "collectionId": ISSUES,
        },
        _text("cluster_date"),
        *_fields("number", "cluster_id"),
        _text("url_hash"),
        _text("source"),
        _text("url"),
        _text("title", POST_TITLE_MOST),
        _text("body"),
        _text("state"),
        *_fields("bool", "is_copy"),
        *_fields("number", "position", "distance", "engagement"),
        *_fields("date", "posted_at"),
        _text("content_hash"),
    ],
    CATEGORIES: [_text("category"), _text("name"), *_fields("number", "place"), _text("color")],
}
INDEXES = {
    ISSUES: {
        "idx_issues_latest": "is_latest, heat_rank",
        "idx_issues_day": "cluster_date, cluster_id",
        "idx_issues_issue_id": "issue_id",
        "idx_issues_category": "category",
    },
    EVIDENCE: {
        "idx_issue_evidence_issue": "issue, position",
        "idx_issue_evidence_url_hash": "url_hash",
    },
    CATEGORIES: {},
}
# Everybody may list and view; null: superusers only.
RULES = {"listRule": "", "viewRule": "", "createRule": None, "updateRule": None, "deleteRule": None}
# By these fields we know a collection as ours.
OURS_BY = {
    ISSUES: ("cluster_date", "cluster_id", "content_hash"),
    EVIDENCE: ("issue", "url_hash", "content_hash"),
    CATEGORIES: ("category", "place", "color"),
}


def found(client: Client) -> dict[str, Definition | None]:
    """Return the collections as the server has them, None for one that is missing.

    Raises PublishError when one of them is not ours, before anything is changed.
    """
    server = {name: client.find(f"/api/collections/{name}") for name in FIELDS}
    issues = server[ISSUES]
    for name, collection in server.items():
        if collection and (why := _why_not_ours(name, collection, issues)):
            raise PublishError(
                f"the collection {name} of {client.server.url} is not ours ({why}): it is left as "
                "it is; rename it there, or publish to another PocketBase"
            )
    return server


def check_publisher(client: Client, warehouse_id: str, *, take_over: bool = False) -> None:
    """Raise PublishError when another warehouse publishes to this server.

    take_over: publish all the same. The server that we started ourselves is this data folder's.
    """
    mark = _publisher(client)
    if mark and mark["warehouse"] != warehouse_id and not (take_over or client.server.is_ours):
        raise PublishError(
            f"another warehouse publishes to {client.server.url} since {mark['since'][:10]}: this "
            "one would replace what it published; if that is meant, add --take-over"
        )


def claim(client: Client, warehouse_id: str, since: str) -> None:
    """Write down on the server that this warehouse publishes to it, where it does not say so."""
    mark = _publisher(client)
    if mark and mark["warehouse"] == warehouse_id:
        return
    records = f"/api/collections/{PUBLISHER}/records"
    fields = {"warehouse": warehouse_id, "since": since}
    if mark:
        client.ask("PATCH", f"{records}/{PUBLISHER_RECORD}", fields)
        return
    if client.find(f"/api/collections/{PUBLISHER}") is None:
        texts = [_text("warehouse"), _text("since")]
        nobody = dict.fromkeys(RULES)
        make_collection(client, {"name": PUBLISHER, "type": "base", "fields": texts, **nobody})
    make(client, records, {"id": PUBLISHER_RECORD, **fields})
    made = _publisher(client)
    if made is None or made["warehouse"] != warehouse_id:
        raise PublishError(f"{client.server.url} does not take the record of who publishes there")


def make_collection(client: Client, wanted: Definition) -> Definition:
    """Make a collection, and return it as the server has it. Raises PublishError when it is not
    there then, with the server's reason."""
    refusal = make(client, "/api/collections", wanted)
    made = client.find(f"/api/collections/{wanted['name']}")
    if made is None:
        raise PublishError(
            f"{client.server.url} does not take the collection {wanted['name']}: {refusal}"
        )
    return made


def make(client: Client, path: str, body: Definition) -> str:
    """Make a collection or record; one that is there already, since an answer was lost, stays.

    Returns why the server refused it, "" where it did not.
    """
    try:
        client.single("POST", path, body)
    except RefusedError as refusal:
        log.debug("%s: %s", path, refusal)
        return str(refusal)
    return ""


def _publisher(client: Client) -> dict[str, Any] | None:
    return client.find(f"/api/collections/{PUBLISHER}/records/{PUBLISHER_RECORD}")


def migrate(client: Client) -> bool:
    """Make what is missing and bring what is old up to date; what is right is not touched.

    Returns whether anything was changed: hashes that were read before say nothing then.
    """
    changed = False
    server = found(client)
    ids: dict[str, str] = {}
    for name in FIELDS:  # evidence refers to issues, and comes after them
        wanted = _definition(name, ids.get(ISSUES, ""))
        collection = server[name]
        if collection is None:
            collection = make_collection(client, wanted)
            changed = True
            log.info("made the collection %s", name)
        elif change := _change(collection, wanted):
            client.ask("PATCH", f"/api/collections/{name}", change)
            changed = True
            log.info("migrated the collection %s: %s", name, ", ".join(sorted(change)))
        ids[name] = collection["id"]
    return changed


def _definition(name: str, issues_id: str) -> Definition:
    fields = [
        field | {"collectionId": issues_id} if field["type"] == "relation" else field
        for field in FIELDS[name]
    ]
    indexes = [
        f"CREATE INDEX `{index}` ON `{name}` ({columns})"
        for index, columns in INDEXES[name].items()
    ]
    return {"name": name, "type": "base", "fields": fields, "indexes": indexes, **RULES}


def _why_not_ours(name: str, collection: Definition, issues: Definition | None) -> str:
    if collection["type"] != "base":
        return f"its type is {collection['type']}, not base"
    have = {field["name"]: field for field in collection["fields"]}
    for missing in OURS_BY[name]:
        if missing not in have:
            return f"it has no field {missing}"
    for field in FIELDS[name]:
        kind = have.get(field["name"], field)["type"]
        if kind != field["type"]:
            return f"its field {field['name']} is of type {kind}, not {field['type']}"
    relation = have.get("issue", {}).get("collectionId")
    if name == EVIDENCE and (issues is None or relation != issues["id"]):
        return "its field issue refers to another collection"
    return ""


def _change(collection: Definition, wanted: Definition) -> Definition:
    """Return what a PATCH has to change, {} for nothing. Fields and indexes of others stay."""
    change = {rule: wanted[rule] for rule in RULES if collection[rule] != wanted[rule]}
    have = {field["name"]: field for field in collection["fields"]}
    added = [field for field in wanted["fields"] if field["name"] not in have]
    fields = [have.get(field["name"], {}) | field for field in wanted["fields"]]
    if added or any(field != have[field["name"]] for field in fields):
        ours = {field["name"] for field in fields}
        others = [field for field in collection["fields"] if field["name"] not in ours]
        # A record that lacks a value must not pass for up to date, even if we are killed now. With
        # another id the field is a new one: all hashes are forgotten in the same transaction.
        forget = {"id": f"text{secrets.randbelow(10**10):010d}"} if added else {}
        change["fields"] = others + [
            field | forget if field["name"] == "content_hash" else field for field in fields
        ]
    indexes = set(collection["indexes"])
    missing = [index for index in wanted["indexes"] if index not in indexes]
    if missing:
        names = [index.split("`")[1] for index in missing]
        kept = [
            index for index in collection["indexes"] if not any(f"`{n}`" in index for n in names)
        ]
        change["indexes"] = kept + missing
    return change
