"""A copy of the project that a test may edit, with small inputs and models that hang on them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from assay.refresh.left_alone import MESSAGE
from tests import forks
from tests.support import BIN, ROOT, SALT

LEFT_BEHIND = shutil.ignore_patterns(
    ".git",
    ".venv*",
    "data",
    "data.*",
    "target",
    "state",
    "logs",
    "reports",
    "*.egg-info",
    "__pycache__",
    ".hypothesis",
    ".*_cache",
    ".make-run.lock",
    ".env",
    "secrets.toml",
)
TEMPLATES = "template_id,file,active\nfirst,first.j2,true\nsecond,second.j2,true\n"
INPUTS = {
    "inputs/concepts.csv": (
        "concept_id,title,file,active\nlinks,Links,links.md,true\nhashes,Hashes,hashes.md,true\n"
        "files,Files,files.md,true\ntables,Tables,tables.md,true\nprompts,Prompts,prompts.md,true\n"
    ),
    "inputs/concepts/tables.md": "A table has rows.\n",
    "inputs/concepts/prompts.md": "A prompt asks.\n",
    "inputs/concepts/links.md": "A link joins two things.\n",
    "inputs/concepts/hashes.md": "A hash is short for a text.\n",
    "inputs/concepts/files.md": "A file has a name and bytes.\n",
    "seeds/llm_models.csv": (
        "model_id,model,purpose,temperature,max_tokens,input_usd_per_mtok,output_usd_per_mtok,"
        "active\nwriter,openai/test,generation,0,100,,,true\njudge,openai/test,evaluation,0,100,,,"
        "true\n"
    ),
    **{f"seeds/{kind}_templates.csv": TEMPLATES for kind in ("link", "essay", "evaluation")},
    **{
        f"inputs/templates/{kind}/{name}.j2": f"The {name} {kind} template.\n"
        for kind in ("link", "essay", "evaluation")
        for name in ("first", "second")
    },
}
MODELS = {
    "models/house/concept_texts.sql": (
        "{{ config(schema='house', materialized='table') }}\n"
        "select path, content from {{ source('inputs', 'concepts') }} where csv_rows is null"
    ),
    "models/house/link_tasks.sql": (
        "{{ config(schema='house', materialized='table') }}\n"
        "select md5(concat_ws(' ', model_id, path, sha256)) as task_id, model_id, path, content\n"
        "from {{ source('inputs', 'link_templates') }} cross join {{ ref('llm_models') }}\n"
        "where csv_rows is null and purpose = 'generation'"
    ),
    "models/house/essay_tasks.sql": (
        "{{ config(schema='house', materialized='table') }}\n"
        "select md5(concat_ws(' ', tasks.task_id, files.sha256)) as task_id, files.path\n"
        "from {{ ref('link_tasks') }} as tasks\n"
        "cross join {{ source('inputs', 'essay_templates') }} as files\n"
        "where files.csv_rows is null"
    ),
    "models/house/essay_texts.sql": (
        "{{ config(schema='house', materialized='table') }}\n"
        "select path, content from {{ source('inputs', 'essay_templates') }} "
        "where csv_rows is null"
    ),
    "models/house/_house.yml": (
        "models:\n  - name: link_answers\n    config:\n      schema: house\n      tags: [llm]\n"
        "      approve_llm: \"{{ var('approve_llm', false) }}\"\n"
        "      llm_max_usd: \"{{ var('llm_max_usd', 0) }}\"\n"
    ),
    "tests/house/no_task_is_broken.sql": (
        "select * from {{ ref('link_tasks') }} where content like '%BROKEN%'"
    ),
    "mining/house_words.py": "from assay.mining.house_letters import MIN_LETTERS\n",
    "mining/house_letters.py": "MIN_LETTERS = 1\n",
    "python_models/house/word_counts.py": """\
import time
from pathlib import Path

import pyarrow as pa

from assay.mining.house_words import MIN_LETTERS


def model(dbt, session):
    dbt.config(schema="house", materialized="table")
    rows = dbt.ref("concept_texts").fetchall()
    if Path("hold").exists():
        Path("held").touch()
        while Path("hold").exists():
            time.sleep(0.02)
    return pa.Table.from_pylist(
        [
            {"path": path, "words": sum(len(w) >= MIN_LETTERS for w in text.split())}
            for path, text in rows
        ]
    )
""",
    "python_models/house/link_answers.py": """\
from pathlib import Path

import pyarrow as pa

from assay.dbt.progress import show_progress
from assay.mining.llm import Cache, Settings, Task, run


