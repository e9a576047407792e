"""The pictures of the report: what is drawn, and that labels can neither act nor overlap."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from assay.publish.reports import plots


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Return the list that the figures go to once they are drawn."""
    figures: list[Figure] = []
    figure_of = plots._figure

    @contextmanager
    def kept(size: tuple[float, float], path: Path) -> Iterator[Figure]:
        with figure_of(size, path) as figure:
            figures.append(figure)
            yield figure

    monkeypatch.setattr(plots, "_figure", kept)
    return figures


def test_bars_are_the_counts_and_a_full_listing_has_another_colour(
    drawn: list[Figure], tmp_path: Path
) -> None:
    rows = [("a", "Alpha", 10, 10), ("b", "Beta", 9, 10), ("c", None, 0, None)]
    plots.models_per_task(rows, tmp_path / "a.png")
    (axes,) = drawn[0].axes
    assert [bar.get_width() for bar in axes.patches] == [10, 9, 0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Alpha", "Beta", "c"]
    colors = [bar.get_facecolor() for bar in axes.patches]
    assert colors[0] != colors[1] == colors[2]
    assert axes.yaxis_inverted()


def test_every_model_is_a_dot_or_part_of_one_and_zero_has_its_own_place(
    drawn: list[Figure], tmp_path: Path
) -> None:
    top = [(f"o/{i}", 1000 - i, i) for i in range(plots.NAMED)]
    rows = [*top, ("o/one", 1, 1), ("o/a", 0, 0), ("o/b", 0, 0)]
    plots.downloads_and_likes(rows, tmp_path / "a.png")
    (axes,) = drawn[0].axes
    others, named = axes.collections
    assert others.get_offsets().tolist() == [[1, 1], [0, 0]]
    assert others.get_sizes()[0] < others.get_sizes()[1]
    assert named.get_offsets().tolist() == [[row[1], row[2]] for row in top]
    zero, one, ten = (axes.transData.transform((value, value))[0] for value in (0, 1, 10))
    assert ten - one > one - zero > 10  # pixels


def test_pictures_are_of_a_moderate_size_even_with_very_many_tasks(tmp_path: Path) -> None:
    rows = [(f"t-{i}", f"Task {i}", 5000 - i, 10_000) for i in range(5000)]
    plots.models_per_task(rows, tmp_path / "a.png")
    width, height = struct.unpack(">II", (tmp_path / "a.png").read_bytes()[16:24])
    assert (width, height) == (1200, 2100)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_one_model_without_downloads_can_be_drawn(drawn: list[Figure], tmp_path: Path) -> None:
    plots.downloads_and_likes([("o/a", 0, 0)], tmp_path / "a.png")
    assert drawn[0].axes[0].texts[1].get_text() == " 1  o/a"


def test_what_the_font_lacks_becomes_a_square_and_controls_go() -> None:
    assert plots.drawable("a模b\u202ec\n", 40) == "a□bc"
    assert plots.drawable("x" * 30 + "-end-of-the-name", 40) == "x" * 26 + "…d-of-the-name"


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (10, "10"), (1000, "1k"), (100_000, "100k"), (10**9, "1B")]
)
def test_ticks_are_short(value: int, text: str) -> None:
    assert plots.short(value) == text


def test_dots_have_numbers_and_names_stand_by_number_above_the_legend(
    drawn: list[Figure], tmp_path: Path
) -> None:
    top = [(f"o/{i}", 1000 - i, i) for i in range(plots.NAMED)]
    plots.downloads_and_likes(top, tmp_path / "a.png")
    (axes,) = drawn[0].axes
    numbers = [text for text in axes.texts if isinstance(text, Annotation)]
    assert [(text.get_text(), text.xy) for text in numbers] == [
        (str(number), row[1:]) for number, row in enumerate(top, start=1)
    ]
    names = [text for text in axes.texts if not isinstance(text, Annotation)]
    assert [text.get_text().split() for text in names] == [
        [str(number), row[0]] for number, row in enumerate(top, start=1)
    ]
    boxes = [text.get_window_extent() for text in names]
    assert all(upper.y0 >= lower.y1 for upper, lower in pairwise(boxes))
    assert boxes[-1].y0 > axes.get_legend().get_window_extent().y1
