"""What was measured, as a table for people."""

import os
import platform
from collections import defaultdict
from itertools import pairwise
from statistics import median

from benchmarks.measure import Cost

_HEADINGS = ("contestant", "models", "seconds (min-max)", "models/s", "peak MB", "time to assay's")
_WIDTHS = (28, 11, 22, 10, 9, 16)
_NOTES = """
seconds: median wall time of the repeats, all processes of the contestant from their start to their
end; assay is the sum of its three commands. peak MB: the largest process (ru_maxrss, 10^6 bytes).
time to assay's: time per model over that of assay on as many models, tests included.
The server is not counted, but shares the machine. Assay reads every listing of several pages a
second time, so that no model is lost between two pages; the others read once.
"""
ASSAY = "assay"


class Results:
    """The costs of each contestant on each number of models, in the order of arrival."""

    def __init__(self) -> None:
        self._costs: dict[tuple[str, int], list[Cost]] = defaultdict(list)

    def add(self, contestant: str, models: int, cost: Cost) -> None:
        """Remember one run."""
        self._costs[contestant, models].append(cost)

    def seconds(self, contestant: str, models: int) -> float:
        """Return the median wall time."""
        return median(cost.seconds for cost in self._costs[contestant, models])

    def peak_mb(self, contestant: str, models: int) -> float:
        """Return the median of the peaks."""
        return median(cost.peak_mb for cost in self._costs[contestant, models])

    def as_text(self, sizes: list[int]) -> str:
        """Return the table, what it means, and how assay grows over these numbers of models."""
        rows = [_HEADINGS, *(self._row(*key) for key in self._costs)]
        lines = ["".join(_aligned(row)) for row in rows]
        parts = [_machine(), "\n".join(lines), _NOTES.strip(), *self._growth(sorted(sizes))]
        return "\n\n".join([*parts, "\n".join(self._peers(max(sizes)))])

    def _row(self, contestant: str, models: int) -> tuple[str, ...]:
        costs = self._costs[contestant, models]
        seconds, peak = self.seconds(contestant, models), self.peak_mb(contestant, models)
        least, most = min(c.seconds for c in costs), max(c.seconds for c in costs)
        compared = (ASSAY, models) in self._costs and not contestant.startswith(" ")
        ratio = f"{seconds / self.seconds(ASSAY, models):.1f}" if compared else ""
        span = f"{seconds:.1f} ({least:.1f}-{most:.1f})"
        return contestant, f"{models:,}", span, f"{models / seconds:,.0f}", f"{peak:,.0f}", ratio

    def _growth(self, sizes: list[int]) -> list[str]:
        lines = []
        for few, many in pairwise(sizes):
            lines.append(f"From {few:,} to {many:,} models ({many / few:.1f} times):")
            for contestant, models in self._costs:
                if models == many and (contestant, few) in self._costs:
                    time = self.seconds(contestant, many) / self.seconds(contestant, few)
                    memory = self.peak_mb(contestant, many) / self.peak_mb(contestant, few)
                    lines.append(f"{contestant:<28} time x {time:.1f}, peak memory x {memory:.1f}")
        return ["\n".join(lines)] if lines else []

    def _peers(self, most: int) -> list[str]:
        """Compare each peer with assay on as many models, and with assay's pace on the most."""
        pace = self.seconds(ASSAY, most) / most
        lines = []
        for contestant, models in self._costs:
            if contestant.strip().startswith(ASSAY) or contestant.startswith(" "):
                continue
            taken = self.seconds(contestant, models)
            same = taken / self.seconds(ASSAY, models)
            lines.append(
                f"{contestant}: {same:.1f} times assay's time on the same {models:,} models "
                f"(a model costs it {taken / models / pace:.1f} times what assay pays on {most:,})"
            )
        return lines


def _aligned(row: tuple[str, ...]) -> list[str]:
    first, *rest = zip(row, _WIDTHS, strict=True)
    return [first[0].ljust(first[1]), *(text.rjust(width) for text, width in rest)]


def _machine() -> str:
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {system}"
