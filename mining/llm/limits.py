"""How long an answer may be: by the task, by the model, and by how much the model thinks first.

Providers count what a model thinks as a part of its answer: a label of 400 tokens from a model that
thinks for 800 is cut off before it begins, and is paid for. So models that think get room for it.
"""

import threading
from typing import Any

from assay.mining.llm.budget import listed
from assay.mining.llm.settings import Settings

# Room for thinking in tokens, by what is asked for. Providers give no bound but this one; LiteLLM
# turns low, medium and high into 1,024, 2,048 and 4,096 tokens where a model wants a number.
ROOM = {"none": 0, "minimal": 1_024, "low": 2_048, "medium": 4_096, "high": 16_384, "xhigh": 32_768}
_USUAL_EFFORT = "medium"
UNKNOWN_MOST = 65_536  # the longest answer of a model that no list knows


class Limits:
    """The longest answers of one model; what its replies show of it is learned as they come."""

    def __init__(self, settings: Settings) -> None:
        entry = listed(settings)
        self._lock = threading.Lock()
        self._room = _room(entry, settings)
        most = entry.get("max_output_tokens")
        self._most = most if isinstance(most, int) and most > 0 else UNKNOWN_MOST

    @property
    def thinks(self) -> bool:
        """Tell whether the model is known to think before it answers."""
        return self._room > 0

    def of(self, max_tokens: int) -> int:
        """Return the limit for an answer of at most `max_tokens`, thinking included."""
        return max(max_tokens, min(max_tokens + self._room, self._most))

    def wider(self, limit: int) -> int:
        """Return the limit after one that thinking used up: twice that, if the model can."""
        return max(limit, min(2 * limit, self._most))

    def no_room(self) -> None:
        """Remember that the model takes no limit above what an answer alone needs."""
        with self._lock:
            self._room = self._most = 0

    def saw_thinking(self) -> None:
        """Remember that the model thinks, whatever a list says."""
        with self._lock:
            self._room = self._room or ROOM[_USUAL_EFFORT]


def _room(entry: dict[str, Any], settings: Settings) -> int:
    """Return the room for thinking of a model, by the setting and by LiteLLM's list."""
    if settings.reasoning_effort:
        return ROOM[settings.reasoning_effort]
    # Claude thinks on demand only; other models that can think do unless the list says otherwise.
    on_demand = "claude" in (settings.model or "").lower()
    if not entry.get("supports_reasoning") or on_demand:
        return 0
    return ROOM.get(entry.get("default_reasoning_effort") or _USUAL_EFFORT, ROOM[_USUAL_EFFORT])
