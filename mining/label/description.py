"""An issue in one or two of its people's sentences, and three of them as quotes.

Nothing is written here: every sentence stands in the evidence. A description has to make sense to
somebody who has read nothing else, so a sentence that refers to what stood before it, asks, greets
or tells a story in the first person is taken only where nothing better is left. A quote is a person
speaking, and may do all that.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from assay.mining.label import form
from assay.mining.label.member import Member
from assay.mining.label.statement import statement, without_prefix
from assay.mining.label.terms import Weights, term_set
from assay.mining.text.sentences import split

MEMBERS, SENTENCES = 30, 20  # most central members, and sentences of each
MIN_WORDS, MAX_WORDS, GOOD_WORDS = 6, 40, 26
MAX_QUOTE = 300  # characters
QUOTES = 3
KEY_TERMS = 8  # a description has to have one of the heaviest
ENOUGH = 0.5  # what the second sentence has to be worth
STRANGER = 0.4  # so much less is a second sentence worth that somebody else wrote
SECOND = 0.5  # what the second sentence counts beside the first
FIRSTS = 12  # sentences that may be the first, the best ones
ALIKE, REPEATED = 0.5, 0.8  # of a sentence's terms: who shares more adds nothing, or repeats it

FIRST_PERSON, SECOND_PERSON, QUESTION = -0.4, -0.3, -0.5
DANGLING, POINTING, UNREADABLE, GREETING = -1.0, -0.6, -0.8, -1.0
THREAD, CLICKBAIT, TROUBLE, NAME, NEAR, LONG = -0.3, -0.3, 0.25, 0.15, 0.2, -0.03
TITLE = -0.1
NOTHING = -2.0  # a sentence without any of the KEY_TERMS
# A quote must say something of the issue; how it is said matters little.
OTHER_SOURCE = 0.4  # so much worse may a quote be that brings another source
QUOTED_TROUBLE, QUOTED_QUESTION, QUOTED_TITLE = 0.3, -0.1, -0.3

_GREETING = re.compile(
    r"^(?:hi|hello|hey|dear|thanks?|thank you|sorry|please|edit|update|tl;?dr)\b", re.I
)
_END = re.compile("[.!?\N{HORIZONTAL ELLIPSIS}\u3002\uff01\uff1f][\"'\u201d\u2019)]*$")


@dataclass(frozen=True)
class Sentence:
    """A sentence of the evidence. place: of its member, 0 the medoid. number: in its post, the
    title's is 0."""

    text: str
    member: Member
    place: int
    number: int

    @property
    def is_title(self) -> bool:
        """Return whether it is no sentence of the text."""
        return self.number == 0


@dataclass(frozen=True)
class Quote:
    """What one person wrote, word for word but cut at MAX_QUOTE characters, and where."""

    text: str
    url: str
    source: str


def describe(members: Sequence[Member], weighed: Weights, title: str) -> tuple[str, str]:
    """Return one or two sentences that tell the issue, and why these.

    members: most central first, at least one. weighed: the issue's terms (terms.weights).
    """
    ranked = [one for one in _ranked(members, weighed, worth, statement) if one[0] >= 0]
    chosen = max(
        (_with_second(first, ranked, weighed) for first in ranked[:FIRSTS]),
        key=lambda found: found[0],
        default=(0.0, []),
    )[1]
    if not chosen:
        return _ended(title), "no sentence of the posts stands by itself: the title again"
    told = " ".join(_ended(_capital(one.text)) for one in chosen)
    origin = " and ".join(dict.fromkeys(one.member.source for one in chosen))
    return told, f"{len(chosen)} of the posts' sentences that stand by themselves, from {origin}"


def _with_second(
    judged: tuple[float, Sentence], ranked: Sequence[tuple[float, Sentence]], weighed: Weights
) -> tuple[float, list[Sentence]]:
    """Return a sentence with the one that goes on best with it, if there is one, and their value.

    What one person wrote belongs together, in the order of the post; a stranger's sentence is put
    behind it only where it is far better.
    """
    value, first = judged
    others = [
        (round(more - STRANGER * (one.place != first.place), 6), one)
        for more, one in ranked
        if more >= ENOUGH and _adds(one, first, weighed)
    ]
    if not others:
        return value, [first]
    more, second = max(others, key=lambda other: (other[0], -other[1].place, -other[1].number))
    pair = [first, second]
    if first.place == second.place:
        pair.sort(key=lambda one: one.number)
    return round(value + SECOND * more, 6), pair


