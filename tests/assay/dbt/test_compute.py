"""COMPUTE: what is wrong with it is one line, and who does not set it has nothing of it."""

import importlib.util
from pathlib import Path

import pytest

from assay.dbt import compute
from assay.warehouse.compute import blocks_dir, is_shared
from tests.assay.imports import importers

SETTINGS = ("COMPUTE", "COMPUTE_ADDRESS", "COMPUTE_WORKERS", "COMPUTE_FOLDER", "ASSAY_TARGET")
# Who sets no COMPUTE imports none of these.
OF_COMPUTE = {
    "assay/dbt/compute.py",
    *(
        f"mining/compute/{one}.py"
        for one in ("__init__", "batches", "blocks", "commit", "on_daft", "worker")
    ),
}
NAMES = ("daft", "ray", "assay.mining.compute", "assay.dbt.compute")


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ASSAY_DATA_DIR", str(tmp_path / "data"))
    there = importlib.util.find_spec
    has = {"daft": there("json"), "ray": there("json")}
    monkeypatch.setattr(
        compute.importlib.util, "find_spec", lambda name: has.get(name) or there(name)
    )


def refused(monkeypatch: pytest.MonkeyPatch, **settings: str) -> str:
    """Return the line by which settings are refused."""
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(compute.ComputeError) as error:
        compute.check()
    assert "\n" not in str(error.value)
    assert "docs/lake.md" in str(error.value)
    return str(error.value)


def test_daft_on_this_machine_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPUTE", " daft ")
    monkeypatch.setenv("COMPUTE_WORKERS", "3")
    compute.check()


def test_another_word_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "COMPUTE is 'spark': set it to daft" in refused(monkeypatch, COMPUTE="spark")


@pytest.mark.parametrize("package", ["daft", "ray"])
def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    have = {"daft", "ray"} - {package}
    monkeypatch.setattr(
        compute.importlib.util, "find_spec", lambda name: object() if name in have else None
    )
    said = refused(monkeypatch, COMPUTE="daft", COMPUTE_ADDRESS="127.0.0.1:1")
    assert f"needs {package}, which is not installed: pip install 'assay[{package}]'" in said


def test_a_number_of_workers_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPUTE", "daft")
    monkeypatch.setenv("COMPUTE_WORKERS", "0")
    with pytest.raises(compute.env.EnvironmentValueError, match="COMPUTE_WORKERS is '0'"):
        compute.check()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("127.0.0.1:1", "no Ray cluster answers at 127.0.0.1:1: Connection refused: check"),
        ("ray://127.0.0.1:1", "no Ray cluster answers at 127.0.0.1:1: Connection refused: check"),
        ("somewhere", "COMPUTE_ADDRESS is no address"),
        ("ray://host:port", "COMPUTE_ADDRESS is no address"),
    ],
)
def test_an_address_where_nobody_answers_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, address: str, words: str
) -> None:
    folder = {"COMPUTE_FOLDER": str(tmp_path)}
    assert words in refused(monkeypatch, COMPUTE="daft", COMPUTE_ADDRESS=address, **folder)


def test_an_address_that_is_silent_is_waited_for_so_long(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = []

    def silent(place: tuple[str, int], seconds: float) -> None:
        asked.append((place, seconds))
        raise TimeoutError("timed out")

    monkeypatch.setattr(compute.socket, "create_connection", silent)
    monkeypatch.setenv("COMPUTE_FOLDER", str(tmp_path))
    said = refused(monkeypatch, COMPUTE="daft", COMPUTE_ADDRESS="ray://10.0.0.1:10001")
    assert "10.0.0.1:10001: timed out" in said
    assert asked == [(("10.0.0.1", 10001), compute.CONNECT_SECONDS)]


def test_a_cluster_needs_a_folder_that_it_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    said = refused(monkeypatch, COMPUTE="daft", COMPUTE_ADDRESS="127.0.0.1:1")
    assert "COMPUTE_ADDRESS needs COMPUTE_FOLDER, a folder that all machines see" in said
    said = refused(monkeypatch, ASSAY_TARGET="ducklake", DUCKLAKE_DATA="s3://bucket/lake")
    assert "COMPUTE_ADDRESS needs COMPUTE_FOLDER" in said


def test_blocks_lie_in_the_files_of_a_lake_or_beside_the_cache(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    beside = tmp_path / "data" / "embeddings" / "blocks"
    assert (blocks_dir(), is_shared()) == (beside, False)
    monkeypatch.setenv("ASSAY_TARGET", "ducklake")
    monkeypatch.setenv("DUCKLAKE_DATA", str(tmp_path / "lake"))
    assert (blocks_dir(), is_shared()) == (tmp_path / "lake" / "compute", True)
    monkeypatch.setenv("DUCKLAKE_DATA", "s3://bucket/lake")
    assert (blocks_dir(), is_shared()) == (beside, False)
    monkeypatch.setenv("COMPUTE_FOLDER", str(tmp_path / "named"))
    assert (blocks_dir(), is_shared()) == (tmp_path / "named", True)


def test_who_sets_no_compute_imports_nothing_of_it() -> None:
    found = importers(lambda name: any(name == one or name.startswith(f"{one}.") for one in NAMES))
    assert found <= OF_COMPUTE
