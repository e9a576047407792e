"""Who may correct issues in PocketBase, and how what they say comes into the warehouse."""

import base64
import hmac
import json
import secrets
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.publish.pocketbase.gold import DAYS, expected
from tests.publish.pocketbase.proxy import Proxy
from tests.publish.pocketbase.support import House, PocketBase, assert_agrees, published

RECORDS = "/api/collections/issue_corrections/records"
EDITORS = "/api/collections/issue_editors/records"
SIGN_IN = "/api/collections/{}/auth-with-password"
PASSWORD = secrets.token_hex(8)
HOSTILE = "<img src=x onerror=alert(1)> ';drop table issues;-- {{7*7}}"
STATES = """
create table gold.corrections (
    correction_id varchar, given_by varchar, state varchar, state_because varchar
)
"""


def account(email: str, name: str) -> dict[str, Any]:
    both = {"password": PASSWORD, "passwordConfirm": PASSWORD}
    return {"email": email, "name": name, "verified": True} | both


class Editor:
    """Somebody who asks PocketBase, as the page does when they are signed in."""

    def __init__(self, url: str, collection: str = "issue_editors") -> None:
        self.http = httpx.Client(base_url=url, timeout=30)
        found = {"identity": "ann@example.org", "password": PASSWORD}
        answer = self.http.post(SIGN_IN.format(collection), json=found).json()
        self.http.headers["authorization"] = answer["token"]
        self.id = answer["record"]["id"]

    def says(self, **correction: Any) -> httpx.Response:
        said = {"value": "", "url_hash": "", "why": "I know", "who": "Ann", "editor": self.id}
        return self.http.post(RECORDS, json=said | correction)


@pytest.fixture
def page(there: House, server: PocketBase) -> str:
    """Return the address of a server with issues and an editor, Ann."""
    there.sync()
    with server.admin() as admin:
        assert admin.post(EDITORS, json=account("ann@example.org", "Ann")).status_code == 200
    return server.url


@pytest.fixture
def ann(page: str) -> Iterator[Editor]:
    """Return Ann, signed in."""
    found = Editor(page)
    yield found
    found.http.close()


@pytest.fixture
def issue(page: str) -> dict[str, Any]:
    """Return the newest record of an issue that others stand beside."""
    return published(page)["issues"][str(DAYS[-1]), 0]


def records(server: PocketBase) -> list[dict[str, Any]]:
    with server.admin() as admin:
        return admin.get(RECORDS, params={"sort": "made_at"}).json()["items"]


def muted(issue: dict[str, Any]) -> dict[str, Any]:
    return {"issue_id": issue["issue_id"], "issue": issue["id"], "kind": "mute"}


def test_without_a_session_of_an_editor_nothing_is_taken_and_nothing_shown(
    server: PocketBase, page: str, ann: Editor, issue: dict
) -> None:
    assert ann.says(**muted(issue)).status_code == 200
    before, shown = records(server), published(page)
    [mine] = before
    said = muted(issue) | {"why": "no", "who": "Ann", "editor": ann.id, "value": "", "url_hash": ""}
    with server.admin() as admin:
        users = "/api/collections/users/records"
        assert admin.post(users, json=account("ann@example.org", "Ann")).status_code == 200
    tokens = {
        "none": None,
        "garbled": ann.http.headers["authorization"][:-4] + "AAAA",
        "no token": "Bearer of nothing",
        # The same address and name, in the collection that anybody may join elsewhere.
        "another collection's": Editor(page, "users").http.headers["authorization"],
    }
    for name, token in tokens.items():
        with httpx.Client(base_url=page) as guest:
            if token:
                guest.headers["authorization"] = token
            assert guest.post(RECORDS, json=said).status_code in (400, 403), name
            assert guest.get(RECORDS).json()["items"] == [], name
            assert guest.get(f"{RECORDS}/{mine['id']}").status_code == 404, name
            for method in ("PATCH", "DELETE"):
                answer = guest.request(method, f"{RECORDS}/{mine['id']}", json={"why": "x"})
                assert answer.status_code == 403, (name, method)
            assert guest.get(EDITORS).status_code == 403, name
            assert guest.post(EDITORS, json=account("bob@example.org", "Bob")).status_code == 403
    # A foreign page cannot send the header, and a cookie is nothing to PocketBase.
    cookie = {"cookie": f"pb_auth={ann.http.headers['authorization']}"}
    foreign = cookie | {"origin": "https://evil.example"}
    assert httpx.post(page + RECORDS, json=said, headers=foreign).status_code in (400, 403)
    assert records(server) == before
    assert published(page) == shown


