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
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import httpx
from pydantic import BaseModel

from assay.mining.llm.answer import json_schema, schema_in_words, strict_schema
from assay.mining.llm.limits import Limits
from assay.mining.llm.refusal import CallError, refused, unfit
from assay.mining.llm.settings import LlmError, Settings, redact

log = logging.getLogger(__name__)

SEED = 20251021
# From the strictest way to ask for JSON to none; servers know some of them.
FORMATS = ("json_schema", "json_object with schema", "json_object", "none")
# What servers say of a parameter that a model does not take; OpenAI's o-series and gpt-5, also
# behind other names, want another name for the limit.
_NOT_TAKEN = re.compile(
    r"unsupported|not support|unrecogni[sz]ed|unknown|not permitted|may only|only the default",
    re.IGNORECASE,
)
_OTHER_LIMIT = re.compile(r"use\W+max_completion_tokens", re.IGNORECASE)
_EFFORT = "reasoning_effort"
_SPARED = ("temperature", "seed")  # without these a model answers all the same


@dataclass(frozen=True)
class Reply:
    """What a model said; token counts are the provider's claim and may be anything.

    thoughts: what it tells apart from its answer of what it thought. thought: whether it did.
    """

    text: str | None
    refusal: str | None
    finish_reason: str
    tokens_in: object = None
    tokens_out: object = None
    thoughts: str = ""
    thought: bool = False


@dataclass(frozen=True)
class _Parameters:
    """What the model takes, as far as it is known: the limit's name, and what is left out."""

    limit: str = "max_tokens"
    left_out: frozenset[str] = frozenset()


class Provider:
    """One model behind one address, for one run.

    Raises LlmError when LiteLLM does not know the model's provider or no key is set for it.
    """

    def __init__(self, settings: Settings) -> None:
        if not settings.model:
            raise LlmError("LLM_MODEL is not set: name a model, such as groq/openai/gpt-oss-20b")
        self._settings, self._litellm = settings, _litellm()
        self.limits = Limits(settings)
        self._drop_params = False
        self._parameters, self._lock = _Parameters(), threading.Lock()
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
        sent = self._parameters
        request = self._request(messages, schema, way, temperature) | {sent.limit: max_tokens}
        for name in sent.left_out:
            request.pop(name, None)
        try:
            return _reply(self._litellm.completion(**request))
        except self._litellm.UnsupportedParamsError as error:
            # LiteLLM's own refusal, before anything is sent: the model knows no seed, say. Dropping
            # only then, since with it LiteLLM also sends again by itself what a server refused.
            if self._drop_params or self._is_about_effort(str(error)):
                raise self._explained(error, sent) from None
            self._drop_params = True
        except Exception as error:
            response = _response(error)
            said = unfit(response) if response is not None else None
            if said is not None:
                return Reply(said.text, None, "length" if said.cut else "stop")
            raise self._explained(error, sent) from None
        return self.send(messages, schema, way, max_tokens, temperature)

    def _request(
        self,
        messages: list[dict[str, str]],
        schema: type[BaseModel] | None,
        way: str,
        temperature: float,
    ) -> dict[str, Any]:
        """Return what LiteLLM is asked to send, without the limit."""
        settings = self._settings
        request: dict[str, Any] = {
            "model": settings.model,
            "messages": with_schema_hint(messages, schema, way),
            "temperature": temperature,
            "seed": SEED,
            "timeout": settings.timeout,
            "max_retries": 0,
            "num_retries": 0,
            "drop_params": self._drop_params,
            "api_base": settings.api_base,
            "api_key": self._key(),
        }
        if settings.reasoning_effort is not None:
            # Also to models of which LiteLLM does not know that they think: the server will say.
            request |= {_EFFORT: settings.reasoning_effort, "allowed_openai_params": [_EFFORT]}
        if schema is not None and way != "none":
            request["response_format"] = _response_format(schema, way)
        return request

    def _is_about_effort(self, said: str) -> bool:
        return self._settings.reasoning_effort is not None and _EFFORT in said

    def _adapts(self, said: str, sent: _Parameters) -> bool:
        """Ask otherwise from now on where a server names a parameter that the model does not take;
        tell whether another request would differ from the one that it refused."""
        wanted = sent
        if _OTHER_LIMIT.search(said):
            wanted = replace(sent, limit="max_completion_tokens")
        elif _NOT_TAKEN.search(said):
            named = {name for name in _SPARED if re.search(rf"\b{name}\b", said)}
            wanted = replace(sent, left_out=sent.left_out | named)
        with self._lock:
            if self._parameters == sent != wanted:  # else another thread was told before
                self._parameters = wanted
                left_out = ", ".join(sorted(wanted.left_out)) or "nothing"
                log.info(
                    "llm: %s is asked with %s and %s left out",
                    self._settings.model,
                    wanted.limit,
                    left_out,
                )
            return self._parameters != sent

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

    def _explained(self, error: Exception, sent: _Parameters) -> CallError:
        """Turn whatever LiteLLM raised into what it means for us."""
        response = _response(error)
        if response is None:
            return self._without_response(error)
        found = refused(response, self._settings)
        if self._is_about_effort(found.said):
            return self._wrong_effort(str(found))
        found.adapted = bool(found.said) and self._adapts(found.said, sent)
        return found

    def _without_response(self, error: Exception) -> CallError:
        chain = list(_chain(error))
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
            said = redact(str(error), self._settings)
            return self._wrong_effort(said) if self._is_about_effort(said) else CallError(said)
        words = redact(f"{type(error).__name__}: {error}", self._settings, 160)
        return CallError(f"the answer cannot be read ({words})", billed=True, unreadable=True)

    def _wrong_effort(self, said: str) -> CallError:
        effort = self._settings.reasoning_effort
        return CallError(
            f"the model does not take LLM_REASONING_EFFORT={effort}: set another or none at all "
            f"({said})",
            ends_run=True,
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
    thoughts = getattr(choice.message, "reasoning_content", None)
    thoughts = thoughts if isinstance(thoughts, str) else ""
    details = getattr(usage, "completion_tokens_details", None)
    tokens = getattr(details, "reasoning_tokens", None)
    return Reply(
        text=content,
        refusal=extra.get("refusal") or None,
        finish_reason=str(choice.finish_reason),
        tokens_in=getattr(usage, "prompt_tokens", None),
        tokens_out=getattr(usage, "completion_tokens", None),
        thoughts=thoughts,
        thought=bool(thoughts) or (isinstance(tokens, int) and tokens > 0),
    )


def _response(error: Exception) -> httpx.Response | None:
    """Return the server's response behind whatever LiteLLM raised, None where none came."""
    found = (e.response for e in _chain(error) if isinstance(e, httpx.HTTPStatusError))
    return next(found, None)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(20):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


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
