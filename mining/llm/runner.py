"""The one door to language models: what a run would ask and cost, and asking it.

    tasks = [Task("c7", "issue_labels", "1", messages, Label, max_tokens=300), ...]
    with Cache(folder / "llm.sqlite") as cache:
        results = run(tasks, settings, cache, approved=False, max_usd=0)   # prints the plan
        results = run(tasks, settings, cache, approved=True, max_usd=5)    # asks what is pending

Without approval nothing leaves this machine. With it, no question that was answered before is paid
for again, and the total never passes `max_usd` (docs/decisions/llm-calls.md).
"""

import logging
import math
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace

from tqdm import tqdm

from assay.common.show import table
from assay.mining.llm.answer import (
    UNTRUSTED_RULE,
    cleaned,
    delimit_untrusted,
    detect_prompt_injection,
    kept,
    schema_text,
)
from assay.mining.llm.budget import Budget, count_tokens, prices
from assay.mining.llm.cache import Cache, Use, Waiting
from assay.mining.llm.provider import Provider
from assay.mining.llm.session import Session
from assay.mining.llm.settings import LlmError, Settings
from assay.mining.llm.task import Result, Task, result

__all__ = [
    "UNTRUSTED_RULE",
    "Cache",
    "LlmError",
    "Plan",
    "Result",
    "Settings",
    "Task",
    "cleaned",
    "delimit_untrusted",
    "detect_prompt_injection",
    "plan",
    "run",
]

log = logging.getLogger(__name__)

Identity = tuple[str, str, str]
_HEADINGS = ("purpose", "version", "tasks", "cached", "pending", "prompt tokens", "estimated USD")
ENOUGH_ANSWERS = 20  # to tell from how long the next ones will be
_SAY_EVERY = 10.0  # seconds between two lines of progress


@dataclass(frozen=True)
class Line:
    """One purpose and prompt version of a plan; cost_usd is None when the price is not known."""

    purpose: str
    prompt_version: str
    tasks: int
    cached: int
    pending: int
    prompt_tokens: int
    cost_usd: float | None


@dataclass(frozen=True)
class Plan:
    """What asking would mean. pending: each question once; cached: answered before.

    prompt_tokens and cost_usd are estimates for the pending ones, each asked once and answered at
    full length (`max_tokens`) or, once ENOUGH_ANSWERS of the purpose and model are on record, at
    the length that these have on average. cost_usd is None when the price is not known, and `note`
    says why.
    """

    model: str | None
    pending: tuple[Task, ...]
    cached: tuple[Task, ...]
    lines: tuple[Line, ...]
    note: str | None = None

    @property
    def prompt_tokens(self) -> int:
        """Return about how many tokens the pending prompts have."""
        return sum(line.prompt_tokens for line in self.lines)

    @property
    def cost_usd(self) -> float | None:
        """Return about what the pending questions cost at most."""
        costs = [line.cost_usd for line in self.lines if line.cost_usd is not None]
        return sum(costs) if len(costs) == len(self.lines) else None

    def __str__(self) -> str:
        rows = [_HEADINGS, *(_row(line) for line in self.lines)]
        if len(self.lines) > 1:
            sums = (
                sum(getattr(line, name) for line in self.lines)
                for name in ("tasks", "cached", "pending", "prompt_tokens")
            )
            rows.append(_row(Line("all", "", *sums, self.cost_usd)))
        # Without a model the note says so, and what to do.
        notes = [one for one in (self.model and f"model {self.model}", self.note) if one]
        return "\n".join([*table(rows, "<<>>>>>"), "; ".join(notes)])


def _row(line: Line) -> tuple[str, ...]:
    counts = (line.tasks, line.cached, line.pending, line.prompt_tokens)
    cost = "unknown" if line.cost_usd is None else f"{line.cost_usd:.4f}"
    return line.purpose, line.prompt_version, *(f"{count:,}" for count in counts), cost


def plan(tasks: Iterable[Task], settings: Settings, cache: Cache) -> Plan:
    """Return what asking these tasks would mean; opens no connection and loads no LiteLLM."""
    tasks = list(tasks)
    return _plan(tasks, settings, cache, _answered(tasks, settings, cache))


def run(
    tasks: Iterable[Task],
    settings: Settings,
    cache: Cache,
    *,
    approved: bool,
    max_usd: float,
    run_id: str | None = None,
) -> list[Result]:
    """Return a result for each task, in their order, asking what was not answered before.

    approved: without it nothing is asked: the plan is logged, and what the cache does not answer
    is `skipped`. max_usd: the most to spend under this run_id, over all runs that share it (one
    dbt build has one); by default each run has its own. Equal questions are asked once.

    Raises LlmError, before anything is sent, when the settings do not allow asking.
    """
    tasks = list(tasks)
    run_id = run_id or uuid.uuid4().hex
    answers = _answered(tasks, settings, cache)
    planned = _plan(tasks, settings, cache, answers)
    log.info("llm: %s\n%s", "asking" if approved else "not approved, so nothing is asked", planned)
    if approved:
        if planned.pending:
            answers |= _ask(planned, settings, cache, max_usd, run_id)
        cache.served(run_id, [t.question(settings.model or "") for t in planned.cached])
        planned = plan(tasks, settings, cache)
    cache.plan(run_id, [_waiting(line, settings.model or "") for line in planned.lines])
    return _in_order(tasks, settings, answers)


