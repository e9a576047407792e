"""Sentences: where one ends in text as developers write it, and where it does not."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.mining.text.sentences import split
from assay.sample.make.post_seeds import POSTS

# One text each; `|` stands where a sentence ends.
TEXTS = (
    """
See https://docs.example.com/v1.2/index.html?q=a.b for details.|It explains the flag.
Upgrade to v2.0.1 first.|Then run the migration.
It worked in 1.2.3 but not in 1.3.0.|Nothing in the changelog.
Works on Python 3.11.|Fails on 3.12.
We use Node.js 20 and Next.js on the server.|It leaks memory.
I moved from Node.js.|It was too slow.
Put it in config.py or settings.yaml, not in .env.|Otherwise the tests read it.
The .env file is ignored.|Why is that?
Calling foo.bar() returns None.|The docs say otherwise.
np.linalg.norm(x) gives 0.5 instead of 1.0.|Is that a bug?
Some tools, e.g. Terraform, lock the state.|Others do not.
Use a real queue, i.e. Kafka or SQS.|A table is not enough.
Postgres vs. MySQL is not the point.|Backups are.
We tried caching, sharding, etc. and nothing helped.|Any ideas?
Logs, traces, etc.|They all go to one bucket.
It just hangs...|No error, no log.
Well... it depends on the driver.|Ask your DBA.
So I waited … and waited.|Nothing came.
The latency went from 0.5 s to 12.75 s.|We paid $1,299.99 for it.
Is it me?|Or is the API down?
It failed again!|Why?!|Nobody knows.
Thanks to J. R. Smith for the patch.|It was merged on Nov. 9.
Dr. Miller said "it works."|It does not.
He wrote "Does it scale?" and left.|I stayed.
The U.S. region is slow.|The E.U. one is fine.
He sued the U.S. House.|We moved to the U.S.|It is slower.
(This happens only in CI.)|Locally all is green.
It breaks (see issue no. 42 for logs).|We rolled back.
Approx. 30% of calls fail.|The rest take 5 sec. each.
npm ERR! code ERESOLVE is all I get.|What now?
Use System.out.println for now.|Remove it later.
Yahoo! and Uber's API differ.|Pick one.
it fails on startup.|no idea why.|we use docker.
Our SLA is 99.9%.|We had 97.2% in Oct. and 95% in Nov. last year.
Ping 10.0.0.1 works.|Ping 10.0.0.2 does not.
It runs at 3 a.m. every day.|Nobody is awake then.
The job starts at 9 p.m.|It never ends.
Acme Inc. changed the price.|Foo Ltd. did too.
See Fig. 3 and Sec. 2.1 of the paper.|They disagree.
Is .NET 8 supported?|Or only .NET Framework?
Run `pip install -U pip.`|Then try again.
TL;DR: it is broken.|Longer version below.
Mail admin@example.com or ops@corp.example.co.uk.|They answer fast.
It returned 404.|The URL was right.
Das dauert z.B. zwei Stunden.|Das ist zu lang.
It costs approx. €40/mo. per seat.|Too much for us.
The file C:\\temp\\a.b.txt is locked.|Close it first.
I ran rm -rf . by accident.|Everything is gone.
Use ../lib.so or ./a.out.|Both crash.
Is there something like that (open source, self-hosted, etc.)?|I'd pay for it.
It must meet f(x1, x2) > 0 .|To be clear, for each number.
It loads [the docs.](https://example.com) Nothing else.
After "Select Interpreter..." , the setting is gone.
Reshape it to (C, H, W) or edge(A, B).|See #6394 for why.
We shipped it.|Then it broke. 😅
これは遅いです。|なぜですか\uff1f
""".replace("\\uff1f", "\uff1f")
    .strip()
    .split("\n")
)


def unsplit(text: str) -> str:
    return re.sub(r"(?<=[。\uff1f])\|", "", text).replace("|", " ")


@pytest.mark.parametrize("text", TEXTS)
def test_a_sentence_ends_where_a_reader_sees_it_end(text):
    assert split(unsplit(text)) == text.split("|")


def test_a_line_break_ends_a_sentence_and_blanks_become_single():
    assert split("no end here\nnor  here\t\r\n\r\n  but here. ") == [
        "no end here",
        "nor here",
        "but here.",
    ]


def test_a_list_item_is_a_sentence_of_its_own_without_its_mark():
    text = "Tried:\n- restart\n* rollback. It failed.\n  • 3. wait\n1) pray\n-1 is returned"
    assert split(text) == [
        "Tried:",
        "restart",
        "rollback.",
        "It failed.",
        "wait",
        "pray",
        "-1 is returned",
    ]


def test_a_number_that_counts_within_a_line_stays_with_its_sentence():
    assert split("Two questions. 1. Is it safe? 2. Is it fast?") == [
        "Two questions.",
        "1. Is it safe?",
        "2. Is it fast?",
    ]


@pytest.mark.parametrize("text", ["", " \n\t\n", "...", "?!", "— * —", "😅\n🎉 🎉.", "_._"])
def test_a_text_without_letters_and_digits_has_no_sentence(text):
    assert split(text) == []


def test_what_has_no_end_is_one_sentence_however_long():
    log = "at a.b.C(D.java:1) " * 200
    assert split(log) == [log.strip()]


@pytest.mark.slow("a megabyte of one thing")
@pytest.mark.parametrize(
    ("unit", "sentences"),
    [
        ("a.", 1),
        ("?", 0),
        ("x", 1),
        ("? b", 333_333),
        ("a.)", 1),
        (". ", 0),
        ("\n", 0),
        (" ", 0),
        ("- ", 0),
        ("1. ", 0),
        ("\u3002", 0),
        ("(", 0),
        ('."', 0),
        ("Ab. ", 250_000),
    ],
)
def test_a_megabyte_of_one_thing_is_read(unit, sentences):
    text = unit * (1_000_000 // len(unit))
    assert len(split(text)) == sentences


@given(st.text() | st.text(alphabet="aA1 .?!…\n-*)\"'。\uff1f`(", max_size=80))
def test_no_letter_is_lost_added_or_moved(text):
    sentences = split(text)
    letters = [character for character in "".join(sentences) if character.isalpha()]
    assert letters == [character for character in text if character.isalpha()]
    assert all(re.search(r"[^\W_]", sentence) for sentence in sentences)
    assert all(sentence == " ".join(sentence.split()) for sentence in sentences)


@pytest.mark.parametrize("path", sorted(POSTS.glob("*.md")), ids=lambda path: path.stem)
def test_each_line_of_the_sample_splits_alike_alone_and_among_others(path):
    text = path.read_text(encoding="utf-8")
    assert split(text) == [sentence for line in text.splitlines() for sentence in split(line)]
