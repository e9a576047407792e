"""What is taken off posts: edits, thanks, signatures, and dumps of machines."""

import pytest

from tests.mining.text.cleaning import MARKDOWN, SOURCES, text

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