def model(dbt, session):
    show_progress()
    dbt.config(materialized="incremental", unique_key="key", incremental_strategy="delete+insert")
    tasks = [
        Task(key, "house", "1", [{"role": "user", "content": text}], None, 100)
        for key, text in dbt.ref("link_tasks").project("task_id, content").fetchall()
    ]
    with Cache(Path("data/llm.sqlite")) as cache:
        results = run(
            tasks, Settings.from_environment(), cache,
            approved=str(dbt.config.get("approve_llm")).lower() == "true",
            max_usd=float(dbt.config.get("llm_max_usd")),
        )
    schema = pa.schema([("key", pa.string()), ("text", pa.string())])
    return pa.Table.from_pylist(
        [{"key": r.key, "text": r.data["text"]} for r in results if r.status == "ok"], schema
    )
""",
}


@dataclass
class House:
    """The project's copy in `folder`; `more` is what its commands have in their environment."""

    folder: Path
    more: dict[str, str] = field(default_factory=dict)

    @classmethod
    def build(cls, folder: Path, *, models: bool = True) -> "House":
        """Copy the project, with the inputs of this module in place of its own."""
        shutil.copytree(ROOT, folder, ignore=LEFT_BEHIND)
        shutil.rmtree(folder / "inputs", ignore_errors=True)
        house = cls(folder)
        for path, text in (INPUTS | (MODELS if models else {})).items():
            house.write(path, text)
        return house

    def write(self, path: str, text: str | bytes) -> None:
        """Write one file of the copy."""
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode() if isinstance(text, str) else text)

    def append(self, path: str, text: str) -> None:
        """Add to the end of one file."""
        with (self.folder / path).open("a", encoding="utf-8") as file:
            file.write(text)

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of the commands, in which the copy's modules come first."""
        return {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "PYTHONPATH": str(self.folder),
            "HOME": str(self.folder / "home"),
            "AUTHOR_SALT": SALT,
            "HF_HUB_OFFLINE": "1",
            "HTTP__MIN_INTERVAL_SECONDS": "0",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            **self.more,
        }

    def start(self, *command: str, **more: str) -> "subprocess.Popen[str] | forks.Forked":
        """Start one command in the copy."""
        return forks.start(command, self.folder, self.environment | more)

    def run(self, *command: str, code: int = 0, **more: str) -> str:
        """Run one command to the end that is expected; return what it printed."""
        process = self.start(*command, **more)
        output, _ = process.communicate(timeout=900)
        assert process.returncode == code, f"{command}: exit {process.returncode}\n{output}"
        return output

    def observe(self, code: int = 0) -> str:
        """Run the inputs pipeline."""
        return self.run("dlt", "pipeline", "inputs", "run", code=code)

    def refresh(self, code: int = 0, **more: str) -> str:
        """Run `make refresh`'s program."""
        return self.run(sys.executable, "-m", "assay.refresh", code=code, **more)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return all rows of one query on the warehouse."""
        with duckdb.connect(self.folder / "data" / "assay.duckdb", read_only=True) as connection:
            connection.execute("set timezone = 'UTC'")
            return connection.execute(sql).fetchall()

    def changed_at(self) -> Mapping[str, Any]:
        """Return when each input changed."""
        return dict(
            self.rows("select input_name, changed_at::varchar from bronze.input_fingerprints")
        )

    def artifact(self, name: str, folder: str = "target") -> Any:
        """Return one of dbt's JSON files."""
        return json.loads((self.folder / folder / name).read_bytes())

    def selected(self, *, but: str = "") -> set[str]:
        """Return the models and seeds of dbt's run_results.json, as schema.name.

        but: of what does not count, dbt's message.
        """
        nodes = self.artifact("manifest.json")["nodes"]
        return {
            table(nodes[result["unique_id"]])
            for result in self.artifact("run_results.json")["results"]
            if result["unique_id"].startswith(("model.", "seed."))
            if result["message"] != but
        }

    def ran(self) -> set[str]:
        """Return those of the selected models and seeds that were built."""
        return self.selected(but=MESSAGE)

    def hangs_on(self, *starts: str) -> set[str]:
        """Return the models and seeds below these nodes (`source.assay.inputs.concepts`), and the
        nodes themselves where they are such, by dbt's own graph."""
        manifest = self.artifact("manifest.json")
        found, waiting = set(), list(starts)
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting += manifest["child_map"].get(one, [])
        return {
            table(manifest["nodes"][name])
            for name in found
            if name.startswith(("model.", "seed."))
            and manifest["nodes"][name]["config"]["materialized"] != "ephemeral"
        }

    def current(self) -> str:
        """Return which build the state is of."""
        return str((self.folder / "state" / "current").readlink())


def table(node: Mapping[str, Any]) -> str:
    """Name a node by where its rows are."""
    return f"{node['schema']}.{node['alias']}"
