"""A first label for every issue, free and without a network, with the reason of each field.

The category (seeds/our_categories.csv) is decided by likeness to prototype sentences
(seeds/issue_categories.csv). Title, description and quotes are chosen among what the issue's people
wrote (title.py, description.py), would-pay and severity by what they write when something costs
them money, customers or data. docs/decisions/labels.md has the rules and what they were worth.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.mining.label.description import Quote, describe, quotes
from assay.mining.label.member import Member, people, share_of_people
from assay.mining.label.money import would_pay
from assay.mining.label.terms import Day, weights
from assay.mining.label.title import choose_title
from assay.mining.threads import single_threaded

LABELING_VERSION = "7"
OTHER = "other"
MEMBERS_FOR_CATEGORY = 30  # most central first
# The share of a category's best prototypes that speaks for it: one can be met by chance.
BEST_PROTOTYPES = 2
# Cosines that unrelated sentences of MiniLM reach; less is likeness to nothing. Any technical talk
# is a little like every field, so a field takes more than the crafts of those who write.
MIN_SIMILARITY, MIN_OF_CRAFT = 0.18, 0.14
OF_FEW = 0.1  # more is asked of the mean of n posts, over the root of n: few are alike by chance
MIN_AGREEING = 1 / 4  # of the members; a field that fewer are of is not that of the issue

# What makes it urgent.
_SEVERE = re.compile(
    r"""\b(?:
        data\s+loss | los(?:t|ing|es)\s+data | corrupt(?:s|ed|ion)? | outage | down\s+for
      | (?:in|on)\s+prod(?:uction)? | security | vulnerab\w+ | leak(?:s|ed|ing)? | breach
      | blocks?\s+(?:us|our|the\s+release|release|everyone) | blocker | blocked
      | unusable | critical | urgent | deadline | crash(?:es|ed|ing)?
      | customers?\s+(?:are|were|get|got|see|complain\w*) | charged\s+twice | double\s+charg\w+
      | fined | lawsuit | regulator\w* | audit | compliance | penalt\w+ | patients?
      | every\s+(?:release|deploy|day|build) | whole\s+team
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True)
class Label:
    """What an issue is called and how much it matters; docs/design.md lists the fields.

    category_confidence: the share of the central posts that are of this category by themselves.
    would_pay_because: the sentence that says so, "" for none. severity: the share of the people who
    name harm. impact_level: by the issue alone; gold.issues spreads it over the day.
    *_because: the reason of the field, in words.
    """

    canonical_title: str
    category: str
    description: str
    would_pay_signal: bool
    impact_level: str
    category_confidence: float
    would_pay_because: str
    severity: float
    quotes: list[Quote]
    title_because: str
    description_because: str
    category_because: str
    severity_because: str


@dataclass(frozen=True)
class Prototypes:
    """Example sentences of every category. vectors: (n, d) float32, L2-normalised.

    crafts: the categories that are crafts of those who write (seeds/our_categories.csv).
    """

    categories: Sequence[str]
    vectors: NDArray[np.float32]
    crafts: Collection[str] = ()


def local_label(
    members: Sequence[Member], vectors: NDArray[np.float32], prototypes: Prototypes, day: Day
) -> Label:
    """Label one cluster from its members, most central first.

    vectors: (members, d) float32, L2-normalised. day: the words of all posts of the day, to know
    which of them are the issue's. Raises ValueError without a member.
    """
    if not members:
        raise ValueError("a cluster without members has no label")
    # A problem's words name the issue where it has one.
    telling = sorted(members, key=lambda member: not member.is_problem)
    weighed = weights(telling, day)
    title, title_because = choose_title(telling, weighed)
    description, description_because = describe(telling, weighed, title)
    category, confidence, category_because = category_of(vectors[:MEMBERS_FOR_CATEGORY], prototypes)
    severity, severity_because = severity_of(members)
    pays = would_pay(members)
    return Label(
        canonical_title=title,
        category=category,
        description=description,
        would_pay_signal=bool(pays),
        impact_level=impact(members),
        category_confidence=confidence,
        would_pay_because=pays,
        severity=severity,
        quotes=quotes(telling, weighed),
        title_because=title_because,
        description_because=description_because,
        category_because=category_because,
        severity_because=severity_because,
    )


