"""What a second user of the machine can read: nothing of the data folder, and no secret."""

import logging
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from assay import warehouse
from assay.extract import settings
from assay.extract.landing.run_folder import RunFolder
from assay.warehouse import private, profile
from tests.extract.helpers import Person
from tests.support import ROOT


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield a project's root where everybody may go, whose data folder is not there yet."""
    before = os.umask(0o000)  # the most open that a person could have
    with tempfile.TemporaryDirectory() as made:  # pytest's own folders are closed to others
        root = Path(made).resolve()
        root.chmod(0o755)
        monkeypatch.setenv("ASSAY_DATA_DIR", str(root / "data"))
        monkeypatch.setenv("HOME", str(root / "home"))
        monkeypatch.setattr(warehouse, "ROOT", root)
        monkeypatch.setattr(profile, "ROOT", root)
        monkeypatch.delenv("AUTHOR_SALT", raising=False)
        yield root
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_data_folder_is_its_owners_alone(house: Path) -> None:
    RunFolder.create(house / "data" / "raw" / "hf", {})
    assert mode(house / "data") == 0o700


def test_a_folder_elsewhere_is_made_as_any_other(house: Path) -> None:
    private.folder(house / "elsewhere" / "raw")
    assert (house / "elsewhere" / "raw").is_dir() and not (house / "data").exists()


def test_the_salt_of_authors_is_a_file_that_only_its_owner_reads(house: Path) -> None:
    assert len(settings.author_salt()) == 64
    assert (mode(house / "data"), mode(house / "data" / "author_salt")) == (0o700, 0o600)


def test_a_folder_that_was_opened_stays_open_and_is_told_of(house: Path) -> None:
    (house / "data").mkdir(mode=0o755)
    private.folder(house / "data" / "logs")
    assert mode(house / "data") == 0o755
    assert list(private.readable_by_others()) == [
        f"{house}/data can be read by others on this machine: chmod 700 {house}/data"
    ]


def test_behind_a_closed_folder_nothing_is_told_of(house: Path) -> None:
    (house / "data").mkdir(mode=0o755)
    house.chmod(0o700)
    assert list(private.readable_by_others()) == []


def test_secrets_that_others_can_read_are_one_line_each_with_the_command(
    house: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (house / ".env").write_text("GITHUB_TOKEN=not-shown")
    for place in (house / ".dlt", house / "home" / ".dlt"):
        place.mkdir(parents=True)
        (place / "secrets.toml").write_text('github_token = "not-shown"')
    (house / "home" / ".dlt" / "secrets.toml").chmod(0o600)
    private.warn_once.cache_clear()
    with caplog.at_level(logging.WARNING):
        private.warn_once()
        private.warn_once()
    assert [record.getMessage() for record in caplog.records] == [
        f"{house / name} can be read by others on this machine: chmod 600 {house / name}"
        for name in (".env", ".dlt/secrets.toml")
    ]


def test_a_pipeline_closes_the_folder_before_anything_is_in_it(tmp_path: Path) -> None:
    person = Person(tmp_path / "person", "http://127.0.0.1:9")
    person.folder.mkdir(mode=0o755)
    person.pipeline("hf_catalog", "run")
    assert (person.data / "logs" / "hf_catalog.log").is_file()
    assert mode(person.data) == 0o700


def test_another_user_of_the_machine_reads_nothing_of_it(house: Path) -> None:
    if os.geteuid() != 0:
        assert mode(private.folder(house / "data")) == 0o700
        return
    (private.folder(house / "data" / "raw") / "posts.json").write_text("posts")
    tried = "import os, sys; os.setuid(65534); open(sys.argv[1])"
    result = subprocess.run(
        [sys.executable, "-c", tried, house / "data" / "raw" / "posts.json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "PermissionError" in result.stderr
