"""Asking one question until it is answered, refused or given up: retries, budget and records."""

import logging
import threading
import time
from dataclasses import replace
from typing import Any

from assay.common.net import Doubling, Retry, TransientError, with_retries
from assay.mining.llm.answer import BadAnswerError, parsed, schema_text
from assay.mining.llm.budget import (
    MAX_PROMPT_BYTES,
    Budget,
    Prices,
    count_tokens,
    most_prompt_tokens,
    prompt_bytes,
    settled,
)
from assay.mining.llm.cache import Cache, Use
from assay.mining.llm.gate import Gate
from assay.mining.llm.provider import Provider, Reply, with_schema_hint
from assay.mining.llm.refusal import CallError
from assay.mining.llm.repair import without_thoughts
from assay.mining.llm.settings import Settings
from assay.mining.llm.task import Result, Task, result

log = logging.getLogger(__name__)

MAX_BAD_ANSWERS = 3  # an answer that does not fit is asked for twice more
MAX_BACKOFF = 60.0  # seconds
_SHOWN_AGAIN = 2_000  # characters of a bad answer that the model is shown


class _RefusedError(Exception):
    """The model will not answer; asked again it would say the same."""


class _OverBudgetError(Exception):
    """The next request does not fit into the budget."""


class _Asking:
    """One question under way: what is sent next, and what it has taken so far."""

    def __init__(self, task: Task, model: str) -> None:
        self.task, self.question = task, task.question(model)
        self.messages, self.used = list(task.messages), Use()
        self.requests = self.failures = self.bad_answers = 0
        self.widened = self.sent_limit = 0  # tokens of an answer

    def reprompt(self, error: BadAnswerError) -> None:
        """Show the model its bad answer, and say what is wrong with it."""
        if error.answer is None:
            return
        shown = error.answer[:_SHOWN_AGAIN] or "(nothing)"
        wrong = f"That answer does not fit: {error}. Answer again, with nothing but what was asked."
        self.messages = [
            *self.task.messages,
            {"role": "assistant", "content": shown},
            {"role": "user", "content": wrong},
        ]

    def gave_up(self, why: str) -> Result:
        """Return the result of a question whose calls brought no answer."""
        tries = f" ({self.failures} tries)" if self.failures > 1 else ""
        return self.ended("failed", f"{why}{tries}")

    def ended(self, status: str, why: str | None, data: dict[str, Any] | None = None) -> Result:
        """Return the result."""
        return result(self.task, self.question, status, self.used, data=data, error=why)


