"""Prompt experiments: questions from templates and concepts, and rows from answers.

Three steps follow each other: links between concepts, essays from links, evaluations of essays.
Each asks through assay.mining.llm, so that it has the plan, the lock, the budget and the cache.
"""

import functools
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

from assay.mining.experiments.template import Prompt
from assay.mining.llm import (
    UNTRUSTED_RULE,
    Cache,
    LlmError,
    Result,
    Settings,
    Task,
    cleaned,
    delimit_untrusted,
    plan,
    run,
)

log = logging.getLogger(__name__)

PROMPTS_VERSION = "1"  # of what is said beside the templates; another asks everything again
MIN_LINKS, MAX_LINKS = 3, 12
_CONCEPT, _LINK, _ESSAY = 6_000, 600, 20_000  # characters of each that a prompt may hold
_Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
_Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=_LINK)]

# What each step is for, in the words of the plan and of silver.llm_calls.
LINKS, ESSAYS, EVALUATIONS = "links", "essays", "evaluations"
_ROLES = {
    LINKS: "You look for links between ideas, and would rather give few than weak ones.",
    ESSAYS: "You write plain, exact English for readers who are short of time.",
    EVALUATIONS: f"You judge essays, strictly and by the same measure each time. {UNTRUSTED_RULE}",
}

_STAND_IN = {
    "text": "One of them pays for the other, as long as somebody counts. " * 4,
    "first": "a",
    "second": "b",
}


class Link(BaseModel):
    """A link between two concepts, which are named by their ids."""

    first: _Name
    second: _Name
    text: _Words


class Links(BaseModel):
    """Links between concepts; fewer than three where no more are worth telling."""

    links: list[Link] = Field(max_length=MAX_LINKS)


@dataclass(frozen=True)
class Job:
    """One task of a step, with all that its prompt needs.

    task_id, template_id, model_id: as in the task tables. inputs_hash: of all that its answer
    depends on. model: as LiteLLM names it. file, source: of the template. values: what the template
    can print. prices: USD per million tokens in and out.
    """

    task_id: str
    template_id: str
    model_id: str
    inputs_hash: str
    model: str
    temperature: float
    max_tokens: int
    file: str
    source: str
    values: Mapping[str, Any] = field(repr=False)
    prices: tuple[float, float] | None = None


class Tasks:
    """Questions of one step; each template is read and checked once."""

    def __init__(self, step: str) -> None:
        self._step = step
        self._prompts: dict[tuple[str, str], Prompt] = {}

    def task(self, job: Job) -> Task:
        """Return the question of a job; raises PromptError where its template breaks a rule."""
        key = job.file, job.source
        if key not in self._prompts:
            self._prompts[key] = Prompt(job.source, job.file)
        prompt = self._prompts[key].render(_shown(job.values))
        return Task(
            key=job.task_id,
            purpose=self._step,
            prompt_version=job.template_id,
            messages=[
                {"role": "system", "content": _ROLES[self._step]},
                {"role": "user", "content": prompt},
            ],
            schema=Links if self._step == LINKS else None,
            max_tokens=job.max_tokens,
            temperature=job.temperature,
        )


