"""Run folders: whole or not at all, and known when damaged."""

import hashlib
import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from assay.extract.landing.run_folder import RunFolder, RunFolderError

NAME = "hf_models.json"
BYTES = b'[\n{"id":"a"},\n{"id":"b"}\n]\n'


def written(parent: Path) -> RunFolder:
    """Make a folder with one file of two records."""
    folder = RunFolder.create(parent, {"limit_per_task": 2})
    with folder.records(NAME) as out:
        out.write(b'{"id":"a"}')
        out.write(b'{"id":"b"}')
    folder.finish("extracted")
    return folder


def manifest(folder: RunFolder) -> dict[str, Any]:
    return orjson.loads((folder.path / "manifest.json").read_bytes())


def names(folder: RunFolder) -> set[str]:
    return {path.name for path in folder.path.iterdir()}


def test_a_folder_is_named_by_its_start_in_utc_and_a_random_tail(tmp_path: Path) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    first, second = (RunFolder.create(tmp_path / "raw" / "hf", {}) for _ in range(2))
    assert first.path.parent == tmp_path / "raw" / "hf"
    assert first.run_id == first.path.name != second.path.name
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d)_[0-9a-f]{8}", first.run_id)
    assert match
    stamp = datetime.strptime(match[1], "%Y-%m-%d_%H-%M-%S").replace(tzinfo=UTC)
    assert before <= stamp <= first.started_at <= datetime.now(UTC)
    assert first.started_at.replace(microsecond=0) == stamp


def test_a_new_folder_says_that_it_is_running(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, {"tasks": ["fill-mask"]})
    said = manifest(folder)
    assert names(folder) == {"manifest.json"}
    assert said["status"] == "running"
    assert said["finished_at"] is None
    assert said["arguments"] == {"tasks": ["fill-mask"]}
    assert said["files"] == {}
    assert set(said["versions"]) == {"assay", "dlt", "huggingface_hub", "duckdb"}


def test_a_file_stands_in_the_manifest_with_its_count_size_and_sha256(tmp_path: Path) -> None:
    folder = written(tmp_path)
    assert (folder.path / NAME).read_bytes() == BYTES
    assert manifest(folder)["files"] == {
        NAME: {"records": 2, "bytes": len(BYTES), "sha256": hashlib.sha256(BYTES).hexdigest()}
    }
    assert names(folder) == {NAME, "manifest.json"}


def test_a_file_without_records_is_an_empty_list(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, {})
    with folder.records(NAME):
        pass
    assert orjson.loads((folder.path / NAME).read_bytes()) == []
    assert manifest(folder)["files"][NAME]["records"] == 0
    RunFolder.open(folder.path)


def test_a_file_is_not_there_before_its_block_ends(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, {})
    with folder.records(NAME) as out:
        out.write(b"{}")
        assert {name for name in names(folder) if not is_partial(name)} == {"manifest.json"}
        assert manifest(folder)["files"] == {}
    assert names(folder) == {NAME, "manifest.json"}


def is_partial(name: str) -> bool:
    """Tell whether a file is one that is still being written, or was when its process died."""
    return name.startswith(f".{NAME}.") and name.endswith(".partial")


def test_an_exception_leaves_nothing_of_the_file(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, {})
    with pytest.raises(ZeroDivisionError), folder.records(NAME) as out:
        out.write(b"{}")
        raise ZeroDivisionError
    assert names(folder) == {"manifest.json"}
    assert manifest(folder)["files"] == {}
    with pytest.raises(RunFolderError, match="holds no finished file: that run ended too early"):
        RunFolder.open(folder.path)


def test_an_exception_keeps_the_file_that_was_there_before(tmp_path: Path) -> None:
    folder = written(tmp_path)
    with pytest.raises(ZeroDivisionError), folder.records(NAME):
        raise ZeroDivisionError
    assert (folder.path / NAME).read_bytes() == BYTES
    assert RunFolder.open(folder.path).manifest["files"][NAME]["records"] == 2


