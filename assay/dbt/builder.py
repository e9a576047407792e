"""One builder at a time in a lake whose catalog is in Postgres, on whichever machine it runs.

Loaders work side by side; a build deletes and inserts, and makes clusters, identities and gold of
everything there is. Two at once would refuse each other's transactions half-way. The catalog's own
server keeps the second one waiting, by a lock that ends with the connection that took it.
"""

import os
import platform
import sys
from typing import Any

from assay.common.lock import Waiting
from assay.warehouse import lake, writer

KEY = 0x61737361  # of the advisory lock: "assa"
_TAKE = "select pg_try_advisory_lock(%s)"
_OWNER = """
    select application_name, pid
    from pg_locks
    inner join pg_stat_activity using (pid)
    where locktype = 'advisory' and classid = 0 and objid = %s and granted
"""
_held: list[Any] = []  # connections, until this process ends


def alone(where: lake.Lake) -> None:
    """Wait until nobody else builds in the lake, saying who does; others then wait until this
    process ends.

    Raises LakeError when the catalog is not to be had, LockedError when the wait is over.
    """
    if _held:
        return
    name = f"assay builder, pid {os.getpid()} on {platform.node()}"[:63]
    connection = lake.connect(where, name)
    connection.autocommit = True
    waiting = Waiting("the lake", writer.longest_wait(), _say)
    with connection.cursor() as cursor:
        while not _taken(cursor):
            waiting.go_on(_owner(cursor))
    _held.append(connection)


def _taken(cursor: Any) -> bool:
    cursor.execute(_TAKE, (KEY,))
    return bool(cursor.fetchone()[0])


def _owner(cursor: Any) -> str:
    cursor.execute(_OWNER, (KEY,))
    found = cursor.fetchone()
    return found[0] if found else "another builder"


def _say(who: object) -> None:
    sys.stderr.write(f"the lake is being built by {who}: waiting for it to end\n")
    sys.stderr.flush()
