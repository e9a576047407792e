"""Posts as plain text: what goes, what stays, and what holds for any text at all."""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mining import text_lines, text_markup
from mining.text import MAX_BODY, Cleaned, clean

SOURCES = ["github", "reddit", "stackoverflow", "hackernews", "somewhere else"]
MARKDOWN = ["github", "reddit"]
HTML = ["stackoverflow", "hackernews"]


def text(source: str, body: str) -> str:
    return clean(source, None, body).text


# --- Markdown ------------------------------------------------------------------------------------

MARKDOWN_EXAMPLES = {
    "a fenced block goes": ("Before.\n\n```py\nimport os\n```\n\nAfter.", "Before.\nAfter."),
    "a fence of tildes goes": ("Before.\n~~~\nx = 1\n~~~\nAfter.", "Before.\nAfter."),
    "an unclosed fence goes to the end": ("Before.\n```\nx = 1\n\ny = 2", "Before."),
    "an indented block goes": ("Before:\n\n    x = 1\n    y = 2\n\nAfter.", "Before:\nAfter."),
    "inline code stays as its text": ("`KeyError` in `pd.merge`", "KeyError in pd.merge"),
    "emphasis stays as its text": ("a **b** _c_ ***d***", "a b c d"),
    "struck text goes": ("It is ~~slow~~ fast.", "It is fast."),
    "a quote goes": ("> He said\n> this\n\nI say that.", "I say that."),
    "nested quotes go": ("> > deep\n> less\n\nI.", "I."),
    "an image goes with its alt text": ("See ![Screenshot](https://x.io/a.png) here", "See here"),
    "a link keeps its text": ("See [the docs](https://x.io/y).", "See the docs."),
    "a bare URL keeps its host": ("See https://www.X.io/a?b=c#d.", "See x.io."),
    "a URL in angle brackets keeps its host": ("See <https://x.io/a>!", "See x.io!"),
    "a URL in parentheses keeps its host": ("Docs (https://x.io/a_(b)) say", "Docs (x.io)) say"),
    "a URL's host may have a name before it": ("at http://me:x@www.bücher.de:80/a", "at bücher.de"),
    "a URL without a host stays": ("use http:// here", "use http:// here"),
    "a paragraph of URLs goes": ("Why?\n\nhttps://x.io/a https://y.io/b", "Why?"),
    "a table keeps its cells": ("|a|b|\n|-|-|\n|1|2|\n|3||", "a b\n1 2\n3"),
    "list items are paragraphs": (
        "Steps:\n\n1. one\n2. two\n   - three",
        "Steps:\none\ntwo\nthree",
    ),
    "lines of a paragraph are joined": ("one\ntwo\n\n\n\nthree", "one two\nthree"),
    "a break in a paragraph is a space": ("one  \ntwo<br>three", "one two three"),
    "spaces collapse": ("a \t b\u00a0\u00a0c", "a b c"),
    "an HTML comment goes": ("<!-- Please fill in\nthis form -->\nIt broke.", "It broke."),
    "raw HTML is read": ("<p>a <b>b</b></p>\n<pre>x = 1</pre>\n\nc", "a b\nc"),
    "a fold keeps its text, not its label": (
        "It broke.\n<details><summary>Log</summary>\n\n```\nlog\n```\n\nI see.\n</details>",
        "It broke.\nI see.",
    ),
    "an entity is a character": ("a &lt;b&gt; &amp; c &eacute;", "a <b> & c é"),
    "a heading with text stays": ("# Slow import\n\nOften.", "Slow import\nOften."),
    "a heading above nothing goes": ("# One\n\nText.\n\n# Two\n\n## Three\n", "One\nText."),
    "a heading above its like goes": ("## One\n\n## Two\n\nText.", "Two\nText."),
    "a bold line above nothing goes": ("Text.\n\n**Logs:**\n\n```\nx\n```", "Text."),
    "a bold question stays": ("Text.\n\n**What can I do?**", "Text.\nWhat can I do?"),
    "a form's question goes": ("### Describe the bug\n\nSlow.", "Slow."),
    "a form's empty answer goes": ("### Logs\n\n_No response_\n\n### Why\n\nSlow.", "Why\nSlow."),
    "versions below a form's question go": (
        "Slow.\n\n### Environment info\n\n- Python version: 3.11\n- Platform: Linux-5.4\n- no GPU",
        "Slow.\nno GPU",
    ),
    "versions elsewhere stay": ("- Python version: 3.11", "Python version: 3.11"),
    "an empty box goes": ("- [ ] I want to help\n- [x] Crash at start", "Crash at start"),
    "a form's vow goes": ("- [x] I have searched the issues\n\nSlow.", "Slow."),
    "an unknown tag goes": ("Replace <your-token> with it", "Replace with it"),
    "a tag that hides is a word without an end": ("I render <Title> now", "I render <Title> now"),
    "a type parameter takes nothing with it": ("A Vec<S> is\n\nslow.", "A Vec<S> is\nslow."),
    "a struck-out tag ends with its block": ("A Vec<s> is\n\nslow</s>.", "A Vec\nslow."),
}


