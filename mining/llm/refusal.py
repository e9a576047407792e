"""What a provider's error means: whether to ask again, when, in which way, or never today.

The forms are those that OpenAI, Azure, Groq, Anthropic, Google and OpenRouter answer with; what is
told apart here is named in docs/decisions/llm-calls.md.
"""

import re
from dataclasses import dataclass
from typing import Any

import httpx

from assay.common.net import retry_after, wait_in_words
from assay.common.show import duration
from assay.mining.llm.settings import Settings, redact

# Errors that providers say before any work is done, so that they are not billed. A gateway's 502 or
# 504 may hide an answer that was paid for.
_UNBILLED = frozenset({*range(400, 500), 500, 501, 503, 529} - {408})
_WORTH_RETRYING = frozenset({408, 409, 425, 429, *range(500, 600)} - {501})
# llama-cpp-python's server says HTTP 500 to a response_format that it does not know.
_ABOUT_FORMAT = re.compile(r"response_format|json_schema|json_object", re.IGNORECASE)
_NO_USE_GOING_ON = {
    401: "the provider does not accept the key: set LLM_API_KEY or the provider's own variable",
    402: "the provider wants to be paid first",
    403: "the provider does not let this key use the model",
    404: "the provider does not have the model: check LLM_MODEL and LLM_API_BASE",
}
# OpenAI's codes and Anthropic's words; "limit: 0" is how Google says that a plan lacks the model.
# An HTTP 400 may repeat what a stranger wrote: only what nobody writes by chance counts in one.
_BILLING = r"billing_hard_limit_reached|credit balance is too low|specified api usage limits"
_NO_CREDIT = re.compile(_BILLING, re.IGNORECASE)
_NO_MONEY = re.compile(
    rf"{_BILLING}|insufficient_quota|billing_not_active|insufficient.{{0,10}}(?:credit|balance)"
    r"|spend(?:ing)? limit|limit: 0\b",
    re.IGNORECASE,
)
# "on tokens per day (TPD)" of OpenAI and Groq, "free-models-per-day" of OpenRouter, Google's
# GenerateRequestsPerDayPerProjectPerModel.
_OF_THE_DAY = re.compile(r"per[ _-]?day|\b[RT]PD\b|\bdaily\b", re.IGNORECASE)
_LIMITS = frozenset({400, 402, 403, 429})  # the statuses under which providers say such things
# Groq checks JSON itself, and its tool calls, which LiteLLM asks for where a model takes no schema.
_UNFIT = ("json_validate_failed", "tool_use_failed")
_MAX_TOKENS_REACHED = re.compile(r"max(?:imum)? completion tokens reached", re.IGNORECASE)
_TOO_LARGE = re.compile(
    r"max_(?:completion_|output_)?tokens.{0,80}"
    r"(?:too large|less than or equal|at most|exceed|maximum)|maximum context length",
    re.IGNORECASE | re.DOTALL,
)
_MOST_READ = 20_000  # characters of an error


class CallError(Exception):
    """One request brought no answer; the message is one line without secrets.

    retry: another try may do. retry_after: seconds the provider asks us to wait. ends_run: no
    other question would fare better. billed: it may have been charged all the same. format_refused:
    the way of asking for JSON may be the reason. unreadable: an answer came, but none that can be
    read. too_large: the model gives no answers as long as that. said: what the provider says, which
    may name a parameter that the model does not take. adapted: sent again, it will be without that.
    """

    def __init__(
        self,
        reason: str,
        *,
        retry: bool = False,
        retry_after: float = 0.0,
        ends_run: bool = False,
        billed: bool = False,
        format_refused: bool = False,
        unreadable: bool = False,
        too_large: bool = False,
        said: str = "",
    ) -> None:
        super().__init__(reason)
        self.retry, self.retry_after, self.ends_run = retry, retry_after, ends_run
        self.billed, self.format_refused, self.unreadable = billed, format_refused, unreadable
        self.too_large, self.said, self.adapted = too_large, said, False


@dataclass(frozen=True)
class Unfit:
    """What a model said that its provider found unfit; text is empty where it is not told."""

    text: str
    cut: bool


def unfit(response: httpx.Response) -> Unfit | None:
    """Return what an error holds of an answer that the provider itself found unfit, else None."""
    error = _error(response)
    if response.status_code != 400 or error.get("code") not in _UNFIT:
        return None
    said = error.get("failed_generation")
    text = said if isinstance(said, str) else ""
    if _MAX_TOKENS_REACHED.search(f"{text[:_MOST_READ]} {error.get('message')}"):
        return Unfit("" if _MAX_TOKENS_REACHED.search(text) else text, cut=True)
    return Unfit(text, cut=False)


def refused(response: httpx.Response, settings: Settings) -> CallError:
    """Return what an HTTP error means."""
    code, body = response.status_code, _text(response)
    said = _message(response)
    shown = redact(said, settings, 200)
    reason = f"HTTP {code}" + (f": {shown}" if shown else "")
    wait = max(retry_after(response.headers), wait_in_words(body))
    if code in _LIMITS and (what_to_do := _limit(code, body, wait)):
        return CallError(f"{what_to_do} ({reason})", ends_run=True)
    if code in _NO_USE_GOING_ON:
        return CallError(f"{_NO_USE_GOING_ON[code]} ({reason})", ends_run=True)
    if wait > settings.max_wait:
        most = settings.max_wait
        reason = f"{reason}; the provider asks to wait {wait:.0f} s, more than {most:.0f} s"
        return CallError(f"{reason}: run again after that", ends_run=True)
    return CallError(
        reason,
        retry=code in _WORTH_RETRYING,
        retry_after=wait,
        billed=code not in _UNBILLED,
        format_refused=code in (400, 422) or bool(_ABOUT_FORMAT.search(said)),
        too_large=code in (400, 422) and bool(_TOO_LARGE.search(said)),
        said=said if code in (400, 422) else "",
    )


def _limit(code: int, body: str, wait: float) -> str:
    """Return what to do about a limit that no waiting of a few minutes lifts, "" for others."""
    if (_NO_CREDIT if code == 400 else _NO_MONEY).search(body):
        return "the provider gives no more for this key: add credit or raise its limit there"
    if code == 429 and _OF_THE_DAY.search(body):
        when = f"in {duration(wait)}" if wait else "tomorrow"
        return f"the provider's limit for a day is reached: run again {when}, or raise it there"
    return ""


def _error(response: httpx.Response) -> dict[str, Any]:
    """Return the error object of a response, {} where there is none."""
    try:
        said = response.json()
    except (ValueError, httpx.ResponseNotRead):
        return {}
    # Google's OpenAI-like address wraps the object in a list.
    said = said[0] if isinstance(said, list) and said else said
    error = said.get("error", said) if isinstance(said, dict) else said
    return error if isinstance(error, dict) else {"message": str(error)}


def _message(response: httpx.Response) -> str:
    """Return what the provider says about its error."""
    error = _error(response)
    return str(error.get("message", error or ""))[:_MOST_READ]


def _text(response: httpx.Response) -> str:
    """Return the body of an error, of which Google says some in no message."""
    try:
        return response.text[:_MOST_READ]
    except httpx.ResponseNotRead:
        return ""
