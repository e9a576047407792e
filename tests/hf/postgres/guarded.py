"""A real Postgres that asks for passwords, and a door with TLS before it.

The Postgres that the tests bring is built without SSL. In front of it `Door` speaks TLS as the
poolers of hosted databases do: it answers the client's SSLRequest, and hands on what is inside.
"""

import contextlib
import os
import secrets
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import psycopg2
import trustme
from psycopg2 import sql

from tests.postgres_server import postgres

SSL_REQUEST = struct.pack("!ii", 8, 80877103)  # protocol-flow.html, "SSL Session Encryption"
PASSWORDS = "local all postgres trust\nlocal all all scram-sha-256\n"


@contextmanager
def guarded_postgres(folder: Path) -> Iterator[str]:
    """Start a Postgres where all but the superuser postgres need their password.

    Yields the folder of its Unix socket.
    """
    with postgres(folder) as host:
        (folder / "pg_hba.conf").write_text(PASSWORDS, encoding="utf-8")
        with as_admin(host) as cursor:
            cursor.execute("select pg_reload_conf()")
        yield host


@contextmanager
def as_admin(host: str, database: str = "postgres") -> Iterator["psycopg2.extensions.cursor"]:
    """Open a superuser's session in which every statement commits by itself."""
    connection = psycopg2.connect(host=host, user="postgres", dbname=database)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


@contextmanager
def made_role(host: str, name: str, password: str | None = None) -> Iterator[str]:
    """Make a role as docs/postgres.md says, and yield its password."""
    password = password or secrets.token_urlsafe(12)
    role = sql.Identifier(name)
    with as_admin(host) as cursor:
        # Not a bound parameter: with one, a % in the role's name would ask for another.
        secret = sql.Literal(password)
        cursor.execute(sql.SQL("create role {} login password {}").format(role, secret))
    yield password
    with as_admin(host) as cursor:
        cursor.execute(sql.SQL("drop role {}").format(role))


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Make a certificate for a host name by an authority of its own.

    Returns the authority's certificate, and the file that a server of that name needs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    root, served = folder / "root.crt", folder / "server.pem"
    authority = trustme.CA()
    authority.cert_pem.write_to_path(root)
    authority.issue_cert(name).private_key_and_cert_chain_pem.write_to_path(served)
    return root, served


class Door:
    """A TCP port of the loopback address that leads to a Postgres on a Unix socket.

    tls: the file with certificate and key; without one, what the client says goes to the server as
    it is.
    """

    def __init__(self, host: str, tls: Path | None = None) -> None:
        self._behind = os.path.join(host, ".s.PGSQL.5432")  # noqa: PTH118 - a socket's address
        self._context = None
        if tls:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(tls)
        self.encrypted = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as server:
            server.connect(self._behind)
            if self._context:
                if client.recv(8, socket.MSG_WAITALL) != SSL_REQUEST:
                    return client.close()
                client.sendall(b"S")
                client = self._context.wrap_socket(client, server_side=True)
                self.encrypted += 1
            back = threading.Thread(target=_pass_on, args=(server, client), daemon=True)
            back.start()
            _pass_on(client, server)
            back.join()
        return client.close()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
