"""Language models: what the rest of the project uses of the one door to them."""

from assay.mining.llm.answer import (
    UNTRUSTED_RULE,
    cleaned,
    delimit_untrusted,
    detect_prompt_injection,
)
from assay.mining.llm.cache import Cache
from assay.mining.llm.runner import Plan, plan, run
from assay.mining.llm.settings import LlmError, Settings
from assay.mining.llm.task import Result, Task

__all__ = [
    "UNTRUSTED_RULE",
    "Cache",
    "LlmError",
    "Plan",
    "Result",
    "Settings",
    "Task",
    "cleaned",
    "delimit_untrusted",
    "detect_prompt_injection",
    "plan",
    "run",
]
