"""Files are there whole or not at all, whatever happens while they are written."""

import hashlib
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assay.common import files
from tests.support import ROOT


def test_a_file_is_seen_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with files.atomic(path) as stream:
        stream.write(b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(OSError, match="full"), files.atomic(path) as stream:
        stream.write(b"half")
        raise OSError("disk full")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_process_killed_while_it_writes_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from assay.common import files\n"
        "with files.atomic(Path(sys.argv[1])) as stream:\n"
        "    stream.write(b'x' * 3_000_000)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 2
    files.write(path, "new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_what_another_is_writing_is_not_taken_for_abandoned(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with files.atomic(path) as slow:
        slow.write(b"slow")
        files.write(tmp_path / "file.other", "other")
        with files.atomic(path) as quick:
            quick.write(b"quick")
        assert path.read_text() == "quick"
    assert path.read_text() == "slow"
    assert {one.name for one in tmp_path.iterdir()} == {"file", "file.other"}


def test_many_writers_of_one_file_at_once_leave_one_of_theirs(tmp_path: Path) -> None:
    path = tmp_path / "file"
    written = [str(number) * 10_000 for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda text: files.write(path, text), written))
    assert path.read_text() in written
    assert list(tmp_path.iterdir()) == [path]


def test_a_secret_is_never_open_to_others(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    with files.atomic(path, mode=0o600) as stream:
        stream.write(b"word")
        [partial] = [one for one in tmp_path.iterdir() if one != path]
        assert partial.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_mode & 0o777 == 0o600


def test_text_is_written_as_utf_8_and_bytes_as_they_are(tmp_path: Path) -> None:
    files.write(tmp_path / "text", "naïve\n")
    assert (tmp_path / "text").read_bytes() == "naïve\n".encode()
    files.write(tmp_path / "bytes", b"\xff\r\n")
    assert (tmp_path / "bytes").read_bytes() == b"\xff\r\n"


def test_the_sha256_is_that_of_the_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 5_000_000)
    assert files.sha256(path) == hashlib.sha256(b"x" * 5_000_000).hexdigest()