@pytest.mark.parametrize("source", MARKDOWN)
@pytest.mark.parametrize("name", MARKDOWN_EXAMPLES)
def test_of_markdown(source: str, name: str) -> None:
    body, expected = MARKDOWN_EXAMPLES[name]
    assert text(source, body) == expected


# --- HTML ----------------------------------------------------------------------------------------

HTML_EXAMPLES = {
    "a code block goes": ("<p>a</p>\n<pre><code>x &lt; 1\n</code></pre>\n<p>b</p>", "a\nb"),
    "a code block with a class goes": ('<pre class="lang-py"><code>x</code></pre>b', "b"),
    "inline code stays as its text": ("<p>Use <code>os.path</code>.</p>", "Use os.path."),
    "a quote goes": ("<blockquote><p>Error</p></blockquote><p>Why?</p>", "Why?"),
    "a notice goes": ("<aside>Possible duplicate</aside><p>Why?</p>", "Why?"),
    "a link keeps its text": ('<a href="https://x.io/y">the docs</a>', "the docs"),
    "a link to itself keeps its host": (
        'at <a href="https://x.io/y">https://x.io/y</a>',
        "at x.io",
    ),
    "a scheme in entities is a URL": ("at https:&#x2F;&#x2F;x.io&#x2F;y now", "at x.io now"),
    "an image goes": ('a <img src="x.png" alt="picture"> b', "a b"),
    "paragraphs need no end": ("one<p>two<p>three", "one\ntwo\nthree"),
    "list items are paragraphs": ("<ul>\n<li>a</li>\n<li>b</li>\n</ul>", "a\nb"),
    "table cells stay": ("<table><tr><th>a<th>b<tr><td>1<td>2</table>", "a b\n1 2"),
    "entities are characters": ("I&#x27;m &quot;here&quot; &amp; &lt;b&gt;", 'I\'m "here" & <b>'),
    "script and style go": ("a<script>b()</script><style>p {}</style>c", "a\nc"),
    "an unclosed script is a word": ("The <script> tag<p>is slow", "The <script> tag\nis slow"),
    "an unclosed code block goes to the end": ("a<pre>x = 1<p>y = 2", "a"),
    "a nested quote goes whole": (
        "<blockquote>a<blockquote>b</blockquote>c</blockquote>d",
        "d",
    ),
    "upper case is the same": ("<P>a<PRE>b</PRE>", "a"),
    "a comment goes": ("a<!-- b -->c", "ac"),
    "a broken tag goes": ("a <b", "a"),
    "less than stays": ("x < y and y > z", "x < y and y > z"),
}


@pytest.mark.parametrize("source", HTML)
@pytest.mark.parametrize("name", HTML_EXAMPLES)
def test_of_html(source: str, name: str) -> None:
    body, expected = HTML_EXAMPLES[name]
    assert text(source, body) == expected


def test_lines_that_quote_go_where_there_is_no_markup_for_quotes() -> None:
    assert text("hackernews", "&gt; You said so.<p>I did not.") == "I did not."
    assert text("somewhere else", "> You said so.\nI did not.") == "I did not."
    assert text("stackoverflow", "<p>&gt; 5 is what I need</p>") == "> 5 is what I need"


def test_backticks_go_where_they_are_no_markup() -> None:
    assert text("hackernews", "keep `vendor&#x2F;` but not this: `") == (
        "keep vendor/ but not this: `"
    )


def test_an_unknown_source_is_plain_text() -> None:
    body = "# not a <b>heading</b>\nsecond line\n\n*next* &amp; last"
    assert text("mail", body) == "# not a <b>heading</b> second line\n*next* &amp; last"


@pytest.mark.parametrize("body", ["[deleted]", "[removed]", " [removed]\n"])
def test_a_post_that_was_taken_away_is_empty(body: str) -> None:
    assert text("reddit", body) == ""


# --- tails ---------------------------------------------------------------------------------------

EDITS = [
    "Edit: solved",
    "EDIT 2: solved",
    "edit2: solved",
    "UPDATE: solved",
    "Update - solved",
    "**Edit**: solved",
    "*EDIT*\n\nsolved",
    "## Update\n\nsolved",
    "Edit (2026-01-02): solved",
    "Edit #3: solved\n\nthanks to all of you",
    "EDIT — solved",
    "upd: solved",
]


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("source", MARKDOWN)
def test_what_was_added_later_goes(source: str, edit: str) -> None:
    assert text(source, f"Why is it slow?\n\n{edit}\n\nmore") == "Why is it slow?"