def test_an_expired_session_is_none(
    server: PocketBase, page: str, ann: Editor, issue: dict
) -> None:
    key, secret = "k" * 50, "s" * 50
    with server.admin() as admin:
        collection = "/api/collections/issue_editors"
        token = {"secret": secret, "duration": 3600}
        assert admin.patch(collection, json={"authToken": token}).status_code == 200
        assert admin.patch(f"{EDITORS}/{ann.id}", json={"tokenKey": key}).status_code == 200
        collection_id = admin.get(collection).json()["id"]
    claims = {"id": ann.id, "type": "auth", "collectionId": collection_id, "refreshable": True}
    for seconds, wanted in ((-60, False), (60, True)):
        ends = int(time.time()) + seconds
        ann.http.headers["authorization"] = signed(claims | {"exp": ends}, key + secret)
        assert ann.says(**muted(issue)).is_success == wanted
        assert len(records(server)) == wanted


def signed(claims: dict[str, Any], secret: str) -> str:
    """Return a JSON Web Token as PocketBase signs them (HS256)."""
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": "HS256", "typ": "JWT"}, claims)
    ]
    mac = hmac.new(secret.encode(), b".".join(parts), "sha256").digest()
    return b".".join([*parts, base64.urlsafe_b64encode(mac).rstrip(b"=")]).decode()


def test_an_editor_says_only_what_can_be_meant(
    server: PocketBase, page: str, ann: Editor, issue: dict
) -> None:
    found = published(page)
    other = found["issues"][str(DAYS[-1]), 1]
    [post, *_] = [one for one in found["issue_evidence"].values() if one["issue"] == issue["id"]]
    [foreign, *_] = [one for one in found["issue_evidence"].values() if one["issue"] == other["id"]]
    of = {"issue_id": issue["issue_id"], "issue": issue["id"]}
    merge = of | {"kind": "merge", "value": other["issue_id"], "into": other["id"]}
    split = of | {"kind": "split_off", "url_hash": post["url_hash"], "post": post["id"]}
    refused = {
        "an issue that is not there": muted(issue) | {"issue_id": "ffff"},
        "no record of an issue": of | {"kind": "mute", "issue": ""},
        "another one's record": muted(issue) | {"issue": other["id"]},
        "no kind": of | {"kind": "delete"},
        "a level that is none": of | {"kind": "impact", "value": "huge"},
        "no title": of | {"kind": "title"},
        "a title of two lines": of | {"kind": "title", "value": "a\nb"},
        "a title that is too long": of | {"kind": "title", "value": "x" * 201},
        "a reason that is too long": muted(issue) | {"why": "x" * 501},
        "no reason": muted(issue) | {"why": ""},
        "a value where there is none": muted(issue) | {"value": "x"},
        "itself": merge | {"value": issue["issue_id"], "into": issue["id"]},
        "an issue by the record of another": merge | {"value": issue["issue_id"]},
        "a post of another issue": split | {"url_hash": foreign["url_hash"], "post": foreign["id"]},
        "a post by another's record": split | {"post": foreign["id"]},
        "in another's name": muted(issue) | {"who": "Bob"},
        "as somebody else": muted(issue) | {"editor": "a" * 15},
        "with a state of its own": muted(issue) | {"state": "in_force"},
        "taking back what was not said": of | {"kind": "revoke", "value": "mute"},
    }
    assert {name for name, said in refused.items() if ann.says(**said).is_success} == set()
    assert records(server) == []
    taken = [merge, split, muted(issue), of | {"kind": "impact", "value": "high"}]
    taken += [of | {"kind": "title", "value": HOSTILE}, of | {"kind": "no_problem"}]
    taken += [of | {"kind": "fixed", "value": "2.1"}, of | {"kind": "category", "value": "ai"}]
    for said in taken:
        answer = ann.says(**said, made_at="2020-01-01 00:00:00.000Z")
        assert answer.status_code == 200, answer.text
        assert answer.json()["made_at"] > "2026", "when is the server's to say"
        back = {"issue_id": said["issue_id"], "kind": "revoke", "value": said["kind"]}
        back |= {"revokes": answer.json()["id"], "url_hash": said.get("url_hash", "")}
        assert ann.says(**back).status_code == 200
        other_kind = "title" if said["kind"] == "mute" else "mute"
        assert not ann.says(**back | {"value": other_kind}).is_success
    kept = records(server)
    assert len(kept) == 2 * len(taken)
    assert ann.http.get(RECORDS).json()["totalItems"] == len(kept)
    for method in ("PATCH", "DELETE"):
        answer = ann.http.request(method, f"{RECORDS}/{kept[0]['id']}", json={"why": "x"})
        assert answer.status_code == 403
    for name in ("issues", "issue_evidence"):
        path = f"/api/collections/{name}/records"
        assert ann.http.post(path, json={}).status_code == 403, "an editor publishes nothing"
    assert published(page) == found


