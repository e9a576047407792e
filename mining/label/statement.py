"""Titles as statements, as far as plain rules turn them safely.

What trackers and threads put before a title goes ("[Bug]:", "Ask HN:"), and so does the narrator:
"How do I merge two tables?" becomes "Merging two tables", "I get a timeout when I save" becomes
"Timeout when saving". What the rules do not turn stays as it was written, for form.py to judge.
"""

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TAG = r"\[[^\]\n]{1,25}\]|\([^)\n]{1,12}\)(?=\s*[:-])"
_PREFIX = re.compile(
    rf"""^\s*(?:(?:(?:ask|show|tell|launch)\s+hn|re|fwd?|bug(?:\s+report)?|question|feature(?:\s+request)?
        |feat|fix|help(?:\s+(?:needed|wanted))?|issue|problem|psa|til|update|request|serious|solved
        |post-?mortem|regression|rfc|proposal|enhancement|discussion|error\s+report)
        \s*[:\N{{EN DASH}}\N{{EM DASH}}-]+\s* | (?:{_TAG})\s*[:-]?\s*)+""",
    re.IGNORECASE | re.VERBOSE,
)
_LEAD = re.compile(r"^(?:[.*#>\N{HORIZONTAL ELLIPSIS}]{2,}|\N{HORIZONTAL ELLIPSIS}|[-*]\s)\s*")
_SUFFIX = re.compile(
    r"\s*(?:[\[(](?:\d{4}|pdf|video|audio|solved|closed|[a-z]+ inside)[\])]\s*)+$", re.I
)
_GREETING = re.compile(
    r"^(?:hi|hello|hey|dear|greetings|good\s+(?:morning|evening|day)|thanks?|thank\s+you|please|sorry|"
    r"edit|tl;?dr|cheers|welcome)\b[^a-z]*(?:(?:all|everyone|everybody|guys|folks|there|team|in\s+advance)\b)?"
    r"[\s,.!:;-]*",
    re.IGNORECASE,
)
_NARRATOR = re.compile(
    r"^(?:so\s+|and\s+|but\s+)?(?:i\s+am|i'?m|we\s+are|we'?re|i|we|i'?ve|we'?ve)\s+(?:(?:just|now|always|"
    r"keep|constantly|currently|still|also|randomly|sometimes|often)\s+)*(?:get(?:ting)?|got|see(?:ing)?|"
    r"face|facing|hit(?:ting)?|receiv(?:e|ed|ing)|encounter(?:ed|ing)?|experienc(?:e|ed|ing)|"
    r"run(?:ning)?\s+into|ran\s+into)\s+(?:an?\s+|the\s+|this\s+|some\s+)?(?=\S)",
    re.IGNORECASE,
)
_UNABLE = re.compile(
    r"^(?:so\s+|but\s+)?(?:(?:i|we)\s+(?:can'?t|cannot|can\s+not|am\s+not\s+able\s+to|are\s+not\s+able\s+to|"
    r"couldn'?t|am\s+unable\s+to|are\s+unable\s+to)|(?:i'?m|we'?re)\s+(?:not\s+able|unable)\s+to)\s+"
    r"(?:seem\s+to\s+)?",
    re.IGNORECASE,
)
_HOW_TO = re.compile(
    r"""^(?:how\s+(?:to|(?:do|can|should|could|would|might|did|are)\s+
          (?:i|we|you(?:\s+all)?|one|people|someone|they))\s+
        | (?:is\s+it|would\s+it\s+be)\s+(?:even\s+)?possible\s+to\s+
        | (?:is|are)\s+there\s+(?:an?|any)\s+
          (?:\w+\s+){0,2}ways?\s+to\s+ | (?:can|could)\s+(?:i|we|you)\s+
        | (?:what(?:'s|\s+is)\s+the\s+|the\s+)?
          (?:best|right|correct|proper|easiest|recommended|any)\s+ways?\s+to\s+)
        (?P<rest>\S.*)$""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_DOING = re.compile(
    r"\b(?P<when>when|while|after|before|whenever|once)\s+(?:i|we|you)\s+(?:(?:try|tried|want|attempt|"
    r"attempted)\s+to\s+)?(?P<verb>[a-z]{3,})\b",
    re.IGNORECASE,
)
_MY_NAME = re.compile(r"\b(?:[Mm]y|[Oo]ur)\s+(?=[A-Z])")
_MINE = re.compile(r"\b(?:my|our)\s+(?!own\b)", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:the|my|our|a|an)\s+(?=\S+\s)", re.IGNORECASE)
_ADVERB = re.compile(r"^(?:(?:\w+ly|best|even|just|also|actually|still)\s+)+", re.IGNORECASE)
_POLITE_TAIL = re.compile(
    r"[\s,]*(?:,?\s*(?:please|pls)(?:\s+help)?|help(?:\s+(?:me|needed|please))?|thanks?|and\s+how"
    r"|any\s+ideas?)\s*[?!.]*$",
    re.IGNORECASE,
)
# Verbs of which "-ing" would be wrong by the rules, or that are no verb of doing.
_NO_DOING = _words(
    "you i we they it he she "
    "am are is was were been being have has had having do does did can cannot could should "
    "would may might must will shall get ran got went saw made took gave came found left lost "
    "sent built wrote began broke chose knew thought felt kept brought bought caught taught "
    "held told stood understood not never all only don't didn't can't couldn't first also "
    "just then still now use to"
)
_DOUBLED = _words(
    "commit submit permit debug reset rerun refer defer admit unzip format begin forget "
    "transfer occur setup unset control cancel embed"
)


def without_prefix(title: str) -> str:
    """Return a title without what trackers and threads put before it: "[Bug]:", "Ask HN:"."""
    return _PREFIX.sub("", title)


def statement(title: str) -> str:
    """Return a title as a statement, as far as safe rules go; "" for one that says nothing."""
    said = _LEAD.sub("", " ".join(title.replace("`", "").split()))
    said = said.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    said = _SUFFIX.sub("", _PREFIX.sub("", said))
    said = _POLITE_TAIL.sub("", _GREETING.sub("", said)).strip(" \N{EN DASH}\N{EM DASH},;:")
    said = _UNABLE.sub("Cannot ", _NARRATOR.sub("", said))
    said = _DOING.sub(_doing, _MINE.sub("the ", _MY_NAME.sub("", said)))
    if (asked := _HOW_TO.match(said)) and (done := _gerund_first(asked["rest"])):
        said = done
    said = _ARTICLE.sub("", said).rstrip(" .!;,:")
    for mark in "\"'":
        if said.count(mark) == 1:
            said = said.replace(mark, "") if said[0] == mark or said[-1] == mark else said
    return _capital(said)


def _doing(found: re.Match[str]) -> str:
    verb = gerund(found["verb"])
    return f"{found['when']} {verb}" if verb else found[0]


def _gerund_first(words: str) -> str:
    """Return "merge two tables" as "merging two tables", "" where the first word is no plain verb.

    Of several sentences only the first is a question of doing.
    """
    words = re.split(r"(?<=[?.!])\s", words)[0]
    adverbs = _ADVERB.match(words)
    head = adverbs[0] if adverbs else ""
    verb, _, rest = words[len(head) :].partition(" ")
    done = gerund(verb)
    return f"{head}{done} {rest}".rstrip("?") if done and rest else ""


def gerund(verb: str) -> str:
    """Return the -ing form of a verb, present or regular past, "" where no rule is safe."""
    verb = verb.lower()
    if not verb.isascii() or not verb.isalpha() or len(verb) < 2 or verb in _NO_DOING:
        return ""
    if verb.endswith("ing"):
        return verb
    for end, stem in (("ied", "y"), ("eed", "eed"), ("ed", ""), ("ie", "y")):
        if verb.endswith(end) and len(verb) > len(end) and verb not in _DOUBLED:
            return verb.removesuffix(end) + stem + "ing"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return verb[:-1] + "ing"
    short = re.fullmatch(r"[^aeiou]*[aeiou][^aeiouwxy]", verb)
    return f"{verb}{verb[-1]}ing" if short or verb in _DOUBLED else verb + "ing"


def _capital(text: str) -> str:
    first = text.split(" ", 1)[0]
    plain = first.replace("'", "").isalpha() and first.islower()
    return text[:1].upper() + text[1:] if plain else text