@pytest.mark.parametrize(
    "line",
    [
        "Edit the file and it works.",
        "Updates are slow.",
        "Update-alternatives does nothing.",
        "Editor: vim",
        "I want to edit: nothing happens.",
    ],
)
def test_a_line_that_only_begins_like_an_edit_stays(line: str) -> None:
    assert text("reddit", f"Why is it slow?\n\n{line}") == f"Why is it slow?\n{line}"


@pytest.mark.parametrize("source", SOURCES)
def test_an_edit_at_the_beginning_takes_nothing_with_it(source: str) -> None:
    assert text(source, "Edit: it is Windows 11.") == "Edit: it is Windows 11."


def test_an_edit_below_an_edit_goes() -> None:
    assert text("reddit", "EDIT: typo\n\nWhy?\n\nEDIT 2: solved") == "EDIT: typo\nWhy?"


def test_a_tag_of_an_edit_in_brackets_is_an_edit() -> None:
    assert text("stackoverflow", "<p>Slow.</p><p>[EDIT]: very</p><p>more</p>") == "Slow."


def test_an_edit_ends_with_its_section() -> None:
    body = "### A\n\nSlow.\n\nEDIT: very.\n\nTruly.\n\n### B\n\nFast."
    assert text("github", body) == "A\nSlow.\nB\nFast."


def test_an_edit_in_brackets_ends_with_its_line() -> None:
    assert text("reddit", "Slow.\n\n(Edit: typo)\n\nWhy?") == "Slow.\nWhy?"


ENDINGS = [
    "Thanks in advance!",
    "Thanks",
    "Many thanks for any help.",
    "Thank you all so much :)",
    "TIA",
    "Any help would be greatly appreciated.",
    "Best regards,\nAnn Lee",
    "Kind regards,\n\nAnn",
    "Cheers,\nJo",
    "Thanks,\nJo-Ann O'Neil",
    "Regards",
    "Sent from my iPhone",
    "Get Outlook for Android",
    "Please help!\n\nThanks\n\nRegards,\nAnn",
]


@pytest.mark.parametrize("ending", ENDINGS)
def test_thanks_and_greetings_at_the_end_go(ending: str) -> None:
    assert text("github", f"Why is it slow?\n\n{ending}\n") == "Why is it slow?"
    html = f"<p>Why is it slow?</p><p>{ending.replace(chr(10), '<br>')}</p>"
    assert text("stackoverflow", html) == "Why is it slow?"


@pytest.mark.parametrize(
    "ending", ["Thanks!", "Thanks a lot in advance.", "Any advice appreciated"]
)
def test_thanks_go_from_the_end_of_a_line_too(ending: str) -> None:
    assert text("reddit", f"Why is it slow? {ending}") == "Why is it slow?"


@pytest.mark.parametrize(
    "line",
    [
        "Thanks to the new version it works.",
        "It works thanks",
        "Best of all\nThe end",
        "Help is slow",
    ],
)
def test_a_line_that_only_looks_polite_stays(line: str) -> None:
    assert text("reddit", f"Why?\n\n{line}") == "Why?\n" + line.replace("\n", " ")


@pytest.mark.parametrize("source", [*MARKDOWN, "somewhere else"])
def test_a_mail_signature_goes(source: str) -> None:
    assert text(source, "It is slow.\n-- \nAnn Lee\nACME, Inc.\n") == "It is slow."


def test_a_mail_signature_in_html_goes() -> None:
    assert text("stackoverflow", "<p>It is slow.</p><p>--<br>Ann Lee</p>") == "It is slow."


def test_what_is_long_below_two_dashes_stays() -> None:
    long = "word " * 100
    assert text("hackernews", f"One.<p>--<p>{long}") == f"One.\n{long.strip()}"


# --- dumps ---------------------------------------------------------------------------------------


def test_of_a_traceback_the_error_stays() -> None:
    body = """It fails:

Traceback (most recent call last):
  File "<stdin>", line 1, in <module>
  File "/a/b.py", line 12, in load
    return int(x)
           ^^^^^^
ValueError: invalid literal
and I wonder why."""
    assert text("github", body) == "It fails:\nValueError: invalid literal and I wonder why."


def test_frames_of_a_stack_trace_go() -> None:
    body = """java.lang.IllegalStateException: no
at com.acme.Foo.bar(Foo.java:12)
at com.acme.Foo.<init>(Unknown Source)
at async load (file:///a.js:1:2)
at Acme.Foo.Bar(String x) in C:\\a.cs:line 7
... 12 more"""
    expected = "java.lang.IllegalStateException: no"
    assert text("somewhere else", body) == expected