def test_each_correction_is_brought_once_and_outlives_the_server(
    there: House, server: PocketBase, page: str, ann: Editor, issue: dict
) -> None:
    brought = "select correction_id, issue_id, kind, value, why, who from bronze.page_corrections"
    ann.says(issue_id=issue["issue_id"], issue=issue["id"], kind="title", value=HOSTILE)
    out = said(there, "corrections")
    assert out == "corrections from the page: 1 new; they take effect at the next build\n"
    [first] = there.gold.run(brought)
    assert first[1:] == (issue["issue_id"], "title", HOSTILE, "I know", "Ann")
    assert said(there, "corrections") == "corrections from the page: none that are new\n"
    ann.says(**muted(issue))
    _, err = there.sync()
    assert "corrections from the page: 1 new" in err
    assert len(there.gold.run(brought)) == 2
    with server.admin() as admin:
        for record in records(server):
            assert admin.delete(f"{RECORDS}/{record['id']}").status_code == 204
    said(there, "corrections")
    assert first in there.gold.run(brought)
    assert len(there.gold.run(brought)) == 2


def test_the_page_is_told_what_became_of_a_correction(
    there: House, server: PocketBase, page: str, ann: Editor, issue: dict
) -> None:
    ann.says(**muted(issue))
    there.sync()
    [waiting] = records(server)
    assert (waiting["state"], waiting["state_because"]) == ("", "")
    there.gold.run(STATES)
    there.gold.run(
        "insert into gold.corrections values (?, 'page', 'in_force', null)", waiting["id"]
    )
    there.sync()
    [told] = records(server)
    assert (told["state"], told["made_at"]) == ("in_force", waiting["made_at"])
    assert_agrees(server.url, there.gold)


def test_what_is_muted_leaves_the_page_with_its_posts(there: House, server: PocketBase) -> None:
    there.sync()
    there.gold.run(
        "update gold.issues set standing = 'muted' where cluster_id = 1 and cluster_date = ?",
        DAYS[-1],
    )
    there.sync()
    assert_agrees(server.url, there.gold)
    assert len(expected(there.gold)["issues"]) == 23


def test_the_rules_are_set_again_by_each_run_and_a_run_with_nothing_new_writes_nothing(
    house: House, proxy: Proxy, server: PocketBase
) -> None:
    house.sync()
    proxy.writes.clear()
    house.sync()
    assert proxy.writes == []
    collection = "/api/collections/issue_corrections"
    with server.admin() as admin:
        before = admin.get(collection).json()
        opened = {"createRule": "", "listRule": "", "deleteRule": ""}
        assert admin.patch(collection, json=opened).status_code == 200
    house.sync()
    with server.admin() as admin:
        after = admin.get(collection).json()
    rules = ("createRule", "listRule", "viewRule", "updateRule", "deleteRule")
    assert [after[rule] for rule in rules] == [before[rule] for rule in rules]
    assert before["createRule"] and before["updateRule"] is before["deleteRule"] is None


def test_an_editor_is_made_by_command_and_given_a_new_password_by_the_next(
    there: House, server: PocketBase
) -> None:
    there.sync()
    passwords = []
    for name in ("Ann", "Ann B."):
        out = said(there, "editor", "ann@example.org", "--name", name)
        passwords.append(out.split()[-1])
    identity = [{"identity": "ann@example.org", "password": one} for one in passwords]
    path = server.url + SIGN_IN.format("issue_editors")
    assert httpx.post(path, json=identity[0]).status_code == 400
    answer = httpx.post(path, json=identity[1])
    assert (answer.status_code, answer.json()["record"]["name"]) == (200, "Ann B.")


def said(house: House, *command: str) -> str:
    process = house.start(*command)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out
