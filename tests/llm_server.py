"""A language model's server for tests: the OpenAI chat API on loopback, as good or bad as told.

A rule is a function from a `Question` to a `Reply`. The client reaches the server like any other:
model `openai/<name>`, api_base `server.base`. Nothing here knows the client.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import socketserver
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

# What a model that obeys strangers does for this sentence; see `obedient`.
ORDER = re.compile(r"category\s*=\s*(\w+)\W+impact\s*=\s*(\w+)", re.IGNORECASE)
CATEGORIES = (
    "ai",
    "finance",
    "compliance",
    "logistics",
    "healthtech",
    "devtools",
    "ecommerce",
    "other",
)


@dataclass(frozen=True)
class Question:
    """One request: its parsed body, its headers, and how often this prompt came before (0, 1, ...).

    The same prompt is the same first messages up to the first user message: a client that asks
    again with more messages behind them asks for the same thing once more.
    """

    body: dict[str, Any]
    headers: dict[str, str]
    nth: int

    @property
    def text(self) -> str:
        """Return all message texts, a blank line between two."""
        return "\n\n".join(str(message["content"]) for message in self.body["messages"])

    @property
    def format(self) -> str:
        """Return json_schema, json_object_schema, json_object or none."""
        asked = self.body.get("response_format") or {}
        if asked.get("type") == "json_object" and "schema" in asked:
            return "json_object_schema"
        return str(asked.get("type", "none"))

    @property
    def schema(self) -> dict[str, Any] | None:
        """Return the JSON schema that the request asks for, None without one."""
        asked = self.body.get("response_format") or {}
        return asked.get("schema") or asked.get("json_schema", {}).get("schema")

    @property
    def limit(self) -> int:
        """Return the most tokens that the answer may have, under either name."""
        return int(self.body.get("max_tokens") or self.body["max_completion_tokens"])

    @property
    def tokens(self) -> int:
        """Return what the prompt costs here: a token for every four bytes, and ten a message."""
        size = len(self.text.encode()) + len(json.dumps(self.schema or {}))
        return math.ceil(size / 4) + 10 * len(self.body["messages"])


@dataclass(frozen=True)
class Reply:
    """What is sent back. `usage` None counts honestly; "none" leaves it out; else sent as it is.

    hold: the answer waits until this event, so that a test says how slow a server is. cut: the
    connection ends in the middle of the body. raw: the body as it is, instead of a completion.
    thoughts: what is told apart of the model's thinking. thought_tokens: how long it thought, which
    counts as a part of the answer.
    """

    content: str | None = ""
    status: int = 200
    finish_reason: str = "stop"
    refusal: str | None = None
    usage: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    hold: threading.Event | None = None
    cut: bool = False
    raw: bytes | None = None
    thoughts: str | None = None
    thought_tokens: int = 0


Rule = Callable[[Question], Reply]


def good(question: Question) -> Reply:
    """Answer with a valid label that depends on nothing but the prompt."""
    first = next(m["content"] for m in question.body["messages"] if m["role"] == "user")
    number = int(hashlib.sha256(first.encode()).hexdigest()[:8], 16)
    label = {
        "canonical_title": f"Problem {number}",
        "category": CATEGORIES[number % len(CATEGORIES)],
        "description": f"What prompt {number} tells.",
        "would_pay_signal": number % 3 == 0,
        "impact_level": ("low", "medium", "high")[number % 3],
    }
    if '"evidence"' in f"{question.schema and json.dumps(question.schema)} {question.text}":
        label["evidence"] = {name: [1] for name in label}
    return Reply(json.dumps(label))


def obedient(question: Question) -> Reply:
    """Answer well, but do what a post orders: the worst that a model can make of an injection."""
    reply = good(question)
    ordered = ORDER.search(question.text)
    if ordered is None:
        return reply
    label = json.loads(reply.content or "")
    label |= {"category": ordered[1].lower(), "impact_level": ordered[2].lower()}
    return Reply(json.dumps(label))


def always(reply: Reply) -> Rule:
    """Give the same reply to everything."""
    return lambda question: reply


def first_then(replies: Sequence[Reply], rest: Rule = good) -> Rule:
    """Give the replies in turn to each prompt as it is asked again, then follow `rest`."""
    return lambda q: replies[q.nth] if q.nth < len(replies) else rest(q)


def error(status: int, message: str = "no", **headers: str) -> Reply:
    """Return an error as OpenAI's API words it; header names with _ for -."""
    body = {"error": {"message": message, "type": "error", "code": None}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers=named, raw=json.dumps(body).encode())


