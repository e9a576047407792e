"""Whether a post tells of a problem that developers have.

Collected posts are of many kinds: nearly every issue and question asks for something to be solved,
few links to an article do, and some tell of a family's trouble or a film. The ranking of issues
counts developers' problems only. A post has two scores. One is how much more its embedding is like
prototypes of problems than like those of news, shows and chats; the other, how much more it is like
what developers work with than like what others talk about (seeds/problem_prototypes.csv). A little
is added for where and how it was posted; what each part is worth is in docs/decisions/problems.md.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assay.common.post_sources import POST_SOURCES
from assay.mining.threads import single_threaded

PROBLEM_VERSION = "3"  # raise it when scores change
PROBLEM, OTHER = "problem", "other"
DEVELOPERS, ELSEWHERE = "developers", "elsewhere"
LEFT_OUT_SCORE = -1.0  # of a post whose kind or language leaves it out (mining/label/kind.py)
NEAREST = 3  # prototypes of each kind that a post is compared with
MIN_SCORE = 0.06  # of a problem's score
MIN_SUBJECT = 0.0  # of the subject score of what developers work with
DOUBTFUL = 0.0  # from here on a post may be a problem: it can be evidence of one
TRACKER, ASKS, LINK, TROUBLE, OWN = 0.10, 0.07, -0.03, 0.03, 0.03
TELLING = 200  # characters of a post's own text that has something to say

_ASKS = re.compile(r"\s*ask\s+hn\b", re.IGNORECASE)
_TROUBLE = re.compile(
    r"""\b(?:
        (?:does|do|did|is|are|was|will|can|could|has|have)n['\N{RIGHT SINGLE QUOTATION MARK}]?t
      | cannot | can\s?not | unable | fail(?:s|ed|ing|ure)? | errors? | exception | crash\w*
      | broken | breaks? | bugs? | stuck | wrong | missing | slow(?:er|ly)? | leaks? | hangs?
      | time[sd]?\s?out | traceback | annoy\w* | frustrat\w* | painful | nightmare | struggl\w*
      | how\s(?:do|can|should|to) | why\s(?:do|does|is|are) | is\sthere\s(?:a|any) | no\sway\sto
      | help | workaround | problems? | issues? | confus\w* | expensive | lost | losing | outage
      | complain\w* | down\sagain | unusable | incompatible | unexpected\w* | feature\srequest
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_OWN = re.compile(
    r"\b(?:i|we|my|our|me|us|you|i['\N{RIGHT SINGLE QUOTATION MARK}](?:m|ve)|"
    r"we['\N{RIGHT SINGLE QUOTATION MARK}](?:re|ve))\b",
    re.IGNORECASE,
)


@single_threaded
def likeness(
    vectors: NDArray[np.float32],
    prototypes: NDArray[np.float32],
    kinds: Sequence[str],
    wanted: str = PROBLEM,
    unwanted: str = OTHER,
) -> NDArray[np.float32]:
    """Return how much more each post is like one kind of prototypes than another, (n,) float32.

    vectors: (n, d), prototypes: (p, d), both L2-normalised. kinds: of each prototype. The mean
    cosine to the NEAREST of the wanted kind, less that to the NEAREST of the unwanted: -1 to 1,
    most within 0.2. Raises ValueError when a kind has no prototype.
    """
    of = np.array(kinds)
    cosines = vectors @ prototypes.T
    means = []
    for kind in (wanted, unwanted):
        if not (of == kind).any():
            raise ValueError(f"no prototype sentence of kind {kind}: run dbt seed, or dbt build")
        means.append(np.sort(cosines[:, of == kind], axis=1)[:, -NEAREST:].mean(axis=1))
    return (means[0] - means[1]).astype(np.float32)


def subject_scores(
    vectors: NDArray[np.float32],
    prototypes: NDArray[np.float32],
    kinds: Sequence[str],
    sources: Sequence[str],
) -> NDArray[np.float32]:
    """Return how much more each post is about what developers work with, (n,) float32.

    As `likeness`; a tracker is a place for developers, and its posts have TRACKER more.
    """
    trackers = {source for source, known in POST_SOURCES.items() if known.is_tracker}
    scores = likeness(vectors, prototypes, kinds, DEVELOPERS, ELSEWHERE)
    return scores + TRACKER * np.isin(sources, sorted(trackers)).astype(np.float32)


def bonus(source: str, title: str, text: str, *, is_link: bool) -> float:
    """Return what is added to a post's likeness for where and how it was posted."""
    whole, known = f"{title}\n{text}", POST_SOURCES.get(source)
    if known and known.is_tracker:
        added = TRACKER
    elif _ASKS.match(title) or (
        known and known.long_posts_ask and not is_link and len(text) > TELLING
    ):
        added = ASKS
    else:
        added = LINK if is_link else 0.0
    if _TROUBLE.search(whole):
        added += TROUBLE + (OWN if _OWN.search(whole) else 0.0)
    return added
