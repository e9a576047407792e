"""`make refresh` on a built project: what an edit makes stale is built, by dbt's own results."""

import os
import signal
import subprocess
import sys
import threading

import duckdb
import pytest

from assay.runs import recorded
from assay.sample.replay import ReplayServer
from tests.inputs.house import House
from tests.llm_server import LlmServer
from tests.servers import until
from tests.support import SAMPLE, collecting

pytestmark = pytest.mark.slow(
    "make refresh on a built project: each kind of edit, kills, two at once"
)

LINK = "inputs/templates/link/second.j2"
REFRESH = (sys.executable, "-m", "assay.refresh")
LOADED = [
    f"source.assay.bronze.{name}"
    for name in (
        *("hf_tasks", "hf_models", "hf_task_listings", "hf_rejected"),
        *("raw_items", "collected_windows"),
    )
]


def test_the_first_refresh_builds_what_is_loaded_and_says_what_is_not(
    first: tuple[House, list],
) -> None:
    house, [(told, ran, _), _] = first
    assert "nothing was built here yet" in told
    assert "left out what needs it: bronze.hf_models is not loaded" in told
    assert "left out what needs it: bronze.raw_items is not loaded" in told
    assert {"house.link_tasks", "house.word_counts", "house.link_answers"} <= ran
    assert not ran & house.hangs_on(*LOADED)


def test_what_was_left_out_is_built_once_it_is_loaded_and_nothing_else(
    first: tuple[House, list],
) -> None:
    house, [_, (told, ran, _)] = first
    assert "bronze.raw_items is loaded now" in told
    sources = house.artifact("manifest.json")["sources"]
    missing = [
        name
        for name, source in sources.items()
        if ".bronze." in name and name not in LOADED and "empty_where_missing" not in source["meta"]
    ]
    assert missing, "enrichment was not loaded"
    assert ran == house.hangs_on(*LOADED) - house.hangs_on(*missing)
    assert {"hf.models", "silver.documents", "gold.issues"} <= ran


def test_touched_rewritten_and_reended_files_are_no_change(house: House) -> None:
    before = house.changed_at()
    for place in (house.folder / "inputs").rglob("*.*"):
        content = place.read_bytes()
        place.unlink()
        place.write_bytes(content)
        os.utime(place, (1, 1))
    (house.folder / "seeds" / "llm_models.csv").touch()
    (house.folder / "mining" / "text" / "clean.py").touch()
    crlf = (house.folder / LINK).read_bytes().replace(b"\n", b"\r\n")
    house.write(LINK, b"\xef\xbb\xbf" + crlf)
    told = house.refresh()
    assert "refresh: built no table: nothing that they are made from changed" in told
    assert house.changed_at() == before


def test_one_byte_of_one_link_template_rebuilds_its_dependents_and_asks_no_model(
    house: House, llm: LlmServer
) -> None:
    answers = house.rows("select * from house.link_answers order by all")
    tasks = dict(
        house.rows("select path, list(task_id order by task_id) from house.link_tasks group by all")
    )
    moments = house.changed_at()
    house.append(LINK, "!")
    told = house.refresh()
    assert house.selected() == house.hangs_on("source.assay.inputs.link_templates")
    assert {"house.link_tasks", "house.essay_tasks", "house.link_answers"} <= house.ran()
    for name in ("house.concept_texts", "house.essay_texts", "hf.models", "gold.issues"):
        assert name not in house.ran()
    now = dict(
        house.rows("select path, list(task_id order by task_id) from house.link_tasks group by all")
    )
    assert [path for path in now if now[path] != tasks[path]] == [LINK]
    changed = house.changed_at()
    assert [name for name in changed if changed[name] != moments[name]] == ["link_templates"]
    assert "link_templates: 1 changed (inputs/templates/link/second.j2)" in told
    assert "llm: not approved, so nothing is asked" in told
    assert house.rows("select * from house.link_answers order by all") == answers
    assert llm.connections == 0


def test_what_reads_a_table_that_came_out_as_it_was_is_left_alone(house: House) -> None:
    tasks = "models/house/link_tasks.sql"
    text = (house.folder / tasks).read_text(encoding="utf-8")
    house.write(tasks, text + "\n-- Said otherwise.\n")
    told = house.refresh()
    assert house.ran() == {"house.link_tasks"}
    assert "refresh: built 1 of" in told
    assert "refresh: tests: 1 pass" in told
    other = text.replace("path, content", "path, content || '.' as content")
    house.write(tasks, other)
    house.refresh()
    assert {"house.link_tasks", "house.link_answers"} <= house.ran()
    with duckdb.connect(str(house.folder / "data" / "assay.duckdb")) as db:
        db.execute("drop table house.link_answers")
    house.write(tasks, other + "\n-- Said otherwise.\n")
    house.refresh()
    assert house.ran() == {"house.link_tasks", "house.link_answers"}, "one of them was dropped"
    house.write(tasks, text)
    house.refresh()
    assert {"house.link_tasks", "house.link_answers"} <= house.ran()


