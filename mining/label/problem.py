"""Whether a post tells of a problem, or is news, a show, a thank-you or a chat.

Collected posts are of both kinds: nearly every issue and question asks for something to be solved,
few links to an article do. The ranking of issues counts problems only. A post's score is how much
more its embedding is like prototype problems than like other prototypes
(seeds/problem_prototypes.csv), with a little added for where and how it was posted; what each part
is worth is in docs/decisions/problems.md.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assay.common.post_sources import POST_SOURCES
from assay.mining.threads import single_threaded

PROBLEM_VERSION = "2"  # raise it when scores change
PROBLEM, OTHER = "problem", "other"
LEFT_OUT_SCORE = -1.0  # of a post whose kind or language leaves it out (mining/label/kind.py)
NEAREST = 3  # prototypes of each kind that a post is compared with
MIN_SCORE = 0.06  # of a problem's score
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
    vectors: NDArray[np.float32], prototypes: NDArray[np.float32], kinds: Sequence[str]
) -> NDArray[np.float32]:
    """Return how much more each post is like problems than like other posts, (n,) float32.

    vectors: (n, d), prototypes: (p, d), both L2-normalised. kinds: of each prototype, problem or
    other. The mean cosine to the NEAREST problems, less that to the NEAREST others: -1 to 1, most
    within 0.2. Raises ValueError when a kind has no prototype.
    """
    of = np.array(kinds)
    cosines = vectors @ prototypes.T
    means = []
    for kind in (PROBLEM, OTHER):
        if not (of == kind).any():
            raise ValueError(f"no prototype sentence of kind {kind}")
        means.append(np.sort(cosines[:, of == kind], axis=1)[:, -NEAREST:].mean(axis=1))
    return (means[0] - means[1]).astype(np.float32)


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
