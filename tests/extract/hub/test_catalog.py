"""Reading the catalog: which tasks, and every model of a listing that changes while it is read."""

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from assay.extract.http.transport import SourceUnavailableError
from assay.extract.hub import rejected
from assay.extract.hub.catalog import UnknownTaskError, choose_tasks, missing, read_hub
from assay.extract.landing.run_folder import RunFolder
from tests.extract.helpers import NoProgress, ScriptedHub, model, pages_of, read_all

NAMES = ("text-generation", "text-classification", "fill-mask", "image-to-text", "other")
TASKS: dict[str, Any] = {name: {} for name in NAMES}


def ids(records: list[dict[str, Any]]) -> list[str]:
    return [record["id"] for record in records]


# --- which tasks ---------------------------------------------------------------------------------


def test_all_tasks_are_read_in_alphabetical_order() -> None:
    assert choose_tasks(TASKS, None, None) == sorted(TASKS)
    assert choose_tasks(TASKS, None, 2) == ["fill-mask", "image-to-text"]
    assert choose_tasks(TASKS, None, 99) == sorted(TASKS)


def test_wanted_tasks_are_read_once_each() -> None:
    wanted = ["text-generation", "fill-mask", "text-generation"]
    assert choose_tasks(TASKS, wanted, None) == ["fill-mask", "text-generation"]
    assert choose_tasks(TASKS, wanted, 1) == ["fill-mask"]


@pytest.mark.parametrize(
    ("task", "hint"),
    [
        ("text-generatio", "did you mean text-generation, text-classification?"),
        ("fillmask", "did you mean fill-mask?"),
        ("zzz", "see --help"),
        ("Other", "did you mean other?"),
    ],
)
def test_an_unknown_task_is_answered_with_the_nearest(task: str, hint: str) -> None:
    with pytest.raises(UnknownTaskError) as caught:
        choose_tasks(TASKS, ["fill-mask", task], None)
    assert str(caught.value) == f"the Hub has no task {task!r}: {hint}"


# --- a listing -----------------------------------------------------------------------------------


def test_a_listing_of_one_page_is_read_once() -> None:
    hub = pages_of([[model("a/1", 3), model("a/2", 2)]])
    listing, records = read_all(hub)
    assert (listing.models, listing.pages, listing.readings) == (2, 1, 1)
    assert (listing.repeats, listing.late, listing.skipped, listing.settled) == (0, 0, 0, True)
    assert records == [
        model("a/1", 3) | {"_task_id": "fill-mask", "_seq": 0},
        model("a/2", 2) | {"_task_id": "fill-mask", "_seq": 1},
    ]


@pytest.mark.parametrize(("limit", "page_size"), [(1, 1), (999, 999), (1000, 1000), (2500, 1000)])
def test_a_page_is_as_long_as_the_limit_but_never_over_a_thousand(
    limit: int, page_size: int
) -> None:
    hub = pages_of([[model("a/1")]])
    read_all(hub, limit)
    assert hub.asked == [("fill-mask", page_size)]


def test_reading_stops_at_the_limit_and_asks_for_no_page_more() -> None:
    hub = pages_of([[model("a/1"), model("a/2")], [model("a/3"), model("a/4")], [model("a/5")]])
    listing, records = read_all(hub, limit=3)
    assert ids(records) == ["a/1", "a/2", "a/3"]
    assert (listing.models, listing.pages, hub.pages) == (3, 4, 4), "two readings of two pages"


def test_repeats_do_not_count_towards_the_limit() -> None:
    first = [[model("a/1"), model("a/2")], [model("a/2"), model("a/3")]]
    listing, records = read_all(pages_of(first), limit=3)
    assert ids(records) == ["a/1", "a/2", "a/3"]
    assert (listing.models, listing.repeats >= 1) == (3, True)


def test_a_model_that_slipped_between_two_pages_is_found_by_the_next_reading() -> None:
    first = [[model("a/1", 9), model("a/2", 8)], [model("a/4", 6)]]
    second = [[model("a/3", 10), model("a/1", 9)], [model("a/2", 8), model("a/4", 6)]]
    listing, records = read_all(pages_of(first, second))
    assert ids(records) == ["a/1", "a/2", "a/4", "a/3"]
    assert (listing.models, listing.late, listing.readings) == (4, 1, 3)
    assert (listing.settled, listing.pages) == (True, 6)