def _waiting(line: Line, model: str) -> Waiting:
    return Waiting(
        line.purpose, model, line.prompt_version, line.pending, line.prompt_tokens, line.cost_usd
    )


def _answered(tasks: Sequence[Task], settings: Settings, cache: Cache) -> dict[Identity, Result]:
    """Return what the cache answers, by question."""
    answers: dict[Identity, Result] = {}
    for task in tasks:
        question = task.question(settings.model or "")
        if question.identity in answers or not settings.model:
            continue
        found = cache.answer(question)
        data = kept(found[0], task.schema) if found else None
        if found and data is not None:
            one = result(task, question, "ok", found[1], data=data, cached=True)
            answers[question.identity] = one
    return answers


def _plan(
    tasks: Sequence[Task], settings: Settings, cache: Cache, answers: dict[Identity, Result]
) -> Plan:
    model = settings.model or ""
    identities = [task.question(model).identity for task in tasks]
    cached = tuple(t for t, i in zip(tasks, identities, strict=True) if i in answers)
    # The first task of each question asks it; the others share the answer.
    first = {i: t for t, i in reversed(list(zip(tasks, identities, strict=True)))}
    pending = tuple(first[i] for i in dict.fromkeys(identities) if i not in answers)
    try:
        price, note = prices(settings), None
    except LlmError as error:
        price, note = None, str(error)
    lines = []
    for purpose, version in dict.fromkeys((t.purpose, t.prompt_version) for t in tasks):
        mine = [t for t in pending if (t.purpose, t.prompt_version) == (purpose, version)]
        tokens = sum(_prompt_tokens(task) for task in mine)
        usual = cache.usual_tokens_out(purpose, model, ENOUGH_ANSWERS) or math.inf
        longest = sum(min(task.max_tokens, usual) for task in mine)
        nano = price and price.nano(tokens, math.ceil(longest))
        of = [
            [(t.purpose, t.prompt_version) for t in some].count((purpose, version))
            for some in (tasks, cached)
        ]
        cost = None if nano is None else nano / 1e9
        lines.append(Line(purpose, version, *of, len(mine), tokens, cost))
    return Plan(settings.model, pending, cached, tuple(lines), note)


def _prompt_tokens(task: Task) -> int:
    texts = [message["content"] for message in task.messages]
    return count_tokens(*texts, schema_text(task.schema))


def _ask(
    planned: Plan, settings: Settings, cache: Cache, max_usd: float, run_id: str
) -> dict[Identity, Result]:
    """Ask what is pending, many at once, and return the results by question."""
    price, budget = prices(settings), Budget(max_usd)
    started = time.monotonic()
    provider = Provider(settings)
    with cache.asking():
        # Another run may have answered some while this one waited.
        answers = _answered(planned.pending, settings, cache)
        budget.start_from(cache.spent_nano(run_id))
        session = Session(
            settings, cache, provider=provider, prices=price, budget=budget, run_id=run_id
        )
        pending = [
            task
            for task in planned.pending
            if task.question(settings.model or "").identity not in answers
        ]
        answers |= _ask_all(pending, session, settings, budget, max_usd)
    counts = Counter(one.status for one in answers.values())
    log.info(
        "llm: %s; $%.4f of $%g spent, %.1f s",
        ", ".join(f"{count} {status}" for status, count in sorted(counts.items())),
        budget.spent_usd,
        max_usd,
        time.monotonic() - started,
    )
    return answers


def _ask_all(
    tasks: Sequence[Task], session: Session, settings: Settings, budget: Budget, max_usd: float
) -> dict[Identity, Result]:
    answers: dict[Identity, Result] = {}
    said, bar = time.monotonic(), tqdm(total=len(tasks), disable=None, unit="answer")
    with ThreadPoolExecutor(settings.concurrency) as pool, bar:
        try:
            for done in as_completed([pool.submit(session.ask, task) for task in tasks]):
                one = done.result()
                answers[one.model or "", one.prompt_version, one.prompt_hash] = one
                bar.update()
                if bar.disable and time.monotonic() - said > _SAY_EVERY:
                    said = time.monotonic()
                    log.info(
                        "llm: %d of %d, $%.4f of $%g",
                        len(answers),
                        len(tasks),
                        budget.spent_usd,
                        max_usd,
                    )
        except BaseException:
            session.stop("the run was interrupted")
            pool.shutdown(cancel_futures=True)  # takes in the answers that are under way
            raise
    return answers


def _in_order(
    tasks: Sequence[Task], settings: Settings, answers: dict[Identity, Result]
) -> list[Result]:
    results, given = [], set()
    for task in tasks:
        question = task.question(settings.model or "")
        one = answers.get(question.identity)
        if one is None:
            one = result(task, question, "skipped", Use(), error="not approved")
        elif question.identity in given and not one.cached:
            one = replace(one, cached=one.status == "ok")
        given.add(question.identity)
        results.append(replace(one, key=task.key))
    return results
