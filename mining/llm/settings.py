"""How language models are asked: the settings, and what must never be told about them."""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from assay.common import env
from assay.common.net import is_loopback
from assay.common.text import shorten

# Names of variables that hold secrets, and what keys look like wherever they turn up.
_SECRET_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|SALT)$")
_SECRET_SHAPE = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|key|AIza|hf|ghp|github_pat)[-_][\w\-*.]{8,}"
    r"|\bAIza[\w\-]{20,}|(?i:\bbearer\s+)[^\s\"',;]+|(?<=//)[^/\s@]+(?=@)"
)
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh")  # as OpenAI's API has them
SHORTEST_SECRET = 6  # shorter values of such variables are words that errors may well hold


class LlmError(Exception):
    """Language models cannot be asked; the message says why and what to do, in one line."""


@dataclass(frozen=True)
class Settings:
    """How language models are asked.

    model: as LiteLLM names it, provider first (`groq/...`, `openai/...` for any server that speaks
    OpenAI's chat API at `api_base`). concurrency: calls at once. timeout: seconds without a byte.
    max_attempts: how often one question is sent when calls fail. backoff: seconds before the
    first of these retries, doubled each time. max_wait: the longest pause in seconds that a
    provider may ask for before the run ends instead. reasoning_effort: one of EFFORTS, how much a
    model thinks before it answers; None is the model's own. Prices in USD per million tokens
    override LiteLLM's list.
    """

    model: str | None = None
    api_base: str | None = None
    api_key: str | None = field(default=None, repr=False)
    concurrency: int = 8
    timeout: float = 60.0
    max_attempts: int = 5
    backoff: float = 1.0
    max_wait: float = 120.0
    reasoning_effort: str | None = None
    input_usd_per_mtok: float | None = None
    output_usd_per_mtok: float | None = None

    @classmethod
    def from_environment(cls, variables: Mapping[str, str] | None = None) -> "Settings":
        """Read LLM_MODEL, LLM_API_BASE, LLM_API_KEY, LLM_CONCURRENCY, LLM_TIMEOUT_SECONDS,
        LLM_MAX_ATTEMPTS, LLM_BACKOFF_SECONDS, LLM_MAX_WAIT_SECONDS, LLM_REASONING_EFFORT,
        LLM_INPUT_USD_PER_MTOK and LLM_OUTPUT_USD_PER_MTOK; empty means not set.

        Raises LlmError for a value that is no number, out of range or not one of those known.
        """

        def number(name: str, default: float | None, least: float) -> float | None:
            try:
                return env.number(name, default, least, variables=variables)
            except env.EnvironmentValueError as error:
                raise LlmError(str(error)) from error

        def text(name: str) -> str | None:
            return env.text(name, variables) or None

        prices = [number(f"LLM_{way}_USD_PER_MTOK", None, 0) for way in ("INPUT", "OUTPUT")]
        if (prices[0] is None) != (prices[1] is None):
            raise LlmError("set both LLM_INPUT_USD_PER_MTOK and LLM_OUTPUT_USD_PER_MTOK, or none")
        effort = (text("LLM_REASONING_EFFORT") or "").lower() or None
        if effort not in (None, *EFFORTS):
            known = ", ".join(EFFORTS)
            raise LlmError(f"LLM_REASONING_EFFORT is {effort!r}: give one of {known}")
        return cls(
            model=text("LLM_MODEL"),
            api_base=text("LLM_API_BASE"),
            api_key=text("LLM_API_KEY"),
            concurrency=int(number("LLM_CONCURRENCY", cls.concurrency, 1) or 1),
            timeout=number("LLM_TIMEOUT_SECONDS", cls.timeout, 0.001) or cls.timeout,
            max_attempts=int(number("LLM_MAX_ATTEMPTS", cls.max_attempts, 1) or 1),
            backoff=number("LLM_BACKOFF_SECONDS", cls.backoff, 0) or 0.0,
            max_wait=number("LLM_MAX_WAIT_SECONDS", cls.max_wait, 0) or 0.0,
            reasoning_effort=effort,
            input_usd_per_mtok=prices[0],
            output_usd_per_mtok=prices[1],
        )

    def fingerprint(self, max_tokens: int) -> str:
        """Return the SHA-256 (hex) of what may turn a question that failed into one that does not:
        another server, more or less thinking, a longer answer."""
        asked = json.dumps([self.api_base, self.reasoning_effort, max_tokens])
        return hashlib.sha256(asked.encode()).hexdigest()

    @property
    def is_local(self) -> bool:
        """Tell whether the API base is this machine's own address."""
        return is_loopback(self.api_base or "")


def redact(text: str, settings: Settings, most: int = 300) -> str:
    """Return text from outside as one line of at most `most` characters without any secret.

    Secrets are the key of the settings, the values of variables named like one, user names and
    passwords in addresses, and whatever is shaped like a key.
    """
    known = {settings.api_key or ""}
    known |= {value for name, value in os.environ.items() if _SECRET_NAME.search(name)}
    for secret in sorted(known, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET or secret == settings.api_key:
            text = text.replace(secret, "***")
    line = " ".join(_SECRET_SHAPE.sub("***", text).split())
    line = "".join(char if char.isprintable() else "?" for char in line)
    return shorten(line, most)