def test_a_model_whose_downloads_changed_is_written_again_behind() -> None:
    first = [[model("a/1", 9)], [model("a/2", 8)]]
    second = [[model("a/2", 10)], [model("a/1", 9)]]
    listing, records = read_all(pages_of(first, second))
    assert [(r["id"], r["downloads"], r["_seq"]) for r in records] == [
        ("a/1", 9, 0),
        ("a/2", 8, 1),
        ("a/2", 10, 2),
    ]
    assert (listing.models, listing.late, listing.settled) == (2, 0, True)


def test_a_model_that_left_the_listing_is_asked_for_by_name() -> None:
    first = [[model("a/1", 9), model("a/2", 8)], [model("a/3", 7)]]
    second = [[model("a/1", 9), model("a/3", 7)], [model("a/4", 6)]]
    hub = pages_of(first, second)
    hub.named["a/2"] = {**model("a/2", 5), "tags": ["fill-mask"]}
    listing, records = read_all(hub, limit=3)
    assert hub.asked_by_name == ["a/2"]
    assert [(r["id"], r["downloads"]) for r in records if r["id"] == "a/2"] == [
        ("a/2", 8),
        ("a/2", 5),
    ]
    assert (listing.asked, listing.models) == (1, 4)


@pytest.mark.parametrize("now", [None, {"id": "a/2", "downloads": 8, "tags": ["other-task"]}])
def test_a_model_that_is_gone_or_left_the_task_by_then_is_said_to_have_left(now: Any) -> None:
    first = [[model("a/1", 9), model("a/2", 8)], [model("a/3", 7)]]
    hub = pages_of(first, [[model("a/1", 9)], [model("a/3", 7)]])
    if now:
        hub.named["a/2"] = now
    listing, records = read_all(hub)
    assert hub.asked_by_name == ["a/2"]
    last = [r for r in records if r["id"] == "a/2"][-1]
    assert last == {"id": "a/2", "_task_id": "fill-mask", "_seq": last["_seq"], "_left": True}
    assert (listing.models, listing.settled) == (2, True)


def test_a_listing_that_never_settles_is_flagged_after_four_readings(
    caplog: pytest.LogCaptureFixture,
) -> None:
    readings = [[[model("a/0")], [model(f"new/{number}")]] for number in range(9)]
    listing, records = read_all(pages_of(*readings))
    assert (listing.readings, listing.settled, listing.late) == (4, False, 3)
    assert ids(records[:5]) == ["a/0", "new/0", "new/1", "new/2", "new/3"]
    assert [(r["id"], r["_left"]) for r in records[5:]] == [(f"new/{n}", True) for n in range(3)]
    assert "fill-mask: still changing after 4 readings" in caplog.messages


def test_a_listing_that_settles_at_the_fourth_reading_is_not_flagged() -> None:
    readings = [[[model("a/0")], [model(f"new/{number}")]] for number in (0, 1, 2, 2)]
    listing, _ = read_all(pages_of(*readings))
    assert (listing.readings, listing.settled, listing.late) == (4, True, 2)


def test_an_empty_page_ends_the_listing() -> None:
    listing, records = read_all(pages_of([[model("a/1")], [], [model("a/2")]]))
    assert ids(records) == ["a/1"]
    assert (listing.models, listing.pages) == (1, 4)


def test_a_task_without_models_is_an_empty_listing() -> None:
    listing, records = read_all(pages_of([[]]))
    assert records == []
    assert (listing.models, listing.pages, listing.readings) == (0, 1, 1)
    assert listing.settled


# --- odd records ---------------------------------------------------------------------------------

ODD = [{"downloads": 5}, {"id": None}, {"id": 7}, {"id": ""}, {"id": " "}, None, 3, "a/b", ["a"]]


def test_records_without_an_id_are_counted_once_however_often_they_are_read() -> None:
    listing, records = read_all(pages_of([[model("a/1"), *ODD], [model("a/2")]]))
    assert ids(records) == ["a/1", "a/2"]
    assert (listing.skipped, listing.models, listing.readings) == (len(ODD), 2, 2)


def test_records_without_an_id_take_no_place_in_the_limit() -> None:
    listing, records = read_all(
        pages_of([[*ODD, model("a/1"), model("a/2"), model("a/3")]]), limit=2
    )
    assert ids(records) == ["a/1", "a/2"]
    assert (listing.skipped, listing.models) == (len(ODD), 2)


def test_values_are_kept_as_the_hub_gave_them() -> None:
    odd = {
        "id": "\N{CJK UNIFIED IDEOGRAPH-6A21}/\N{GRINNING FACE}",
        "downloads": None,
        "tags": None,
        "author": "x" * 10_000,
        "gated": {"what": [1.5, False]},
        "\\u0000": "a backslash, no NUL: \\u0000",
    }
    _, [record] = read_all(pages_of([[odd]]))
    assert record == odd | {"_task_id": "fill-mask", "_seq": 0}


