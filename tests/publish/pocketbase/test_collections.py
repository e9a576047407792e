"""The collections: made as agreed with the page, migrated, and never somebody else's."""

from typing import Any

import pytest

from tests.publish.pocketbase.proxy import Proxy
from tests.publish.pocketbase.support import House, PocketBase, assert_agrees, published

ISSUES = {
    "cluster_date": "text",
    "cluster_id": "number",
    "issue_id": "text",
    "canonical_title": "text",
    "topic": "text",
    "category": "text",
    "category_confidence": "number",
    "description": "text",
    "would_pay_signal": "bool",
    "would_pay_because": "text",
    "impact_level": "text",
    "impact_score": "number",
    "cluster_size": "number",
    "people": "number",
    "posts_open": "number",
    "posts_answered": "number",
    "posts_fixed": "number",
    "posts_declined": "number",
    "posts_locked": "number",
    "quotes": "json",
    "because": "json",
    "models": "json",
    "place": "json",
    "lineage": "json",
    "confidence": "number",
    "labeled_by": "text",
    "heat": "number",
    "heat_rank": "number",
    "sources": "json",
    "posts": "number",
    "first_posted_at": "date",
    "last_posted_at": "date",
    "trend": "json",
    "fixed_in": "text",
    "corrections": "json",
    "is_latest": "bool",
    "content_hash": "text",
}
EVIDENCE = {
    "issue": "relation",
    "cluster_date": "text",
    "cluster_id": "number",
    "url_hash": "text",
    "source": "text",
    "url": "text",
    "title": "text",
    "body": "text",
    "state": "text",
    "is_copy": "bool",
    "position": "number",
    "distance": "number",
    "engagement": "number",
    "posted_at": "date",
    "content_hash": "text",
}
CATEGORIES = {"category": "text", "name": "text", "place": "number", "color": "text"}
RULES = {"listRule": "", "viewRule": "", "createRule": None, "updateRule": None, "deleteRule": None}
Collection = dict[str, Any]


def collections(server: PocketBase) -> dict[str, Collection]:
    with server.admin() as admin:
        items = admin.get("/api/collections", params={"perPage": 100}).json()["items"]
        return {item["name"]: item for item in items}


def change(server: PocketBase, name: str, **values: Any) -> None:
    with server.admin() as admin:
        answer = admin.patch(f"/api/collections/{name}", json=values)
        assert answer.status_code == 200, answer.text


def test_missing_collections_are_made_as_the_page_reads_them(
    there: House, server: PocketBase
) -> None:
    _, err = there.sync()
    assert err.splitlines()[:3] == [
        "made the collection issues",
        "made the collection issue_evidence",
        "made the collection issue_categories",
    ]
    made = collections(server)
    for name, wanted in (
        ("issues", ISSUES),
        ("issue_evidence", EVIDENCE),
        ("issue_categories", CATEGORIES),
    ):
        fields = {field["name"]: field for field in made[name]["fields"]}
        assert {n: f["type"] for n, f in fields.items() if n != "id"} == wanted
        assert {rule: made[name][rule] for rule in RULES} == RULES
        assert made[name]["type"] == "base"
    limits = {
        (name, field["name"]): field["max"]
        for name in ("issues", "issue_evidence")
        for field in made[name]["fields"]
        if field["name"] in ("canonical_title", "description", "title", "body")
    }
    assert limits == {
        ("issues", "canonical_title"): 200,
        ("issues", "description"): 5000,
        ("issue_evidence", "title"): 500,
        ("issue_evidence", "body"): 5000,
    }
    [relation] = [f for f in made["issue_evidence"]["fields"] if f["name"] == "issue"]
    assert (relation["collectionId"], relation["cascadeDelete"]) == (made["issues"]["id"], True)
    assert (relation["required"], relation["maxSelect"]) == (True, 1)
    assert (len(made["issues"]["indexes"]), len(made["issue_evidence"]["indexes"])) == (4, 2)


@pytest.mark.slow("collections of other versions and of others are treated right")
def test_collections_that_are_right_are_not_touched(house: House, proxy: Proxy) -> None:
    house.sync()
    proxy.writes.clear()
    house.sync()
    assert proxy.writes == []


def without(server: PocketBase, name: str, *fields: str) -> list[dict]:
    return [f for f in collections(server)[name]["fields"] if f["name"] not in fields]


