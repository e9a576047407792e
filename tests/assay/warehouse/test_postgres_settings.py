"""What a person sets is what reaches libpq, from us and through dlt, whatever the characters."""

from typing import Any

import dlt
import pytest
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st
from psycopg2.extensions import make_dsn, parse_dsn

from assay import warehouse
from assay.extract.landing.postgres import credentials
from assay.warehouse import postgres

# Neither Postgres nor an environment can hold a zero byte, and no UTF-8 half a surrogate pair.
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)
ODD = "@:/?#%&'\" $\\[]{{ env_var('HOME') }}+=;ü日\n%41%"


def settings(**more: Any) -> dict[str, Any]:
    return {
        "host": "db.example.org",
        "port": 5432,
        "user": "assay",
        "password": "secret",
        "dbname": "postgres",
        "sslmode": "prefer",
        "sslrootcert": "",
        **more,
    }


def both(**more: Any) -> list[dict[str, str]]:
    """Return what libpq reads from what we give it, and from what dlt gives it."""
    found = settings(**more)
    ours = make_dsn(**warehouse.libpq(found))
    dlts = dlt.destinations.postgres(credentials(found)).configuration(None, accept_partial=True)
    return [parse_dsn(ours), parse_dsn(dlts.credentials.to_native_representation())]


@settings_of_hypothesis(deadline=None, max_examples=50)
@given(TEXT, TEXT, TEXT)
def test_any_user_password_and_database_arrive_as_they_are(
    user: str, password: str, database: str
) -> None:
    for read in both(user=user, password=password, dbname=database):
        assert (read["user"], read["password"], read["dbname"]) == (user, password, database)


def test_blanks_at_the_ends_of_a_password_belong_to_it() -> None:
    given = {"password": " a b "}
    assert [read["password"] for read in both(**given)] == [" a b "] * 2


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("db.example.org", "db.example.org"),
        ("127.0.0.1", "127.0.0.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("/var/run/post gres", "/var/run/post gres"),
    ],
)
def test_a_host_is_a_name_an_address_or_the_folder_of_a_socket(host: str, found: str) -> None:
    read = both(host=host, port=6543)
    assert [(one["host"], one["port"]) for one in read] == [(found, "6543")] * 2


def test_the_settings_of_ssl_arrive_and_what_is_not_set_is_left_to_libpq() -> None:
    for read in both(sslmode="verify-full", sslrootcert="/a b/ü&c'.crt"):
        assert (read["sslmode"], read["sslrootcert"]) == ("verify-full", "/a b/ü&c'.crt")
    for read in both(password=""):
        assert set(read) == {"host", "port", "user", "dbname", "sslmode", "connect_timeout"}


def test_the_profile_reads_every_variable_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USER", "PASSWORD", "DB", "SSLROOTCERT"):
        monkeypatch.setenv(f"POSTGRES_{name}", f"{name}{ODD}")
    found = warehouse.output("postgres")
    assert (found["user"], found["password"]) == (f"USER{ODD}", f"PASSWORD{ODD}")
    assert (found["dbname"], found["sslrootcert"]) == (f"DB{ODD}", f"SSLROOTCERT{ODD}")


@pytest.mark.parametrize("port", ["54x", "", "-1", "5 4"])
def test_a_port_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("POSTGRES_PORT", port)
    with pytest.raises(warehouse.WarehouseError, match=r"POSTGRES_PORT is .* must be a number"):
        warehouse.output("postgres")


def test_a_message_never_repeats_the_password() -> None:
    error = ValueError("connection with password hunter22 failed\nand more")
    assert postgres.explained(error, "hunter22") == (
        "Postgres does not let us in: connection with password *** failed: check POSTGRES_HOST and "
        "POSTGRES_PORT, and whether the server runs (see docs/postgres.md)"
    )
