"""Make an account for somebody who may correct issues on the page, or give one a new password.

    python -m publish.editor ann@example.org --name Ann

The password is made up, printed once and kept nowhere but as PocketBase's hash.
"""

import argparse
import logging
import secrets
import sys
from contextlib import ExitStack

import httpx

from assay import warehouse
from assay.publish.pocketbase.answers import RefusedError
from assay.publish.pocketbase.client import Client
from assay.publish.pocketbase.corrections import door
from assay.publish.pocketbase.server import bundled
from assay.publish.pocketbase.settings import PublishError, other_server, retry_policy

RECORDS = f"/api/collections/{door.EDITORS}/records"


def main(argv: list[str] | None = None) -> int:
    """Make or change the account; return the process's exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m publish.editor",
        description="Make an account for somebody who may correct issues on the page, in the "
        "bundled PocketBase or the one that POCKETBASE_URL names. For an account that is there: a "
        "new password and name.",
    )
    parser.add_argument("email", help="what they sign in with; no mail is sent to it")
    parser.add_argument("--name", required=True, help="who stands behind each of their corrections")
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    try:
        password = _make(args.email, args.name)
    except (PublishError, RefusedError, warehouse.WarehouseError, OSError) as error:
        sys.stderr.write(f"publish.editor: {warehouse.first_line(error)}\n")
        return 1
    sys.stdout.write(f"{args.email} signs in with the password {password}\n")
    return 0


def _make(email: str, name: str) -> str:
    password = secrets.token_urlsafe(18)
    account = {"email": email, "name": name, "verified": True}
    account |= {"password": password, "passwordConfirm": password}
    with ExitStack() as stack:
        server = other_server() or stack.enter_context(bundled())
        client = stack.enter_context(Client(server, retry_policy()))
        door.prepare(client)
        # A value of a filter is a string of JSON to PocketBase.
        quoted = email.replace("\\", "\\\\").replace('"', '\\"')
        query = httpx.QueryParams({"filter": f'email="{quoted}"', "fields": "id"})
        known = client.ask("GET", f"{RECORDS}?{query}")["items"]
        if known:
            client.single("PATCH", f"{RECORDS}/{known[0]['id']}", account)
        else:
            client.single("POST", RECORDS, account)
    return password


if __name__ == "__main__":
    sys.exit(main())