def takes_only(*formats: str, rest: Rule = good, status: int = 400) -> Rule:
    """Refuse every other response_format; llama-cpp-python's server does it with 500."""

    def rule(question: Question) -> Reply:
        if question.format in formats:
            return rest(question)
        return error(status, f"Input should be 'text' or 'json_object', not {question.format}")

    return rule


class LlmServer:
    """The server, as a context manager; `rule` may be changed while it runs.

    base: what to give as the API base. questions: every chat request in order of arrival.
    open_now, most_at_once: chat requests that are, and that at most were, open at the same time.
    billed: (prompt tokens, completion tokens) of each answer with status 200, as a provider bills.
    """

    def __init__(self, rule: Rule = good) -> None:
        self.rule = rule
        self.questions: list[Question] = []
        self.billed: list[tuple[int, int]] = []
        self.most_at_once = self.connections = self.open_now = 0
        self._lock = threading.Lock()
        self._http = _Loopback(self)

    @property
    def base(self) -> str:
        """Return the address for api_base."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, body: dict[str, Any], headers: dict[str, str]) -> Reply:
        """Take one request, follow the rule, and keep the books."""
        with self._lock:
            question = Question(body, headers, self._asked_before(body))
            self.questions.append(question)
            self.open_now += 1
            self.most_at_once = max(self.most_at_once, self.open_now)
        try:
            reply = self.rule(question)
            if reply.hold is not None:
                reply.hold.wait(300)
            if reply.status == 200:
                with self._lock:
                    self.billed.append((question.tokens, _completion_tokens(reply, body)))
            return reply
        finally:
            with self._lock:
                self.open_now -= 1

    def _asked_before(self, body: dict[str, Any]) -> int:
        return sum(_prompt(old.body) == _prompt(body) for old in self.questions)


def _prompt(body: dict[str, Any]) -> list[str]:
    """Return the messages up to the first user message, less what a client adds to it."""
    texts = []
    for message in body["messages"]:
        texts.append(str(message["content"]))
        if message["role"] == "user":
            break
    return texts


def _completion_tokens(reply: Reply, body: dict[str, Any]) -> int:
    if reply.finish_reason == "length":
        return Question(body, {}, 0).limit
    said = reply.content or reply.refusal or ""
    return math.ceil(len(said.encode()) / 4) + reply.thought_tokens


def _completion(question: Question, reply: Reply) -> bytes:
    message = {"role": "assistant", "content": reply.content, "refusal": reply.refusal}
    if reply.thoughts is not None:
        message["reasoning_content"] = reply.thoughts
    tokens = question.tokens, _completion_tokens(reply, question.body)
    usage = reply.usage or {
        "prompt_tokens": tokens[0],
        "completion_tokens": tokens[1],
        "total_tokens": sum(tokens),
    }
    if reply.thought_tokens and usage != "none":
        usage["completion_tokens_details"] = {"reasoning_tokens": reply.thought_tokens}
    choice = {"index": 0, "message": message, "finish_reason": reply.finish_reason}
    completion = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": question.body["model"],
        "choices": [choice],
        "usage": usage,
    }
    if usage == "none":
        del completion["usage"]
    return json.dumps(completion).encode()


class _Loopback(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, app: LlmServer) -> None:
        self.app = app
        super().__init__(("127.0.0.1", 0), _Handler)

    def server_bind(self) -> None:
        """Bind without HTTPServer's look-up of the host's name, which can hang without DNS."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def process_request(self, request: Any, client_address: Any) -> None:
        self.app.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent about clients that leave."""


class _Handler(BaseHTTPRequestHandler):
    server: _Loopback
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        known = self.path == "/v1/models"
        listing = {"object": "list", "data": [{"id": "test", "object": "model"}]}
        body = json.dumps(listing if known else {"error": {"message": "not found"}}).encode()
        self._send(200 if known else 404, body, {})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/v1/chat/completions":
            self._send(404, b'{"error": {"message": "not found"}}', {})
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.app.answer(body, headers)
        sent = reply.raw
        if sent is None:
            sent = _completion(Question(body, headers, 0), reply)
        self._send(reply.status, sent, reply.headers, cut=reply.cut)

    def _send(
        self, status: int, body: bytes, headers: dict[str, str], *, cut: bool = False
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.close_connection = self.close_connection or cut

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass
