"""A real PgBouncer in transaction mode, as hosted databases have one before them.

python -m tests.hf.postgres.pgbouncer            # print its path, or say in one line what to do
python -m tests.hf.postgres.pgbouncer --install  # by apt-get, where that can work
"""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.programs import Program
from tests.servers import serving

PGBOUNCER = Program(
    title="PgBouncer",
    names=("pgbouncer",),
    packages=("pgbouncer",),
    variable="PGBOUNCER",
    purpose="a transaction pooler",
    module="tests.hf.postgres.pgbouncer",
    others="PgBouncer",
)
# Fewer connections to Postgres than a build opens: they change hands between its transactions.
SETTINGS = """
[databases]
* = host={host} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
admin_users = postgres
pool_mode = transaction
default_pool_size = 3
ignore_startup_parameters = options,extra_float_digits
"""


@contextmanager
def pooled(host: str) -> Iterator[int]:
    """Start a PgBouncer before the Postgres whose socket is in a folder; yield its port."""
    program = PGBOUNCER.find()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # In the folder of Postgres, since whoever runs Postgres can read that.
    settings = Path(host) / "pgbouncer.ini"
    settings.write_text(SETTINGS.format(host=host, port=port), encoding="utf-8")
    settings.chmod(0o644)
    # It refuses to be root.
    user = Path(host).owner() if os.geteuid() == 0 else None
    log = Path(host) / "pgbouncer.log"
    with serving([program, settings], log, lambda: _answers(port), user=user):
        yield port


def _answers(port: int) -> bool:
    with socket.socket() as door:
        return door.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    sys.exit(PGBOUNCER.main())
