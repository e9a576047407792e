"""The real command called wrongly: exit code 2 before anything happens, and how to call it."""

import re
from pathlib import Path
from typing import Any

import pytest

from assay.sample.replay import ReplayServer
from tests.extract.helpers import Ended, Person, recorded

TASKS = ("fill-mask", "text-classification", "text-generation")

WRONG = {
    (
        "hf_catalog",
        "run",
        "--limit-per-task",
        "0",
    ): "--limit-per-task 0: must be between 1 and 1,000,000",
    (
        "hf_catalog",
        "run",
        "--limit-per-task",
        "-5",
    ): "--limit-per-task -5: must be between 1 and 1,000,000",
    (
        "hf_catalog",
        "run",
        "--limit-per-task",
        "1000000000",
    ): "--limit-per-task 1000000000: must be between 1 and 1,000,000",
    ("hf_catalog", "run", "--models", "a/b/c"): "'a/b/c' is no name of a model: give owner/name",
    (
        "hf_catalog",
        "run",
        "--filter",
        ",",
    ): "--filter names nothing: give what to read, separated by commas",
    (
        "hf_catalog",
        "run",
        "--all",
        "--tasks",
        "fill-mask",
    ): "--tasks has no meaning with --all: it reads every model",
    ("hf_catalog", "run", "--max-tasks", "0"): "--max-tasks 0: must be between 1 and 10,000",
    (
        "hf_catalog",
        "run",
        "--run-folder",
        ".",
        "--tasks",
        "fill-mask",
    ): "--tasks has no meaning with --run-folder: the folder decides",
    (
        "hf_catalog",
        "run",
        "--run-folder",
        "no/such",
    ): "--run-folder no/such: there is no such folder",
    ("hf_catalogue", "run"): "there is no pipeline 'hf_catalogue': choose hf_catalog, "
    "hf_enrichment, issues, inputs",
}


@pytest.fixture(scope="module")
def wrongly(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[dict[tuple[str, ...], tuple[Person, Ended]], list[Any]]:
    """Run all wrong commands, side by side; return how they ended, and the requests they made."""
    base = tmp_path_factory.mktemp("wrongly")
    with ReplayServer(recorded(base / "recorded", [], *TASKS)) as asked:
        people = {args: Person(base / str(n), asked.url) for n, args in enumerate(WRONG)}
        started = [(args, people[args].start("pipeline", *args)) for args in WRONG]
        ended = {args: (people[args], Ended.after(process)) for args, process in started}
    return ended, asked.requests


@pytest.mark.parametrize(("args", "line"), WRONG.items(), ids=map(" ".join, WRONG))
def test_wrong_usage_ends_with_2_before_anything_happens(
    wrongly: Any, args: tuple[str, ...], line: str
) -> None:
    person, ended = wrongly[0][args]
    assert (ended.code, ended.err) == (2, f"dlt pipeline run: {line}\n")
    assert wrongly[1] == [], "nobody was asked"
    assert person.folders == []
    assert not person.database.exists()


def test_an_unknown_task_ends_with_2_and_the_nearest_names(tmp_path: Path) -> None:
    with ReplayServer(recorded(tmp_path / "recorded", [], *TASKS)) as server:
        person = Person(tmp_path / "person", server.url)
        ended = person.pipeline("hf_catalog", "run", "--tasks", "fill-mask,text-generatio")
    assert ended.code == 2
    assert ended.last == (
        "dlt pipeline run: the Hub has no task 'text-generatio': "
        "did you mean text-generation, text-classification?"
    )
    assert [target for _, target, _ in server.requests] == ["/api/tasks"]
    assert not person.database.exists()


def test_help_lists_every_option(tmp_path: Path) -> None:
    ended = Person(tmp_path, "http://127.0.0.1:9").pipeline("run", "--help", COLUMNS="100")
    assert ended.code == 0
    options = set(re.findall(r"^ +(--[a-z-]+)", ended.out, flags=re.MULTILINE))
    assert options == {
        "--destination",
        "--progress",
        "--limit-per-task",
        "--max-tasks",
        "--tasks",
        "--filter",
        "--authors",
        "--models",
        "--all",
        "--dry-run",
        "--accept",
        "--run-folder",
        "--source",
        "--start",
        "--end",
        "--refresh",
        "--select",
        "--identify-only",
        "--depth",
        "--max-age-days",
        "--wikidata",
    }
    assert "models to read per task, most downloaded first" in ended.out


@pytest.mark.parametrize(
    ("pipeline", "own"),
    [("issues", {"--source", "--start", "--end", "--refresh"}), ("inputs", set())],
)
def test_help_of_one_pipeline_lists_its_options_alone(
    tmp_path: Path, pipeline: str, own: set[str]
) -> None:
    person = Person(tmp_path, "http://127.0.0.1:9")
    ended = person.pipeline(pipeline, "run", "--help", COLUMNS="100")
    assert ended.code == 0
    assert ended.out.startswith(f"usage: dlt pipeline {pipeline} run ")
    options = set(re.findall(r"^ +(--[a-z-]+)", ended.out, flags=re.MULTILINE))
    assert options == {"--destination", "--progress", *own}
    for line in ended.out.split("  --")[1:]:
        assert "(default:" in " ".join(line.split())


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ("ftp://hub", "it must begin with http:// or https://"),
        ("hub.example", "it must begin with http:// or https://"),
        ("http://me:s3cret@127.0.0.1:9", "leave it out, use HF_TOKEN"),
    ],
)
def test_an_address_that_cannot_be_used_is_one_line_that_shows_no_password(
    tmp_path: Path, address: str, complaint: str
) -> None:
    ended = Person(tmp_path, address).pipeline("hf_catalog", "run")
    assert ended.code == 1
    assert ended.last.endswith(complaint)
    assert "HF_ENDPOINT" in ended.last
    assert "s3cret" not in ended.out + ended.err
