"""What an issue is about: the words that its people share and the rest of the day lacks.

A term's weight is its share among the issue's people times the logarithm of how much more often
they use it than everybody else that day, as in tf-idf with people for documents and one class
against the rest.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property, lru_cache

from assay.mining.label.member import Member, people
from assay.mining.label.statement import without_prefix
from assay.mining.summarize import STOP_WORDS

MAX_MEMBERS = 60  # of an issue, most central first
TEXT = 400  # characters of a post that are looked at: the matter comes first
KEY_TERMS = 5  # so many of the heaviest are what a title can hold
ALONE = 0.3  # of its weight is left to a word that one of two persons uses; of more it has none
MAX_TERM = 30  # characters; what is longer is an address or a hash

_TERM = re.compile(r"[^\W_]+(?:[._'-][^\W_]+)*[+#]*")
_HAS_LETTER = re.compile(r"[^\W\d_]")
_HASH = re.compile(r"(?=\w*\d)[0-9a-f-]{8,}|(?=\w*\d)(?=\w*[a-z])[a-z0-9]{16,}")
_PLURALS = (
    (re.compile(r"(?<=..)ies$"), "y"),
    (re.compile(r"(?:(?<=[sxz])|(?<=[cs]h))es$"), ""),
    (re.compile(r"(?<=[^aius])s$"), ""),
)


@dataclass(frozen=True)
class Day:
    """How many posts of a day have each term. terms: as `fold` writes them."""

    posts: int
    terms: Mapping[str, int]


class Weights(dict[str, float]):
    """The weight of each term of an issue, 0 and more, in no order. Not to be changed."""

    @cached_property
    def key(self) -> list[str]:
        """Return the terms that weigh something, the heaviest first."""
        weighing = (term for term, weight in self.items() if weight > 0)
        return sorted(weighing, key=lambda term: (-self[term], term))

    @cached_property
    def most(self) -> float:
        """Return what the KEY_TERMS heaviest weigh together."""
        return sum(self[term] for term in self.key[:KEY_TERMS])

    def covered(self, words: AbstractSet[str]) -> float:
        """Return how much of the issue these terms tell: their weight beside `most`; 1 is all of
        the heaviest, more is possible."""
        return sum(self.get(term, 0.0) for term in words) / self.most if self.most else 0.0


@lru_cache(maxsize=50_000)  # a sentence is looked at for title, description and quotes
def term_set(text: str) -> frozenset[str]:
    """Return the terms of a text, each once."""
    return frozenset(terms(text))


def terms(text: str) -> list[str]:
    """Return what a text speaks of, in order: words without stop words, numbers and plurals."""
    found = map(fold, _TERM.findall(text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")))
    return [term for term in found if term]


def fold(word: str) -> str:
    """Return the term that a word stands for, "" for a stop word, a number, a hash or a letter."""
    word = word.lower().removesuffix("'s")
    if not 2 <= len(word) <= MAX_TERM or word in STOP_WORDS or not _HAS_LETTER.search(word):
        return ""
    if _HASH.fullmatch(word):
        return ""
    if len(word) > 3 and word.isalpha():
        for plural, singular in _PLURALS:
            if plural.search(word):
                return plural.sub(singular, word)
    return word


def day_of(counts: Iterable[tuple[str, int]], posts: int) -> Day:
    """Return a day from (word, posts that have it), several spellings of a term summed."""
    terms: Counter[str] = Counter()
    for word, count in counts:
        if term := fold(word):
            terms[term] += count
    return Day(posts, terms)


def weights(members: Sequence[Member], day: Day) -> Weights:
    """Return the weight of each term of an issue.

    members: most central first; the first MAX_MEMBERS and TEXT characters of each are read.
    """
    members = members[:MAX_MEMBERS]
    anywhere: dict[str, list[Member]] = {}
    titles: dict[str, list[Member]] = {}
    for member in members:
        title = without_prefix(member.title)
        for term in set(terms(f"{title}\n{member.text[:TEXT]}")):
            anywhere.setdefault(term, []).append(member)
        for term in set(terms(title)):
            titles.setdefault(term, []).append(member)
    everybody = max(people(members), 1)
    found = Weights()
    for term, users in anywhere.items():
        count = people(users)
        share = (count + people(titles.get(term, []))) / (2 * everybody)
        others = max(day.posts - len(members), 1)
        elsewhere = max(day.terms.get(term, 0) - len(users), 0)
        more = math.log((len(users) + 0.5) / (len(members) + 1)) - math.log(
            (elsewhere + 0.5) / (others + 1)
        )
        alone = 1.0 if count > 1 or everybody == 1 else ALONE if everybody == 2 else 0.0
        found[term] = share * max(more, 0.0) * alone
    return found