def test_what_somebody_else_built_is_passed_on_to_what_reads_it(house: House) -> None:
    tasks = "models/house/link_tasks.sql"
    text = (house.folder / tasks).read_text(encoding="utf-8")
    house.write(tasks, text.replace("path, content", "path, content || '!' as content"))
    house.run("dbt", "--quiet", "build", "--select", "link_tasks")
    house.refresh()
    assert house.ran() == house.hangs_on("model.assay.link_tasks")
    house.write(tasks, text)
    house.refresh()


def test_a_day_that_is_read_again_and_brings_nothing_new_builds_nothing(house: House) -> None:
    with ReplayServer(SAMPLE, quota=0) as server:
        again = collecting(SAMPLE, "--source", "hackernews", "--refresh")
        house.run(*again, **recorded.environment(SAMPLE, server.url))
    told = house.refresh()
    assert "refresh: bronze.raw_items was loaded again and brought nothing new" in told
    assert "refresh: built no table: nothing that they are made from changed" in told
    assert "no source was loaded and no file changed since the last one" in house.refresh()


def test_nothing_is_asked_where_nothing_happened_and_a_plan_builds_nothing(house: House) -> None:
    house.append(LINK, "+")
    house.refresh()
    ran = house.artifact("run_results.json")
    assert "built no table: no source was loaded and no file changed" in house.refresh()
    house.append(LINK, "-")
    told = house.run(*REFRESH, "--plan")
    assert "inputs.link_templates changed" in told
    assert house.artifact("run_results.json") == ran
    planned = {line.split()[0] for line in told.splitlines() if line.startswith("  ")} - {"table"}
    house.refresh()
    assert planned == house.selected() == house.hangs_on("source.assay.inputs.link_templates")


def test_even_a_project_that_approves_by_default_pays_nothing(house: House, llm: LlmServer) -> None:
    text = (house.folder / "dbt_project.yml").read_text(encoding="utf-8")
    approving = text.replace("vars:\n", "vars:\n  approve_llm: true\n  llm_max_usd: 5\n", 1)
    assert approving != text
    house.write("dbt_project.yml", approving)
    house.append(LINK, "?")
    told = house.refresh(DBT_VARS="{approve_llm: true, llm_max_usd: 5}")
    house.write("dbt_project.yml", text)
    assert "house.link_answers" in house.ran()
    assert "llm: not approved, so nothing is asked" in told
    assert llm.connections == 0


def test_a_deleted_file_and_its_row_are_gone_from_what_is_built(house: House) -> None:
    table = house.folder / "inputs" / "concepts.csv"
    text = table.read_text(encoding="utf-8")
    assert "inputs/concepts/files.md" in dict(house.rows("select * from house.word_counts"))
    table.write_text(text.replace("files,Files,files.md,true\n", ""), encoding="utf-8")
    (house.folder / "inputs" / "concepts" / "files.md").unlink()
    told = house.refresh()
    assert "concepts: 1 changed (inputs/concepts.csv), 1 gone (inputs/concepts/files.md)" in told
    assert house.selected() == house.hangs_on("source.assay.inputs.concepts")
    assert "inputs/concepts/files.md" not in dict(house.rows("select * from house.word_counts"))


def test_a_module_that_a_python_model_reaches_is_an_input_of_it(house: House) -> None:
    house.write("mining/house_letters.py", "MIN_LETTERS = 3\n")
    told = house.refresh()
    assert "python_models/house/word_counts.py or what it imports changed" in told
    assert house.ran() == {"house.word_counts"}
    counts = dict(house.rows("select * from house.word_counts"))
    assert counts["inputs/concepts/links.md"] == len(["link", "joins", "two", "things."])


