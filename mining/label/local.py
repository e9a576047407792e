"""A first label for every issue, free and without a network.

The category is decided by likeness to prototype sentences (seeds/issue_categories.csv), the title
is the most central member's, the description the summary, and would-pay and impact follow the rules
below: they look for what people write when something costs them money, customers or data.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.mining.threads import single_threaded

LABELING_VERSION = "4"
OTHER = "other"
MAX_TITLE = 120  # characters
MEMBERS_FOR_CATEGORY = 30  # most central first
# The share of a category's best prototypes that speaks for it: one can be met by chance.
BEST_PROTOTYPES = 2
PAYING_SHARE = 10  # one member of so many: among many posts a few always speak of money
# Cosines that unrelated sentences of MiniLM reach; less is likeness to nothing. Any technical talk
# is a little like every field, so a field takes more than the crafts of those who write.
MIN_SIMILARITY, MIN_OF_CRAFT = 0.18, 0.14
CRAFTS = ("ai", "devtools")

_TITLE_NOISE = re.compile(
    r"^\s*(?:(?:ask|show|tell|launch)\s+hn\s*[:\N{EN DASH}-]\s*|re\s*:\s*|"
    r"\[[^\]]{1,25}\]\s*:?\s*|(?:bug|question|feature request|help|issue)\s*:\s+)+",
    re.IGNORECASE,
)
# Somebody has money for it, or loses money without it.
_PAYS = re.compile(
    r"""\b(?:
        (?:would|will|i'd|we'd|happy|glad|willing|ready)\s+(?:gladly\s+|happily\s+)?(?:to\s+)?pay
      | (?:we|i)\s+(?:currently\s+)?pay(?:ing)?\s+(?:for|\$|\d) | paying\s+customers?
      | shut\s+up\s+and\s+take | take\s+my\s+money
      | (?:any|is\s+there\s+an?)\s+(?:\w+\s+){0,2}
        (?:paid|commercial|vendor|saas|service\s+that|product\s+that|tool\s+that)
      | (?:our|the|any|have\s+(?:a\s+)?)\s*budget\s+(?:for|is|of) | licen[cs]e\s+fee
      | (?:costs?|costing)\s+us | quoted\s+us
      | (?:losing|lost|lose)\s+(?:money|revenue|sales|customers|deals?)
      | hours?\s+(?:a|per|every|each)\s+(?:week|day|month) | refund(?:ed|s)?\s+(?:them|customers)
      | (?:hire|hired|hiring|contractor|consultant) | chargebacks?
    )\b | [$\N{EURO SIGN}\N{POUND SIGN}]\s?\d""",
    re.IGNORECASE | re.VERBOSE,
)
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
class Member:
    """One post of a cluster, with what the rules look at."""

    title: str
    text: str
    source: str
    engagement: int  # votes and comments together
    is_problem: bool = True


@dataclass(frozen=True)
class Label:
    """What an issue is called and how much it matters; docs/design.md lists the fields."""

    canonical_title: str
    category: str
    description: str
    would_pay_signal: bool
    impact_level: str


@dataclass(frozen=True)
class Prototypes:
    """Example sentences of every category. vectors: (n, d) float32, L2-normalised."""

    categories: Sequence[str]
    vectors: NDArray[np.float32]


def local_label(
    members: Sequence[Member], vectors: NDArray[np.float32], summary: str, prototypes: Prototypes
) -> Label:
    """Label one cluster from its members, most central first.

    vectors: (members, d) float32, L2-normalised. Raises ValueError without a member.
    """
    if not members:
        raise ValueError("a cluster without members has no label")
    return Label(
        canonical_title=title_of(members),
        category=category_of(vectors[:MEMBERS_FOR_CATEGORY], prototypes),
        description=summary or members[0].text[:500] or members[0].title,
        would_pay_signal=would_pay(members),
        impact_level=impact(members),
    )


def category_of(vectors: NDArray[np.float32], prototypes: Prototypes) -> str:
    """Return the category whose prototypes the members are most like, on the average.

    The likeness to a category is the mean cosine to its BEST_PROTOTYPES nearest prototypes, counted
    from what the member has in common with all prototypes, so that a category with general
    sentences does not win everywhere. Where none is like enough it is `other`.
    """
    scores = category_scores(vectors, prototypes)
    names = sorted(set(prototypes.categories))
    mean = dict(zip(names, scores.mean(axis=0).tolist(), strict=True))
    enough = [
        name
        for name, likeness in mean.items()
        if name == OTHER or likeness >= (MIN_OF_CRAFT if name in CRAFTS else MIN_SIMILARITY)
    ]
    return max(enough or names, key=lambda name: mean[name])


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


def title_of(members: Sequence[Member]) -> str:
    """Return the most central title that says something, at most MAX_TITLE characters.

    A problem's title is taken where there is one.
    """
    members = sorted(members, key=lambda member: not member.is_problem)
    cleaned = [_TITLE_NOISE.sub("", member.title).strip() for member in members]
    telling = [title for title in cleaned if len(title.split()) >= 4]
    return shortened((telling or [title for title in cleaned if title] or ["Untitled"])[0])


def shortened(title: str, most: int = MAX_TITLE) -> str:
    """Cut a text at the last word that fits and mark the cut."""
    title = " ".join(title.split())
    if len(title) <= most:
        return title
    head = title[: most - 1]
    at = head.rfind(" ")
    return f"{head[:at] if at > most // 2 else head}\N{HORIZONTAL ELLIPSIS}"


def would_pay(members: Sequence[Member]) -> bool:
    """Say whether a tenth of the members speak of money or paid help, and more than one of six."""
    paying = sum(bool(_PAYS.search(f"{member.title}\n{member.text}")) for member in members)
    enough = paying >= 2 or (paying == 1 and len(members) <= 5)
    return enough and paying * PAYING_SHARE >= len(members)


def impact(members: Sequence[Member]) -> str:
    """Return low, medium or high.

    One point each for: a third of the members name something severe; two thirds do; people on
    three sources or more; a typical member (the median) with 20 votes and comments or more; ten
    members or more. Three points make it high, one or two medium.
    """
    severe = sum(bool(_SEVERE.search(f"{m.title}\n{m.text}")) for m in members) / len(members)
    points = (severe >= 1 / 3) + (severe >= 2 / 3)
    points += len({member.source for member in members}) >= 3
    points += float(np.median([member.engagement for member in members])) >= 20
    points += len(members) >= 10
    return "high" if points >= 3 else "medium" if points >= 1 else "low"
