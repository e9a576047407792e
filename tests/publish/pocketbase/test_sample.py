"""The bundled sample, from its posts to PocketBase, with the tables that dbt builds."""

import sys
from pathlib import Path

import pytest

from tests.issues.gold.mined import build, the_sample
from tests.publish.pocketbase.gold import expected
from tests.publish.pocketbase.support import PocketBase, published
from tests.support import Project

pytestmark = pytest.mark.slow("what dbt builds of the sample, record by record in PocketBase")

# Figures about how posts were judged, and who wrote them: they rank the issues, and stay in the
# warehouse. Locked posts are published as a count.
NOT_PUBLISHED = {"problem_share", "is_problem", "certainty", "person", "is_locked"}
# What a person corrected is published; beside it the warehouse keeps what the machine had said.
NOT_PUBLISHED |= {"machine_title", "machine_category", "machine_impact_level"}


class BuiltGold:
    """The gold of a project, read as tests.publish.pocketbase.support.Gold is."""

    def __init__(self, project: Project) -> None:
        self.run = project.rows


def test_what_dbt_builds_is_published_whole_and_a_rebuild_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, server: PocketBase
) -> None:
    project = the_sample(tmp_path_factory).copy(tmp_path)
    sync = (sys.executable, "-m", "assay.publish.pocketbase")
    project.run(*sync, **server.environment())
    have, want = published(server.url), expected(BuiltGold(project))
    assert len(want["issues"]) > 20
    assert len(want["issue_evidence"]) > 200
    for name, records in want.items():
        assert have[name].keys() == records.keys()
        for key, row in records.items():
            shown = {column: row[column] for column in row if column not in NOT_PUBLISHED}
            assert {column: have[name][key][column] for column in shown} == shown
    top = project.rows("select cluster_id, heat_rank, heat from gold.top_issues")
    newest = {key[1]: record for key, record in have["issues"].items() if record["is_latest"]}
    assert {number: (r["heat_rank"], r["heat"]) for number, r in newest.items()} == {
        number: (rank, heat) for number, rank, heat in top
    }
    log = project.rows("from gold.live_issues order by all")
    project.run(*build(select="models/issues/gold"))
    assert project.rows("from gold.live_issues order by all") == log
    assert len(log) == len(want["issues"])
    output = project.run(*sync, **server.environment())
    assert "0 issues and 0 posts sent, 0 removed" in output
    assert published(server.url) == have
