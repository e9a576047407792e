"""The categories of issues, with the names and colours that the page shows, in PocketBase."""

import duckdb

from assay import warehouse
from assay.publish.pocketbase.client import Client
from assay.publish.pocketbase.records import record_id
from assay.publish.pocketbase.schema import CATEGORIES

FIELDS = ("category", "name", "place", "color")


def bring(client: Client, connection: duckdb.DuckDBPyConnection) -> int:
    """Bring the collection to what gold.categories holds; return how many records were changed.

    A warehouse that an earlier version built has no such table, and changes nothing. It is a
    handful of records, so each is sent by itself; killed and run again, the rest follows.
    """
    try:
        rows = warehouse.cursor(connection).execute(
            "select category, name, place, color from gold.categories order by place"
        )
        named = [dict(zip(FIELDS, row, strict=True)) for row in rows.fetchall()]
    except duckdb.CatalogException:
        return 0
    records = f"/api/collections/{CATEGORIES}/records"
    wanted = {record_id(CATEGORIES, (one["category"],)): one for one in named}
    fields = ",".join(("id", *FIELDS))
    held = {one["id"]: one for one in client.records(CATEGORIES, fields)}
    changed = 0
    for identity, one in wanted.items():
        if identity not in held:
            client.ask("POST", records, {"id": identity, **one})
        elif any(held[identity][name] != value for name, value in one.items()):
            client.ask("PATCH", f"{records}/{identity}", one)
        else:
            continue
        changed += 1
    for identity in held.keys() - wanted.keys():
        client.ask("DELETE", f"{records}/{identity}")
        changed += 1
    return changed
