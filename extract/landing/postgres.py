"""The credentials of Postgres as dlt wants them, without a URL between us and libpq.

dlt keeps a URL, in which blanks in the path of a certificate become `+`, which libpq does not read,
and the database's name stays escaped.
"""

from typing import Any
from urllib.parse import quote, unquote

from dlt.common.configuration import configspec
from dlt.destinations.impl.postgres.configuration import PostgresCredentials
from psycopg2.extensions import make_dsn

from assay import warehouse


@configspec(init=False)
class Credentials(PostgresCredentials):
    """dlt's credentials that hand libpq exactly what profiles.yml says.

    password: percent-encoded, since dlt takes blanks off its ends.
    """

    def to_native_representation(self) -> str:
        """Return libpq's `name=value` form, by which dlt connects."""
        named = {
            "host": self.host,
            "port": self.port,
            "dbname": self.database,
            "user": self.username,
            "password": unquote(self.password),
        }
        return make_dsn(**{key: value for key, value in named.items() if value}, **self.get_query())


def credentials(settings: dict[str, Any]) -> Credentials:
    """Return dlt's credentials for the settings of a postgres target."""
    libpq = warehouse.libpq(settings)
    made = Credentials()
    made.host, made.port = libpq.pop("host"), int(libpq.pop("port"))
    made.database, made.username = libpq.pop("dbname"), libpq.pop("user")
    made.password = quote(libpq.pop("password", ""))
    made.connect_timeout = int(libpq.pop("connect_timeout"))
    made.query = libpq
    made.resolve()
    return made
