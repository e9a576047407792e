"""A cluster in three of its sentences, which sumy's LexRank picks.

Erkan and Radev 2004, "LexRank: Graph-based Lexical Centrality as Salience in Text Summarization",
JAIR 22: sentences are alike when the cosine of their TF-IDF vectors is above a threshold, and a
sentence is central when it is like many central ones. Ours is what sumy is given: sentences and
words by rules that need no download, and the choice of sentences that can stand for a cluster.
docs/decisions/summaries.md compares it with other ways and with human summaries.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import chain, islice

import numpy as np
from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence
from sumy.summarizers.lex_rank import LexRankSummarizer

from assay.mining.text.sentences import split
from assay.mining.threads import single_threaded

MAX_DOCUMENTS = 10
MAX_SENTENCES = 30  # of one document: the matter comes first, and scoring takes n by n numbers
# A sentence that stands for many is neither a remark nor a log, nor a text without an end.
MIN_WORDS, MAX_WORDS = 4, 40
MAX_CHARACTERS = 400
MIN_LETTERS = 0.6  # of the characters that are no blanks; code and tables have fewer

# Chinese and Japanese have no blanks: two of their characters make about a word.
_PAIR = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]{1,2}")
_WORD = re.compile(
    rf"{_PAIR.pattern}|[^\W_\u3040-\u30ff\u3400-\u9fff]+(?:['-][^\W_\u3040-\u30ff\u3400-\u9fff]+)*"
)
_END = tuple(".!?…:;。\uff01\uff1f\"'\u201d\u2019)]}*`")

_STOP_WORDS = """
a about above after again against all also am an and any are aren't as at be because been
before being below between both but by can can't cannot could couldn't did didn't do does
doesn't doing don't down during each few for from further get gets getting go goes going got
had hadn't has hasn't have haven't having he he's her here hers herself him himself his how i
i'd i'll i'm i've if in into is isn't it it's its itself just let let's like may me might more
most much must my myself no nor not now of off on once one only or other our ours ourselves out
over own same shall she she's should shouldn't so some such than that that's the their theirs
them themselves then there there's these they they'd they'll they're they've this those through
to too under until up us very was wasn't we we'd we'll we're we've were weren't what what's
when where which while who whom why will with won't would wouldn't you you'd you'll you're
you've your yours yourself yourselves
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""What says nothing about a sentence's matter; sumy takes such a set and has none by default."""


def to_words(sentence: str) -> list[str]:
    """Return the words in lower case and in order; numbers and s3 are words, signs are not. Of
    Chinese and Japanese two characters are a word."""
    return _WORD.findall(sentence.lower().replace("\u2019", "'"))


class Words:
    """The tokenizer that sumy is given; its own needs nltk's data."""

    def to_words(self, sentence: str) -> list[str]:
        """Return to_words() of the sentence."""
        return to_words(sentence)


@single_threaded
def lexrank(sentences: Sequence[str], count: int) -> list[int]:
    """Return the places of the `count` most central sentences, ascending.

    Fewer when there are fewer sentences. Of equally central ones the earlier is taken. Takes 8
    bytes for each pair of sentences, and time for each too. Raises ValueError for a negative count.
    """
    if count < 0:
        raise ValueError(f"count is {count}, but cannot be negative")
    if count >= len(sentences):
        return list(range(len(sentences)))
    document = ObjectDocumentModel([Paragraph([Sentence(text, Words()) for text in sentences])])
    summarizer = LexRankSummarizer()
    summarizer.stop_words = STOP_WORDS
    with np.errstate(all="ignore"):  # it divides by 0 where no two sentences are alike
        picked = summarizer(document, count)
    place = {id(sentence): number for number, sentence in enumerate(document.sentences)}
    return [place[id(sentence)] for sentence in picked]


def summarize(documents: Iterable[tuple[str, str | None]], count: int = 3) -> str:
    """Return up to `count` sentences of a cluster, in the order of its documents.

    documents: (title, text) of the members, the nearest to the centre first; of MAX_DOCUMENTS of
    them MAX_SENTENCES each are weighed, a title being the first sentence of its document. Sentences
    too short, too long, mostly signs, or with the words of an earlier one are left out, and titles
    too, but where nothing else is left of a document. "" when there is nothing at all. Raises
    ValueError for a negative count.
    """
    seen: set[tuple[str, ...]] = set()
    candidates: list[str] = []
    for title, text in islice(documents, MAX_DOCUMENTS):
        for sentence in _sentences(" ".join((title or "").split()), text or ""):
            words = tuple(to_words(sentence))
            if words and words not in seen:
                seen.add(words)
                candidates.append(sentence if sentence.endswith(_END) else sentence + ".")
    return " ".join(candidates[place] for place in lexrank(candidates, count))


def _sentences(title: str, text: str) -> list[str]:
    usable = list(islice(filter(_is_usable, chain([title], split(text))), MAX_SENTENCES))
    return usable or [title[:MAX_CHARACTERS]]


def _is_usable(sentence: str) -> bool:
    if len(sentence) > MAX_CHARACTERS or sentence.endswith(":"):
        return False
    if not MIN_WORDS <= _count_words(sentence) <= MAX_WORDS:
        return False
    letters = sum(map(str.isalpha, sentence))
    return letters >= MIN_LETTERS * sum(map(len, sentence.split()))


def _count_words(sentence: str) -> int:
    if sentence.isascii():
        return len(sentence.split())
    rest, pairs = _PAIR.subn(" ", sentence)
    return pairs + (len(to_words(rest)) if pairs else len(sentence.split()))
