"""The title of an issue: of what its people wrote, that which names the problem best.

Candidates are the titles of the members nearest the centre, their parts, and short sentences. Each
is made a statement where that is safe, and scored by what it says (the issue's key terms, a failure
or a wish, a name) and how (no first person, no question, no thread, no clickbait).
docs/decisions/labels.md says what each part is worth and how that was chosen.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assay.common.post_sources import POST_SOURCES
from assay.mining.label import form
from assay.mining.label.member import Member, people
from assay.mining.label.statement import statement
from assay.mining.label.terms import KEY_TERMS, Weights, term_set
from assay.mining.text.sentences import split

MAX_TITLE = 120  # characters
TITLES, TEXTS = (
    40,
    12,
)  # members whose titles and whose sentences are candidates, central ones first
SENTENCES = 8  # of a text: the matter comes first
MIN_WORDS, MAX_WORDS, GOOD_WORDS = 3, 24, 14
# Of people on trackers: so many must be at one place for it to name the product.
ONE_PLACE = 0.8
PLACES = frozenset(name for name, source in POST_SOURCES.items() if source.is_tracker)

# What a candidate's form takes away or adds, beside 1 for all key terms.
FIRST_PERSON, SECOND_PERSON, QUESTION = -0.5, -0.25, -0.5
THREAD, CLICKBAIT, UNREADABLE, DANGLING, POINTING = -0.5, -0.5, -0.4, -0.5, -0.3
TROUBLE, NAME, NO_PROBLEM, SENTENCE, LONG = 0.25, 0.1, -0.15, -0.35, -0.03
SHORT = -0.3
NEAR = 0.4
STRAY = -0.04  # each word that the issue does not share; of one that it shares a little, less

_WORD = re.compile(r"[^\W_]{3}")
_PARTS = re.compile(
    r"(?<=\w\w\w)(?:\s+[\N{EN DASH}\N{EM DASH}-]\s+|:\s+|;\s+)|(?<=\w[.?!])\s+(?=[A-Z\"'`(])"
)


@dataclass(frozen=True)
class Candidate:
    """Something that could be the title. is_title: no sentence of a text. place: of its member,
    0 the medoid."""

    text: str
    member: Member
    place: int
    is_title: bool


def choose_title(members: Sequence[Member], weighed: Weights) -> tuple[str, str]:
    """Return the title, at most MAX_TITLE characters, and why it is this one.

    members: most central first, at least one. weighed: the issue's terms (terms.weights).
    """
    found = list(candidates(members))
    if not found:
        titles = [
            " ".join(member.title.split()) for member in members if _WORD.search(member.title)
        ]
        return shortened((titles or ["Untitled"])[0]), "no title of a post says more"
    best = max(found, key=lambda one: (round(score(one, weighed, len(members)), 6), -one.place))
    title = _with_product(best.text.rstrip("?"), members)
    said = "title" if best.is_title else "sentence"
    shared = [term for term in weighed.key if term in term_set(best.text)][:5]
    because = f"from the {said} of a post on {best.member.source}"
    return shortened(title), because + (f"; it names {', '.join(shared)}" if shared else "")


def candidates(members: Sequence[Member]) -> Iterator[Candidate]:
    """Yield what could be the title, most central members first."""
    for place, member in enumerate(members[:TITLES]):
        for text in _variants(member.title):
            yield Candidate(text, member, place, is_title=True)
        if place < TEXTS:
            for sentence in split(member.text)[:SENTENCES]:
                text = statement(sentence)
                if MIN_WORDS < len(text.split()) <= GOOD_WORDS and text[0] not in "\"'(":
                    yield Candidate(text, member, place, is_title=False)


def _variants(title: str) -> list[str]:
    """Return a title as a statement, and its parts, without those that say nothing."""
    parts = [title, *(part for part in _PARTS.split(title) if len(part.split()) >= MIN_WORDS)]
    return [text for text in dict.fromkeys(map(statement, parts)) if text]


def score(candidate: Candidate, weighed: Weights, members: int) -> float:
    """Return how well a candidate names the issue: 1 and more is good, below 0 bad."""
    text, words = candidate.text, candidate.text.split()
    own = term_set(text)
    value = min(weighed.covered(own), 1.0)
    key = weighed.most / KEY_TERMS or 1.0
    value += STRAY * sum(1 - min(weighed.get(term, 0.0) / key, 1.0) for term in own)
    value += NEAR * (1 - candidate.place / max(members, TITLES))
    value += LONG * max(len(words) - GOOD_WORDS, 0) + SHORT * (len(words) < MIN_WORDS + 1)
    value += NAME * (form.names(text) > 0)
    value += NO_PROBLEM * (not candidate.member.is_problem) + SENTENCE * (not candidate.is_title)
    value += judged(text)
    return value


def judged(text: str) -> float:
    """Return what the form of a candidate is worth."""
    return (
        TROUBLE * bool(form.TROUBLE.search(text))
        + FIRST_PERSON * bool(form.FIRST_PERSON.search(text))
        + SECOND_PERSON * bool(form.SECOND_PERSON.search(text))
        + QUESTION * bool(form.QUESTION.search(text))
        + THREAD * bool(form.THREAD.search(text))
        + CLICKBAIT * bool(form.CLICKBAIT.search(text))
        + DANGLING * bool(form.DANGLING.search(text))
        + POINTING * bool(form.POINTING.search(text))
        + UNREADABLE * (not form.is_readable(text))
    )


def _with_product(title: str, members: Sequence[Member]) -> str:
    """Return the title with the repository or tag behind it that its people share and it lacks."""
    at_place = [member for member in members if member.source in PLACES and member.place]
    if people(at_place) < 2 or 2 * people(at_place) < people(members):
        return title
    tags = Counter(tag for member in at_place for tag in set(member.place.split()))
    for tag, _ in sorted(tags.items(), key=lambda item: (-item[1], item[0])):
        of_tag = [member for member in at_place if tag in member.place.split()]
        if people(of_tag) < ONE_PLACE * people(at_place):
            break
        if tag.lower() in title.lower() or len(title) + len(tag) + 3 > MAX_TITLE:
            break
        return f"{title} ({tag})"
    return title


def shortened(title: str, most: int = MAX_TITLE) -> str:
    """Cut a text at the last word that fits and mark the cut."""
    title = " ".join(title.split())
    if len(title) <= most:
        return title
    head = title[: most - 1]
    at = head.rfind(" ")
    return f"{head[:at] if at > most // 2 else head}\N{HORIZONTAL ELLIPSIS}"