@pytest.mark.slow("collections of other versions and of others are treated right")
def test_an_old_collection_gets_its_missing_field_index_limit_and_rules(
    there: House, server: PocketBase
) -> None:
    there.sync()
    before = collections(server)
    old = without(server, "issues", "heat", "trend")
    for field in old:
        if field["name"] == "canonical_title":
            field["max"] = 300
    kept = [i for i in before["issues"]["indexes"] if "latest" not in i]
    change(server, "issues", fields=old, indexes=kept, createRule="", viewRule=None)
    _, err = there.sync()
    assert "migrated the collection issues: createRule, fields, indexes, viewRule\n" in err
    after = collections(server)["issues"]
    assert {f["name"]: f["type"] for f in after["fields"] if f["name"] != "id"} == ISSUES
    assert {rule: after[rule] for rule in RULES} == RULES
    assert sorted(after["indexes"]) == sorted(before["issues"]["indexes"])
    assert [f["max"] for f in after["fields"] if f["name"] == "canonical_title"] == [200]
    assert_agrees(server.url, there.gold)


@pytest.mark.slow("collections of other versions and of others are treated right")
def test_killed_right_after_a_migration_the_next_run_fills_the_new_field(
    house: House, proxy: Proxy, server: PocketBase
) -> None:
    house.sync()
    change(server, "issues", fields=without(server, "issues", "heat"))
    process = house.start("pocketbase")

    def hook(number: int, path: str, body: bytes) -> None:
        if path == "/api/collections/issues":
            process.kill()
            process.wait()

    proxy.after = hook
    process.communicate()
    assert process.returncode == -9
    assert {r["heat"] for r in published(server.url)["issues"].values()} == {0}
    house.sync()
    assert_agrees(server.url, house.gold)


@pytest.mark.slow("collections of other versions and of others are treated right")
def test_fields_and_indexes_that_someone_added_stay(there: House, server: PocketBase) -> None:
    there.sync()
    have = collections(server)["issues"]
    index = "CREATE INDEX `idx_note` ON `issues` (`note`)"
    note = {"name": "note", "type": "text"}
    change(server, "issues", fields=[*have["fields"], note], indexes=[*have["indexes"], index])
    change(server, "issues", fields=without(server, "issues", "posts"))
    there.sync()
    after = collections(server)["issues"]
    assert {"note", "posts"} <= {field["name"] for field in after["fields"]}
    assert index in after["indexes"]
    assert_agrees(server.url, there.gold)


FOREIGN = {
    "a view": (
        {"name": "issues", "type": "view", "viewQuery": "select id, created from users"},
        "its type is view, not base",
    ),
    "accounts": ({"name": "issues", "type": "auth"}, "its type is auth, not base"),
    "a tracker": (
        {"name": "issues", "type": "base", "fields": [{"name": "summary", "type": "text"}]},
        "it has no field cluster_date",
    ),
    "another type": (
        {
            "name": "issues",
            "type": "base",
            "fields": [
                {"name": "cluster_date", "type": "text"},
                {"name": "cluster_id", "type": "number"},
                {"name": "content_hash", "type": "text"},
                {"name": "category", "type": "number"},
            ],
        },
        "its field category is of type number, not text",
    ),
    "evidence of others": (
        {"name": "issue_evidence", "type": "base", "fields": [{"name": "file", "type": "text"}]},
        "it has no field issue",
    ),
}


@pytest.mark.slow("other people's collections of every kind")
@pytest.mark.parametrize("foreign", FOREIGN.values(), ids=FOREIGN.keys())
def test_a_collection_of_someone_else_is_refused_and_left_as_it_is(
    there: House, server: PocketBase, foreign: tuple[Collection, str]
) -> None:
    definition, why = foreign
    with server.admin() as admin:
        answer = admin.post("/api/collections", json=definition)
        assert answer.status_code == 200, answer.text
    before = collections(server)
    out, err = there.sync(code=1)
    name = definition["name"]
    assert (out, err) == (
        "",
        f"publish.pocketbase: the collection {name} of {server.url} is not ours ({why}): it is "
        "left as it is; rename it there, or publish to another PocketBase\n",
    )
    assert collections(server) == before
    _, err = there.sync("--dry-run", code=1)
    assert "is not ours" in err


@pytest.mark.slow("collections of other versions and of others are treated right")
def test_evidence_that_refers_to_another_collection_is_refused(
    there: House, server: PocketBase
) -> None:
    with server.admin() as admin:
        other = admin.post("/api/collections", json={"name": "cases", "type": "base"}).json()
        fields = [
            {"name": "issue", "type": "relation", "collectionId": other["id"], "maxSelect": 1},
            {"name": "url_hash", "type": "text"},
            {"name": "content_hash", "type": "text"},
        ]
        definition = {"name": "issue_evidence", "type": "base", "fields": fields}
        assert admin.post("/api/collections", json=definition).status_code == 200
    _, err = there.sync(code=1)
    assert "not ours (its field issue refers to another collection)" in err
    assert "issues" not in collections(server)
