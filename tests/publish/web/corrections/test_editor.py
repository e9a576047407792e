"""An editor corrects issues on the page; a guest sees no way to, and nothing of it."""

import secrets
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from assay.publish.pocketbase.client import Client
from assay.publish.pocketbase.corrections import door
from assay.publish.pocketbase.settings import RetryPolicy, Server
from tests.publish.web import records
from tests.publish.web.browser import PHONE, Visit
from tests.publish.web.conftest import Visitor
from tests.publish.web.records import Record
from tests.publish.web.server import ADMIN, PocketBase

EMAIL, NAME, PASSWORD = "ann@example.org", "Ann <b>Arbor</b>", secrets.token_hex(8)
RECORDS = "/api/collections/issue_corrections/records"
HOSTILE = "<img src=x onerror=alert(1)> \u202etxt"
WAITING = "Correction waiting: the page shows it after the next build, not before."


@pytest.fixture
def desk(pocketbase: PocketBase, forty: list[Record]) -> Iterator[Client]:
    """Let the editor Ann in; return a client of the superuser."""
    server = Server(pocketbase.url, ADMIN["identity"], ADMIN["password"])
    account = {"email": EMAIL, "name": NAME, "verified": True}
    both = {"password": PASSWORD, "passwordConfirm": PASSWORD}
    with Client(server, RetryPolicy()) as client:
        door.prepare(client)
        for name in (door.CORRECTIONS, door.EDITORS):
            client.ask("DELETE", f"/api/collections/{name}/truncate")
        client.ask("POST", f"/api/collections/{door.EDITORS}/records", account | both)
        yield client


def said(desk: Client) -> list[Record]:
    return sorted(desk.records(door.CORRECTIONS, ""), key=lambda record: record["made_at"])


def sign_in(page: Page, password: str = PASSWORD) -> None:
    page.locator("#desk").evaluate("desk => { desk.open = true; }")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def save(page: Page, kind: str, value: str | None = None, why: str = "I know") -> None:
    form = page.locator(".correct")
    form.get_by_label("What to correct").select_option(label=kind)
    field = form.locator(".correct-value").locator("input, select")
    if value is not None:
        chosen = field.evaluate("field => field.tagName") == "SELECT"
        field.select_option(value) if chosen else field.fill(value)
    form.get_by_label("Why").fill(why)
    form.get_by_role("button", name="Save correction").click()
    expect(form.locator("form [role=status]")).to_have_text(
        "Saved. It takes effect at the next build."
    )


def test_a_guest_sees_no_form_and_asks_for_no_correction(visit: Visit, desk: Client) -> None:
    page = visit.open()
    page.locator(".row-link").first.click()
    expect(page.locator(".post").first).to_be_visible()
    expect(page.locator(".correct")).to_be_hidden()
    expect(page.get_by_role("button", name="Not of this issue")).to_have_count(0)
    assert not [url for url in visit.requests if "issue_corrections" in url]


def test_an_editor_corrects_an_issue_and_the_page_says_when_it_takes_effect(
    visit: Visit, forty: list[Record], desk: Client
) -> None:
    first, other = forty[:2]
    page = visit.open()
    sign_in(page)
    expect(page.locator("#desk summary")).to_have_text(f"Signed in as {NAME}")
    page.locator(".row-link").first.click()
    expect(page.locator(".correct .notice")).to_be_hidden()
    save(page, "Title", "Tills freeze at noon", why=HOSTILE)
    expect(page.locator(".correct .notice")).to_have_text(WAITING)
    save(page, "Category", "finance")
    save(page, "Impact", "low")
    save(page, "Merge into another issue", other["issue_id"])
    save(page, "Fixed in", HOSTILE)
    save(page, "No problem")
    page.get_by_role("button", name="Not of this issue").first.click()
    expect(page.locator(".post .split [role=status]").first).to_contain_text("Saved.")
    expect(page.locator(".correct .corrections li")).to_have_count(7)
    # Nothing changes before the build, and what was said is text.
    expect(page.locator("#issue-title")).to_have_text(first["canonical_title"])
    expect(page.locator(".corrections img, .corrections b b")).to_have_count(0)
    visit.shot("corrections-waiting")
    kept = said(desk)
    assert [(one["kind"], one["value"]) for one in kept] == [
        ("title", "Tills freeze at noon"),
        ("category", "finance"),
        ("impact", "low"),
        ("merge", other["issue_id"]),
        ("fixed", HOSTILE),
        ("no_problem", ""),
        ("split_off", ""),
    ]
    assert {(one["who"], one["issue_id"], one["state"]) for one in kept} == {
        (NAME, first["issue_id"], "")
    }
    assert kept[0]["why"] == HOSTILE
    assert kept[6]["url_hash"] == records.post(first, 0)["url_hash"]


