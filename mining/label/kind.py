"""What kind of post a post is, and by what sign.

What the API knows comes first (a program wrote it, a moderator pinned it), then what comes back
(one title under many dates by one author), then what the words say. Kinds of LEFT_OUT tell of
nobody's problem: they are kept and counted, and are no evidence. Figures are in
docs/decisions/kinds-of-posts.md.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from assay.common.post_sources import POST_SOURCES
from assay.mining.duplicates.titles import read_title
from assay.mining.text.dumps import is_raised

KINDS_VERSION = "1"
"""Raise it when kinds change: posts are then told apart again."""

PROBLEM, QUESTION, REQUEST = "problem", "question", "request"
SHOWCASE, NEWS, ANNOUNCEMENT = "showcase", "news", "announcement"
ADVERTISEMENT, RECURRING = "advertisement or job", "recurring thread"
AUTOMATED, NOTHING = "automated", "says nothing"
LEFT_OUT = frozenset({ANNOUNCEMENT, ADVERTISEMENT, RECURRING, AUTOMATED, NOTHING})
"""Kinds that are no evidence of a problem."""

COMES_BACK = 3  # titles of one author that differ in numbers and dates alone, or days of one title
MIN_CONTENT = 2  # words that tell something
_READ = 2_000  # characters of a text

# A word of each line of a flair is enough; Reddit's communities name theirs freely.
_FLAIRS = (
    (ADVERTISEMENT, re.compile(r"hiring|job|for hire|career opening|promo|advert|sponsor", re.I)),
    (SHOWCASE, re.compile(r"show ?case|show ?off|i made|built|project share|\[?oc\]?$", re.I)),
    (ANNOUNCEMENT, re.compile(r"announce|mod ?post|official", re.I)),
    (RECURRING, re.compile(r"mega ?thread|weekly|daily|monthly|recurring", re.I)),
    (NEWS, re.compile(r"\bnews\b|article|blog", re.I)),
    (REQUEST, re.compile(r"feature request|suggestion", re.I)),
)
_LABELS = (
    (REQUEST, re.compile(r"enhancement|feature|proposal|improvement|wish", re.I)),
    (QUESTION, re.compile(r"question|support|discussion|usage", re.I)),
    (PROBLEM, re.compile(r"\bbug|regression|crash|defect|incident|broken", re.I)),
)
_EVERY = r"daily|weekly|bi-?weekly|fortnightly|monthly|quarterly|(?:mon|tues|wednes|thurs|fri)day"
_ROUND = r"thread|discussion|mega ?thread|round ?up|check-?in|questions"
_THREAD = re.compile(
    rf"\b(?:{_EVERY})\b.{{0,50}}\b(?:{_ROUND})\b|\bmega ?thread\b"
    r"|\b(?:simple|stupid|beginner|newbie) questions? thread\b"
    r"|\b(?:questions?|discussion|help|jobs?|rant|show ?case|hiring) thread\b.{0,40}$"
    r"|^ask hn: (?:who is hiring|who wants to be hired|freelancer\?)",
    re.I,
)
_JOB = re.compile(
    r"^\W{0,2}[\[(](?:hiring|for hire|job|jobs)[\])]"
    r"|^(?:now )?(?:hiring|for hire|job opening|vacancy) ?[:|\u2013-]"
    r"|\b(?:we are|we're) hiring\b|\bseeking freelancer"
    r"|^(?!nobody|no |everyone|every |who|why|how|is |are |does ).{2,60} is hiring\b"
    r"|\blooking for (?:a |an )?(?:technical )?co-?founder",
    re.I,
)
_APPLY = re.compile(r"\bsalary\b|\bapply\b|\bfull[- ]time\b|\bCV\b|\bresume\b|\bonsite\b", re.I)
_MADE = r"built|made|launched|created|developed|wrote|released|shipped|open[- ]sourced"
_OWN_PRODUCT = re.compile(
    rf"\b(?:i|we)(?:'ve| have)? (?:just |recently |finally )?(?:{_MADE})\b|\bjust launched\b"
    r"|\b(?:introducing|meet|check out) (?:my|our)\b",
    re.I,
)
_OFFER = re.compile(
    r"\b\d{1,2} ?% off\b|\b(?:promo|discount|coupon) code\b|\buse (?:the )?code\b"
    r"|\blifetime deal\b|\blimited[- ]time\b|\bearly[- ]bird\b|\bfree trial\b|\bsign up\b"
    r"|\blink (?:below|in (?:bio|the comments?))|\bblack friday\b|\bbook a (?:call|demo)\b"
    r"|\bdm me\b",
    re.I,
)
_ANNOUNCES = re.compile(
    r"^\W{0,3}announc(?:ement|ing)\b|^release notes\b|^\W{0,3}roadmap\b|^changelog\b"
    r"|\b(?:we are|we're) (?:happy|excited|thrilled|proud) to announce\b",
    re.I,
)
_THANKS = re.compile(
    r"^\W{0,3}(?:(?:a )?(?:big |huge )?thanks?(?: ?you)?|kudos|congrat\w*|appreciation)\b", re.I
)
_ASKS = re.compile(
    r"\?\s*$|^(?:ask hn|how|why|what|when|where|which|who|is|are|can|could|should|does|do|has"
    r"|any)\b",
    re.I,
)
_REQUESTS = re.compile(
    r"\bfeature request\b|^\W{0,3}(?:feature|feat|proposal|rfc|enhancement|request)\b\W"
    r"|^(?:please )?(?:add|support|allow|make it possible|provide|expose)\b|\bsupport for\b"
    r"|\bwould be (?:nice|great|useful)\b",
    re.I,
)
# What a test of the posting itself consists of, beside the words that tell nothing in any title.
_EMPTY = frozenset(
    re.findall(
        r"\w+",
        "test tests testing tested ignore created delete dummy asdf foo bar hello hi hey world"
        " thank thanks lol title post subject none null todo untitled wip urgent asap sos",
    )
)


@dataclass(frozen=True)
class Signs:
    """What is known of a post.

    title, text: cleaned. author_type: "Bot" for a program. distinguished: "moderator" or "admin"
    where they speak as such. flair: what Reddit shows beside the title. labels: GitHub's. tags:
    Hacker News's. titles: how many titles of its author in its place differ from its own in numbers
    and dates alone, with its own. days: on how many days its author wrote under such a title.
    """

    source: str
    title: str
    text: str = ""
    author_type: str | None = None
    distinguished: str | None = None
    is_stickied: bool = False
    flair: str | None = None
    labels: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    is_link: bool = False
    titles: int = 1
    days: int = 1


@dataclass(frozen=True)
class Kind:
    """A kind and what it was told by. is_sure: no score of likeness changes it."""

    name: str
    sign: str
    is_sure: bool = True


def kind_of(post: Signs) -> Kind:
    """Return what kind of post it is. One that is not sure is a guess between problem, question and
    request, or between showcase and news; whether it tells of a problem at all is a matter of
    mining/label/problem.py."""
    for told in (_by_api, _by_return, _by_words):
        if found := told(post):
            return found
    return _guess(post)


def says_nothing(title: str, text: str) -> bool:
    """Say whether a post tells nothing that another one could tell too: "Help", with or without
    code, a trace or a picture, which are no words of its author."""
    content: set[str] = set()
    for number, line in enumerate([title, *text[:_READ].split("\n")]):
        if not number or not is_raised(line):
            content |= read_title(line).content - _EMPTY
        words = (word for word in content if len(word) > 1 or not word.isascii())
        if sum(1 if word.isascii() or len(word) > 1 else 0.5 for word in words) >= MIN_CONTENT:
            return False
    return True


def _by_api(post: Signs) -> Kind | None:
    is_thread = _is_thread(post)
    if post.author_type == "Bot":
        is_forum = not _is_tracker(post)
        return Kind(RECURRING if is_forum else AUTOMATED, "the API: a program wrote it")
    if "job" in post.tags:
        return Kind(ADVERTISEMENT, "the API: a job")
    if post.is_stickied or post.distinguished:
        by = "pinned" if post.is_stickied else f"written as {post.distinguished}"
        return Kind(RECURRING if is_thread else ANNOUNCEMENT, f"the API: {by}")
    if post.flair:
        for name, pattern in _FLAIRS:
            if pattern.search(post.flair):
                return Kind(name, f"the flair {post.flair[:40]}")
    if "show_hn" in post.tags:
        return Kind(SHOWCASE, "the API: Show HN")
    return None


def _by_return(post: Signs) -> Kind | None:
    if max(post.titles, post.days) < COMES_BACK:
        return None
    count = max(post.titles, post.days)
    sign = f"{count} posts of one author under one title but for numbers"
    is_asked = not _is_tracker(post) and "?" in post.title
    return Kind(RECURRING if is_asked or _is_thread(post) else AUTOMATED, sign)


def _by_words(post: Signs) -> Kind | None:
    title, start = post.title, post.text[:_READ]
    is_tracker = _is_tracker(post)
    checks: tuple[tuple[str, str, Callable[[], object]], ...] = (
        (NOTHING, "no words that tell", lambda: says_nothing(title, start) and not post.is_link),
        (ADVERTISEMENT, "a job's title", lambda: not is_tracker and _JOB.search(title)),
        (RECURRING, "a thread's title", lambda: _is_thread(post)),
        (ADVERTISEMENT, "an offer of one's own product", lambda: _offers(post)),
        (ADVERTISEMENT, "asks to apply", lambda: not is_tracker and len(_applies(start)) >= 3),
        (ANNOUNCEMENT, "the title announces", lambda: _ANNOUNCES.search(title)),
        (NOTHING, "gives thanks", lambda: _THANKS.search(title) and "?" not in title + start),
    )
    for name, sign, holds in checks:
        if holds():
            return Kind(name, f"words: {sign}")
    return None


def _guess(post: Signs) -> Kind:
    # A tracker is a form for problems, requests and questions: no likeness says otherwise.
    is_sure = _is_tracker(post)
    for name, pattern in _LABELS:
        if label := next(filter(pattern.search, post.labels), None):
            return Kind(name, f"the label {label[:40]}", is_sure)
    if _REQUESTS.search(post.title):
        return Kind(REQUEST, "words: asks for something new", is_sure)
    if _OWN_PRODUCT.search(post.title) and not is_sure:
        return Kind(SHOWCASE, "words: shows a work of one's own", is_sure)
    if _ASKS.search(post.title) and not post.is_link:  # the question of an article is nobody's
        return Kind(QUESTION, "words: a question", is_sure)
    if post.is_link:
        return Kind(NEWS, "a link", is_sure)
    return Kind(PROBLEM, "the tracker" if is_sure else "likeness", is_sure)


def _is_tracker(post: Signs) -> bool:
    known = POST_SOURCES.get(post.source)
    return bool(known and known.is_tracker)


def _is_thread(post: Signs) -> bool:
    return not _is_tracker(post) and _THREAD.search(post.title) is not None


def _offers(post: Signs) -> bool:
    """Say whether somebody sells what they made; an offer alone may be what a shop's bug is of."""
    whole = f"{post.title}\n{post.text[:_READ]}"
    offers = {found.lower() for found in _OFFER.findall(whole)}
    return not _is_tracker(post) and len(offers) >= 2 and _OWN_PRODUCT.search(whole) is not None


def _applies(text: str) -> set[str]:
    return {found.lower() for found in _APPLY.findall(text)}