def test_of_a_card_and_of_a_gguf_file_no_more_is_kept_than_is_loaded() -> None:
    long = {
        "cardData": {"license": "other", "license_name": "mine", "text": "x" * 9_000},
        "gguf": {"total": 7, "architecture": "llama", "chat_template": "y" * 9_000},
    }
    _, records = read_all(pages_of([[model("a/1", **long), model("a/2", cardData="odd")]]))
    assert records[0]["cardData"] == {"license": "other", "license_name": "mine"}
    assert records[0]["gguf"] == {"total": 7, "architecture": "llama"}
    assert records[1]["cardData"] == "odd"


def test_nul_characters_are_left_out_everywhere() -> None:
    odd = {"id": "a\0/1", "tags": ["x\0", {"k\0": "\0"}], "downloads": 1}
    _, [record] = read_all(pages_of([[odd]]))
    assert record == {
        "id": "a/1",
        "tags": ["x", {"k": ""}],
        "downloads": 1,
        "_task_id": "fill-mask",
        "_seq": 0,
    }


def test_an_id_of_nothing_but_nul_characters_is_no_id() -> None:
    listing, records = read_all(pages_of([[{"id": "\0"}, model("a/1")]]))
    assert ids(records) == ["a/1"]
    assert (listing.skipped, listing.models) == (1, 1)


def test_a_record_nested_deeper_than_json_can_be_written_does_not_end_the_run() -> None:
    deep: Any = []
    for _ in range(400):
        deep = [deep]
    _, records = read_all(pages_of([[model("a/1", cardData=deep), model("a/2")]]))
    assert "a/2" in ids(records)


# --- everything into a run folder ----------------------------------------------------------------


def test_a_run_folder_holds_tasks_models_and_counts(tmp_path: Path) -> None:
    hub = pages_of([[model("a/1"), {"id": None}]])
    hub.task_pages = {"fill-mask": {"id": "old-name", "label": "Fill-Mask"}, "other": {}}
    folder = RunFolder.create(tmp_path, {})
    read_hub(hub, folder, limit_per_task=5, wanted=None, max_tasks=None, progress=NoProgress())
    counts = folder.manifest["counts"]
    assert counts.pop("seconds") >= 0
    assert counts == {
        "tasks_available": 2,
        "tasks": 2,
        "models_listed": 2,
        "records_skipped": 2,
        "private_left_out": 0,
        "pages": 2,
        "requests": 0,
        "retries": 0,
    }
    assert folder.manifest["files"]["hf_tasks.json"]["records"] == 2
    assert folder.manifest["files"]["hf_models.json"]["records"] == 2
    assert (folder.path / "hf_tasks.json").read_text() == (
        '[\n{"id":"fill-mask","label":"Fill-Mask"},\n{"id":"other"}\n]\n'
    )
    assert [item["task_id"] for item in folder.manifest["listings"]] == ["fill-mask", "other"]


def test_nul_characters_are_left_out_of_task_pages_too(tmp_path: Path) -> None:
    hub = pages_of([[]])
    hub.task_pages = {"fill-mask": {"id": "fill-mask", "label": "A\0B"}}
    folder = RunFolder.create(tmp_path, {})
    read_hub(hub, folder, limit_per_task=5, wanted=None, max_tasks=None, progress=NoProgress())
    assert "u0000" not in (folder.path / "hf_tasks.json").read_text()


def test_private_models_are_left_out_counted_and_marked_without_their_names(tmp_path: Path) -> None:
    hidden = model("me/secret", 9, private=True) | {"_id": "66c189d8e5a2b1f0d3c4a5b6"}
    hub = pages_of([[model("a/1", 3), hidden, model("a/2", 2, private=False)]])
    hub.task_pages = {"fill-mask": {}, "other": {}}
    folder = RunFolder.create(tmp_path, {})
    read_hub(hub, folder, limit_per_task=5, wanted=None, max_tasks=None, progress=NoProgress())
    assert folder.manifest["counts"]["private_left_out"] == 1
    assert [listing["private"] for listing in folder.manifest["listings"]] == [1, 1]
    assert folder.manifest["tasks_available"] == ["fill-mask", "other"]
    for file in folder.path.iterdir():
        assert b"secret" not in file.read_bytes(), file.name
    [mark] = orjson.loads((folder.path / "hf_withdrawn.json").read_bytes())
    digest = hashlib.md5(b"me/secret", usedforsecurity=False).hexdigest()
    assert mark == {"_id": "66c189d8e5a2b1f0d3c4a5b6", "digest": digest, "reason": "private"}


