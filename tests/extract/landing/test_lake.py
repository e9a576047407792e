"""What a data folder is called in a lake: two that share a name lose each other's rows."""

from pathlib import Path

import pytest

from assay.extract.landing import lake


@pytest.fixture
def name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Return what gives the name of a data folder."""

    def named(folder: str) -> str:
        monkeypatch.setenv("ASSAY_DATA_DIR", str(tmp_path / folder))
        return lake._worker()

    return named


def test_a_data_folder_keeps_its_name_and_shares_it_with_no_other(name) -> None:
    first = name("one")
    assert first
    assert (name("two") == first, name("one") == first) == (False, True)


def test_a_name_that_a_full_disk_cut_off_is_made_anew(name, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / lake.WORKER).touch()
    assert len({name("one"), name("two"), ""}) == 3
