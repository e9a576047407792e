"""One request to a language model through LiteLLM: its answer, or in one line what went wrong.

LiteLLM takes about five seconds and 150 MB to import, so that happens with the first call. It is
told to fetch nothing by itself: no price list, no tokenizer, no .env file, no retries of its own.
"""

import logging
import os
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import httpx
from pydantic import BaseModel

from assay.common.net import retry_after
from assay.mining.llm.answer import json_schema, schema_in_words, strict_schema
from assay.mining.llm.settings import LlmError, Settings, redact

log = logging.getLogger(__name__)

SEED = 20251021
# From the strictest way to ask for JSON to none; servers know some of them.
FORMATS = ("json_schema", "json_object with schema", "json_object", "none")
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


@dataclass(frozen=True)
class Reply:
    """What a model said; token counts are the provider's claim and may be anything."""

    text: str | None
    refusal: str | None
    finish_reason: str
    tokens_in: object
    tokens_out: object


class CallError(Exception):
    """One request brought no answer; the message is one line without secrets.

    retry: another try may do. retry_after: seconds the provider asks us to wait. ends_run: no
    other question would fare better. billed: it may have been charged all the same. format_refused:
    the way of asking for JSON may be the reason. unreadable: an answer came, but none that can be
    read.
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
    ) -> None:
        super().__init__(reason)
        self.retry, self.retry_after, self.ends_run = retry, retry_after, ends_run
        self.billed, self.format_refused, self.unreadable = billed, format_refused, unreadable


class Provider:
    """One model behind one address, for one run.

    Raises LlmError when LiteLLM does not know the model's provider or no key is set for it.
    """

    def __init__(self, settings: Settings) -> None:
        if not settings.model:
            raise LlmError("LLM_MODEL is not set: name a model, such as groq/openai/gpt-oss-20b")
        self._settings, self._litellm = settings, _litellm()
        self._drop_params = False
        self._format: str | None = None  # what the server is known to take
        self._first, self._met = threading.Lock(), False
        self._check()

    def formats(self, schema: type[BaseModel] | None) -> tuple[str, ...]:
        """Return the ways to ask for the schema, strictest first; one when it is known."""
        if schema is None:
            return (FORMATS[-1],)
        return FORMATS if self._format is None else (self._format,)

    def takes(self, way: str) -> None:
        """Remember that the server took this way of asking, for the rest of the run."""
        if self._format is None:
            self._format = way
            if way != FORMATS[0]:
                log.info(
                    "llm: %s takes no %s; asking with %s", self._settings.model, FORMATS[0], way
                )

    @contextmanager
    def one_at_first(self) -> Iterator[None]:
        """Let the first try of a run be alone, so that one finds out what the server takes, and
        whether it serves us at all."""
        if not self._met:
            with self._first:
                if not self._met:
                    try:
                        yield
                    finally:
                        self._met = True
                    return
        yield

    def send(
        self,
        messages: list[dict[str, str]],
        schema: type[BaseModel] | None,
        way: str,
        max_tokens: int,
        temperature: float = 0.0,
    ) -> Reply:
        """Send one request; raises CallError when it brings no answer."""
        settings = self._settings
        request: dict[str, Any] = {
            "model": settings.model,
            "messages": with_schema_hint(messages, schema, way),
            "max_tokens": max_tokens,
            "temperature": temperature,
            "seed": SEED,
            "timeout": settings.timeout,
            "max_retries": 0,
            "num_retries": 0,
            "drop_params": self._drop_params,
            "api_base": settings.api_base,
            "api_key": self._key(),
        }
        if schema is not None and way != "none":
            request["response_format"] = _response_format(schema, way)
        try:
            return _reply(self._litellm.completion(**request))
        except self._litellm.UnsupportedParamsError as error:
            # LiteLLM's own refusal, before anything is sent: the model knows no seed, say. Dropping
            # only then, since with it LiteLLM also sends again by itself what a server refused.
            if self._drop_params:
                raise self._explained(error) from None
            self._drop_params = True
        except Exception as error:
            raise self._explained(error) from None
        return self.send(messages, schema, way, max_tokens, temperature)

    def _key(self) -> str | None:
        """Return the key; at an address of one's own, never the one meant for the provider."""
        return self._settings.api_key or ("none" if self._settings.api_base else None)

    def _check(self) -> None:
        settings = self._settings
        try:
            self._litellm.get_llm_provider(settings.model, api_base=settings.api_base)
        except Exception:
            raise LlmError(
                f"LLM_MODEL {settings.model!r} names no provider: write it in front, "
                "such as openai/NAME for any server that speaks OpenAI's API"
            ) from None
        if self._key() is None:
            missing = self._litellm.validate_environment(settings.model)["missing_keys"]
            if missing:
                raise LlmError(f"no key for {settings.model}: set LLM_API_KEY or {missing[0]}")

    def _explained(self, error: Exception) -> CallError:
        """Turn whatever LiteLLM raised into what it means for us."""
        chain = list(_chain(error))
        status = next((e for e in chain if isinstance(e, httpx.HTTPStatusError)), None)
        if status is not None:
            return self._refused(status.response)
        if any(isinstance(e, httpx.ConnectError | httpx.ConnectTimeout) for e in chain):
            return CallError(
                "the server is not there (connection refused or name unknown)", retry=True
            )
        if any(isinstance(e, httpx.TimeoutException) for e in chain):
            seconds = f"{self._settings.timeout:g} s"
            return CallError(f"no answer within {seconds}", retry=True, billed=True)
        if any(isinstance(e, httpx.TransportError) for e in chain):
            return CallError("the answer was cut off", retry=True, billed=True)
        if isinstance(error, self._litellm.BadRequestError):
            return CallError(redact(str(error), self._settings))
        words = redact(f"{type(error).__name__}: {error}", self._settings, 160)
        return CallError(f"the answer cannot be read ({words})", billed=True, unreadable=True)

    def _refused(self, response: httpx.Response) -> CallError:
        code = response.status_code
        said = redact(_message(response), self._settings, 200)
        reason = f"HTTP {code}" + (f": {said}" if said else "")
        if code in _NO_USE_GOING_ON:
            return CallError(f"{_NO_USE_GOING_ON[code]} ({reason})", ends_run=True)
        wait = retry_after(response.headers)
        if wait > self._settings.max_wait:
            most = self._settings.max_wait
            reason = f"{reason}; the provider asks to wait {wait:.0f} s, more than {most:.0f} s"
            return CallError(f"{reason}: run again after that", ends_run=True)
        return CallError(
            reason,
            retry=code in _WORTH_RETRYING,
            retry_after=wait,
            billed=code not in _UNBILLED,
            format_refused=code in (400, 422) or bool(_ABOUT_FORMAT.search(_message(response))),
        )


