"""What calls cost: prices, tokens, and a budget that is never passed.

Nothing here imports LiteLLM, which takes seconds: its price list and its tokenizer's vocabulary are
files of the package and are read as such. Money is counted in whole nano-dollars, rounded up.
"""

import functools
import importlib.util
import json
import math
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.mining.llm.settings import LlmError, Settings

NANO = 1_000_000_000
# A token is at least one byte, so bytes are the most that a prompt can count, whatever the
# tokenizer. On top: role marks of each message, and what providers add of their own (with forced
# tools, which is how LiteLLM asks Anthropic for JSON, 313 to 530 tokens, says its price page).
MESSAGE_OVERHEAD, PROMPT_OVERHEAD = 16, 600
# Above this many tokens some providers charge more per token; no task here comes near.
MAX_PROMPT_BYTES = 100_000
MAX_TOKENS = 10_000_000  # a count above this is no count: no model reads or writes that much
_SHARE = 4  # a provider's count below a quarter of our own is taken for a mistake
_PRICES = ("input_cost_per_token", "output_cost_per_token")


@dataclass(frozen=True)
class Prices:
    """USD per token."""

    input: float
    output: float

    def nano(self, tokens_in: int, tokens_out: int) -> int:
        """Return what tokens cost, in nano-dollars."""
        return math.ceil((tokens_in * self.input + tokens_out * self.output) * NANO - 1e-6)


def prices(settings: Settings) -> Prices:
    """Return the prices of the model: from the settings, LiteLLM's list, or 0 for a local server.

    Raises LlmError when nobody knows: what has no price cannot be kept within a budget.
    """
    given = settings.input_usd_per_mtok, settings.output_usd_per_mtok
    if given[0] is not None and given[1] is not None:
        return Prices(given[0] / 1e6, given[1] / 1e6)
    if not settings.model:
        raise LlmError("LLM_MODEL is not set: name a model, such as groq/openai/gpt-oss-20b")
    entry = listed(settings)
    if all(isinstance(entry.get(price), int | float) for price in _PRICES):
        output = max(entry[_PRICES[1]], entry.get("output_cost_per_reasoning_token") or 0)
        return Prices(entry[_PRICES[0]], output)
    if settings.is_local:
        return Prices(0.0, 0.0)
    raise LlmError(
        f"the price of {settings.model} is not known, so no budget can hold: "
        "set LLM_INPUT_USD_PER_MTOK and LLM_OUTPUT_USD_PER_MTOK"
    )


def listed(settings: Settings) -> dict[str, Any]:
    """Return what LiteLLM's list says of the model, {} where it does not know it."""
    model = settings.model or ""
    provider, _, name = model.partition("/")
    entry = _price_list().get(model) or _price_list().get(name, {})
    return entry if model in _price_list() or entry.get("litellm_provider") == provider else {}


def _package() -> Path:
    found = importlib.util.find_spec("litellm")
    if found is None or found.origin is None:
        raise LlmError("LiteLLM is not installed: pip install -r requirements.txt")
    return Path(found.origin).parent


@functools.cache
def _price_list() -> dict[str, Any]:
    return json.loads((_package() / "model_prices_and_context_window_backup.json").read_bytes())


@functools.cache
def _tokens_of() -> Callable[[str], int]:
    """Return a counter of tokens: cl100k, from the vocabulary that LiteLLM brings along."""
    vocabulary = _package() / "litellm_core_utils" / "tokenizers"
    # The name under which tiktoken keeps it; were it not there, tiktoken would download it.
    if not (vocabulary / "9b5ad71b2ce5302211f9c61530b329a4922fc6a4").is_file():
        return lambda text: math.ceil(len(text.encode()) / 4)
    before = os.environ.get("TIKTOKEN_CACHE_DIR")
    os.environ["TIKTOKEN_CACHE_DIR"] = str(vocabulary)
    try:
        import tiktoken  # noqa: PLC0415 - only who counts tokens pays for it

        encoding = tiktoken.get_encoding("cl100k_base")
    finally:
        if before is None:
            del os.environ["TIKTOKEN_CACHE_DIR"]
        else:
            os.environ["TIKTOKEN_CACHE_DIR"] = before
    return lambda text: len(encoding.encode(text, disallowed_special=()))


def count_tokens(*texts: str) -> int:
    """Return about how many tokens texts have: exact for few models, within a third for most."""
    return sum(_tokens_of()(text) for text in texts)


def prompt_bytes(messages: Sequence[dict[str, str]]) -> int:
    """Return the size of the texts of a prompt in UTF-8."""
    return sum(len(message["content"].encode(errors="replace")) for message in messages)


def most_prompt_tokens(messages: Sequence[dict[str, str]], schema: str = "") -> int:
    """Return how many tokens a prompt can count at most, with any tokenizer."""
    overhead = MESSAGE_OVERHEAD * len(messages) + PROMPT_OVERHEAD
    return prompt_bytes(messages) + len(schema.encode()) + overhead


def settled(claimed: object, counted: int, most: int) -> int:
    """Return the tokens to pay for, from the provider's count and ours.

    A believable claim is taken. One that is missing, far below our count, or above the most there
    can be is not believed, and the larger of the two counts.
    """
    if not isinstance(claimed, int) or isinstance(claimed, bool) or claimed > MAX_TOKENS:
        return counted
    if counted / _SHARE <= claimed <= most:
        return claimed
    return max(claimed, counted)


class Budget:
    """A cap on spending that holds with any number of calls in flight.

    The most that a call can cost is reserved before it leaves and settled to its real cost
    afterwards. A reservation that does not fit waits for the calls in flight, which mostly cost
    less than they reserved, and is refused only when it does not fit without them.
    """

    def __init__(self, max_usd: float) -> None:
        if not 0 <= max_usd < math.inf:
            raise LlmError(f"llm_max_usd is {max_usd}: give a number of dollars, at least 0")
        self._cap = math.floor(max_usd * NANO)
        self._spent = self._reserved = 0
        self._changed = threading.Condition()

    def start_from(self, nano: int) -> None:
        """Count what was spent before."""
        self._spent = nano

    @property
    def spent_usd(self) -> float:
        """Return what was really spent, calls in flight left out."""
        return self._spent / NANO

    def reserve(self, nano: int) -> bool:
        """Set aside the most a call can cost; False when it does not fit."""
        with self._changed:
            while self._spent + self._reserved + nano > self._cap and self._reserved:
                self._changed.wait()
            if self._spent + self._reserved + nano > self._cap:
                return False
            self._reserved += nano
            return True

    def settle(self, reserved: int, real: int) -> None:
        """Replace a reservation by the real cost."""
        with self._changed:
            self._reserved -= reserved
            self._spent += real
            self._changed.notify_all()
