"""The two pictures of the ingestion report: models per task, and downloads against likes.

Labels come from the Hub, so nothing in them may act: they are never read as mathtext, and a
character that the font lacks becomes a square. The font is the one matplotlib brings along and the
style is its default, so that the same rows give the same picture on every machine.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.scale import SymmetricalLogScale
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from assay.common import files
from assay.common.text import shorten

FONT = "DejaVu Sans"
INK, SOFT, FAINT = "#222222", "#5f6368", "#d9dce1"
# Okabe and Ito's palette, which stays apart for colour-blind readers.
BLUE, ORANGE, VERMILLION = "#0072b2", "#e69f00", "#d55e00"
LOOK = {
    "font.family": FONT,
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": SOFT,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "figure.facecolor": "white",
    "savefig.dpi": 150,
}
MAX_BARS = 60
NAMED = 10
NAME_STEP = 0.05  # of the axes' height: one line of text and a little air


def models_per_task(rows: Sequence[Sequence[Any]], path: Path) -> None:
    """Draw one bar per task, longest on top.

    rows: (task id, label, models, limit of its listing or None), in the order to draw. A bar whose
    listing reached its limit has another colour: the Hub may have more models than were asked for.
    """
    shown = rows[:MAX_BARS]
    full = [limit is not None and models >= limit for _, _, models, limit in shown]
    with _figure((8, 1.7 + 0.205 * max(len(shown), 5)), path) as figure:
        axes = _axes(figure, left=2.45, right=0.55, top=1.1, bottom=0.6)
        places = range(len(shown))
        colors = [ORANGE if it else BLUE for it in full]
        axes.barh(places, [row[2] for row in shown], height=0.72, color=colors)
        for place, (_, _, models, _) in enumerate(shown):
            axes.annotate(
                f"{models:,}",
                (models, place),
                (3, -0.5),
                textcoords="offset points",
                va="center",
                fontsize=8,
            )
        labels = [drawable(label or task, 32) for task, label, _, _ in shown]
        axes.set_yticks(list(places), labels, color=INK, parse_math=False)
        axes.set_ylim(max(len(shown), 1) - 0.5, -0.5)
        axes.set_xlim(0, max([row[2] for row in shown] + [1]) * 1.04)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x")
        axes.set_xlabel("models in the task's listing (number)")
        bars = (BLUE, "listing read to its end"), (ORANGE, "cut at its limit: there may be more")
        axes.legend(
            handles=[Patch(color=color, label=label) for color, label in bars if color in colors],
            loc="lower left",
            bbox_to_anchor=(0, 1),
            borderpad=0,
            ncols=2,
        )
        _title(figure, "Models listed per task", _tasks_in_words(rows))


def downloads_and_likes(rows: Sequence[Sequence[Any]], path: Path) -> None:
    """Draw every model by its downloads and likes; a dot grows with the models it stands for.

    rows: (model id, downloads, likes), most downloaded first; the first ten are named. Both scales
    are logarithmic above 1 and linear below, so that 0 has its own place.
    """
    named = rows[:NAMED]
    dots = Counter((downloads, likes) for _, downloads, likes in rows[len(named) :])
    with _figure((10.2, 6), path) as figure:
        axes = _axes(figure, left=0.8, right=3.4, top=0.9, bottom=0.65)
        for axis, column in ((axes.xaxis, 1), (axes.yaxis, 2)):
            _zero_and_powers(axis, max([row[column] for row in rows] + [1]))
        axes.scatter(
            [x for x, _ in dots],
            [y for _, y in dots],
            s=[_area(count) for count in dots.values()],
            color=BLUE,
            alpha=0.35,
            linewidths=0,
            clip_on=False,
        )
        axes.scatter(
            [row[1] for row in named],
            [row[2] for row in named],
            s=28,
            color=VERMILLION,
            edgecolors="white",
            linewidths=0.6,
            zorder=3,
            clip_on=False,
        )
        axes.grid()
        axes.set_xlabel("downloads over 30 days (number; log scale, 0 set apart)")
        axes.set_ylabel("likes (number; log scale, 0 set apart)")
        _name(axes, named)
        _legend(axes, dots, len(named))
        _title(figure, "Downloads and likes of each model", _zeros_in_words(rows))


def drawable(text: str, most: int) -> str:
    """Return text of at most so many characters, with a square for what the font cannot draw."""
    font = get_font(findfont(FONT))
    known = "".join(
        character if font.get_char_index(ord(character)) else "\u25a1"
        for character in text
        if not unicodedata.category(character).startswith("C")
    )
    return shorten(known, most, tail=13)


def short(value: float) -> str:
    """Return a number in at most four characters: 0, 10, 1k, 100k, 1M."""
    for size, unit in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"


@contextmanager
def _figure(size: tuple[float, float], path: Path) -> Iterator[Figure]:
    """Yield a figure in the report's look; save it when the block ends well."""
    with style.context(["default", LOOK]):
        figure = Figure(figsize=size)
        yield figure
        with files.atomic(path) as stream:
            figure.savefig(stream, format="png", metadata={"Software": None})