def _shown(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a template gets to see, each part cut and cleaned; an essay is fenced."""
    shown: dict[str, Any] = {
        "concepts": [
            {
                "id": one["id"],
                "title": _one_line(one["title"]),
                "text": _cleaned(one["text"], _CONCEPT),
            }
            for one in values["concepts"]
        ]
    }
    if values.get("links") is not None:
        shown["links"] = [
            {name: _one_line(one[name] or "") for name in ("text", "first", "second")}
            for one in values["links"]
        ]
    if values.get("essay") is not None:
        shown["essay"] = delimit_untrusted(values["essay"], _ESSAY)
    return shown


# Each concept stands in thousands of prompts, and is read letter by letter once.
_cleaned = functools.lru_cache(2_000)(cleaned)


def _one_line(text: str) -> str:
    return " ".join(_cleaned(text, _LINK).split())


def settings_for(job: Job, settings: Settings) -> Settings:
    """Return the settings for a job's model.

    Prices, reasoning effort and key of the environment are those of LLM_MODEL: another model has
    its own, and a key goes to no other provider, unless LLM_API_BASE names one server for all.
    """
    named = settings.model or ""
    prices, is_named = job.prices, job.model == named or not named
    if prices is None and is_named:
        prices = _pair(settings.input_usd_per_mtok, settings.output_usd_per_mtok)
    same = settings.api_base or not named or job.model.split("/")[0] == named.split("/")[0]
    return replace(
        settings,
        model=job.model,
        api_key=settings.api_key if same else None,
        reasoning_effort=settings.reasoning_effort if is_named else None,
        input_usd_per_mtok=prices[0] if prices else None,
        output_usd_per_mtok=prices[1] if prices else None,
    )


def _pair(first: float | None, second: float | None) -> tuple[float, float] | None:
    return None if first is None or second is None else (first, second)


def answer(
    step: str,
    jobs: Iterable[Job],
    settings: Settings,
    cache: Cache,
    *,
    approved: bool,
    max_usd: float,
    run_id: str,
    limit: int,
    done: int = 0,
    ask_again: bool = False,
) -> list[tuple[Job, Result]]:
    """Return what became of each job: from the cache, and for up to `limit` others by asking.

    done: how many answers of this step the caller has already: when the cache has no others and the
    limit is reached, the rest of the jobs is not looked at. ask_again: ask also what was paid for
    in vain before.

    Every prompt is rendered before anything is asked. A model that cannot be asked (no price, no
    key) fails its own jobs; when that is so for all of them, LlmError is raised.
    """
    tasks = Tasks(step)
    kept: list[Job] = []
    by_model: dict[Settings, list[Task]] = {}
    pending = 0
    unseen = cache.answered_questions(step) - done
    for job in jobs:
        how, task = settings_for(job, settings), tasks.task(job)
        if cache.answer(task.question(job.model)) is None:
            pending += 1
            if pending > limit and unseen <= 0:
                break
            if pending > limit:
                continue
        else:
            unseen -= 1
        kept.append(replace(job, values={}, source=""))
        by_model.setdefault(how, []).append(task)
    results = _ask(
        by_model, cache, approved=approved, max_usd=max_usd, run_id=run_id, ask_again=ask_again
    )
    return [(job, results[job.task_id]) for job in kept]


def _ask(by_model: dict[Settings, list[Task]], cache: Cache, **how: Any) -> dict[str, Result]:
    results: dict[str, Result] = {}
    errors: list[LlmError] = []
    for settings, tasks in by_model.items():
        try:
            answered = run(tasks, settings, cache, **how)
        except LlmError as error:
            log.error("llm: %s", error)
            errors.append(error)
            answered = [_unanswered(task, settings, cache, str(error)) for task in tasks]
        results |= {one.key: one for one in answered}
    if errors and len(errors) == len(by_model):
        raise errors[0]
    return results


def estimate(step: str, jobs: Iterable[Job], settings: Settings, cache: Cache) -> float | None:
    """Return about what jobs would cost, in USD, whose links or essays are not there yet.

    Links and essays of ordinary length stand in for them. None when a price is not known.
    """
    tasks = Tasks(step)
    by_model: dict[Settings, list[Task]] = {}
    for job in jobs:
        # The id makes each question another, as they will be.
        links = [_STAND_IN | {"text": f"{_STAND_IN['text']} {job.task_id}"}, *[_STAND_IN] * 6]
        values = {**job.values, "links": links, "essay": f"{_STAND_IN['text'] * 12} {job.task_id}"}
        by_model.setdefault(settings_for(job, settings), []).append(
            tasks.task(replace(job, values=values))
        )
    costs = [plan(some, how, cache).cost_usd for how, some in by_model.items()]
    return None if None in costs else sum(costs)


def _unanswered(task: Task, settings: Settings, cache: Cache, why: str) -> Result:
    """Return what the cache has for a task whose model cannot be asked, else its failure."""
    [one] = run([task], settings, cache, approved=False, max_usd=0)
    return one if one.data else replace(one, status="failed", error=why)


def response(step: str, result: Result) -> str:
    """Return an answer as it is kept: JSON for links, each said once, else the text."""
    data = result.data or {}
    if step != LINKS:
        return str(data["text"])
    once = {" ".join(link["text"].casefold().split()): link for link in data["links"]}
    return json.dumps({"links": list(once.values())}, ensure_ascii=False)
