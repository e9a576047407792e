"""LexRank: the sentences that sumy picks, and what becomes of the posts of a cluster."""

import json
import random
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence
from sumy.summarizers.lex_rank import LexRankSummarizer

from assay.mining.summarize import (
    MAX_CHARACTERS,
    MAX_DOCUMENTS,
    MAX_SENTENCES,
    STOP_WORDS,
    lexrank,
    summarize,
    to_words,
)
from assay.mining.text.clean import clean
from assay.mining.text.sentences import split
from assay.sample.make.post_seeds import POSTS, parse

EXPECTED = Path(__file__).parent / "expected" / "summaries.json"
SENTENCES = [s for path in sorted(POSTS.glob("*.md")) for s in split(path.read_text("utf-8"))]
VOCABULARY = sorted({word for sentence in SENTENCES for word in to_words(sentence)})

ON_LOCKS = "The resolver writes another lock file on every laptop."
ON_TEA = "Somebody spilled green tea over my keyboard yesterday."


class OurWords:
    """What sumy asks of a tokenizer."""

    def to_words(self, text):
        return to_words(text)


def sumys_places(sentences, count):
    """Return the places of the sentences that sumy picks, given our words and stop words."""
    document = ObjectDocumentModel([Paragraph([Sentence(s, OurWords()) for s in sentences])])
    summarizer = LexRankSummarizer()
    summarizer.stop_words = STOP_WORDS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # sumy divides by 0 if no two are alike
        picked = summarizer(document, count)
    places = {id(sentence): place for place, sentence in enumerate(document.sentences)}
    return [places[id(sentence)] for sentence in picked]


def themes():
    """Return the first posts of each of the sample's themes, cleaned: (name, documents)."""
    for path in sorted(POSTS.glob("*.md")):
        if path.stem != "none" and "about: " in path.read_text("utf-8"):
            posts = parse(path)[:MAX_DOCUMENTS]
            cleaned = [clean("github", post.title, post.body) for post in posts]
            yield path.stem, [(post.title, post.text) for post in cleaned]


def test_the_samples_themes_are_told_as_they_were_told_before_sumy_did_it():
    expected = json.loads(EXPECTED.read_text("utf-8"))  # by LexRank on arrays, as it was once
    assert {name: summarize(documents) for name, documents in themes()} == expected
    assert len(expected) == 20


def posts(rng):
    """Sentences of the sample's posts, many of them after one another."""
    start = rng.randrange(len(SENTENCES) - 60)
    return SENTENCES[start : start + rng.randint(1, 50)]


def mixed_posts(rng):
    """Sentences from anywhere in the sample, some of them twice."""
    chosen = rng.sample(SENTENCES, rng.randint(1, 40))
    return chosen + rng.choices(chosen, k=rng.randrange(4))


def word_salad(rng):
    """Few words often repeated: many equal scores, and words that all sentences have."""
    words = rng.sample(VOCABULARY, rng.choice((2, 8, 40, 200)))
    return [" ".join(rng.choices(words, k=rng.randint(0, 12))) for _ in range(rng.randint(1, 30))]


@pytest.mark.slow("the choice of sentences over hundreds of texts")
@pytest.mark.parametrize("text", [posts, mixed_posts, word_salad])
@pytest.mark.parametrize("count", [1, 3])
def test_sumy_picks_the_same_sentences_of_a_hundred_texts_of_each_kind(text, count):
    rng = random.Random(20261109)
    texts = [text(rng) for _ in range(100)]
    assert [lexrank(sentences, count) for sentences in texts] == [
        sumys_places(sentences, count) for sentences in texts
    ]


@pytest.mark.parametrize(
    "sentences",
    [
        ["!", "?", "..."],  # no words
        ["the", "of", "and so"],  # stop words only
        ["one thing", "one thing", "one thing"],
        ["alpha beta", "gamma delta"],  # in one of two sentences: every weight is 0
        ["alpha", "beta", "gamma", "delta"],  # nothing in common
        ["same words here", " same words here ", "other words there", "else"],
        ["alpha alpha beta", "", "beta", "beta gamma", "gamma alpha"],
    ],
)
@pytest.mark.parametrize("count", [0, 1, 2, 3, 9])
def test_sumy_picks_the_same_sentences_where_there_is_little_to_choose(sentences, count):
    assert lexrank(sentences, count) == sumys_places(sentences, count)


def test_the_sentence_that_resembles_most_others_is_central():
    sentences = [
        ON_TEA,
        "Which resolver is meant?",
        "A lock file was deleted.",
        ON_LOCKS,
        "My laptop restarts often.",
        "Lunch was late.",
    ]
    assert lexrank(sentences, 1) == [3]


def test_of_equally_central_sentences_the_earlier_are_taken():
    assert lexrank(["alpha", "beta", "gamma", "delta"], 2) == [0, 1]


def test_a_negative_count_is_refused():
    with pytest.raises(ValueError, match="count is -1"):
        lexrank(["a", "b"], -1)


@given(st.lists(st.text(max_size=40), max_size=12), st.integers(0, 6))
def test_places_are_valid_unique_ascending_and_as_many_as_there_can_be(sentences, count):
    places = lexrank(sentences, count)
    assert places == sorted(set(places))
    assert all(0 <= place < len(sentences) for place in places)
    assert len(places) == min(count, len(sentences))


@given(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=15), st.integers(1, 4))
def test_case_and_blanks_around_a_sentence_change_nothing(sentences, count):
    assert lexrank([f" {sentence.upper()}\n" for sentence in sentences], count) == lexrank(
        sentences, count
    )


