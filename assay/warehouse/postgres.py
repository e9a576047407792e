"""What Postgres needs of the role that uses it, and its errors in words that name the cure.

Nothing here writes. docs/postgres.md shows how the role and its schemas are made.
"""

from collections.abc import Sequence
from typing import Any

from psycopg2.extensions import quote_ident

from assay.common.text import escape_control_chars

GUIDE = "see docs/postgres.md"
OLDEST = 140000  # the first version that is supported, as libpq numbers them; also in macros/
# What a connection fails with, and what to do. The words are libpq's, the server's, and Supabase's.
_CURES = (
    ("password authentication failed", "check POSTGRES_USER and POSTGRES_PASSWORD"),
    ("no password supplied", "set POSTGRES_PASSWORD"),
    ("tenant or user not found", "a pooler wants POSTGRES_USER=ROLE.PROJECTREF"),
    (
        "server does not support SSL",
        "switch SSL on there, or set POSTGRES_SSLMODE=prefer if nobody can listen in between",
    ),
    ("no encryption", "set POSTGRES_SSLMODE=require"),
    ("root certificate", "set POSTGRES_SSLROOTCERT to the file of its root certificate"),
    ("certificate verify failed", "POSTGRES_SSLROOTCERT is not the root of its certificate"),
    ("does not match host name", "POSTGRES_HOST must be the name that its certificate has"),
    (
        "invalid sslmode",
        "POSTGRES_SSLMODE is disable, allow, prefer, require, verify-ca or verify-full",
    ),
    (
        "unsupported startup parameter",
        "set ignore_startup_parameters = options in that PgBouncer, or connect without it",
    ),
    ("permission denied for database", "let an admin grant connect on it to this role"),
    ("too many connections", "wait, or close what else is connected"),
    ("remaining connection slots", "wait, or close what else is connected"),
    ('role "', "check POSTGRES_USER"),
    ('database "', "check POSTGRES_DB"),
    ("", "check POSTGRES_HOST and POSTGRES_PORT, and whether the server runs"),
)
_SCHEMAS = """
    select
        wanted.name,
        pg_get_userbyid(schema.nspowner),
        schema.oid is null or has_schema_privilege(schema.oid, 'usage, create'),
        (
            select min(
                format('%%s.%%s belongs to %%s', wanted.name, relname, pg_get_userbyid(relowner))
            )
            from pg_class
            where
                relnamespace = schema.oid
                and relkind in ('r', 'p', 'v', 'm')
                and not pg_has_role(relowner, 'usage')
        ),
        schema.oid is null and not has_database_privilege(current_database(), 'create')
    from unnest(%s) with ordinality as wanted (name, position)
    left join pg_namespace as schema on wanted.name = schema.nspname
    order by wanted.position
"""


def explained(error: BaseException, password: str = "") -> str:
    """Return one line that says why there is no connection and what to do, without the password."""
    text = str(error).strip()
    # libpq tells every address it tried on lines of its own; the first that failed is enough.
    line = text.splitlines()[0] if text else type(error).__name__
    cure = next(cure for words, cure in _CURES if words.lower() in text.lower())
    said = line.replace(password, "***") if len(password) > 3 else line
    return escape_control_chars(f"Postgres does not let us in: {said}: {cure} ({GUIDE})")


def lacking(connection: Any, schemas: Sequence[str]) -> str | None:
    """Return one line about what the server or the role lacks, None when nothing is missing.

    It must be able to make tables in each of the schemas, or the schema itself, and own what is in
    there, since tables are also altered and dropped.
    """
    if connection.server_version < OLDEST:
        version = connection.get_parameter_status("server_version")
        return escape_control_chars(
            f"Postgres {version} is too old: {OLDEST // 10000} or newer is needed ({GUIDE})"
        )
    with connection.cursor() as cursor:
        cursor.execute("select current_user, current_database()")
        role, database = cursor.fetchone()
        cursor.execute(_SCHEMAS, (list(schemas),))
        found = cursor.fetchall()
    name = quote_ident(role, connection)
    missing = [schema for schema, _, _, _, is_out_of_reach in found if is_out_of_reach]
    if missing:
        return escape_control_chars(
            f"{name} may not make the schema {' or '.join(missing)} in the database {database}: "
            f"let an admin run `create schema {missing[0]} authorization {name}` ({GUIDE})"
        )
    for schema, owner, is_usable, foreign, _ in found:
        if not is_usable:
            return escape_control_chars(
                f"the schema {schema} belongs to {owner}, and {name} may make no tables in it: use "
                f"another database, or `alter schema {schema} owner to {name}` ({GUIDE})"
            )
        if foreign:
            return escape_control_chars(
                f"{foreign}, and {name} cannot rebuild it: load as that role, or let an admin give "
                f"the tables of {schema} to {name} ({GUIDE})"
            )
    return None