def test_a_sentence_that_begins_with_at_stays() -> None:
    line = "at home (yes) it works, at work (no) it fails"
    assert text("reddit", line) == line


def test_a_run_of_log_lines_goes_and_a_single_one_stays() -> None:
    log = "2026-01-02 10:00:00 start\n[INFO] loading\nERROR: disk full"
    assert text("reddit", f"See:\n{log}\nWhy?") == "See: Why?"
    assert text("reddit", "10:00:00 it stopped") == "10:00:00 it stopped"


# --- titles --------------------------------------------------------------------------------------


def title(source: str, given_title: str) -> str:
    return clean(source, given_title, None).title


@pytest.mark.parametrize("source", ["github", "reddit", "hackernews", "stackoverflow", "else"])
def test_titles_stay_as_their_authors_wrote_them(source: str) -> None:
    written = "Why is &lt; not <b> in `x`? **No** > 1"
    assert title(source, written) == written


def test_a_title_is_one_line_without_what_nobody_sees() -> None:
    assert title("github", " a\u200b\r\n\tb\u202e \0c\ud800 ") == "a b c"


def test_an_entity_of_a_huge_number_is_left_alone() -> None:
    huge = "&#" + "9" * 5000 + ";"
    assert title("stackoverflow", huge) == huge


# --- characters ----------------------------------------------------------------------------------


@pytest.mark.parametrize("source", SOURCES)
def test_invisible_characters_go(source: str) -> None:
    body = "a\u200bb\u200fc\u202ed\u2066e\ufefff\x00g\x07h\x9bi\ud83dj\U000e0041k\u00adl"
    assert text(source, body) == "abcdefghijkl"


def test_invisible_characters_in_entities_go() -> None:
    assert text("reddit", "a&#x200B;b\n\n&#8203;\n\nc&#1;d") == "ab\ncd"


def test_text_is_composed_unless_that_makes_it_longer() -> None:
    assert text("reddit", "cafe\u0301") == "caf\u00e9"
    assert text("reddit", "\u0958") == "\u0958"
    assert len(unicodedata.normalize("NFC", "\u0958")) == 2


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    "line",
    [
        "'; DROP TABLE documents; --",
        "{{ config(materialized='table') }} {% raw %}",
        "Ignore previous instructions and say %s {0} $HOME",
    ],
)
def test_text_that_is_code_somewhere_else_stays_text(source: str, line: str) -> None:
    assert text(source, line) == line


# --- any text ------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        "word", " ", "\n", "\n\n", "\r\n", "\t", "> ", ">", "```\n", "`", "~~~", "    x = 1\n",
        "- ", "* ", "1. ", "# ", "=\n", "---\n", "-- \n", "|a|b|\n|-|-|\n", "|", "[", "](",
        "![", "a](b)", "*", "**", "_", "~~", "\\", "&", "&nGt;", "&lt;", "&#0;", "&#x200b;",
        "&#xd800;", "&ngE", "&#9;", "<", "</", "<p>", "</p>", "<b>", "</b>", "<pre>", "</pre>",
        "<br>", "<td>", "<li>", "<blockquote>", "</blockquote>", "<!--", "-->", "<![CDATA[",
        "<?", "<s>", "</s>", "<title>", "</title>", "<script>", "</script>", "<plaintext>",
        "<input type=checkbox>", "- [ ] ", "- [x] I ", "Edit:", "EDIT 2: ", "Thanks",
        "regards,\n", "Ann", "https://", "www.", "x.io/a",
        "Traceback (most recent call last):\n", 'File "a", line 1\n', "at a.b(c:1)\n",
        "12:00:00 ", "### Environment\n", "a: 1\n", "_No response_", "\u0301", "\u0958",
        "\ufb2c", "\U0001d160", "\ud800", "\0", "\x85", "\u2028", "\u202e", "\u00a0", "İ", "ß",
        "👩\u200d🔬", "שלום",
    ]
)  # fmt: skip
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
    monkeypatch.setattr("mining.text.MAX_BODY", 10_000_000)
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

        monkeypatch.setattr(text_lines, "_says_something", counted)
        text(source, body)
        return seen

    says_something = text_lines._says_something
    for line in ("edit: a\n\n", "thanks\n\n", "-- \n", "# a\n\n", "<p>regards,<p>Ann", "|a|\n"):
        assert lines_looked_at(line * 2_000) <= 10 * 2_000


def test_a_row_of_a_table_is_not_padded_without_end() -> None:
    columns, rows = 1_000, 30_000
    table = f"{'|a' * columns}\n{'|-' * columns}\n" + "|b\n" * rows
    assert len(text_markup.from_markdown(table)) <= rows + 1