def test_words_are_in_lower_case_with_their_apostrophes_and_digits_and_without_signs():
    assert to_words("It\u2019s S3's re-run of foo_bar(x) in v2.0!") == [
        "it's",
        "s3's",
        "re-run",
        "of",
        "foo",
        "bar",
        "x",
        "in",
        "v2",
        "0",
    ]


def test_a_cluster_is_told_by_what_its_posts_share_in_the_order_of_the_documents():
    documents = [
        ("Tea over my own keyboard", ON_TEA),
        ("Which resolver is meant here", "Nobody came to our lunch."),
        ("Monday again", "The weather was fine. My laptop broke the resolver. Nobody called."),
        ("Laptop restarts rather often", "We do not know what to do."),
        ("Resolver deletes files on laptop", "It is a pity."),
    ]
    assert summarize(documents, 2) == (
        "My laptop broke the resolver. Resolver deletes files on laptop."
    )


@pytest.mark.parametrize("documents", [[], [("", "")], [(" ", None)], [("???", "!!! ...")]])
def test_nothing_gives_an_empty_summary(documents):
    assert summarize(documents) == ""


@pytest.mark.parametrize(
    "text", ["", None, "Help!", "x = y + 1; ;; { } == != () [0] <> // -> :: ||"]
)
def test_a_document_of_whose_text_nothing_is_left_speaks_by_its_title(text):
    assert summarize([("Outage", text)]) == "Outage."


@pytest.mark.parametrize(
    "left_out",
    [
        "Any ideas?",
        "word " * 41 + "end.",
        "x" * MAX_CHARACTERS + " is much too long for this.",
        "0x7f 0x80 == 0x81 -> [ ] { } 12:30:59.113 a b c",
        "These are the versions that we tried:",
    ],
)
def test_what_does_not_stand_for_a_cluster_is_left_out(left_out):
    documents = [("Bug", f"{ON_LOCKS}\n{left_out}"), ("Bug", left_out), ("Tea", ON_TEA)]
    kept = summarize(documents, 99)
    assert kept == f"{ON_LOCKS} Bug. {ON_TEA}"


def test_what_was_said_before_in_the_same_words_is_left_out():
    documents = [("Bug", ON_LOCKS), ("Again", f"{ON_LOCKS.upper()}!!"), ("Tea", ON_TEA)]
    assert summarize(documents) == f"{ON_LOCKS} {ON_TEA}"


def test_questions_are_kept():
    assert summarize([("Bug", "Why does the lock file differ here?")]) == (
        "Why does the lock file differ here?"
    )


def test_documents_beyond_the_tenth_and_sentences_beyond_the_thirtieth_are_not_read():
    far = " ".join(f"Sentence number {n} of this text." for n in range(1, MAX_SENTENCES + 5))
    documents = [("T", far)] + [(f"Title of document {n} here", "") for n in range(2, 13)]
    told = summarize(documents, 999)
    assert f"Sentence number {MAX_SENTENCES} of" in told
    assert f"Sentence number {MAX_SENTENCES + 1} of" not in told
    assert f"Title of document {MAX_DOCUMENTS} here." in told
    assert f"Title of document {MAX_DOCUMENTS + 1} here." not in told


def test_documents_may_be_any_iterable_and_are_read_as_far_as_needed():
    def endless():
        while True:
            yield "The same title again", None

    assert summarize(endless()) == "The same title again."


@settings(max_examples=200)
@given(st.lists(st.tuples(st.text(), st.text() | st.none()), max_size=12), st.integers(0, 5))
def test_any_documents_give_the_same_summary_twice(documents, count):
    told = summarize(documents, count)
    assert told == summarize(tuple(documents), count)
    assert told == " ".join(told.split())
    if count and any(to_words(title) for title, _ in documents[:MAX_DOCUMENTS]):
        assert to_words(told)


@given(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=10), st.integers(1, 4))
def test_repeated_documents_change_nothing(sentences, count):
    once = [("", sentence) for sentence in dict.fromkeys(sentences)][:5]
    assert summarize(once + once, count) == summarize(once, count)


def test_no_library_warns_whatever_the_sentences():
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        assert lexrank(["!", "alpha", "beta gamma", "gamma", ""], 2) == [1, 2]


@pytest.mark.parametrize("path", sorted(POSTS.glob("*.md")), ids=lambda path: path.stem)
def test_each_theme_of_the_sample_is_told_in_three_of_its_sentences(path):
    found = re.findall(r"^# (.+)\n\n((?:(?!^--- ).*\n?)*)", path.read_text("utf-8"), re.MULTILINE)
    everything = [s for title, text in found for s in (title, *split(title), *split(text))]
    told = summarize(found)
    parts = [s for s in everything if s in told]
    assert len({s.rstrip(".") for s in parts}) >= 3
    left = told
    for sentence in sorted(parts, key=len, reverse=True):
        left = left.replace(sentence, "")
    assert left.strip(" .") == ""


def test_sentences_without_blanks_between_words_are_weighed_as_others_are() -> None:
    told = "导入在第二个文件之后停止没有显示任何错误。"
    documents = [("错误", f"{told}好。"), ("Bug", "")]
    assert told in summarize(documents, 1)
    assert to_words("登录失败 in v2") == ["登录", "失败", "in", "v2"]
    assert to_words("don't re-run") == ["don't", "re-run"]
