"""A form's words are told from a reporter's: by what comes back, and at first by how it looks."""

from collections import Counter

import pytest

from assay.mining.text.clean import clean, form_units, title_key
from assay.mining.text.forms import MAX_UNITS, Form
from tests.mining.text.cleaning import text

# A template as repositories write them by hand: bold questions, a list of facts, an instruction.
TEMPLATE = """**Tell us what broke**
{told}

**Your setup**
- OS: {os}
- shell: fish

**Willing to help?**
Sure, send me a pointer
"""
TOLD = [
    "Saving a draft drops the second attachment.",
    "The calendar shows every meeting one hour late.",
    "Search returns nothing for words with an accent.",
]


def learned(bodies: list[str]) -> Form:
    """Count what comes back as int_post_forms does, in its simplest form."""
    counts: Counter[tuple[int, int]] = Counter()
    told: Counter[int] = Counter()
    for body in bodies:
        read = form_units("github", body)
        counts.update({(unit.section, unit.line) for unit in read if unit.line != -1})
        for section in {unit.section for unit in read}:
            words = sum(unit.words for unit in read if unit.section == section)
            told[section] += words >= 6
    back = {place for place, count in counts.items() if count == len(bodies)}
    headings = frozenset(section for section, line in back if not line and section)
    return Form(
        headings,
        frozenset(section for section in headings if not told[section]),
        frozenset(line for _, line in back if line),
    )


def test_of_a_form_that_came_back_the_reporters_sentences_stay() -> None:
    systems = ["Fedora 41", "Debian 13", "a Mac"]
    bodies = [TEMPLATE.format(told=t, os=o) for t, o in zip(TOLD, systems, strict=True)]
    form = learned(bodies)
    assert len(form.headings) == 3
    assert [clean("github", "t", body, form).text for body in bodies] == TOLD


def test_another_posts_words_stay_where_nothing_comes_back() -> None:
    form = learned([TEMPLATE.format(told=told, os="Linux") for told in TOLD])
    own = "**A note**\n\nThe list jumps to the top after each edit."
    assert (
        clean("github", "t", own, form).text == "A note\nThe list jumps to the top after each edit."
    )


def test_what_a_program_said_is_no_forms_line_however_often_it_comes_back() -> None:
    bodies = [f"### What broke\n\n{told}\n\nKeyError: 'draft'" for told in TOLD]
    assert clean("github", "t", bodies[0], learned(bodies)).text == (
        f"{TOLD[0]}\nKeyError: 'draft'"
    )


def test_units_are_the_same_for_texts_that_differ_in_case_signs_and_numbers() -> None:
    one = form_units("github", "## Version:\n\n1.2")
    assert one == form_units("github", "## VERSION\n\n3.4")
    assert [(unit.line == 0, unit.words) for unit in one] == [(True, 0), (False, 1)]


def test_units_of_a_long_post_are_bounded() -> None:
    body = "\n\n".join(f"line of words {chr(97 + n % 26)}{'x' * (n // 26)}" for n in range(500))
    assert len(form_units("github", body)) == MAX_UNITS


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nightly failed on 2026-11-09", "nightly failed on 2026-11-10"),
        ("Who is hiring? (November 2026)", "Who is hiring? (December 2026)"),
        ("Friday thread", "Monday thread"),
    ],
)
def test_titles_that_say_the_same_share_a_key(one: str, other: str) -> None:
    assert title_key(one) == title_key(other)


def test_titles_that_say_something_else_share_none() -> None:
    assert title_key("Import fails") != title_key("Export fails")


# --- the first day: nothing has come back yet ----------------------------------------------------

FILLED = """### Version

14.2

### What were you doing when it happened?

Crash on start

### Browsers

- [x] Firefox
- [ ] Chrome

### Severity

annoying

### Logs

_No response_
"""


def test_a_post_that_looks_like_a_form_keeps_what_it_tells() -> None:
    assert text("github", FILLED) == "Crash on start"


def test_a_form_left_empty_says_nothing() -> None:
    assert text("github", FILLED.replace("Crash on start", "_No response_")) == ""


def test_sections_of_ones_own_are_no_form() -> None:
    body = "### Setup\n\nTwo nodes.\n\n### Load\n\nTen users.\n\n### Result\n\nIt hangs."
    assert text("github", body) == "Setup\nTwo nodes.\nLoad\nTen users.\nResult\nIt hangs."


@pytest.mark.parametrize(
    "line",
    [
        "A clear and concise description of what the bug is.",
        "- OS: [e.g. iOS]",
        "If applicable, add screenshots to help explain your problem.",
    ],
)
def test_what_the_common_templates_say_goes(line: str) -> None:
    assert text("github", f"It is slow.\n\n{line}") == "It is slow."


# --- traces and logs without fences --------------------------------------------------------------

DUMPS = {
    "npm": "npm ERR! code E1\nnpm ERR! path /a\nnpm ERR! errno -2",
    "klog": "E0102 10:00:00.1 1 a.go:5] x\nI0102 10:00:01.1 1 b\nW0102 10:00:02.1 1 c",
    "logfmt": "level=info msg=a\nlevel=warn msg=b\ntime=2026 level=error msg=c",
    "JSON lines": '{"level":"info"}\n{"level":"warn"}\n{"ts":1}',
    "Rust": "0: core::panicking::panic_fmt\n1: app::main",
    "Go": "main.go:12 +0x1d\n/usr/lib/go/src/runtime/proc.go:271 +0x29d",
    "Ruby": "from /app/a.rb:12:in 'call'",
    "PHP": "#0 /app/a.php(12): run()",
}


@pytest.mark.parametrize("name", DUMPS)
def test_a_dump_without_fences_goes(name: str) -> None:
    assert text("somewhere else", f"It stops.\n{DUMPS[name]}\nWhy?") == "It stops. Why?"