def _axes(figure: Figure, *, left: float, right: float, top: float, bottom: float) -> Axes:
    """Add axes that leave these margins, in inches."""
    width, height = figure.get_size_inches()
    axes = figure.add_axes(
        (left / width, bottom / height, 1 - (left + right) / width, 1 - (top + bottom) / height)
    )
    axes.set_axisbelow(True)
    return axes


def _title(figure: Figure, title: str, below: str) -> None:
    width, height = figure.get_size_inches()
    left = 0.2 / width
    figure.text(left, 1 - 0.34 / height, title, fontsize=13, fontweight="bold")
    figure.text(left, 1 - 0.58 / height, below, fontsize=9, color=SOFT)


def _tasks_in_words(rows: Sequence[Sequence[Any]]) -> str:
    empty = sum(not row[2] for row in rows)
    cut = f" The {MAX_BARS} longest are drawn." if len(rows) > MAX_BARS else ""
    return (
        f"{sum(row[2] for row in rows):,} entries in {len(rows):,} tasks, {empty:,} of them empty; "
        f"a model counts in every task that lists it.{cut}"
    )


def _zeros_in_words(rows: Sequence[Sequence[Any]]) -> str:
    unused, unloved = (sum(row[column] == 0 for row in rows) for column in (1, 2))
    return f"{len(rows):,} models: {unused:,} without a download, {unloved:,} without a like"


def _area(models: int) -> float:
    """Return the area of a dot in square points: slower than its models, or 0, 0 hides the rest."""
    return 9 * models**0.5


def _zero_and_powers(axis: Axis, top: int) -> None:
    """Make an axis logarithmic above 1, with ticks at 0 and at powers of ten."""
    digits = len(str(top))
    powers = range(0, digits + 1, 1 + digits // 10)
    axis.axes.set(
        **{f"{axis.axis_name}scale": SymmetricalLogScale(axis, linthresh=1, linscale=0.6)}
    )
    axis.set_major_locator(FixedLocator([0, *(10**power for power in powers)]))
    axis.set_minor_locator(
        FixedLocator([step * 10**power for power in range(digits) for step in range(2, 10)])
    )
    axis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
    axis.axes.set(**{f"{axis.axis_name}lim": (-0.4, top * 1.6)})


def _name(axes: Axes, named: Sequence[Sequence[Any]]) -> None:
    """Number the dots, and list the names by their numbers right of the axes."""
    for number, (model, downloads, likes) in enumerate(named, start=1):
        axes.annotate(
            str(number),
            (downloads, likes),
            (4, 3),
            textcoords="offset points",
            fontsize=7,
            zorder=4,
            annotation_clip=False,
        )
        axes.text(
            1.04,
            1 - (number - 1) * NAME_STEP,
            f"{number:>2}  {drawable(model, 42)}",
            transform=axes.transAxes,
            va="center",
            fontsize=8,
            parse_math=False,
        )


def _legend(axes: Axes, dots: Counter[tuple[int, int]], named: int) -> None:
    """Say below the names what a dot stands for, with the sizes that occur."""
    most = max(dots.values(), default=0)
    dot = {"marker": "o", "linestyle": "", "markeredgewidth": 0}
    handles = [
        Line2D(
            [],
            [],
            **dot,
            color=BLUE,
            alpha=0.45,
            markersize=_area(size) ** 0.5,
            label=f"{size:,} models on one spot" if size > 1 else "1 model",
        )
        for size in (1, 10, 100, 1000)
        if size <= most
    ]
    if named:
        label = f"the {named} most downloaded"
        handles.insert(0, Line2D([], [], **dot, color=VERMILLION, markersize=5, label=label))
    axes.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(1.04, 0),
        labelspacing=0.9,
        handletextpad=1,
        borderpad=0,
    )