def test_one_byte_of_a_seed_above_dbts_limit_is_seen(house: House) -> None:
    row = "writer-{:06},openai/test-model-with-a-long-name,{},0,100,,,false\n"
    head = (house.folder / "seeds" / "llm_models.csv").read_text(encoding="utf-8")
    big = head + "".join(row.format(number, "evaluation") for number in range(20_000))
    assert len(big) > 1 << 20
    house.write("seeds/llm_models.csv", big)
    house.refresh()
    edited = big.replace("writer-019999,openai/test-model", "writer-019999,openai/best-model")
    assert len(edited) == len(big)
    house.write("seeds/llm_models.csv", edited)
    told = house.refresh()
    assert "seeds/llm_models.csv changed" in told
    assert house.selected() == house.hangs_on(
        "seed.assay.llm_models", "source.assay.inputs.llm_models"
    )
    found = house.rows("select model from seeds.llm_models where model_id = 'writer-019999'")
    assert found == [("openai/best-model-with-a-long-name",)]
    house.write("seeds/llm_models.csv", head)
    house.refresh()


def test_a_failed_build_is_not_remembered_and_is_built_again(house: House) -> None:
    text = (house.folder / LINK).read_text(encoding="utf-8")
    state = house.current()
    house.append(LINK, "BROKEN")
    told = house.refresh(code=1)
    assert told.splitlines()[-1] == (
        "make refresh: build failed with exit code 1; the next refresh does it again"
    )
    assert "failed, or waiting for what failed: house.essay_tasks, house.link_answers" in told
    assert house.current() == state
    assert "inputs: 0 of 6 changed" in house.refresh(code=1)
    assert "house.link_tasks" in house.ran()
    assert house.current() == state
    house.write(LINK, text)
    house.refresh()
    assert house.selected() == house.hangs_on("source.assay.inputs.link_templates")
    assert house.current() != state


def test_a_refresh_killed_while_it_builds_is_made_good_by_the_next(house: House) -> None:
    state = house.current()
    (house.folder / "hold").touch()
    house.append("inputs/concepts/links.md", "And a third.\n")
    killed = house.start(*REFRESH)
    until_held(house)
    os.kill(killed.pid, signal.SIGKILL)
    assert killed.wait(300) == -signal.SIGKILL
    assert house.current() == state
    # What it had started still writes: the next one waits for that, not for the dead.
    following = house.start(*REFRESH)
    assert "waiting for it to end" in (following.stdout.readline() if following.stdout else "")
    assert following.poll() is None
    (house.folder / "hold").unlink()
    output, _ = following.communicate(timeout=900)
    assert following.returncode == 0, output
    assert house.selected() == house.hangs_on("source.assay.inputs.concepts")
    assert house.current() != state


def test_of_two_at_once_the_second_waits_and_finds_nothing_left(house: House) -> None:
    (house.folder / "hold").touch()
    house.append("inputs/concepts/links.md", "And a fourth.\n")
    one = house.start(*REFRESH)
    until_held(house)
    two = house.start(*REFRESH)
    assert two.stdout
    assert "another refresh or `make run` is at work here: waiting" in two.stdout.readline()
    (house.folder / "hold").unlink()
    first_told, _ = one.communicate(timeout=900)
    second_told, _ = two.communicate(timeout=900)
    assert (one.returncode, two.returncode) == (0, 0), first_told + second_told
    assert "house.word_counts" in first_told
    assert "built no table" in second_told


def test_watch_refreshes_once_for_edits_that_come_together(house: House) -> None:
    watching = house.start(sys.executable, "-m", "assay.refresh.watch")
    late = threading.Timer(900, watching.kill)
    late.start()
    told_until_done(watching)
    house.append(LINK, "w")
    house.append("inputs/concepts/links.md", "w")
    house.write("inputs/concepts/.links.md.swp", "an editor's")
    told = told_until_done(watching)
    watching.send_signal(signal.SIGINT)
    rest, _ = watching.communicate(timeout=300)
    late.cancel()
    assert "watch: inputs/concepts/links.md, inputs/templates/link/second.j2\n" in told
    assert house.selected() == house.hangs_on(
        "source.assay.inputs.link_templates", "source.assay.inputs.concepts"
    )
    assert (watching.returncode, rest) == (0, "")


def told_until_done(watching: "subprocess.Popen[str]") -> str:
    """Return what is printed up to the end of a refresh."""
    told = ""
    for line in watching.stdout or ():
        told += line
        if line.startswith("refresh: done"):
            return told
    raise AssertionError(told)


def test_wrong_usage_ends_with_2(house: House) -> None:
    told = house.run(*REFRESH, "--approve", code=2)
    assert "unrecognized arguments: --approve" in told


def until_held(house: House) -> None:
    """Wait until the model that can be held is held."""
    until((house.folder / "held").exists)
    (house.folder / "held").unlink()


@pytest.fixture(autouse=True)
def _nothing_is_held(house: House) -> None:
    (house.folder / "hold").unlink(missing_ok=True)
