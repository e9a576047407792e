"""The one door to language models: what a run would ask and cost, and asking it.

    tasks = [Task("c7", "issue_labels", "1", messages, Label, max_tokens=300), ...]
    with Cache(folder / "llm.sqlite") as cache:
        results = run(tasks, settings, cache, approved=False, max_usd=0)   # prints the plan
        results = run(tasks, settings, cache, approved=True, max_usd=5)    # asks what is pending

Without approval nothing leaves this machine. With it, no question that was answered before is paid
for again, and the total never passes `max_usd` (docs/decisions/llm-calls.md).
"""

import logging
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace

from tqdm import tqdm

from assay.mining.llm.budget import Budget, prices
from assay.mining.llm.cache import Cache, Question, Use, Waiting
from assay.mining.llm.planning import Identity, Line, Plan, look_up, planned
from assay.mining.llm.provider import Provider
from assay.mining.llm.session import Session
from assay.mining.llm.settings import Settings
from assay.mining.llm.task import Result, Task, result

log = logging.getLogger(__name__)

_SAY_EVERY = 10.0  # seconds between two lines of progress


def plan(tasks: Iterable[Task], settings: Settings, cache: Cache) -> Plan:
    """Return what asking these tasks would mean; opens no connection and loads no LiteLLM."""
    tasks = list(tasks)
    return planned(tasks, settings, cache, look_up(tasks, settings, cache, ask_again=False))


def run(
    tasks: Iterable[Task],
    settings: Settings,
    cache: Cache,
    *,
    approved: bool,
    max_usd: float,
    run_id: str | None = None,
    ask_again: bool = False,
) -> list[Result]:
    """Return a result for each task, in their order, asking what was not answered before.

    approved: without it nothing is asked: the plan is logged, and what the cache does not answer
    is `skipped`. max_usd: the most to spend under this run_id, over all runs that share it (one
    dbt build has one); by default each run has its own. Equal questions are asked once. ask_again:
    ask also what failed before under the same settings, and what only an older prompt's answer
    answers.

    Raises LlmError, before anything is sent, when the settings do not allow asking.
    """
    tasks = list(tasks)
    run_id = run_id or uuid.uuid4().hex
    known = look_up(tasks, settings, cache, ask_again=ask_again)
    first = planned(tasks, settings, cache, known)
    log.info("llm: %s\n%s", "asking" if approved else "not approved, so nothing is asked", first)
    answers, left = known.failures | known.answers, first
    if approved:
        if first.pending:
            answers |= _ask(first, settings, cache, max_usd, run_id, ask_again=ask_again)
        cache.served(run_id, [_answered(task, settings, answers) for task in first.cached])
        left = plan(tasks, settings, cache)
    cache.plan(run_id, [_waiting(line, settings.model or "") for line in left.lines])
    return _in_order(tasks, settings, answers)


def _answered(task: Task, settings: Settings, answers: dict[Identity, Result]) -> Question:
    """Return what the answer to a task answers: its question, or that of an older prompt."""
    question = task.question(settings.model or "")
    one = answers[question.identity]
    return replace(question, prompt_version=one.prompt_version, prompt_hash=one.prompt_hash)


def _waiting(line: Line, model: str) -> Waiting:
    return Waiting(
        line.purpose, model, line.prompt_version, line.pending, line.prompt_tokens, line.cost_usd
    )


def _ask(
    first: Plan, settings: Settings, cache: Cache, max_usd: float, run_id: str, *, ask_again: bool
) -> dict[Identity, Result]:
    """Ask what is pending, many at once, and return the results by question."""
    price, budget = prices(settings), Budget(max_usd)
    started = time.monotonic()
    provider = Provider(settings)
    with cache.asking():
        # Another run may have answered some while this one waited.
        known = look_up(first.pending, settings, cache, ask_again=ask_again)
        answers = known.failures | known.answers
        budget.start_from(cache.spent_nano(run_id))
        session = Session(
            settings, cache, provider=provider, prices=price, budget=budget, run_id=run_id
        )
        pending = [
            task
            for task in first.pending
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