class Session:
    """The questions of one run, asked from several threads."""

    def __init__(
        self,
        settings: Settings,
        cache: Cache,
        *,
        provider: Provider,
        prices: Prices,
        budget: Budget,
        run_id: str,
    ) -> None:
        self._settings, self._cache, self._provider = settings, cache, provider
        self._prices, self._budget, self._run_id = prices, budget, run_id
        self._stopped, self._why = threading.Event(), ""
        self._gate, self._failed_in_a_row = Gate(settings.concurrency), 0
        self._lock = threading.Lock()

    def stop(self, why: str) -> None:
        """Send no more requests; what is under way is still taken in."""
        with self._lock:
            if not self._stopped.is_set():
                self._why = why
                self._stopped.set()
                log.error("llm: no more is asked: %s", why)

    def ask(self, task: Task) -> Result:
        """Ask one question, as often as the rules allow, and return what became of it."""
        asking = _Asking(task, self._settings.model or "")
        if (size := prompt_bytes(task.messages)) > MAX_PROMPT_BYTES:
            why = f"the prompt has {size:,} bytes, more than {MAX_PROMPT_BYTES:,}"
            return asking.ended("failed", why)
        try:
            ended = self._ask_with_retries(asking)
        except BaseException as error:
            # No answer can be kept, for example: then no more may be paid for.
            self.stop(f"{type(error).__name__}: {error}")
            raise
        if ended.status == "failed":
            log.warning("llm: %s %s failed: %s", task.purpose, task.key, ended.error)
        return ended

    def _ask_with_retries(self, asking: _Asking) -> Result:
        """Ask again after calls that brought no answer; a stop of the run ends the waiting."""
        settings = self._settings

        def tell(retry: Retry) -> None:
            log.info(
                "llm: %s %s: %s; try %d of %d in %.1f s",
                asking.task.purpose,
                asking.task.key,
                retry.reason,
                retry.number + 1,
                settings.max_attempts,
                retry.seconds,
            )

        try:
            return with_retries(
                lambda: self._ask_until_valid(asking),
                backoff=Doubling(
                    settings.backoff,
                    MAX_BACKOFF,
                    settings.max_attempts - 1,
                    spread=0.5,
                    seed=asking.question.prompt_hash,
                ),
                on_retry=tell,
                sleep=self._stopped.wait,
            )
        except TransientError as failure:
            self._count_outage(str(failure))
            return asking.gave_up(str(failure))

    def _ask_until_valid(self, asking: _Asking) -> Result:
        """Ask again, at once, after answers that do not fit. Raises TransientError when a call
        brings no answer and another may."""
        ended = None
        while ended is None:
            with self._provider.one_at_first():
                ended = self._step(asking)
        return ended

    def _step(self, asking: _Asking) -> Result | None:
        """Send once; return the result when that ended it, else None."""
        self._stopped.wait(self._gate.wait())
        if self._stopped.is_set():
            return asking.ended("failed" if asking.requests else "skipped", self._why)
        try:
            data = self._attempt(asking)
        except _OverBudgetError as error:
            return asking.ended("over_budget", str(error))
        except _RefusedError as error:
            return self._in_vain(asking, str(error))
        except BadAnswerError as error:
            return self._bad_answer(asking, error)
        except CallError as error:
            return self._without_answer(asking, error)
        self._failed_in_a_row = 0
        return asking.ended("ok", None, data)

    def _bad_answer(self, asking: _Asking, error: BadAnswerError) -> Result | None:
        asking.bad_answers += 1
        tries = f"{asking.bad_answers} tries" if asking.bad_answers > 1 else "a try"
        gone = f"no valid answer in {tries}: {error}"
        if asking.bad_answers == MAX_BAD_ANSWERS:
            return self._in_vain(asking, gone)
        if error.thinking:
            if not self._widen(asking):
                return self._in_vain(asking, gone)
        else:
            asking.reprompt(error)
        log.info("llm: %s %s: %s; asking again", asking.task.purpose, asking.task.key, error)
        return None

    def _widen(self, asking: _Asking) -> bool:
        """Give a question whose answer did not get beyond thoughts a higher limit; False where the
        model has none."""
        limits, before = self._provider.limits, asking.sent_limit
        limits.saw_thinking()
        asking.widened = limits.wider(before)
        return self._limit(asking) > before

    def _in_vain(self, asking: _Asking, why: str) -> Result:
        """Keep that a question was paid for and has no answer: the same would come of it again."""
        settings = self._settings.fingerprint(asking.task.max_tokens)
        self._cache.failed_for_good(asking.question, settings, asking.used, why)
        return asking.ended("failed", why)

    def _without_answer(self, asking: _Asking, error: CallError) -> Result:
        """Return the result, unless another call may bring an answer: then raise TransientError."""
        asking.failures += 1
        if error.ends_run:
            self.stop(str(error))
        elif error.retry:
            if error.retry_after and asking.failures < self._settings.max_attempts:
                # What the provider asks for holds for all threads, and at once.
                step = self._settings.backoff / self._settings.concurrency
                self._gate.close(error.retry_after, step)
            raise TransientError(str(error), error.retry_after) from error
        return asking.gave_up(str(error))

    def _count_outage(self, why: str) -> None:
        """End the run when as many questions in a row as fly at once were given up."""
        with self._lock:
            self._failed_in_a_row += 1
            enough = self._failed_in_a_row >= self._settings.concurrency
        if enough:
            self.stop(f"the model cannot be reached: {why}")

    def _attempt(self, asking: _Asking) -> dict[str, Any]:
        """Ask in the strictest way that the server takes, and find out which that is."""
        ways = list(self._provider.formats(asking.task.schema))
        while True:
            try:
                return self._send(asking, ways[0])
            except CallError as error:
                if error.adapted:
                    continue  # the next request leaves out what this one was refused for
                if error.too_large and asking.sent_limit > asking.task.max_tokens:
                    self._provider.limits.no_room()
                    asking.widened = 0
                    continue
                if not error.format_refused or len(ways) == 1:
                    raise
                ways.pop(0)

    def _send(self, asking: _Asking, way: str) -> dict[str, Any]:
        """Send one request within the budget; keep its answer before anything else is done."""
        task = asking.task
        asking.sent_limit = self._limit(asking)
        most = self._most(asking, way)
        if not self._budget.reserve(most.nano_usd):
            raise _OverBudgetError("the next call could pass llm_max_usd")
        use = most
        try:
            call_id = self._cache.sent(self._run_id, asking.question, most)
            asking.requests += 1
            started = time.monotonic()
            try:
                reply = self._provider.send(
                    asking.messages, task.schema, way, asking.sent_limit, task.temperature
                )
            except CallError as error:
                use = replace(most if error.billed else Use(), seconds=time.monotonic() - started)
                self._cache.failed(call_id, "failed", use, str(error))
                if error.unreadable:
                    raise BadAnswerError(str(error)) from error
                raise
            if reply.thought:
                self._provider.limits.saw_thinking()
            use = self._use(asking, reply, most, time.monotonic() - started)
            if task.schema is not None:
                self._provider.takes(way)
            return self._keep(asking, call_id, reply, use)
        finally:
            asking.used += use
            self._budget.settle(most.nano_usd, use.nano_usd)

    def _keep(self, asking: _Asking, call_id: int, reply: Reply, use: Use) -> dict[str, Any]:
        """Check an answer and write it down."""
        if reply.refusal or reply.finish_reason == "content_filter":
            said = " ".join((reply.refusal or "its filter stopped the answer").split())[:200]
            self._cache.failed(call_id, "refused", use, said)
            raise _RefusedError(f"the model refuses: {said}")
        try:
            cut = reply.finish_reason == "length"
            # Some servers take an answer that follows no closing mark for thoughts.
            text = reply.text or (reply.thoughts if asking.task.schema and not cut else "")
            data = parsed(text, asking.task.schema, cut=cut)
        except BadAnswerError as error:
            error.answer = without_thoughts(reply.text or "")[0].strip()
            self._cache.failed(call_id, "invalid", use, str(error))
            raise
        self._cache.answered(call_id, asking.question, use, data, asking.used)
        return data

    def _limit(self, asking: _Asking) -> int:
        """Return how long the next answer may be, by all that is known of the model by now."""
        return max(self._provider.limits.of(asking.task.max_tokens), asking.widened)

    def _most(self, asking: _Asking, way: str) -> Use:
        """Return the most that the next request can use."""
        schema = asking.task.schema
        messages = with_schema_hint(asking.messages, schema, way)
        tokens_in = most_prompt_tokens(messages, schema_text(schema))
        tokens_out = asking.sent_limit
        return Use(tokens_in, tokens_out, self._prices.nano(tokens_in, tokens_out))

    def _use(self, asking: _Asking, reply: Reply, most: Use, seconds: float) -> Use:
        """Return what a request used, whatever the provider claims."""
        own_in = count_tokens(*(message["content"] for message in asking.messages))
        own_out = count_tokens(reply.text or reply.refusal or "", reply.thoughts)
        if self._provider.limits.thinks and not reply.tokens_out:
            own_out = most.tokens_out  # what nobody counts may be anything, up to the limit
        tokens_in = settled(reply.tokens_in, own_in, most.tokens_in)
        tokens_out = settled(reply.tokens_out, own_out, most.tokens_out)
        if tokens_in > most.tokens_in or tokens_out > most.tokens_out:
            log.warning(
                "llm: the provider counts %d + %d tokens for %s %s, more than there can be; "
                "they count against the budget",
                tokens_in,
                tokens_out,
                asking.task.purpose,
                asking.task.key,
            )
        return Use(tokens_in, tokens_out, self._prices.nano(tokens_in, tokens_out), seconds)
