"""What holds for any text at all, however odd, long or deep."""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assay.mining.text import lines, markup
from assay.mining.text.clean import MAX_BODY, Cleaned, clean
from tests.mining.text.cleaning import SOURCES, text

# --- any text ------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        "word",
        " ",
        "\n",
        "\n\n",
        "\r\n",
        "\t",
        "> ",
        ">",
        "```\n",
        "`",
        "~~~",
        "    x = 1\n",
        "- ",
        "* ",
        "1. ",
        "# ",
        "=\n",
        "---\n",
        "-- \n",
        "|a|b|\n|-|-|\n",
        "|",
        "[",
        "](",
        "![",
        "a](b)",
        "*",
        "**",
        "_",
        "~~",
        "\\",
        "&",
        "&nGt;",
        "&lt;",
        "&#0;",
        "&#x200b;",
        "&#xd800;",
        "&ngE",
        "&#9;",
        "<",
        "</",
        "<p>",
        "</p>",
        "<b>",
        "</b>",
        "<pre>",
        "</pre>",
        "<br>",
        "<td>",
        "<li>",
        "<blockquote>",
        "</blockquote>",
        "<!--",
        "-->",
        "<![CDATA[",
        "<?",
        "<s>",
        "</s>",
        "<title>",
        "</title>",
        "<script>",
        "</script>",
        "<plaintext>",
        "<input type=checkbox>",
        "- [ ] ",
        "- [x] I ",
        "Edit:",
        "EDIT 2: ",
        "Thanks",
        "regards,\n",
        "Ann",
        "https://",
        "www.",
        "x.io/a",
        "Traceback (most recent call last):\n",
        'File "a", line 1\n',
        "at a.b(c:1)\n",
        "12:00:00 ",
        "### Environment\n",
        "a: 1\n",
        "_No response_",
        "\u0301",
        "\u0958",
        "\ufb2c",
        "\U0001d160",
        "\ud800",
        "\0",
        "\x85",
        "\u2028",
        "\u202e",
        "\u00a0",
        "İ",
        "ß",
        "👩\u200d🔬",
        "שלום",
    ]
)
ANYTHING = st.one_of(
    st.text(st.characters(exclude_categories=[])), st.lists(PIECES, max_size=40).map("".join)
)


def is_clean(text: str) -> bool:
    text.encode()
    return not any(unicodedata.category(c) in ("Cc", "Cs") and c != "\n" for c in text)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(SOURCES) | st.text(max_size=5), ANYTHING, ANYTHING)
@example("github", "\ud800", "<title>&nGt;\ufb2c")
@example("hackernews", "", "0` `")
@example("somewhere else", "", "www.İİİİİİ is")
@example("github", "", "0 HTTP:// 0 www. http://www. ftp://_ 1")
@example("stackoverflow", "&nGt;\u0958", "a<td>b<td>c")
def test_no_text_raises_grows_or_keeps_a_control_character(
    source: str, given_title: str, body: str
) -> None:
    cleaned = clean(source, given_title, body)
    assert len(cleaned.title) <= len(given_title)
    assert len(cleaned.text) <= len(body)
    assert is_clean(cleaned.title) and "\n" not in cleaned.title
    assert is_clean(cleaned.text)
    assert cleaned.text == "\n".join(" ".join(x.split()) for x in cleaned.text.split("\n") if x)
    assert not cleaned.cut


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(SOURCES), ANYTHING, ANYTHING)
def test_the_same_post_is_cleaned_the_same_way(source: str, given_title: str, body: str) -> None:
    assert clean(source, given_title, body) == clean(source, given_title, body)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(SOURCES), st.lists(st.text("abcxyz", min_size=3), min_size=1))
def test_plain_words_stay_as_they_are(source: str, words: list[str]) -> None:
    sentence = "We " + " ".join(words) + " zzz."
    assert text(source, sentence) == sentence


def test_nothing_is_an_empty_text() -> None:
    assert clean("github", None, None) == Cleaned(title="", text="", cut=False)


# --- long and deep -------------------------------------------------------------------------------


def test_of_a_long_body_the_start_is_read_and_the_cut_is_told() -> None:
    cleaned = clean("github", "t", "word " * 200_000)
    assert cleaned.cut
    assert cleaned.text == ("word " * (MAX_BODY // 5)).strip()
    assert not clean("github", "t", "x" * MAX_BODY).cut


NESTED: dict[str, tuple[str, Callable[[int], str]]] = {
    "quotes": ("github", lambda n: ">" * n),
    "lists": ("github", lambda n: "- " * n),
    "links": ("github", lambda n: "[" * n),
    "divs": ("stackoverflow", lambda n: "<div>" * n),
    "tags of many kinds": ("stackoverflow", lambda n: "".join(f"<a x{i}>" for i in range(n))),
    "quotes in HTML": ("stackoverflow", lambda n: "<blockquote>" * n),
}


@pytest.mark.parametrize("depth", [1_000, 100_000])
@pytest.mark.parametrize("kind", NESTED)
def test_depth_breaks_nothing(kind: str, depth: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assay.mining.text.clean.MAX_BODY", 10_000_000)
    source, nested = NESTED[kind]
    assert clean(source, None, f"Before.\n\n{nested(depth)}").text.startswith("Before.")


@pytest.mark.parametrize("source", SOURCES)
def test_the_work_grows_as_the_text_does(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: how often the rules look at a line, for each line that there is."""

    def lines_looked_at(body: str) -> int:
        seen = 0

        def counted(line: str) -> bool:
            nonlocal seen
            seen += 1
            return says_something(line)

        monkeypatch.setattr(lines, "_says_something", counted)
        text(source, body)
        return seen

    says_something = lines._says_something
    for line in ("edit: a\n\n", "thanks\n\n", "-- \n", "# a\n\n", "<p>regards,<p>Ann", "|a|\n"):
        assert lines_looked_at(line * 2_000) <= 10 * 2_000


def test_a_row_of_a_table_is_not_padded_without_end() -> None:
    columns, rows = 1_000, 30_000
    table = f"{'|a' * columns}\n{'|-' * columns}\n" + "|b\n" * rows
    assert len(markup.from_markdown(table)) <= rows + 1
