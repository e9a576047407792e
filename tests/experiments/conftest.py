"""The experiments, built once without approval; tests that go on take a copy."""

import pytest

from tests.experiments.laboratory import Laboratory, load, scholar
from tests.support import QUICK, Project


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, str, int]:
    """Return the project with its tasks, what dbt said, and how many questions were asked."""
    project = Project(tmp_path_factory.mktemp("planned"))
    load(project)
    with Laboratory(scholar) as server:
        said = project.run("dbt", "build", *QUICK, "--select", "+scores", **server.environment)
        return project, said, server.connections
