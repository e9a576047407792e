"""`dlt pipeline inputs run`: what stands in bronze, and when it moves."""

import shutil
import signal
import sys
from argparse import Namespace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from assay import warehouse
from assay.extract.input_files import command
from assay.extract.input_files.command import INPUTS
from assay.extract.input_files.observe import InputsError
from assay.extract.landing import bronze
from assay.refresh.fingerprints import content_hash
from assay.warehouse import profile
from tests.extract.helpers import NoProgress
from tests.inputs.house import INPUTS as FILES
from tests.inputs.house import House

LINK = "inputs/templates/link/first.j2"


class Desk:
    """A project root with the small inputs, and a warehouse of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, text: str | bytes) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode() if isinstance(text, str) else text)

    def observe(self) -> None:
        INPUTS.run(Namespace(destination="duckdb"), NoProgress())

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with warehouse.connect("duckdb") as db:
            return db.rows(sql)

    def files(self) -> dict[str, str]:
        return dict(self.rows("select path, content from bronze.input_files"))

    def changed(self) -> dict[str, datetime]:
        return dict(self.rows("select input_name, changed_at from bronze.input_fingerprints"))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Return a desk that nothing was observed on yet."""
    monkeypatch.chdir(warehouse.ROOT)
    root = tmp_path / "root"
    root.mkdir()
    shutil.copy(warehouse.ROOT / "profiles.yml", root)
    monkeypatch.setattr(warehouse, "ROOT", root)
    monkeypatch.setattr(profile, "ROOT", root)
    monkeypatch.setenv("DUCKDB_PATH", str(tmp_path / "data" / "assay.duckdb"))
    monkeypatch.setenv("ASSAY_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "data" / "dlt"))
    desk = Desk(root)
    for path, text in FILES.items():
        desk.write(path, text)
    return desk


def test_every_file_is_one_row_and_every_input_has_one_fingerprint(desk: Desk) -> None:
    desk.observe()
    assert desk.files() == FILES
    rows = desk.rows("select path, sha256, size from bronze.input_files")
    assert {path: (sha256, size) for path, sha256, size in rows} == {
        path: (content_hash(text.encode()), len(text)) for path, text in FILES.items()
    }
    [(rows_json,)] = desk.rows(
        "select csv_rows from bronze.input_files where path = 'seeds/llm_models.csv'"
    )
    assert orjson.loads(rows_json)[1] == {
        "model_id": "judge",
        "model": "openai/test",
        "purpose": "evaluation",
        "temperature": "0",
        "max_tokens": "100",
        "input_usd_per_mtok": None,
        "output_usd_per_mtok": None,
        "active": "true",
    }
    named = desk.rows("select count(*) from bronze.input_files where csv_rows is not null")
    assert named == [(5,)]
    assert len(desk.changed()) == 6
    assert desk.rows("select count(distinct fingerprint) from bronze.input_fingerprints") == [(6,)]


def test_a_second_run_loads_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.observe()
    before = desk.changed()
    monkeypatch.setattr(bronze, "run", None)  # a load would fail
    desk.observe()
    desk.write(LINK, FILES[LINK])
    desk.observe()
    assert desk.changed() == before


def test_only_the_changed_input_moves_and_files_that_are_gone_go(desk: Desk) -> None:
    desk.write("inputs/templates/link/draft.j2", "x")
    desk.observe()
    before = desk.changed()
    (desk.root / "inputs/templates/link/draft.j2").rename(
        desk.root / "inputs/templates/link/sketch.j2"
    )
    desk.observe()
    assert desk.files() == FILES | {"inputs/templates/link/sketch.j2": "x"}
    after = desk.changed()
    assert [name for name in after if after[name] != before[name]] == ["link_templates"]
    assert after["link_templates"] > before["link_templates"]
    (desk.root / "inputs/templates/link/sketch.j2").unlink()
    desk.observe()
    assert desk.files() == FILES
    assert desk.changed()["link_templates"] > after["link_templates"]


@pytest.mark.slow("inputs through kills, clocks set back and files that are gone")
def test_an_input_that_goes_altogether_leaves_no_rows(desk: Desk) -> None:
    desk.observe()
    before = desk.changed()
    (desk.root / "seeds" / "llm_models.csv").unlink()
    desk.observe()
    assert "seeds/llm_models.csv" not in desk.files()
    assert desk.changed()["llm_models"] > before["llm_models"]
    moved = desk.changed()
    desk.observe()
    assert desk.changed() == moved


@pytest.mark.slow("inputs through kills, clocks set back and files that are gone")
def test_a_clock_that_was_set_back_still_moves_forward(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.observe()
    before = desk.changed()["link_templates"]

    class Late(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime(2001, 1, 1, tzinfo=UTC)

    monkeypatch.setattr(command, "datetime", Late)
    desk.write(LINK, "changed")
    desk.observe()
    assert desk.changed()["link_templates"] == before + timedelta(microseconds=1)


def test_what_cannot_be_used_loads_nothing_of_any_input(desk: Desk) -> None:
    desk.observe()
    before = desk.changed()
    desk.write(LINK, b"\xff")
    desk.write("inputs/concepts/links.md", "changed")
    with pytest.raises(InputsError, match=r"first\.j2: line 1 is not UTF-8: save .*; nothing was"):
        desk.observe()
    assert (desk.files(), desk.changed()) == (FILES, before)
    desk.write(LINK, FILES[LINK])
    desk.observe()
    assert desk.files()["inputs/concepts/links.md"] == "changed"


@pytest.mark.slow("inputs through kills, clocks set back and files that are gone")
def test_files_that_someone_deleted_from_bronze_come_back(desk: Desk) -> None:
    desk.observe()
    before = desk.changed()
    import duckdb

    with duckdb.connect(warehouse.output("duckdb")["path"]) as connection:
        connection.execute("delete from bronze.input_files where path = ?", [LINK])
    desk.observe()
    assert desk.files() == FILES
    assert desk.changed()["link_templates"] > before["link_templates"]


@pytest.mark.slow("inputs through kills, clocks set back and files that are gone")
@pytest.mark.parametrize("load", [1, 2], ids=["before-files", "before-fingerprints"])
def test_a_run_killed_between_files_and_fingerprints_loses_no_change(
    pristine: Path, tmp_path: Path, load: int
) -> None:
    house = House(tmp_path / "house")
    shutil.copytree(pristine, house.folder)
    house.observe()
    before = house.changed_at()
    house.append(LINK, "!")
    house.run(sys.executable, "-m", "tests.inputs.dying", str(load), code=-signal.SIGKILL)
    assert house.changed_at() == before
    # Taken back, the change is none any more; bronze must not keep what the killed run loaded.
    house.write(LINK, FILES[LINK])
    house.observe()
    assert house.rows(f"select content from bronze.input_files where path = '{LINK}'") == [
        (FILES[LINK],)
    ]
    house.append(LINK, "!")
    house.observe()
    after = house.changed_at()
    assert [name for name in after if after[name] != before[name]] == ["link_templates"]
    content = house.rows(f"select content from bronze.input_files where path = '{LINK}'")
    assert content == [(f"{FILES[LINK]}!",)]


def test_the_command_says_in_one_line_what_is_wrong(pristine: Path, tmp_path: Path) -> None:
    house = House(tmp_path / "house")
    shutil.copytree(pristine, house.folder)
    house.write(LINK, b"\xff")
    told = house.observe(code=1)
    assert told.splitlines()[-1].endswith(
        f"ERROR   {LINK}: line 1 is not UTF-8: save the file as UTF-8; nothing was loaded"
    )
    assert "Traceback" not in told
