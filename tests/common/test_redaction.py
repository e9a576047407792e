"""What a post must not carry on is masked, and nothing else is."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.common.redaction import MASK, asks_for_a_person, redacted, without_answers

FORM = """### What breaks?

The import stops at row nine.

### Your full name

Ottilie Marwede

### Company or organization name (optional)

Marwede Feinkost KG

### Which e-mail client do you use?

Thunderbird

### How can we get in touch with you?

ottilie@marwede.example or +49 30 901820
"""


def test_a_forms_answers_about_a_person_are_masked_and_the_others_stay() -> None:
    masked = without_answers(FORM)
    assert "Ottilie" not in masked
    assert "Marwede" not in masked
    assert "The import stops at row nine." in masked
    assert "Thunderbird" in masked
    assert masked.count(MASK) == 3
    assert len(masked.split("\n")) == len(FORM.split("\n"))


MASKED = {
    "a label": ("Affiliation: ACME Labs", "Affiliation: •••"),
    "a bold label": ("**Phone:** 555 0100 now", "**Phone:** •••"),
    "a bare name beside an address": ("Name: Jo Doe\nE-mail: jo@x.com", "Name: •••\nE-mail: •••"),
    "a heading in HTML": ("<h3>Full name</h3>\nJo Doe", "<h3>Full name</h3>\n•••"),
    "line ends of Windows": ("### Full Name\r\n\r\nJo Doe\r\n", "### Full Name\r\n\r\n•••\r\n"),
    "another language": ("### 姓名\n\n张三", "### 姓名\n\n••"),
    "an address in a sentence": ("Write to jo.doe+x@mail.acme.io.", "Write to •••."),
    "a number with its country": ("or +1 (415) 555-2671, please", "or •••, please"),
    "a number to call": ("Call me at 415-555-2671", "Call me at •••"),
    "a key of AWS": ("id AKIA" + "IOSFODNN7EXAMPLE here", "id ••• here"),
    "a token of GitHub": (f"use ghp_{'a1B2' * 9} now", "use ••• now"),
    "a key of a language model": (f"sk-proj-{'aB3x' * 8}", "•••"),
    "a signed token": ("eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-DEF_1", "•••"),
    "a private key": (
        "-----BEGIN PRIVATE " + "KEY-----\nMIIEv\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE " + "KEY-----•••-----END PRIVATE KEY-----",
    ),
    "a password": ("password = 'hunter2hunter2'", "password = '•••'"),
    "a bearer": ("Authorization: Bearer abc123def456", "Authorization: Bearer •••"),
    "a login in an address": ("https://me:s3cret@db.example/x", "https://•••@db.example/x"),
    "a signature in an address": ("see https://x.io/?sig=a1b2c3d4e5", "see https://x.io/?sig=•••"),
}


@pytest.mark.parametrize("name", MASKED)
def test_it_is_masked(name: str) -> None:
    given_text, expected = MASKED[name]
    assert redacted(given_text) == expected
    assert redacted(expected) == expected


KEPT = [
    "- **Name:** CLUE\n- **Paper:** on benchmarks",
    "### Name\n\nsquad_v2\n\n### Description\n\nQuestions.",
    "Address: 0x7ffee4 is not mapped",
    "git clone git@github.com:acme/tool.git",
    "react@18.2.0 and actions/checkout@v4",
    "It prints +1000000 rows, then 2026-11-09 10:00:00",
    "password: os.environ.get('PASSWORD_1')",
    "token_count = 12345678901",
    "### Email template is broken\n\nThe header is cut off.",
    "The company name is missing on invoices.",
    "```yaml\nemail: fixture\nfull name: fixture\n```",
    "secret: ${{ secrets.MY_TOKEN1 }}",
]


@pytest.mark.parametrize("text", KEPT)
def test_it_stays(text: str) -> None:
    assert redacted(text) == text


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("What is your name?", True),
        ("Affiliation:", True),
        ("Contact Details", True),
        ("E-mail address (required)", True),
        ("Email provider version", False),
        ("Name", False),
        ("What happened?", False),
        ("Package name", False),
    ],
)
def test_a_question_is_for_a_person_or_not(question: str, asks: bool) -> None:
    assert asks_for_a_person(question) == asks


@given(st.text(alphabet=st.sampled_from("ab1 @.:=+-_#*\n\r/•?&|sktoken"), max_size=200))
def test_of_any_text_masking_twice_changes_nothing_and_nothing_grows(text: str) -> None:
    masked = redacted(text)
    assert redacted(masked) == masked
    assert len(masked) <= len(text)


@pytest.mark.parametrize(
    "piece",
    [
        "a@",
        "a.",
        "@a.",
        "+1 ",
        "token=",
        "password:a1",
        "### Full name\n",
        "Name: a\n",
        "sk-a",
        "00",
    ],
)
def test_hostile_texts_take_time_by_their_length(piece: str) -> None:
    began = time.process_time()
    redacted(piece * (100_000 // len(piece)))
    assert time.process_time() - began < 3
