"""`dbt build` by a plan (assay/refresh/left_alone.py).

    python -m assay.refresh.build_due PLAN build ...

What follows the plan's file is for dbt, and so is the exit code. dbt has no hook that may leave a
node out, so runners of ours stand in the place of its own for models, seeds and data tests; another
version of dbt that looks for its runners elsewhere builds everything. `dbt` itself is as ever.
"""

import hashlib
import sys
import threading
from pathlib import Path
from typing import Any

from dbt.artifacts.schemas.results import RunStatus, TestStatus
from dbt.artifacts.schemas.run import RunResult
from dbt.cli.main import cli
from dbt.node_types import NodeType
from dbt.task.base import ExecutionContext
from dbt.task.build import BuildTask
from dbt.task.run import ModelRunner
from dbt.task.seed import SeedRunner
from dbt.task.test import TestRunner

from assay.refresh.left_alone import MESSAGE, NOT_COUNTED, Build

_VIEW = "view"
_CONTENT_SQL = """
    select count(*) || ' ' || coalesce(sum(hash(noted)::hugeint), 0) as content
    from {table} as noted
"""


class _OnlyDue:
    """Mixed into a runner of dbt's: what is not due is left alone, what is built is noted."""

    build: Build
    # Of dbt's runner.
    node: Any
    adapter: Any

    def compile_and_execute(self, manifest: Any, ctx: ExecutionContext) -> RunResult | None:
        """Do what dbt does, for a node that is due."""
        name, is_table = self.node.unique_id, not self.node.is_ephemeral_model
        if is_table and self._is_there() and not self.build.is_due(name):
            return self._left_alone(ctx)
        result = super().compile_and_execute(manifest, ctx)  # type: ignore[misc]
        if is_table and result.status == RunStatus.Success:
            self.build.built(name, self._content())
        return result

    def _is_there(self) -> bool:
        """Say whether there is something to be left alone: somebody may have dropped a table."""
        if self.node.resource_type == NodeType.Test:
            return True
        with self.adapter.connection_named(self.node.unique_id):
            place = (self.node.database, self.node.schema, self.node.alias)
            return self.adapter.get_relation(*place) is not None

    def _left_alone(self, ctx: ExecutionContext) -> RunResult:
        is_test = self.node.resource_type == NodeType.Test
        return RunResult(
            status=TestStatus.Pass if is_test else RunStatus.Success,
            timing=[],
            thread_id=threading.current_thread().name,
            execution_time=0.0,
            adapter_response={},
            message=MESSAGE,
            failures=0 if is_test else None,
            node=ctx.node,
        )

    def _content(self) -> str:
        """Return names and types, the number of rows and the sum of their hashes of 64 bits."""
        if self.node.config.materialized == _VIEW:
            return NOT_COUNTED
        with self.adapter.connection_named(self.node.unique_id):
            table = self.adapter.Relation.create_from(self.adapter.config, self.node)
            columns = self.adapter.get_columns_in_relation(table)
            named = ", ".join(f"{column.name} {column.data_type}" for column in columns)
            _, found = self.adapter.execute(_CONTENT_SQL.format(table=table), fetch=True)
            [(content,)] = found.rows
        return f"{hashlib.sha256(named.encode()).hexdigest()[:16]} {content}"


def main() -> None:
    """Run dbt with the arguments after the plan."""
    file, *of_dbt = sys.argv[1:]
    build = Build(Path(file))
    ours = {NodeType.Model: ModelRunner, NodeType.Seed: SeedRunner, NodeType.Test: TestRunner}
    BuildTask.RUNNER_MAP = BuildTask.RUNNER_MAP | {
        kind: type(f"Due{runner.__name__}", (_OnlyDue, runner), {"build": build})
        for kind, runner in ours.items()
    }
    cli(of_dbt, prog_name="dbt")


if __name__ == "__main__":
    main()
