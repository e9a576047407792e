"""Bad days as providers have them: what OpenAI, Azure, Groq, Anthropic and Google really send.

The words are theirs, from their documentation and from reports of people who met them; each
function returns what a rule of `LlmServer` answers.
"""

import json
import math

from tests.llm_server import Question, Reply, Rule, good


def _openai(status: int, message: str, code: str | None, kind: str, **headers: str) -> Reply:
    body = {"error": {"message": message, "type": kind, "param": None, "code": code}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers=named, raw=json.dumps(body).encode())


def groq_rate_limit(of: str, again: str, **headers: str) -> Reply:
    """Groq's 429: `of` is "tokens per minute (TPM)", `again` "7m12s"."""
    message = (
        f"Rate limit reached for model `openai/gpt-oss-20b` in organization `org_01` service tier "
        f"`on_demand` on {of}: Limit 200000, Used 197050, Requested 3619. Please try again in "
        f"{again}. Need more tokens? Upgrade to Dev Tier today at "
        "https://console.groq.com/settings/billing"
    )
    return _openai(429, message, "rate_limit_exceeded", "tokens", **headers)


def groq_unfit(generation: str, message: str = "Failed to validate JSON.") -> Reply:
    """Groq's 400 for an answer that its own check of JSON does not pass."""
    error = {
        "message": f"{message} Please adjust your prompt. See 'failed_generation' for more "
        "details.",
        "type": "invalid_request_error",
        "code": "json_validate_failed",
        "failed_generation": generation,
    }
    return Reply(status=400, raw=json.dumps({"error": error}).encode())


def openai_quota() -> Reply:
    """OpenAI's 429 for an account without credit."""
    message = "You exceeded your current quota, please check your plan and billing details."
    return _openai(429, message, "insufficient_quota", "insufficient_quota")


def openai_hard_limit() -> Reply:
    """OpenAI's 400 for an account that reached the limit its owner set."""
    message = "Billing hard limit has been reached"
    return _openai(400, message, "billing_hard_limit_reached", "invalid_request_error")


def openai_requests_per_day() -> Reply:
    """OpenAI's 429 for a day's requests, with the short wait that it then names."""
    message = (
        "Rate limit reached for gpt-5-mini in organization org-x on requests per day (RPD): Limit "
        "200, Used 200, Requested 1. Please try again in 7m12s. Visit "
        "https://platform.openai.com/account/rate-limits to learn more."
    )
    return _openai(429, message, "rate_limit_exceeded", "requests", retry_after_ms="432000")


def anthropic_credit() -> Reply:
    """Anthropic's 400 for an account without credit."""
    message = (
        "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing"
    )
    body = {"type": "error", "error": {"type": "invalid_request_error", "message": message}}
    return Reply(status=400, raw=json.dumps(body).encode())


def google_quota(quota: str, delay: str) -> Reply:
    """Google's 429 at its OpenAI-like address: a list, and the wait in its details only."""
    details = [
        {
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [{"quotaId": f"{quota}PerProjectPerModel-FreeTier", "quotaValue": "250"}],
        },
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay},
    ]
    message = "You exceeded your current quota, please check your plan and billing details."
    error = {"code": 429, "message": message, "status": "RESOURCE_EXHAUSTED", "details": details}
    return Reply(status=429, raw=json.dumps([{"error": error}]).encode())


def azure_wait(seconds: int) -> Reply:
    """Azure's 429, with the wait in words only."""
    message = (
        "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version "
        "2024-10-21 have exceeded the token rate limit of your current OpenAI S0 pricing tier. "
        f"Please retry after {seconds} seconds."
    )
    return _openai(429, message, "429", "tokens")


def reasoning(thought_tokens: int, rest: Rule = good) -> Rule:
    """Think so long before each answer; with less room, nothing is said and all is billed."""

    def rule(question: Question) -> Reply:
        reply = rest(question)
        needed = thought_tokens + math.ceil(len((reply.content or "").encode()) / 4)
        if question.limit < needed:
            thought = min(thought_tokens, question.limit)
            return Reply("", finish_reason="length", thought_tokens=thought)
        return Reply(reply.content, thought_tokens=thought_tokens)

    return rule


def particular(rest: Rule = good) -> Rule:
    """Take what OpenAI's o-series takes, behind a name that says nothing of it."""

    def rule(question: Question) -> Reply:
        kind = "invalid_request_error"
        if "max_tokens" in question.body:
            message = (
                "Unsupported parameter: 'max_tokens' is not supported with this model. "
                "Use 'max_completion_tokens' instead."
            )
            return _openai(400, message, "unsupported_parameter", kind)
        if question.body.get("temperature", 1) != 1:
            message = (
                "Unsupported value: 'temperature' does not support 0 with this model. "
                "Only the default (1) value is supported."
            )
            return _openai(400, message, "unsupported_value", kind)
        return rest(question)

    return rule


def short(most: int, rest: Rule = good) -> Rule:
    """Refuse limits above what the model can answer, as Groq words it."""

    def rule(question: Question) -> Reply:
        if question.limit <= most:
            return rest(question)
        message = (
            f"`max_tokens` must be less than or equal to `{most}`, the maximum value for "
            "`max_tokens` is less than the `context_window` for this model"
        )
        return _openai(400, message, None, "invalid_request_error")

    return rule


def effortless(rest: Rule = good) -> Rule:
    """Refuse the parameter by which a person says how much to think."""

    def rule(question: Question) -> Reply:
        if "reasoning_effort" not in question.body:
            return rest(question)
        message = "`reasoning_effort` must be one of `none` or `default`"
        return _openai(400, message, None, "invalid_request_error")

    return rule
