"""A question to a model, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel

from assay.mining.llm.answer import prompt_hash
from assay.mining.llm.cache import Question, Use


@dataclass(frozen=True)
class Task:
    """One question to a model.

    key: the caller's name for it. purpose: what it is for, such as issue_labels. prompt_version:
    raised by the caller when its prompt changes. messages: OpenAI's, role and content, texts only.
    schema: what the answer must fit, None for free text. max_tokens: the longest answer.
    temperature: 0 for the likeliest answer; another is another question. earlier: older prompt
    versions and what their answers must fit: an answer that was paid for under the same key by one
    of them is taken, so that new words ask only what was never answered. max_tokens is the answer
    alone: what a model thinks before comes on top.
    """

    key: str
    purpose: str
    prompt_version: str
    messages: list[dict[str, str]]
    schema: type[BaseModel] | None
    max_tokens: int
    temperature: float = 0.0
    earlier: Mapping[str, type[BaseModel]] = field(default_factory=dict)

    def question(self, model: str) -> Question:
        """Return what identifies the answer of a model to this task."""
        asked = prompt_hash(self.messages, self.schema, self.temperature)
        return Question(model, self.prompt_version, asked, self.purpose, self.key)

    def earlier_questions(self, model: str) -> list[tuple[Question, type[BaseModel]]]:
        """Return the questions of older prompts, without their hashes, the newest version first."""
        asked = self.question(model)
        return [
            (replace(asked, prompt_version=version, prompt_hash=""), schema)
            for version, schema in self.earlier.items()
        ]


@dataclass(frozen=True)
class Result:
    """What became of a task.

    status: ok, failed (asked, no valid answer), over_budget (not asked any more) or skipped (not
    asked at all). data: the checked answer, {"text": ...} without a schema; None unless ok.
    tokens, cost_usd and seconds are what the answer took, bad attempts included; for one from the
    cache (`cached`), what it took when it was paid for, so that a rerun gives the same. A question
    that was paid for in vain before is failed and cached. prompt_version and prompt_hash are those
    that were answered: an older version's where its answer is taken.
    """

    key: str
    status: str
    data: dict[str, Any] | None
    error: str | None
    tokens_in: int
    tokens_out: int
    cost_usd: float
    seconds: float
    cached: bool
    model: str | None
    prompt_version: str
    prompt_hash: str


def result(
    task: Task,
    question: Question,
    status: str,
    use: Use,
    *,
    data: dict[str, Any] | None = None,
    error: str | None = None,
    cached: bool = False,
) -> Result:
    """Return a task's result; see Result."""
    return Result(
        key=task.key,
        status=status,
        data=data,
        error=error,
        tokens_in=use.tokens_in,
        tokens_out=use.tokens_out,
        cost_usd=use.nano_usd / 1e9,
        seconds=use.seconds,
        cached=cached,
        model=question.model or None,
        prompt_version=question.prompt_version,
        prompt_hash=question.prompt_hash,
    )