def test_a_private_model_takes_no_place_in_a_listing() -> None:
    hub = pages_of([[model("me/secret", 9, private=True), model("a/1", 3)], [model("a/2", 2)]])
    listing, records = read_all(hub, limit=2)
    assert ids(records) == ["a/1", "a/2"]
    assert (listing.models, listing.private) == (2, 1)


def test_a_model_that_turned_private_while_it_was_listed_is_gone() -> None:
    hub = pages_of([[model("a/1", 3)], [model("a/2", 2)]], [[model("a/2", 4)], [model("a/3", 2)]])
    hub.named["a/1"] = model("a/1", 3, private=True, tags=["fill-mask"])
    listing, records = read_all(hub, limit=2)
    assert records[-1]["id"] == "a/1" and records[-1]["_left"] is True
    assert listing.private == 1


# --- what is no model ----------------------------------------------------------------------------


def test_a_record_that_is_no_model_is_set_aside_with_its_reason(tmp_path: Path) -> None:
    long = "a/" + "x" * 1_000
    page = [model("a/1"), {"likes": 3}, {"id": 7}, "words", {"id": long}, {"id": "a/2", "n": 1e400}]
    hub = pages_of([page])
    hub.task_pages = {"fill-mask": {}}
    folder = RunFolder.create(tmp_path, {})
    read_hub(hub, folder, limit_per_task=9, wanted=None, max_tasks=None, progress=NoProgress())
    [rows] = [table for table in rejected.rows(folder, "hf_models.json") if table.num_rows]
    found = sorted((row["reason"], row["model_id"], row["value"]) for row in rows.to_pylist())
    assert found == [
        ("id_too_long", long[:500], f'{{"id":"{long}'[:500]),
        ("no_id", None, '{"id":7}'),
        ("no_id", None, '{"likes":3}'),
        ("no_record", None, '"words"'),
    ]
    assert folder.manifest["counts"]["records_skipped"] == 4
    assert folder.manifest["counts"]["models_listed"] == 2


# --- a listing that fails for good ---------------------------------------------------------------


class HalfDown(ScriptedHub):
    """A hub that gives one page of some tasks' listings and then fails, for good."""

    def __init__(self, tasks: Sequence[str], down: Collection[str]) -> None:
        super().__init__([[[model("a/1"), model("a/2")]]])
        self.task_pages = {task: {} for task in tasks}
        self._down = down

    def model_pages(self, task: str, page_size: int) -> Iterator[list[Any]]:
        yield from super().model_pages(task, page_size)
        if task in self._down:
            raise SourceUnavailableError("The Hub answered HTTP 504 to /api/models")


def read(folder: RunFolder, hub: ScriptedHub) -> None:
    read_hub(hub, folder, limit_per_task=9, wanted=None, max_tasks=None, progress=NoProgress())


def test_one_listing_that_fails_for_good_leaves_the_others_whole(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, {})
    read(folder, HalfDown("abc", {"b"}))
    folder.check()
    records = json.loads((folder.path / "hf_models.json").read_text())
    assert [(record["_task_id"], record["_seq"]) for record in records] == [
        ("a", 0),
        ("a", 1),
        ("c", 2),
        ("c", 3),
    ]
    assert [listing["task_id"] for listing in folder.manifest["listings"]] == ["a", "c"]
    assert missing(folder) == (
        "1 of 3 listings could not be read: b (The Hub answered HTTP 504 to /api/models). The "
        "others are there; the next run asks for all, `--tasks b` for these alone"
    )


def test_a_hub_that_fails_three_times_in_a_row_is_not_asked_any_more(tmp_path: Path) -> None:
    folder, hub = RunFolder.create(tmp_path, {}), HalfDown("abcdef", set("bcde"))
    read(folder, hub)
    assert [task for task, _ in hub.asked] == ["a", "b", "c", "d"]
    assert folder.manifest["failed"]["f"] == "not asked any more"
    assert list(folder.manifest["failed"]) == list("bcdef")


@pytest.mark.parametrize("tasks", ["a", "ab", "abcd"])
def test_when_no_listing_comes_the_run_fails_as_the_first_did(tmp_path: Path, tasks: str) -> None:
    hub = HalfDown(tasks, set("abcd"))
    with pytest.raises(SourceUnavailableError, match="HTTP 504"):
        read(RunFolder.create(tmp_path, {}), hub)
    assert len(hub.asked) == min(3, len(tasks))
