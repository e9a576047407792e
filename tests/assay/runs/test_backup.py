"""Back-up and restore: everything that cannot be made again, whole or not at all."""

import logging
import os
import signal
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from filelock import FileLock

from assay import forget, warehouse
from assay.runs import backup
from assay.warehouse import writer
from tests.assay.warehouse.test_writer import HOLD, another
from tests.support import ROOT


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a data folder with a warehouse, answers and a salt."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("DUCKDB_PATH", str(folder / "warehouse.duckdb"))
    monkeypatch.setenv("ASSAY_DATA_DIR", str(folder))
    write(folder, 1)
    return folder


def write(data: Path, number: int) -> None:
    """Put a number everywhere; SQLite's stays in its log, as after a crash."""
    with duckdb.connect(data / "warehouse.duckdb") as connection:
        connection.execute("create or replace table t as select ? as n", [number])
    keep = sqlite3.connect(data / "llm.sqlite", isolation_level=None)
    keep.execute("pragma journal_mode = wal")
    keep.execute("create table if not exists t (n)")
    keep.execute("insert into t values (?)", (number,))
    keep.close()
    (data / "author_salt").write_text(str(number), encoding="utf-8")


def numbers(data: Path) -> tuple[int, list[int], str]:
    with duckdb.connect(data / "warehouse.duckdb", read_only=True) as connection:
        [(one,)] = connection.execute("select n from t").fetchall()
    with closing(sqlite3.connect(data / "llm.sqlite")) as db:
        answers = [n for (n,) in db.execute("select n from t order by n")]
    return one, answers, (data / "author_salt").read_text(encoding="utf-8")


def made(data: Path) -> Path:
    [path] = sorted((data / "backups").glob("*.tar"))
    return path