def with_schema_hint(
    messages: list[dict[str, str]], schema: type[BaseModel] | None, way: str
) -> list[dict[str, str]]:
    """Return the messages, with the schema in words where the provider does not get it otherwise.

    It stands in the first message, so that the question itself is what a model reads last.
    """
    if schema is None or way.endswith("schema"):
        return messages
    first, *rest = messages
    return [{**first, "content": f"{first['content']}\n\n{schema_in_words(schema)}"}, *rest]


def _response_format(schema: type[BaseModel], way: str) -> dict[str, Any]:
    if way == "json_object with schema":
        return {"type": "json_object", "schema": json_schema(schema)}
    if way == "json_object":
        return {"type": "json_object"}
    strict = {"name": schema.__name__, "strict": True, "schema": strict_schema(schema)}
    return {"type": "json_schema", "json_schema": strict}


def _reply(response: Any) -> Reply:
    choice, usage = response.choices[0], getattr(response, "usage", None)
    content = choice.message.content
    if content is not None and not isinstance(content, str):
        raise TypeError("the content is no text")
    extra = getattr(choice.message, "provider_specific_fields", None) or {}
    return Reply(
        text=content,
        refusal=extra.get("refusal") or None,
        finish_reason=str(choice.finish_reason),
        tokens_in=getattr(usage, "prompt_tokens", None),
        tokens_out=getattr(usage, "completion_tokens", None),
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(20):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def _message(response: httpx.Response) -> str:
    """Return what the provider says about its error."""
    try:
        said = response.json()
    except (ValueError, httpx.ResponseNotRead):
        return ""
    said = said.get("error", said) if isinstance(said, dict) else said
    return str(said.get("message", said) if isinstance(said, dict) else said)


def _litellm() -> ModuleType:
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # the price list comes from the package
    os.environ.setdefault("LITELLM_MODE", "PRODUCTION")  # or it reads .env by itself
    import litellm  # noqa: PLC0415 - five seconds that only a call is worth

    litellm.telemetry = False
    litellm.suppress_debug_info = True  # prints help texts otherwise
    litellm.disable_hf_tokenizer_download = True  # it would ask the Hub for Llama's tokenizer
    for name in ("LiteLLM", "openai", "httpx", "httpcore"):  # they log requests, keys included
        logging.getLogger(name).setLevel(logging.WARNING)
    # Of answers that are not as OpenAI's; we read them all the same, or say that we cannot.
    warnings.filterwarnings("ignore", message="Pydantic serializer warnings")
    return litellm