def test_a_correction_is_taken_back_and_what_became_of_it_is_shown(
    visit: Visit, forty: list[Record], desk: Client
) -> None:
    page = visit.open()
    sign_in(page)
    page.locator(".row-link").first.click()
    save(page, "Mute")
    [mute] = said(desk)
    state = {"state": "in_force", "state_because": ""}
    desk.ask("PATCH", f"{RECORDS}/{mute['id']}", state)
    page.locator(".row-link").nth(1).click()
    page.locator(".row-link").first.click()
    item = page.locator(".correct .corrections li").first
    expect(item).to_contain_text("in force")
    expect(page.locator(".correct .notice")).to_be_hidden()
    item.get_by_role("button", name="Take back: Mute").click()
    expect(page.locator(".correct .corrections li").first).to_contain_text("Taken back: Mute")
    expect(page.locator(".correct .notice")).to_have_text(WAITING)
    assert [(one["kind"], one["value"], one["issue_id"]) for one in said(desk)] == [
        ("mute", "", forty[0]["issue_id"]),
        ("revoke", "mute", forty[0]["issue_id"]),
    ]
    # All corrections are listed where one signs in: a muted issue is not among the issues.
    expect(page.locator("#desk .corrections li")).to_have_count(2)


def test_a_session_is_kept_nowhere_and_ends_with_the_page(visit: Visit, desk: Client) -> None:
    page = visit.open()
    sign_in(page)
    expect(page.locator("#desk summary")).to_contain_text("Signed in")
    kept = page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
    )
    assert "ey" not in kept
    assert visit.context.cookies() == []
    page.reload()
    expect(page.locator("#desk summary")).to_have_text("Sign in to correct")


def test_a_wrong_password_and_a_session_that_ended_are_told(visit: Visit, desk: Client) -> None:
    page = visit.open()
    sign_in(page, "a wrong password")
    expect(page.locator("#desk > [role=status]")).to_have_text(
        "The server does not accept e-mail and password."
    )
    sign_in(page)
    page.locator(".row-link").first.click()
    [editor] = desk.records(door.EDITORS, "id")
    desk.ask("DELETE", f"/api/collections/{door.EDITORS}/records/{editor['id']}")
    form = page.locator(".correct")
    form.get_by_label("What to correct").select_option(label="Mute")
    form.get_by_label("Why").fill("noise")
    form.get_by_role("button", name="Save correction").click()
    expect(page.locator("#desk summary")).to_have_text("Sign in to correct")
    expect(form).to_be_hidden()
    assert said(desk) == []
    visit.troubles.clear()  # Chromium tells of each refusal, which this test asked for


def test_the_form_fits_a_phone(visitor: Visitor, desk: Client) -> None:
    visit = visitor(viewport=PHONE)
    page = visit.open()
    page.locator("#side-toggle").click()
    sign_in(page)
    page.locator("#side-toggle").click()
    page.locator(".row-link").first.click()
    save(page, "Title", "Tills freeze")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator(".correct").scroll_into_view_if_needed()
    visit.shot("corrections-phone")


def test_the_server_holds_the_rules_whatever_a_page_sends(
    pocketbase: PocketBase, forty: list[Record], desk: Client
) -> None:
    said_by_nobody = {"issue_id": forty[0]["issue_id"], "issue": forty[0]["id"], "kind": "mute"}
    answer = httpx.post(pocketbase.url + RECORDS, json=said_by_nobody | {"why": "x", "who": "x"})
    assert answer.status_code in (400, 403)
    assert said(desk) == []
