"""What the tests of the experiments share: inputs by hand, a model that answers all three steps."""

import csv
import hashlib
import io
import json
import math
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import duckdb

from tests.llm_server import LlmServer, Question, Reply, Rule, _completion
from tests.support import QUICK, ROOT, Project

FOLDERS = {
    "concepts": ("inputs/concepts.csv", "inputs/concepts"),
    "link_templates": ("seeds/link_templates.csv", "inputs/templates/link"),
    "essay_templates": ("seeds/essay_templates.csv", "inputs/templates/essay"),
    "evaluation_templates": ("seeds/evaluation_templates.csv", "inputs/templates/evaluation"),
    "llm_models": ("seeds/llm_models.csv", ""),
}
# USD per token in and out, as LiteLLM's list has them; by the name that the server is told.
PRICES = {
    "openai/gpt-oss-20b": (7.5e-8, 3e-7),
    "openai/gpt-oss-120b": (1.5e-7, 6e-7),
    "qwen/qwen3.8-27b": (8e-7, 4e-6),
}
KEY = "test-key-of-nobody"
ESSAY = "A claim that needs three links. " * 60


def load(project: Project, **changed: str) -> None:
    """Put the project's inputs into bronze, as the pipeline would; `changed` has other texts, by
    path with _ for / and ."""
    rows = []
    for name, (table, folder) in FOLDERS.items():
        paths = [ROOT / table, *(sorted((ROOT / folder).iterdir()) if folder else [])]
        for path in paths:
            shown = path.relative_to(ROOT).as_posix()
            key = shown.replace("/", "_").replace(".", "_").replace("-", "_")
            rows.append((name, shown, changed.pop(key, path.read_text(encoding="utf-8"))))
    rows += [("concepts", f"inputs/concepts/{key}.md", text) for key, text in changed.items()]
    with connected(project) as db:
        db.execute("create schema if not exists bronze")
        db.execute(
            "create or replace table bronze.input_files (input_name varchar, path varchar, "
            "content varchar, csv_rows json, sha256 varchar, size bigint)"
        )
        for name, path, text in rows:
            table = None
            if path.endswith(".csv"):
                cells = csv.DictReader(io.StringIO(text))
                table = json.dumps([{k: v or None for k, v in row.items()} for row in cells])
            content = text.encode()
            values = [name, path, text, table, hashlib.sha256(content).hexdigest(), len(content)]
            db.execute("insert into bronze.input_files values (?, ?, ?, ?, ?, ?)", values)


def connected(project: Project) -> duckdb.DuckDBPyConnection:
    """Open the warehouse for writing."""
    file = project.folder / "data" / "assay.duckdb"
    file.parent.mkdir(parents=True, exist_ok=True)
    return duckdb.connect(str(file))


def command(**given: object) -> list[str]:
    """Return the command that builds the scores and all before them, with these variables."""
    untested = ("--exclude-resource-type", "test")
    words = ["dbt", "build", *QUICK, *untested, "--select", "+scores+", "failures"]
    return [*words, "--vars", json.dumps(given)] if given else words


class Laboratory(LlmServer):
    """A server of all models, with a ledger: (model, step, USD) of each answer that is billed."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(self._kept)
        self.answers = rule
        self.ledger: list[tuple[str, str, float]] = []

    def _kept(self, question: Question) -> Reply:
        reply = self.answers(question)
        if reply.status == 200:
            price = PRICES[question.body["model"]]
            out = math.ceil(len((reply.content or "").encode()) / 4)
            usd = question.tokens * price[0] + out * price[1]
            self.ledger.append((question.body["model"], step_of(question), usd))
            # LiteLLM reads no answer of Groq without this, which Groq's API always gives.
            body = json.loads(_completion(question, reply)) | {"service_tier": "on_demand"}
            reply = replace(reply, raw=json.dumps(body).encode())
        return reply

    @property
    def bill(self) -> float:
        """Return what was billed so far, in USD."""
        return sum(usd for _, _, usd in self.ledger)

    @property
    def environment(self) -> dict[str, str]:
        """Return the settings that lead here."""
        return {"LLM_API_BASE": self.base, "LLM_API_KEY": KEY, "LLM_BACKOFF_SECONDS": "0.01"}

    def run(self, project: Project, **given: object) -> str:
        """Build the scores under approval and return what dbt said."""
        return self.build(project, approve_llm=True, **{"llm_max_usd": 5, **given})

    def build(self, project: Project, **given: object) -> str:
        """Build the scores and return what dbt said; a busy machine may take its time."""
        process = project.start(*command(**given), **self.environment)
        said, _ = process.communicate(timeout=900)
        assert process.returncode == 0, said
        return said

    def asked(self) -> Counter[str]:
        """Return how many questions each step asked."""
        return Counter(step_of(question) for question in self.questions)


def step_of(question: Question) -> str:
    """Return links, essays or evaluations, by who the model is told to be; else issue_labels."""
    role = question.body["messages"][0]["content"]
    roles = {"links between": "links", "plain, exact": "essays", "You judge": "evaluations"}
    return next((step for words, step in roles.items() if words in role), "issue_labels")


def number(question: Question) -> int:
    """Return a number that depends on nothing but the question and the model."""
    return int(hashlib.sha256(f"{question.body['model']} {question.text}".encode()).hexdigest(), 16)


def scholar(question: Question) -> Reply:
    """Answer each step well: 3 to 6 links, an essay, a score in one of several forms."""
    chance = number(question)
    step = step_of(question)
    if step == "links":
        ids = [
            line.split("(id: ")[1].split(")")[0]
            for line in question.text.splitlines()
            if "(id: " in line
        ]
        links = [
            {
                "first": ids[n % len(ids)],
                "second": ids[(n + 1) % len(ids)].upper(),
                "text": f"Link {n} of {chance}.",
            }
            for n in range(3 + chance % 4)
        ]
        return Reply(json.dumps({"links": links}))
    if step == "essays":
        return Reply(f"{ESSAY}{chance}")
    score = chance % 101 / 10
    forms = (
        "Fine.\n\nSCORE: {}",
        "**Score: {}/10**",
        "Weak.\nOverall: {} out of 10",
        "Clarity: {0}\nDepth: {0}",
    )
    return Reply(forms[chance % len(forms)].format(score))


def tables(project: Project) -> dict[str, list[tuple]]:
    """Return the answers and what was made of them, without when and by which run."""
    names = ("links_responses", "links", "essay_responses", "evaluation_responses", "scores")
    varying = ("run_id", "recorded_at", "seconds")
    return {
        name: project.rows(
            f"select columns(c -> c not in {varying})::varchar from experiments.{name} order by all"
        )
        for name in names
    }


def copied(project: Project, folder: Path) -> Project:
    """Return another project with the same data."""
    shutil.copytree(project.folder / "data", folder / "data")
    return Project(folder)
