"""The catalog in a Postgres that holds other people's things, by a role that owns four schemas.

docs/postgres.md says what the role is given; `PREPARED` is its SQL, read from that page.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import sql

from assay import warehouse
from assay.sample.replay import ReplayServer
from tests.hf.postgres.guarded import Door, as_admin, certificate, guarded_postgres
from tests.support import BIN, ROOT, SAMPLE, STAGE, Project

pytestmark = pytest.mark.slow("Postgres with rights and TLS: a role of four schemas and no more")

OURS = ["bronze", "bronze_staging", "hf", "hf_staging"]
ROLE = "o'd: \"r@le/#1?&%41$ {{ 1 }}\\ü"
PASSWORD = " p@ss: \"w/o'rd#?&%20$x {{ env_var('HOME') }}\\ñ "  # noqa: S105 - of the tests
DATABASE = "Assay-Prod: ü/#1?&$"  # no quotes and no %, which dbt does not escape
PREPARED = re.search(
    r"```sql\n(.*?)```", (ROOT / "docs" / "postgres.md").read_text(encoding="utf-8"), re.S
)[1]
THEIRS = """
create role anon;
create schema auth;
create table auth.users (id int primary key, email text);
insert into auth.users values (1, 'someone@example.org');
create view auth.emails as select email from auth.users;
create schema storage;
create table storage.objects (id int, name text);
create materialized view storage.names as select name from storage.objects;
create table public.orders (id int, paid numeric);
insert into public.orders values (7, 12.5);
create function public.total() returns numeric language sql
    as 'select sum(paid) from public.orders';
create type public.mood as enum ('good', 'bad');
grant usage on schema public to anon;
grant select on public.orders to anon;
"""
# Everything that is not ours: names, kinds, owners, rights, files on disk.
INVENTORY = """
    select 'relation', format('%%I.%%I', nspname, relname), relkind::text, relowner, relacl::text,
        relfilenode
    from pg_class join pg_namespace as schema on relnamespace = schema.oid
    where nspname !~ '^pg_' and nspname <> all(%(ours)s)
    union all
    select 'schema', nspname, '', nspowner, nspacl::text, 0 from pg_namespace
    where nspname !~ '^pg_t' and nspname <> all(%(ours)s)
    union all
    select 'function', proname, '', proowner, proacl::text, 0
    from pg_proc join pg_namespace as schema on pronamespace = schema.oid
    where nspname <> 'pg_catalog' and nspname <> all(%(ours)s)
    union all
    select 'type', typname, typtype::text, typowner, typacl::text, 0
    from pg_type join pg_namespace as schema on typnamespace = schema.oid
    where nspname !~ '^pg_' and nspname <> all(%(ours)s)
    union all
    select 'extension', extname, extversion, extowner, null, 0 from pg_extension
    union all
    select 'role', rolname, rolconfig::text, oid, rolsuper::text, 0 from pg_roles
    union all
    select 'database', datname, '', datdba, datacl::text, 0 from pg_database
    union all
    select 'default rights', '', '', defaclrole, defaclacl::text, 0 from pg_default_acl
    order by 1, 2, 3