def test_what_was_backed_up_is_there_again_and_what_was_there_is_kept(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert backup.main([]) == 0
    assert made(data).stat().st_mode & 0o077 == 0
    write(data, 2)
    (data / "hf_enrichment.sqlite").write_text("of later")
    assert backup.main(["--restore", str(made(data))]) == 0
    assert numbers(data) == (1, [1], "1")
    assert not (data / "hf_enrichment.sqlite").exists()
    [kept] = data.glob("before-restore-*")
    assert numbers(kept) == (2, [1, 2], "2")
    assert (kept / "hf_enrichment.sqlite").read_text() == "of later"


def test_a_back_up_is_made_into_an_empty_data_folder(data: Path, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    assert backup.main(["--to", str(target)]) == 0
    for file in data.iterdir():
        if file.is_file():
            file.unlink()
    [path] = target.iterdir()
    assert backup.main(["--restore", str(path)]) == 0
    assert numbers(data) == (1, [1], "1")


def test_what_was_taken_back_since_a_back_up_is_not_restored(data: Path) -> None:
    path = data / "warehouse.duckdb"
    key = "a" * 64
    with duckdb.connect(path) as db:
        db.execute("create schema silver; create table silver.problems (url_hash varchar)")
        db.execute("insert into silver.problems values (?), ('another')", [key])
    assert backup.main([]) == 0
    now = datetime.now(UTC)
    with duckdb.connect(path) as db:
        forget.prepare(db)
        post = forget.Removal(forget.POST, key, "reddit", "a", "deleted", False, now)
        author = forget.Removal(forget.AUTHOR, "b", "reddit", None, "by hand", True, now)
        forget.add(db, [post, author])
        forget.erase_pending(db)
        db.execute("set timezone = 'UTC'")
        known = forget.kept(db)
    assert backup.main(["--restore", str(made(data))]) == 0
    with duckdb.connect(path) as db:
        db.execute("set timezone = 'UTC'")
        assert db.execute("from silver.problems").fetchall() == [("another",)]
        assert forget.kept(db) == known


WORDS = "the words that somebody took back"


def erased(path: Path, key: str) -> None:
    """Take a post back, as a run that saw its removal does."""
    with duckdb.connect(path) as db:
        db.execute("set timezone = 'UTC'")
        forget.prepare(db)
        gone = forget.Removal(forget.POST, key, "reddit", "a", "deleted", False, datetime.now(UTC))
        forget.add(db, [gone])
        forget.erase_pending(db)


def test_the_next_back_up_takes_what_was_taken_back_out_of_the_older_ones(
    data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    path, key = data / "warehouse.duckdb", "a" * 64
    with duckdb.connect(path) as db:
        db.execute("create schema silver; create table silver.posts (url_hash varchar, t varchar)")
        db.execute("insert into silver.posts values ($1, $2), ('other', 'stays')", [key, WORDS])
        db.execute("create view silver.shown as select t from silver.posts")
    first, second = (backup.backup(data / "backups" / name) for name in ("a", "b"))
    first = first.rename(data / "backups" / "assay-1.tar")
    second = second.rename(data / "backups" / "assay-2.tar")
    assert backup.main(["--restore", str(first)]) == 0  # which puts the warehouse aside
    (data / "backups" / "assay-0.tar").write_bytes(second.read_bytes()[:5000])  # is damaged
    held = [first, second, *data.glob("before-restore-*/warehouse.duckdb")]
    assert len(held) == 3
    assert all(WORDS.encode() in file.read_bytes() for file in held)
    erased(path, key)
    assert backup.main([]) == 0
    assert not [file for file in held if WORDS.encode() in file.read_bytes()]
    assert all(file.stat().st_mode & 0o077 == 0 for file in held[:2])
    assert "out of 3 older back-ups" in caplog.text
    assert "assay-0.tar is no whole back-up: unexpected end of data: delete it" in caplog.text
    before = [file.stat().st_mtime_ns for file in held]
    assert backup.main([]) == 0  # nothing was taken back since: none is written again
    assert [file.stat().st_mtime_ns for file in held] == before
    assert backup.main(["--restore", str(second)]) == 0
    with duckdb.connect(path) as db:
        assert db.execute("from silver.shown").fetchall() == [("stays",)]
    assert numbers(data) == (1, [1], "1")


def test_a_back_up_of_another_data_folder_is_left_alone(data: Path) -> None:
    path = data / "warehouse.duckdb"
    other = backup.backup(data / "backups").rename(data / "backups" / "assay-other.tar")
    (data / "author_salt").write_text("of another folder", encoding="utf-8")
    erased(path, "a" * 64)
    before = other.read_bytes()
    assert backup.main([]) == 0
    assert other.read_bytes() == before


@pytest.mark.parametrize("harm", ["cut", "changed", "no tar", "missing"])
def test_what_is_no_whole_back_up_changes_nothing(
    data: Path, capsys: pytest.CaptureFixture[str], harm: str
) -> None:
    backup.main([])
    path = made(data)
    content = path.read_bytes()
    if harm == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif harm == "changed":
        at = content.index(b"SQLite format 3")
        path.write_bytes(content[: at + 40] + b"!" + content[at + 41 :])
    elif harm == "no tar":
        path.write_bytes(b"no tar at all")
    else:
        path.unlink()
    write(data, 2)
    capsys.readouterr()
    assert backup.main(["--restore", str(path)]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert str(path) in err
    assert numbers(data) == (2, [1, 2], "2")
    assert not list(data.glob("before-restore-*"))


def test_a_name_in_the_file_that_leads_elsewhere_is_not_followed(
    data: Path, tmp_path: Path
) -> None:
    backup.main([])
    with tarfile.open(made(data), "a") as tar:
        info = tarfile.TarInfo("../outside")
        info.size = 1
        tar.addfile(info, (data / "author_salt").open("rb"))
    backup.main(["--restore", str(made(data))])
    assert not (data.parent / "outside").exists()
    assert not (tmp_path / "outside").exists()


def test_a_killed_restore_keeps_everyone_out_and_is_done_again(data: Path) -> None:
    backup.main([])
    write(data, 2)
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from assay.runs import backup\n"
        "replace, calls = Path.replace, []\n"
        "def dying(self, target):\n"
        "    calls.append(target)\n"
        "    if len(calls) == 2:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return replace(self, target)\n"
        "Path.replace = dying\n"
        "backup.main(['--restore', sys.argv[1]])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(made(data))], cwd=ROOT, env=os.environ, check=False
    )
    assert done.returncode == -signal.SIGKILL
    refused = pytest.raises(warehouse.WarehouseError, match="run `make restore` again")
    with refused, warehouse.duckdb_file(writing=False):
        pass
    assert backup.main(["--restore", str(made(data))]) == 0
    assert numbers(data) == (1, [1], "1")
    [kept] = data.glob("before-restore-*")
    assert numbers(kept) == (2, [1, 2], "2")
    with warehouse.duckdb_file(writing=False):
        pass


def test_a_back_up_waits_its_turn(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASSAY_WAIT_SECONDS", "0")
    with another(HOLD, data / "warehouse.duckdb") as first:
        assert backup.main([]) == 1
    assert f"(pid {first.pid}, since" in capsys.readouterr().err
    assert list((data / "backups").iterdir()) == []
    assert backup.main([]) == 0


def test_nothing_is_restored_under_a_running_extraction(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup.main([])
    write(data, 2)
    capsys.readouterr()
    with FileLock(data / "run.lock"):
        assert backup.main(["--restore", str(made(data))]) == 1
    assert capsys.readouterr().err == (
        f"assay.runs.backup: a `dlt pipeline run` is at work in {data}: "
        "run again when it has ended\n"
    )
    assert numbers(data) == (2, [1, 2], "2")


def test_a_full_disk_leaves_no_half_back_up(data: Path) -> None:
    code = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "from assay.runs import backup\n"
        "raise SystemExit(backup.main([]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "File too large" in done.stderr.splitlines()[-1]
    assert list((data / "backups").iterdir()) == []
    assert numbers(data) == (1, [1], "1")


def test_no_warehouse_is_one_line(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / "warehouse.duckdb").unlink()
    assert backup.main([]) == 1
    assert capsys.readouterr().err == (
        f"assay.runs.backup: no warehouse at {data / 'warehouse.duckdb'}: run `make run` first\n"
    )
    assert writer.owner(data / "warehouse.duckdb") is None