def test_a_killed_process_leaves_whole_files_only(tmp_path: Path) -> None:
    program = f"""
import os, signal
from pathlib import Path
from assay.extract.landing.run_folder import RunFolder
folder = RunFolder.create(Path({str(tmp_path)!r}), {{}})
with folder.records("hf_tasks.json") as out:
    out.write(b'{{"id":"a"}}')
with folder.records("{NAME}") as out:
    for _ in range(100_000):
        out.write(b'{{"id":"a"}}' * 10)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run([sys.executable, "-c", program], check=False, env=os.environ)
    assert ended.returncode == -signal.SIGKILL
    [path] = tmp_path.iterdir()
    folder = RunFolder.open(path)
    whole = {name for name in names(folder) if not is_partial(name)}
    assert whole == {"hf_tasks.json", "manifest.json"}
    assert list(folder.manifest["files"]) == ["hf_tasks.json"]
    assert folder.manifest["status"] == "running"


def test_how_a_run_ended_is_written_down(tmp_path: Path) -> None:
    folder = written(tmp_path)
    assert (manifest(folder)["status"], manifest(folder)["error"]) == ("extracted", None)
    folder.finish("failed", "load: the disk is full")
    assert (manifest(folder)["status"], manifest(folder)["error"]) == (
        "failed",
        "load: the disk is full",
    )
    assert datetime.fromisoformat(manifest(folder)["finished_at"]) >= folder.started_at


def test_an_old_folder_opens_again(tmp_path: Path) -> None:
    folder = written(tmp_path)
    again = RunFolder.open(folder.path)
    assert again.manifest == folder.manifest
    assert (again.run_id, again.started_at) == (folder.run_id, folder.started_at)


# --- what is refused -----------------------------------------------------------------------------


def refused(path: Path) -> str:
    """Open the folder in vain; return what was said."""
    with pytest.raises(RunFolderError) as caught:
        RunFolder.open(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def test_one_changed_byte_is_noticed(tmp_path: Path) -> None:
    folder = written(tmp_path)
    (folder.path / NAME).write_bytes(BYTES.replace(b'"b"', b'"c"'))
    assert refused(folder.path) == (
        f"{folder.path / NAME} is damaged: its sha256 is not the manifest's"
    )


def test_a_file_cut_short_is_noticed(tmp_path: Path) -> None:
    folder = written(tmp_path)
    (folder.path / NAME).write_bytes(BYTES[:-1])
    assert "is damaged" in refused(folder.path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    folder = written(tmp_path)
    (folder.path / NAME).unlink()
    assert refused(folder.path) == (f"{folder.path / NAME} is missing, but the manifest lists it")


@pytest.mark.parametrize("made", [True, False], ids=["empty folder", "no folder"])
def test_a_folder_without_manifest_is_no_run_folder(tmp_path: Path, made: bool) -> None:
    path = tmp_path / "other"
    if made:
        path.mkdir()
    assert refused(path) == f"{path} is no run folder: it has no manifest.json"


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"files": NaN}'])
def test_a_manifest_that_is_no_json_is_refused(tmp_path: Path, content: bytes) -> None:
    folder = written(tmp_path)
    (folder.path / "manifest.json").write_bytes(content)
    assert "manifest.json is not valid JSON" in refused(folder.path)


def without(key: str) -> Any:
    return lambda said: {name: value for name, value in said.items() if name != key}


MALFORMED = {
    "a list": lambda _: [],
    "null": lambda _: None,
    "an empty object": lambda _: {},
    "files is a list": lambda said: {**said, "files": [NAME]},
    "a file is null": lambda said: {**said, "files": {NAME: None}},
    "a file without sha256": lambda said: {**said, "files": {NAME: {"records": 2}}},
    "no run_id": without("run_id"),
    "no started_at": without("started_at"),
    "started_at is no time": lambda said: {**said, "started_at": "yesterday"},
}


@pytest.mark.parametrize("change", MALFORMED.values(), ids=MALFORMED)
def test_a_manifest_that_lacks_what_loading_needs_is_refused(tmp_path: Path, change: Any) -> None:
    folder = written(tmp_path)
    said = change(manifest(folder))
    (folder.path / "manifest.json").write_bytes(orjson.dumps(said))
    refused(folder.path)
