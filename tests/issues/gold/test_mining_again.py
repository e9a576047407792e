"""Mining again: nothing twice, the same bits from the cache, whole after any kill."""

import random
import shutil
from pathlib import Path

import duckdb
import pytest

from tests.issues.gold.mined import LAST, TABLES, collected, mine, tables, the_sample
from tests.support import Project

EVERYTHING = "forbid=embed,cluster,summarize,label,identify,map,connect"
SECOND_LAST = "2026-11-14"
BATCH = 15  # a third of the sample's posts are ten batches of these
# Each run goes on where the one before was killed: while vectors are made, and after that.
MOMENTS = {
    "embedding": ("embed:1", "kept:1", "kept:3", "kept:4"),
    "mining": ("cluster:1", "cluster:2", "identify:2", "map:1", "summarize:8", "label:12"),
}


@pytest.fixture(scope="module")
def posts(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the sample collected, its posts cleaned and folded, nothing mined."""
    project = collected(tmp_path_factory.mktemp("posts"))
    project.run("dbt", "build", "--select", "+documents", "--exclude-resource-type", "test")
    return project


@pytest.fixture(scope="module")
def mined(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the sample with all days mined."""
    return the_sample(tmp_path_factory)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory, posts: Project) -> Project:
    """Return a third of the posts: where a run is killed matters, not how long it takes."""
    project = posts.copy(tmp_path_factory.mktemp("few"))
    change(project, "delete from bronze.raw_items where url_hash[1] > '5'")
    project.run("dbt", "build", "--select", "+documents", "--exclude-resource-type", "test")
    return project


@pytest.fixture(scope="module")
def last_days(few: Project, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple]]:
    """Return the tables with the last two days of these mined, undisturbed."""
    project = few.copy(tmp_path_factory.mktemp("last_days"))
    project.run(*mine(first=SECOND_LAST))
    return tables(project)


def change(project: Project, sql: str) -> None:
    with duckdb.connect(str(project.folder / "data" / "assay.duckdb")) as connection:
        connection.execute(sql)


def twice(log: Path) -> int:
    """Return how many texts were computed again."""
    computed = log.read_text().splitlines() if log.exists() else []
    return len(computed) - len(set(computed))


def test_with_nothing_new_nothing_is_computed_and_no_bit_changes(
    mined: Project, tmp_path: Path
) -> None:
    again = mined.copy(tmp_path)
    # With the vars of `make run`, whose parsed project serves.
    target = shutil.copytree(mined.folder / "target", tmp_path / "target")
    mining = mine(EVERYTHING, approve_llm=False, llm_max_usd=0)
    again.run(*mining, DBT_TARGET_PATH=str(target))
    assert tables(again) == tables(mined)


@pytest.mark.slow("mining again: days one by one, new posts, kills at every moment")
def test_a_full_refresh_gives_the_same_bits_and_embeds_nothing(
    mined: Project, tmp_path: Path
) -> None:
    again = mined.copy(tmp_path)
    again.run(*mine("forbid=embed,connect"), "--full-refresh")
    assert tables(again) == tables(mined)


@pytest.mark.slow("mining again: days one by one, new posts, kills at every moment")
def test_days_one_by_one_give_what_a_range_gives(
    few: Project, last_days: dict[str, list[tuple]], tmp_path: Path
) -> None:
    """The clock of the issues is theirs: how often somebody looks changes nothing."""
    daily = few.copy(tmp_path)
    for day in range(14, 16):
        daily.run(*mine(first=f"2026-11-{day:02d}", last=f"2026-11-{day:02d}"))
    assert tables(daily) == last_days


@pytest.mark.slow("mining again: days one by one, new posts, kills at every moment")
def test_a_new_post_is_embedded_alone_and_only_its_days_are_clustered_again(
    mined: Project, tmp_path: Path
) -> None:
    more, log = mined.copy(tmp_path / "more"), tmp_path / "log"
    change(
        more,
        "insert into bronze.raw_items by name select * replace ("
        "sha256('new') as url_hash, 'A new complaint nobody has made yet' as title, "
        "'Espresso machines in our office crash the booking calendar.' as body, "
        f"timestamptz '{LAST} 12:00:00+00' as created_at, date '{LAST}' as collection_date) "
        "from bronze.raw_items limit 1",
    )
    more.run(*mine(f"log={log}"))
    assert len(log.read_text().splitlines()) == 1
    before, after = tables(mined), tables(more)
    assert len(after["silver.embeddings"]) == len(before["silver.embeddings"]) + 1
    for table in ("silver.cluster_assignments", "silver.clusters", "gold.issues"):
        columns = [name for (name,) in more.rows(f"select column_name from (describe {table})")]
        day = columns.index("cluster_date")
        older = [row for row in after[table] if row[day] < LAST]
        assert older == [row for row in before[table] if row[day] < LAST], table
    assert more.rows(
        f"select count(*) from silver.cluster_assignments where url_hash = sha256('new') "
        f"and cluster_date = '{LAST}'"
    ) == [(1,)]


@pytest.mark.slow("mining again: days one by one, new posts, kills at every moment")
def test_no_posts_at_all_are_empty_tables(posts: Project, tmp_path: Path) -> None:
    empty = posts.copy(tmp_path)
    empty.run(*mine(first="2020-01-01", last="2020-01-02"))
    found = tables(empty)
    assert len(found["silver.embeddings"]) > 400
    of_posts = ("silver.embeddings", "silver.problems", "silver.items")
    assert {len(found[table]) for table in of_posts} == {len(found["silver.embeddings"])}
    assert {len(found[table]) for table in TABLES if table not in of_posts} == {0}


@pytest.mark.slow("mining again: days one by one, new posts, kills at every moment")
@pytest.mark.parametrize("moments", MOMENTS.values(), ids=MOMENTS)
def test_after_kills_nothing_is_lost_and_one_batch_at_most_is_computed_twice(
    moments: tuple[str, ...], few: Project, last_days: dict[str, list[tuple]], tmp_path: Path
) -> None:
    killed, log = few.copy(tmp_path / "killed"), tmp_path / "log"
    circumstances = (f"batch={BATCH}", f"log={log}")
    for number, moment in enumerate(moments, start=1):
        process = killed.start(*mine(f"die={moment}", *circumstances, first=SECOND_LAST))
        output, _ = process.communicate(timeout=600)
        assert process.returncode == -9, (moment, output)
        assert twice(log) <= BATCH * number
    killed.run(*mine(*circumstances, first=SECOND_LAST))
    assert tables(killed) == last_days
    assert twice(log) <= BATCH * len(moments)


@pytest.mark.slow("mining again: days one by one, new posts, kills at every moment")
def test_kills_between_any_two_statements_leave_a_warehouse_that_goes_on(
    few: Project, last_days: dict[str, list[tuple]], tmp_path: Path
) -> None:
    killed = few.copy(tmp_path)
    chance, kills = random.Random(4), 0
    for _ in range(3):
        process = killed.start(*mine(f"die=sql:{chance.randint(20, 200)}", first=SECOND_LAST))
        process.communicate(timeout=600)
        kills += process.returncode == -9
    assert kills >= 2
    killed.run(*mine(first=SECOND_LAST))
    assert tables(killed) == last_days