"""
CONTENTS = ("auth.users", "auth.emails", "storage.objects", "storage.names", "public.orders")


def inventory(host: str) -> list[tuple]:
    with as_admin(host, DATABASE) as cursor:
        cursor.execute(INVENTORY, {"ours": OURS})
        found = cursor.fetchall()
        for table in CONTENTS:
            cursor.execute(
                f"select *, xmin from {table}" if table in CONTENTS[::2] else f"table {table}"
            )
            found += [(table, *row) for row in cursor.fetchall()]
    return found


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    """A server with a database that is in use by others, prepared as the page says."""
    with guarded_postgres(STAGE / "guarded") as host:
        with as_admin(host) as cursor:
            cursor.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))
        with as_admin(host, DATABASE) as cursor:
            cursor.execute(THEIRS)
            # An administrator as Supabase's: owns the database, may make roles, no superuser.
            cursor.execute("create role chief createrole")
            owner = sql.SQL("alter database {} owner to chief; set session authorization chief")
            cursor.execute(owner.format(sql.Identifier(DATABASE)))
            names = {
                '"assay"': sql.Identifier(ROLE),
                "'a long password'": sql.Literal(PASSWORD),
                '"postgres"': sql.Identifier(DATABASE),
            }
            prepared = PREPARED
            for name, ours in names.items():
                assert name in prepared
                prepared = prepared.replace(name, ours.as_string(cursor))
            cursor.execute(prepared)
        yield host


@pytest.fixture(scope="module")
def loaded(
    tmp_path_factory: pytest.TempPathFactory, host: str
) -> Iterator[tuple[Project, list[tuple], str]]:
    """Load, build and report over TLS, with the server's certificate checked."""
    before = inventory(host)
    folder = tmp_path_factory.mktemp("role")
    root, served = certificate(folder / "tls", "localhost")
    with ReplayServer(SAMPLE, quota=0) as server, Door(host, served) as door:
        over_tls = {
            "POSTGRES_HOST": "localhost",
            "POSTGRES_PORT": str(door.port),
            "POSTGRES_USER": ROLE,
            "POSTGRES_PASSWORD": PASSWORD,
            "POSTGRES_DB": DATABASE,
            "POSTGRES_SSLMODE": "verify-full",
            "POSTGRES_SSLROOTCERT": str(root),
        }
        project = Project(folder, "postgres", tuple(over_tls.items()))
        output = project.load(server.url, "--max-tasks", "2", "--limit-per-task", "50")
        output += project.run(
            "dlt",
            "pipeline",
            "hf_enrichment",
            "run",
            "--destination",
            "postgres",
            HF_ENDPOINT=server.url,
            ARXIV_ENDPOINT=server.url,
        )
        seen = [door.encrypted]
        output += project.build()
        seen.append(door.encrypted)
        output += subprocess.run(
            [sys.executable, "-m", "assay.publish.hf_report", "--target", "postgres"],
            cwd=ROOT,
            env=project.environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        seen.append(door.encrypted)
        assert seen == sorted({0, *seen})[1:], "dlt, dbt and the report all came through TLS"
    yield project, before, output


@pytest.fixture
def by_socket(host: str, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in {
        "HOST": host,
        "USER": ROLE,
        "PASSWORD": PASSWORD,
        "DB": DATABASE,
        "PORT": "5432",
    }.items():
        monkeypatch.setenv(f"POSTGRES_{name}", value)
    return monkeypatch


def rows(query: str) -> list[tuple]:
    with warehouse.connect("postgres") as db:
        return db.rows(query)


def test_a_role_that_owns_four_schemas_loads_builds_and_reports(
    loaded: tuple[Project, list[tuple], str], by_socket: pytest.MonkeyPatch
) -> None:
    assert rows("select current_user, current_database()") == [(ROLE, DATABASE)]
    assert rows(
        "select rolsuper, rolcreatedb, rolcreaterole, rolbypassrls from pg_roles "
        "where rolname = current_user"
    ) == [(False,) * 4]
    [(models, ranked, articles)] = rows(
        "select (select count(*) from hf.models), (select count(*) from hf.model_tasks), "
        "(select count(*) from hf.articles)"
    )
    assert models > 20 and ranked > 20 and articles > 10
    assert "ERROR=0" in loaded[2] and "\n  models" in loaded[2]


def test_nothing_of_others_is_touched_and_nothing_is_made_outside_the_four_schemas(
    loaded: tuple[Project, list[tuple], str], host: str
) -> None:
    assert len(loaded[1]) > 20
    assert inventory(host) == loaded[1]
    with as_admin(host, DATABASE) as cursor:
        cursor.execute("select nspname from pg_namespace where nspname !~ '^pg_' order by 1")
        assert {name for (name,) in cursor.fetchall()} == {
            *OURS,
            "public",
            "auth",
            "storage",
            "information_schema",
        }
        cursor.execute(
            "select classid::regclass::text, nspname from pg_shdepend "
            "join pg_roles on refobjid = pg_roles.oid "
            "left join pg_class on classid = 'pg_class'::regclass and objid = pg_class.oid "
            "left join pg_namespace as schema on relnamespace = schema.oid "
            "where rolname = %s and deptype = 'o' and dbid <> 0 group by 1, 2 order by 1, 2",
            (ROLE,),
        )
        owned = cursor.fetchall()
    assert owned == [*(("pg_class", schema) for schema in OURS), ("pg_namespace", None)]


def test_others_cannot_look_into_the_schemas(
    loaded: tuple[Project, list[tuple], str], host: str
) -> None:
    with as_admin(host, DATABASE) as cursor:
        cursor.execute("set role anon")
        for table in ("hf.models", "bronze.hf_models"):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(f"select * from {table}")


@pytest.mark.parametrize(
    "statement",
    [
        *(f"table {table}" for table in CONTENTS),
        "create table public.ours (id int)",
        "create table auth.ours (id int)",
        "create schema another",
        "create database another",
        "create role another",
        "drop view auth.emails",
    ],
)
def test_the_role_cannot_read_or_change_what_belongs_to_others(
    host: str, by_socket: pytest.MonkeyPatch, statement: str
) -> None:
    ours = psycopg2.connect(host=host, user=ROLE, password=PASSWORD, dbname=DATABASE)
    ours.autocommit = True
    refused = pytest.raises(psycopg2.errors.InsufficientPrivilege)
    with closing(ours), ours.cursor() as cursor, refused:
        cursor.execute(statement)


def test_the_password_is_in_no_file_and_no_message(
    loaded: tuple[Project, list[tuple], str],
) -> None:
    parts = ("p@ss:", "w/o'rd", "p%40ss")
    assert not [part for part in parts if part in loaded[2]]
    places = [loaded[0].folder, STAGE / "logs", STAGE / "target-postgres"]
    files = [file for place in places for file in place.rglob("*") if file.is_file()]
    assert len(files) > 10
    holding = [file for file in files for part in parts if part.encode() in file.read_bytes()]
    assert not holding


# --- what can be wrong ----------------------------------------------------------------------------


@pytest.fixture
def plain(host: str, by_socket: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    with Door(host) as door:
        by_socket.setenv("POSTGRES_HOST", "127.0.0.1")
        by_socket.setenv("POSTGRES_PORT", str(door.port))
        yield by_socket


@pytest.mark.parametrize(
    ("name", "value", "cause", "cure"),
    [
        ("PASSWORD", "wr@ng-secret", "password authentication failed", "POSTGRES_PASSWORD"),
        ("USER", "nobody-here", "password authentication failed", "check POSTGRES_USER"),
        ("DB", "nowhere", 'database "nowhere" does not exist', "check POSTGRES_DB"),
        ("SSLMODE", "require", "server does not support SSL", "POSTGRES_SSLMODE=prefer"),
        ("SSLMODE", "yes", 'invalid sslmode value: "yes"', "verify-full"),
        ("PORT", "9", "Connection refused", "check POSTGRES_HOST and POSTGRES_PORT"),
        ("HOST", "no-such-host.invalid", "could not translate host name", "check POSTGRES_HOST"),
        ("HOST", "/no/such/folder", "No such file or directory", "check POSTGRES_HOST"),
    ],
)
def test_what_is_wrong_with_the_connection_is_one_line_with_its_cure(
    plain: pytest.MonkeyPatch, name: str, value: str, cause: str, cure: str
) -> None:
    plain.setenv(f"POSTGRES_{name}", value)
    with pytest.raises(warehouse.WarehouseError) as failure:
        rows("select 1")
    said = str(failure.value)
    assert cause in said and cure in said and "docs/postgres.md" in said
    assert "\n" not in said and "secret" not in said and "p@ss" not in said


def test_a_server_with_another_certificate_is_refused_with_one_line(
    tmp_path: Path, host: str, by_socket: pytest.MonkeyPatch
) -> None:
    ours = certificate(tmp_path / "ours", "localhost")
    elsewhere = certificate(tmp_path / "elsewhere", "elsewhere.example")
    by_socket.setenv("POSTGRES_HOST", "localhost")
    by_socket.setenv("POSTGRES_SSLMODE", "verify-full")
    for (_, served), root, cause in (
        (ours, elsewhere[0], "POSTGRES_SSLROOTCERT is not the root"),
        (elsewhere, elsewhere[0], "POSTGRES_HOST must be the name"),
        (ours, tmp_path / "missing.crt", "set POSTGRES_SSLROOTCERT"),
    ):
        with Door(host, served) as door:
            by_socket.setenv("POSTGRES_PORT", str(door.port))
            by_socket.setenv("POSTGRES_SSLROOTCERT", str(root))
            with (
                pytest.raises(warehouse.WarehouseError, match=cause),
                warehouse.connect("postgres"),
            ):
                pass


def test_a_role_without_rights_is_told_before_anything_is_read(
    tmp_path: Path, host: str, by_socket: pytest.MonkeyPatch
) -> None:
    settings = {
        "POSTGRES_HOST": host,
        "POSTGRES_USER": ROLE,
        "POSTGRES_PASSWORD": PASSWORD,
        "POSTGRES_DB": "postgres",
    }
    settings["ASSAY_DATA_DIR"] = str(tmp_path / "data")
    project = Project(tmp_path, "postgres", tuple(settings.items()))
    # The server of the source is not there: it would be noticed if it were asked.
    process = subprocess.run(
        [BIN / "dlt", "pipeline", "hf_catalog", "run", "--destination", "postgres"],
        cwd=ROOT,
        env=project.environment | {"HF_ENDPOINT": "http://127.0.0.1:9"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    output = process.stdout
    assert process.returncode == 1
    last = output.splitlines()[-1]
    assert "may not make the schema bronze or bronze_staging in the database postgres" in last
    assert "`create schema bronze authorization" in last and "docs/postgres.md" in last
    assert "p@ss" not in output and "Traceback" not in output


def test_schemas_and_tables_of_another_owner_are_named_with_what_to_do(
    host: str, by_socket: pytest.MonkeyPatch
) -> None:
    by_socket.setenv("POSTGRES_DB", "template1")
    mine = sql.Identifier(ROLE)
    try:
        with as_admin(host, "template1") as cursor:
            cursor.execute("create schema bronze; create schema bronze_staging")
        with pytest.raises(warehouse.WarehouseError) as failure:
            warehouse.check_access("postgres", ["bronze", "bronze_staging"])
        assert "the schema bronze belongs to postgres" in str(failure.value)
        with as_admin(host, "template1") as cursor:
            cursor.execute("create table bronze.hf_models (id int)")
            for schema in ("bronze", "bronze_staging"):
                cursor.execute(sql.SQL(f"alter schema {schema} owner to {{}}").format(mine))
        with pytest.raises(warehouse.WarehouseError) as failure:
            warehouse.check_access("postgres", ["bronze", "bronze_staging"])
        assert "bronze.hf_models belongs to postgres" in str(failure.value)
        with as_admin(host, "template1") as cursor:
            cursor.execute(sql.SQL("alter table bronze.hf_models owner to {}").format(mine))
        warehouse.check_access("postgres", ["bronze", "bronze_staging"])
    finally:
        with as_admin(host, "template1") as cursor:
            cursor.execute("drop schema bronze cascade; drop schema bronze_staging cascade")


def test_a_role_that_may_make_schemas_needs_none_beforehand(
    host: str, by_socket: pytest.MonkeyPatch
) -> None:
    with as_admin(host) as cursor:
        cursor.execute("create database empty")
        grant = sql.SQL("grant create on database empty to {}")
        cursor.execute(grant.format(sql.Identifier(ROLE)))
    by_socket.setenv("POSTGRES_DB", "empty")
    warehouse.check_access("postgres", ["bronze", "bronze_staging"])
    with as_admin(host) as cursor:
        cursor.execute("drop database empty with (force)")
