"""No file of the project holds what looks like a key of somebody's."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.support import ROOT

# As their makers describe them; long enough that a variable's name is none.
KEYS = re.compile(
    rb"""
    \b(?:gh[opsur]_[A-Za-z0-9]{30,} | github_pat_\w{30,} | (?:hf|gsk)_[A-Za-z0-9]{30,}
    | sk-[\w-]{20,} | (?:AKIA|ASIA)[0-9A-Z]{16} | AIza[\w-]{35} | xox[abprs]-[\w-]{10,}
    | eyJ[\w-]{15,}\.eyJ[\w-]{15,} | sbp_[0-9a-f]{40} | sb_secret_\w{20,})
    | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----
    | postgres(?:ql)?://[^\s:@/]+:[^\s:@/{$]{3,}@[\w.-]+\.(?:co|com|net|org|io)\b
    """,
    re.VERBOSE,
)
# Made up by the tests, which look whether they leak.
OURS = {b"sk-live-0123456789abcdef"}


def found_in(content: bytes) -> set[bytes]:
    return {match[0] for match in KEYS.finditer(content)} - OURS


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


def test_no_file_holds_a_key() -> None:
    files = [file for file in tracked() if file.is_file()]
    assert len(files) > 400
    holding = {file: keys for file in files if (keys := found_in(file.read_bytes()))}
    assert not holding


def test_files_with_secrets_cannot_be_committed_by_mistake() -> None:
    names = (".env", ".dlt/secrets.toml", "data/author_salt", "data/pocketbase/superuser.json")
    ignored = subprocess.run(
        ["git", "check-ignore", *names], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ignored.stdout.split() == list(names)


@pytest.mark.parametrize(
    ("front", "length"),
    [("ghp_", 36), ("hf_", 34), ("gsk_", 52), ("sk-ant-", 90), ("AKIA", 16), ("sk-proj-", 48)],
)
def test_a_key_would_be_found(front: str, length: int) -> None:
    key = (front + "A1" * length)[: len(front) + length].encode()
    assert found_in(b"TOKEN = '" + key + b"'\n") == {key}


def test_private_keys_and_addresses_with_passwords_would_be_found() -> None:
    header = b"-----BEGIN EC PRIVATE " + b"KEY-----"
    address = b"postgresql://postgres:" + b"hunter22@db.abc.supabase.co"
    assert found_in(header + b"\nMHc") == {header}
    assert found_in(address + b":5432/postgres") == {address}
