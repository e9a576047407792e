"""What is decided from what was seen, and how the state is kept."""

import json
from pathlib import Path

import pytest

from assay.refresh import state
from assay.refresh.plan import Seen, decide
from assay.refresh.state import Record, promote, read


def sources(**moments: str) -> bytes:
    return json.dumps(
        {
            "results": [
                {"unique_id": f"source.assay.inputs.{name}", "max_loaded_at": moment}
                for name, moment in moments.items()
            ]
        }
    ).encode()


BEFORE = sources(concepts="2026-11-20T10:00:00.000001+00:00")
RECORD = Record("here", "1.11", {"python_models/m.py": "a", "seeds/s.csv": "b"})


def test_without_a_state_all_is_built() -> None:
    decision = decide(Seen(BEFORE, RECORD), None, None)
    assert (decision.select, decision.exclude) == ((), ())


@pytest.mark.parametrize("other", [Record("there", "1.11"), Record("here", "1.12")])
def test_the_state_of_another_warehouse_or_dbt_is_none(other: Record) -> None:
    assert decide(Seen(BEFORE, RECORD), other, BEFORE).select == ()


def test_nothing_changed_leaves_only_what_dbt_itself_compares() -> None:
    decision = decide(Seen(BEFORE, RECORD), RECORD, BEFORE)
    assert decision.select == ("state:modified+",)
    assert decision.reasons == ()


def test_fresher_sources_changed_code_and_new_sources_are_reasons() -> None:
    seen = Seen(
        sources(
            concepts="2026-11-20T10:00:00.000002+00:00", llm_models="2026-11-01T00:00:00+00:00"
        ),
        Record("here", "1.11", {"python_models/m.py": "A", "seeds/s.csv": "B"}, ("bronze.b",)),
    )
    built = Record("here", "1.11", RECORD.code, ("bronze.a", "bronze.b"))
    decision = decide(seen, built, BEFORE)
    assert decision.reasons == (
        "inputs.concepts changed",
        "inputs.llm_models changed",
        "python_models/m.py or what it imports changed",
        "seeds/s.csv changed",
        "bronze.a is loaded now",
    )
    assert decision.roots == (
        "state:modified",
        "source:inputs.concepts",
        "source:inputs.llm_models",
        "path:python_models/m.py",
        "path:seeds/s.csv",
        "source:bronze.a",
    )
    assert decision.exclude == ("source:bronze.b+",)
    assert decision.left_out == ("bronze.b is not loaded",)


def test_a_source_without_news_is_no_cause_and_is_named() -> None:
    before = sources(concepts="2026-11-20T10:00:00+00:00", posts="2026-11-20T10:00:00+00:00")
    now = sources(concepts="2026-11-20T11:00:00+00:00", posts="2026-11-20T11:00:00+00:00")
    record = Record("here", "1.11", contents={"inputs.posts": "3 rows"})
    decision = decide(Seen(now, record), record, before)
    assert decision.roots == ("state:modified", "source:inputs.concepts")
    assert decision.reasons[-1] == "inputs.posts was loaded again and brought nothing new"
    grown = Record("here", "1.11", contents={"inputs.posts": "4 rows"})
    assert "source:inputs.posts" in decide(Seen(now, grown), record, before).roots


def test_a_model_that_is_gone_selects_nothing() -> None:
    seen = Seen(BEFORE, Record("here", "1.11", {"seeds/s.csv": "b"}))
    assert decide(seen, RECORD, BEFORE).reasons == ()


def test_the_state_is_one_build_or_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "state"
    assert read(folder) is None
    promote(folder, b"manifest 1", BEFORE, RECORD)
    assert read(folder) == RECORD
    other = Record("here", "1.11", {}, ("bronze.a",))
    link = state._link

    def killed(place: Path, to: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(state, "_link", killed)
    with pytest.raises(KeyboardInterrupt):
        promote(folder, b"manifest 2", sources(), other)
    assert read(folder) == RECORD
    assert (folder / "manifest.json").read_bytes() == b"manifest 1"
    assert (folder / "sources.json").read_bytes() == BEFORE
    monkeypatch.setattr(state, "_link", link)
    promote(folder, b"manifest 3", sources(), other)
    assert read(folder) == other
    assert (folder / "manifest.json").read_bytes() == b"manifest 3"
    assert len(list(folder.glob("built-*"))) == 1


@pytest.mark.parametrize("content", [b"", b"[]", b'{"warehouse": 1}', b'{"missing": []}'])
def test_a_record_of_another_version_is_none(tmp_path: Path, content: bytes) -> None:
    promote(tmp_path, b"{}", b"{}", RECORD)
    (tmp_path / "record.json").write_bytes(content)
    assert read(tmp_path) is None
