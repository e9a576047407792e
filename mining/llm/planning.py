"""What a run would ask: what was answered or failed before, and what the rest costs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from assay.common.show import table
from assay.mining.llm.answer import kept, schema_text
from assay.mining.llm.budget import count_tokens, prices
from assay.mining.llm.cache import Cache, Question
from assay.mining.llm.limits import Limits
from assay.mining.llm.settings import LlmError, Settings
from assay.mining.llm.task import Result, Task, result

Identity = tuple[str, str, str]
_HEADINGS = ("purpose", "version", "tasks", "cached", "pending", "prompt tokens", "estimated USD")
ENOUGH_ANSWERS = 20  # to tell from how long the next ones will be
ASK_AGAIN = "llm_ask_again: true"


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
    """What asking would mean. pending: each question once; cached: answered before; failed: paid
    for in vain before and not asked again.

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
    failed: tuple[Task, ...] = ()

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
        again = (
            f"{len(self.failed):,} failed before and are not asked again ({ASK_AGAIN} does)"
            if self.failed
            else None
        )
        notes = [one for one in (self.model and f"model {self.model}", self.note, again) if one]
        return "\n".join([*table(rows, "<<>>>>>"), "; ".join(notes)])


def _row(line: Line) -> tuple[str, ...]:
    counts = (line.tasks, line.cached, line.pending, line.prompt_tokens)
    cost = "unknown" if line.cost_usd is None else f"{line.cost_usd:.4f}"
    return line.purpose, line.prompt_version, *(f"{count:,}" for count in counts), cost


@dataclass(frozen=True)
class Known:
    """What the cache knows of tasks, by question: its answers, and what was paid for in vain."""

    answers: dict[Identity, Result] = field(default_factory=dict)
    failures: dict[Identity, Result] = field(default_factory=dict)


def look_up(tasks: Sequence[Task], settings: Settings, cache: Cache, *, ask_again: bool) -> Known:
    """Return what is known of tasks.

    ask_again: only answers to these very questions count: those of older prompts do not, nor do
    failures.
    """
    known = Known()
    for task in tasks if settings.model else ():
        question = task.question(settings.model or "")
        if question.identity in known.answers or question.identity in known.failures:
            continue
        one = _answer(task, question, cache, earlier=not ask_again)
        if one is not None:
            known.answers[question.identity] = one
        elif not ask_again and (
            failed := cache.failure(question, settings.fingerprint(task.max_tokens))
        ):
            why = f"{failed[0]}; paid for before, so not asked again ({ASK_AGAIN} does)"
            known.failures[question.identity] = result(
                task, question, "failed", failed[1], error=why, cached=True
            )
    return known


def _answer(task: Task, question: Question, cache: Cache, *, earlier: bool) -> Result | None:
    """Return the answer to a question, or to an older prompt of the same task, None without one."""
    found = cache.answer(question)
    data = kept(found[0], task.schema) if found else None
    if found and data is not None:
        return result(task, question, "ok", found[1], data=data, cached=True)
    for older, schema in task.earlier_questions(question.model) if earlier else ():
        before = cache.earlier_answer(older)
        data = kept(before[0], schema) if before else None
        if before and data is not None:
            return result(task, before[2], "ok", before[1], data=data, cached=True)
    return None


def planned(tasks: Sequence[Task], settings: Settings, cache: Cache, known: Known) -> Plan:
    """Return the plan for tasks of which the cache knows this; opens no connection."""
    model = settings.model or ""
    identities = [task.question(model).identity for task in tasks]
    cached, failed = (
        tuple(t for t, i in zip(tasks, identities, strict=True) if i in some)
        for some in (known.answers, known.failures)
    )
    # The first task of each question asks it; the others share the answer.
    first = {i: t for t, i in reversed(list(zip(tasks, identities, strict=True)))}
    settled = known.answers.keys() | known.failures.keys()
    pending = tuple(first[i] for i in dict.fromkeys(identities) if i not in settled)
    try:
        price, note = prices(settings), None
    except LlmError as error:
        price, note = None, str(error)
    limits = Limits(settings) if price else None
    lines = []
    for purpose, version in dict.fromkeys((t.purpose, t.prompt_version) for t in tasks):
        mine = [t for t in pending if (t.purpose, t.prompt_version) == (purpose, version)]
        tokens = sum(_prompt_tokens(task) for task in mine)
        usual = cache.usual_tokens_out(purpose, model, ENOUGH_ANSWERS) or math.inf
        nano = None
        if price and limits:
            longest = sum(min(limits.of(task.max_tokens), usual) for task in mine)
            nano = price.nano(tokens, math.ceil(longest))
        of = [
            [(t.purpose, t.prompt_version) for t in some].count((purpose, version))
            for some in (tasks, cached)
        ]
        cost = None if nano is None else nano / 1e9
        lines.append(Line(purpose, version, *of, len(mine), tokens, cost))
    return Plan(settings.model, pending, cached, tuple(lines), note, failed)


def _prompt_tokens(task: Task) -> int:
    texts = [message["content"] for message in task.messages]
    return count_tokens(*texts, schema_text(task.schema))
