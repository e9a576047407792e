"""The parts of enrichment: kept answers, the pool of workers, licences, time left."""

import threading
import time
from pathlib import Path

import pytest

from assay.extract.enrichment.cache import Answer, Answers
from assay.extract.enrichment.entities.licenses import family, license_facts
from assay.extract.enrichment.workers import (
    GIVE_UP_AFTER,
    FetchStats,
    ProgressReporter,
    Unit,
    WorkerPool,
)
from assay.extract.http.transport import SourceUnavailableError
from tests.extract.helpers import NoProgress


def test_an_answer_is_found_again_by_entity_and_id_after_the_file_was_closed(
    tmp_path: Path,
) -> None:
    answer = Answer(None, 100, {"id": "a/b", "text": "half \0 of ü"}, is_partial=True)
    with Answers(tmp_path / "new" / "answers.sqlite") as answers:
        answers.keep("datasets", [("b", answer), ("c", Answer("not_found", 90))])
        answers.keep("datasets", [("c", Answer("gated", 95))])
    with Answers(tmp_path / "new" / "answers.sqlite") as answers:
        assert answers.get("datasets", "b") == Answer(
            None, 100, {"id": "a/b", "text": "half  of ü"}, is_partial=True
        )
        assert answers.get("datasets", "c") == Answer("gated", 95)
        assert answers.get("base_models", "b") is None


def test_fresh_is_what_was_answered_in_full_and_late_enough(tmp_path: Path) -> None:
    with Answers(tmp_path / "answers.sqlite") as answers:
        answers.keep(
            "datasets",
            [
                ("old", Answer(None, 99, {})),
                ("new", Answer(None, 100, {})),
                ("gone", Answer("not_found", 101)),
                ("part", Answer(None, 101, {}, is_partial=True)),
            ],
        )
        assert answers.fresh("datasets", 100) == {"new", "gone"}
        assert answers.fresh("articles", 0) == set()


@pytest.mark.parametrize("threads", [1, 4, 16])
def test_a_pool_asks_for_each_unit_once_and_keeps_every_answer(
    tmp_path: Path, threads: int
) -> None:
    seen: list[str] = []
    busy, most = set[int](), [0]

    def ask(unit: Unit) -> list[tuple[str, Answer]]:
        busy.add(threading.get_ident())
        most[0] = max(most[0], len(busy))
        time.sleep(0.001)
        seen.extend(unit)
        busy.discard(threading.get_ident())
        return [(name, Answer(None, 1, {"n": name})) for name in unit if name != "17"]

    with Answers(tmp_path / "answers.sqlite") as answers:
        units = [(str(n),) for n in range(100)] + [("x", "y")]
        asked = WorkerPool(answers, threads, NoProgress()).ask_all("datasets", units, ask)
        assert sorted(seen) == sorted([*map(str, range(100)), "x", "y"])
        assert asked == FetchStats(ids=102, answered=101, failed=1)
        assert answers.fresh("datasets", 0) == set(seen) - {"17"}
    assert most[0] <= threads


def test_one_unit_that_fails_stops_no_other_and_a_source_that_is_down_stops_all(
    tmp_path: Path,
) -> None:
    asked_for: list[str] = []

    def ask(unit: Unit) -> list[tuple[str, Answer]]:
        asked_for.append(unit[0])
        if int(unit[0]) in (3, 4) or int(unit[0]) >= 20:
            raise SourceUnavailableError("down\nmore")
        return [(unit[0], Answer(None, 1, {}))]

    with Answers(tmp_path / "answers.sqlite") as answers:
        units = [(str(n),) for n in range(1000)]
        asked = WorkerPool(answers, 1, NoProgress()).ask_all("datasets", units, ask)
        assert len(answers.fresh("datasets", 0)) == 18
    assert (asked.ids, asked.answered, asked.failed) == (1000, 18, 982)
    assert asked.error == "3: down"
    assert 20 + GIVE_UP_AFTER <= len(asked_for) < 100


def test_who_stops_the_run_waits_for_no_retry_and_asking_goes_on_in_the_next(
    tmp_path: Path,
) -> None:
    class Stopped(NoProgress):
        def update(self, *args: object, **kwargs: object) -> None:
            raise KeyboardInterrupt

    def ask(unit: Unit) -> list[tuple[str, Answer]]:
        if unit[0] == "slow":
            pool.clock.sleep(3600)
        return [(unit[0], Answer(None, 1, {}))]

    with Answers(tmp_path / "answers.sqlite") as answers:
        pool = WorkerPool(answers, 2, Stopped())
        started = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            pool.ask_all("datasets", [("slow",), ("quick",)], ask)
        assert time.monotonic() - started < 300
        assert answers.fresh("datasets", 0) == {"quick"}
        pool.progress = NoProgress()
        pool.clock.sleep(0)
        assert pool.ask_all("datasets", [("next",)], ask).answered == 1


def test_nothing_to_ask_starts_nothing(tmp_path: Path) -> None:
    def ask(unit: Unit) -> list[tuple[str, Answer]]:
        raise AssertionError

    with Answers(tmp_path / "answers.sqlite") as answers:
        assert WorkerPool(answers, 4, NoProgress()).ask_all("datasets", [], ask) == FetchStats()


def test_the_reporter_says_how_far_it_is_and_how_long_the_rest_will_take() -> None:
    reporter = ProgressReporter("datasets", 4000, NoProgress())
    reporter.add(1000)
    assert reporter.line(500.0) == "datasets: 1,000 of 4,000 asked, 2.0/s, about 25 min left"


def test_a_licence_is_looked_up_in_spdx_first_and_in_the_hubs_list_then() -> None:
    assert license_facts("apache-2.0", {"license:apache-2.0": "no matter"}) == {
        "spdx_id": "Apache-2.0",
        "name": "Apache License 2.0",
        "family": "apache",
        "url": "https://spdx.org/licenses/Apache-2.0.html",
        "is_osi_approved": True,
    }
    labels = {"license:llama3.1": "llama3.1"}
    assert license_facts("llama3.1", labels) == {"name": "llama3.1", "family": "llama"}
    assert license_facts("llama3.2", labels) is None
    noncommercial = license_facts("CC-BY-NC-4.0", {})
    assert noncommercial is not None
    assert noncommercial["is_osi_approved"] is False
    database = license_facts("odbl", {})
    assert database is not None
    assert database["spdx_id"] == "ODbL-1.0"


@pytest.mark.parametrize(
    ("license_id", "expected"),
    [
        ("gpl-3.0", "gpl"),
        ("lgpl", "gpl"),
        ("agpl-3.0", "gpl"),
        ("cc0-1.0", "cc"),
        ("cc-by-nc-sa-4.0", "cc"),
        ("cc", "cc"),
        ("ccx", "ccx"),
        ("bsd-3-clause", "bsd"),
        ("openrail++", "openrail"),
        ("creativeml-openrail-m", "openrail"),
        ("bigscience-bloom-rail-1.0", "openrail"),
        ("llama3.1", "llama"),
        ("MIT", "mit"),
        ("other", "other"),
        ("0bsd", "0bsd"),
    ],
)
def test_a_licences_family_is_what_it_is_a_version_of(license_id: str, expected: str) -> None:
    assert family(license_id) == expected