def category_of(vectors: NDArray[np.float32], prototypes: Prototypes) -> tuple[str, float, str]:
    """Return the category of the members, how sure, and why.

    The likeness to a category is the mean cosine to its BEST_PROTOTYPES nearest prototypes. What
    more than half of the members are by themselves is the category; else what they are most like
    on the average. Where that is nothing, and more than half are of a craft, it is the craft that
    more of them are. Where fewer than MIN_AGREEING are of it by themselves, it is `other`. How
    sure: the share of the members that are, 0 to 1, if one more is not: two posts that agree are
    less sure than twenty.
    """
    scores = category_scores(vectors, prototypes)
    names = sorted(set(prototypes.categories))
    mean = scores.mean(axis=0)
    own = [_best(row, names, prototypes.crafts) for row in scores]
    best = max(names, key=lambda name: (own.count(name), mean[names.index(name)]))
    if not _is_most(own.count(best), own):
        best = _best(mean, names, prototypes.crafts, OF_FEW / len(scores) ** 0.5)
        crafts = [name for name in names if name in prototypes.crafts]
        if best == OTHER and _is_most(sum(own.count(craft) for craft in crafts), own):
            best = max(crafts, key=lambda name: (own.count(name), mean[names.index(name)]))
    agreeing = own.count(best)
    because = f"{agreeing} of {len(own)} central posts are most like it"
    if best != OTHER and agreeing < MIN_AGREEING * len(own) and OTHER in names:
        best, agreeing = OTHER, len(own) - agreeing
        because = "no field fits enough of its central posts"
    return best, round(agreeing / (len(own) + 1), 4), because


def _is_most(agreeing: int, own: Sequence[str]) -> bool:
    """Tell whether so many are more than half, and more than one: one may be by chance."""
    return agreeing > max(1, len(own) / 2)


def _best(
    scores: NDArray[np.float32], names: Sequence[str], crafts: Collection[str], more: float = 0.0
) -> str:
    """Return the category of the highest score of those that are like enough, else `other`.

    more: what a category has to have beyond the least.
    """
    of = dict(zip(names, scores.tolist(), strict=True))
    enough = [
        name
        for name, likeness in of.items()
        if name == OTHER or likeness >= (MIN_OF_CRAFT if name in crafts else MIN_SIMILARITY) + more
    ]
    return max(enough or names, key=lambda name: of[name])


@single_threaded
def category_scores(vectors: NDArray[np.float32], prototypes: Prototypes) -> NDArray[np.float32]:
    """Return the likeness of each vector to each category, (n, categories), sorted by name."""
    names = sorted(set(prototypes.categories))
    of = np.array([names.index(name) for name in prototypes.categories])
    cosines = vectors @ prototypes.vectors.T
    scores = np.empty((len(vectors), len(names)), np.float32)
    for number in range(len(names)):
        own = np.sort(cosines[:, of == number], axis=1)[:, -BEST_PROTOTYPES:]
        scores[:, number] = own.mean(axis=1)
    return scores


def severity_of(members: Sequence[Member]) -> tuple[float, str]:
    """Return the share of the people who name harm (lost data, an outage, customers hit), and the
    words most of them use."""
    named = [found[0].lower() for member in members if (found := _SEVERE.search(member.words))]
    share = share_of_people(members, lambda member: _SEVERE.search(member.words))
    words = sorted(set(named), key=lambda word: (-named.count(word), word))[:3]
    return round(share, 4), ", ".join(" ".join(word.split()) for word in words)


def impact(members: Sequence[Member]) -> str:
    """Return low, medium or high, by the issue alone.

    One point each for: a third of the people name something severe; two thirds do; people on
    three sources or more; a typical member (the median) with 20 votes and comments or more; ten
    people or more. Three points make it high, one or two medium.
    """
    severe, _ = severity_of(members)
    points = (severe >= 1 / 3) + (severe >= 2 / 3)
    points += len({member.source for member in members}) >= 3
    points += float(np.median([member.engagement for member in members])) >= 20
    points += people(members) >= 10
    return "high" if points >= 3 else "medium" if points >= 1 else "low"