def quotes(members: Sequence[Member], weighed: Weights) -> list[Quote]:
    """Return up to QUOTES quotes of as many persons and sources, the most telling first."""
    ranked = _ranked(members, weighed, quotable, without_prefix)
    best = ranked[0][0] if ranked else 0.0
    chosen: list[tuple[float, Sentence]] = []
    for other_source in (True, False):
        for value, one in ranked:
            if len(chosen) < QUOTES and not any(
                _speaker(one) == _speaker(other)
                or _same(one.text, other.text, REPEATED)
                or (other_source and one.member.source == other.member.source)
                for _, other in chosen
            ):
                if other_source and value < best - OTHER_SOURCE:
                    break
                chosen.append((value, one))
    chosen.sort(key=lambda pair: -pair[0])
    return [Quote(_cut(one.text), one.member.url, one.member.source) for _, one in chosen]


def _speaker(one: Sentence) -> str:
    return one.member.person or one.member.url or str(one.place)


def _ranked(
    members: Sequence[Member],
    weighed: Weights,
    judge: Callable[[Sentence, Weights, int], float],
    said: Callable[[str], str],
) -> list[tuple[float, Sentence]]:
    """Return the sentences with their value, the best first; of equals the more central."""
    found = sentences(members, said)
    judged = [(round(judge(one, weighed, len(members)), 6), one) for one in found]
    return sorted(judged, key=lambda pair: (-pair[0], pair[1].place))


def sentences(members: Sequence[Member], said: Callable[[str], str]) -> Iterator[Sentence]:
    """Yield the sentences of the members nearest the centre, and what is `said` by the titles."""
    for place, member in enumerate(members[:MEMBERS]):
        title = " ".join(said(member.title).split())
        if title:
            yield Sentence(title, member, place, 0)
        for number, text in enumerate(split(member.text)[:SENTENCES], 1):
            if MIN_WORDS <= len(text.split()) <= MAX_WORDS and text != title:
                yield Sentence(text, member, place, number)


def worth(one: Sentence, weighed: Weights, members: int) -> float:
    """Return how well a sentence tells the issue to somebody who knows nothing of it."""
    text = one.text
    if term_set(text).isdisjoint(weighed.key[:KEY_TERMS]):
        return NOTHING
    return (
        min(weighed.covered(term_set(text)), 1.0)
        + NEAR * (1 - one.place / max(members, MEMBERS))
        + LONG * max(len(text.split()) - GOOD_WORDS, 0)
        + TITLE * one.is_title
        + TROUBLE * bool(form.TROUBLE.search(text))
        + NAME * (form.names(text) > 0)
        + FIRST_PERSON * bool(form.FIRST_PERSON.search(text))
        + SECOND_PERSON * bool(form.SECOND_PERSON.search(text))
        + QUESTION * bool(form.QUESTION.search(text))
        + DANGLING * bool(form.DANGLING.search(text))
        + GREETING * bool(_GREETING.search(text))
        + POINTING * bool(form.POINTING.search(text))
        + THREAD * bool(form.THREAD.search(text))
        + CLICKBAIT * bool(form.CLICKBAIT.search(text))
        + UNREADABLE * (not form.is_readable(text))
    )


def quotable(one: Sentence, weighed: Weights, members: int) -> float:
    """Return how well a sentence speaks for the issue as one person's words."""
    if term_set(one.text).isdisjoint(weighed.key[:KEY_TERMS]):
        return NOTHING
    return (
        min(weighed.covered(term_set(one.text)), 1.0)
        + NEAR * (1 - one.place / max(members, MEMBERS))
        + QUOTED_TROUBLE * bool(form.TROUBLE.search(one.text))
        + QUOTED_QUESTION * bool(form.QUESTION.search(one.text))
        + QUOTED_TITLE * one.is_title
        + THREAD * bool(form.THREAD.search(one.text))
        + 0.5 * DANGLING * bool(form.DANGLING.search(one.text))
        + GREETING * bool(_GREETING.search(one.text))
        + UNREADABLE * (not form.is_readable(one.text))
        - (not one.member.is_problem)
    )


def _adds(one: Sentence, first: Sentence, weighed: Weights) -> bool:
    """Tell whether a sentence goes on with another, and says something of the issue more."""
    if _same(one.text, first.text, ALIKE):
        return False
    known = term_set(first.text)
    own = {term for term in term_set(one.text) if weighed.get(term, 0) > 0}
    return bool(own & known) and bool(own - known)


def _same(one: str, other: str, share: float) -> bool:
    first, second = term_set(one), term_set(other)
    return len(first & second) >= share * max(min(len(first), len(second)), 1)


def _capital(text: str) -> str:
    first = text.split(" ", 1)[0]
    return text[:1].upper() + text[1:] if first.isalpha() and first.islower() else text


def _ended(text: str) -> str:
    return text if _END.search(text) else text.rstrip(" ,;:-") + "."


def _cut(text: str) -> str:
    if len(text) <= MAX_QUOTE:
        return text
    head = text[: MAX_QUOTE - 1]
    return head[: max(head.rfind(" "), MAX_QUOTE // 2)].rstrip() + "\N{HORIZONTAL ELLIPSIS}"
