"""Talk of money: would somebody pay to be rid of the problem, or does it cost them?

A sign of a currency says nothing by itself: `$1` is a parameter, `$HOME` a variable, `$ npm` a
prompt, "a $590B problem" news. A price is a number with a currency beside it that has a period or a
seat ("$20 a month"), or stands in a sentence of paying in which somebody speaks of themselves.
Without a price it takes words that say so: "would pay", "costs us", "losing customers".
"""

import re
from collections.abc import Iterator, Sequence

from assay.mining.label.member import Member, people
from assay.mining.text.sentences import split

PAYING_SHARE = 10  # one person of so many: among many a few always speak of money
FEW = 5  # of so many persons one is enough
MAX_SENTENCE = 300  # characters that are shown

_AMOUNT = r"\d{1,3}(?:[,.]\d{3})+|\d+(?:[.,]\d{1,2})?"
_CURRENCY = (
    r"(?:(?<![\w$\\{(])(?:US)?[$\N{EURO SIGN}\N{POUND SIGN}]\s?(?=\d)|\b(?:USD|EUR|GBP)\s?(?=\d))"
)
# `$1`, `$2` of SQL and shells have one digit and nothing behind it; millions are somebody else's.
_PRICE = re.compile(
    rf"(?:{_CURRENCY}(?:{_AMOUNT})\s?k?\b|\b(?:{_AMOUNT})\s?k?\s?"
    r"(?:[$\N{EURO SIGN}\N{POUND SIGN}](?!\w)|"
    r"(?:dollars?|bucks|euros?|USD|EUR|GBP|cents?)\b))(?!\s?(?:million|billion|trillion|mn|bn|[mb]\b))",
    re.IGNORECASE,
)
_PARAMETER = re.compile(r"^\$\d$")
_PERIOD = re.compile(
    r"\s*(?:/|per\s|an?\s|each\s|every\s)\s*(?:month|mo\b|year|yr\b|week|day|hour|hr\b|seat|user|developer|dev\b"
    r"|customer|request|token|gb\b|call|shop|store|sku|order|licen[cs]e)|\s*(?:monthly|yearly|annually)",
    re.IGNORECASE,
)
_PAYING = re.compile(
    r"\b(?:pay(?:s|ing)?|paid|costs?|costing|charg(?:e|es|ed|ing)|pric(?:e|es|ed|ing|ey)|bill(?:s|ed)?|invoices?|"
    r"budget|spen[dt]\w*|quot(?:e|ed)|subscription|licen[cs]e|worth|fee|refund\w*|lost|los(?:e|ing)|save[sd]?|"
    r"expensive|fine[ds]?)\b",
    re.IGNORECASE,
)
_OURS = re.compile(
    r"(?<![\w/])(?:i|i'm|i'd|i've|we|we're|we'd|we've|me|my|our|(?-i:us))(?![\w/])", re.IGNORECASE
)
_SAYS_SO = re.compile(
    r"""\b(?:
        (?:would|will|i'd|we'd|'d|happy|glad|willing|ready|prepared)\s+
        (?:even\s+|gladly\s+|happily\s+|to\s+)*pay(?!\s+attention)
      | (?:we|i)\s+(?:currently\s+|already\s+|now\s+)?pay(?:ing)?\s+(?:for|them|[$\d])
      | (?:wants?|want)\s+to\s+(?:be\s+)?pa(?:y|id)\s+for
      | (?:we|i)(?:'d|\s+would)\s+(?:fund|sponsor)
      | paying\s+(?:customers?|users?|clients?) | shut\s+up\s+and\s+take | take\s+my\s+money
      | (?:any|is\s+there\s+an?)\s+(?:\w+\s+){0,2}(?:paid|commercial)\s+(?:\w+\s+)?
        (?:tools?|services?|products?|solutions?|options?|alternatives?|vendors?|apis?|software|plugins?|apps?)
      | (?:any|is\s+there\s+an?)\s+(?:\w+\s+){0,2}(?:vendor|saas)
      | (?:our|have\s+(?:a|the)?|we\s+have)\s*budget\s+(?:for|is|of) | licen[cs]e\s+fees?
      | (?:costs?|costing)\s+(?:us|me|our)\b | quoted\s+(?:us|me)
      | (?:losing|lost|lose|loses)\s+(?:money|revenue|sales|customers|deals?|orders)
      | (?:hours?|days?)\s+(?:a|per|every|each)\s+(?:week|day|month)
      | refund(?:ed|s|ing)?\s+(?:them|customers|\d+)
      | (?:hired|hiring|pay(?:ing)?)\s+an?\s+(?:contractor|consultant|freelancer|agency)
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_NOT = re.compile(
    r"\b(?:(?:would|will|could|can|do|does|did|am|are|is)(?:n'?t|\s+not|\s+never)|won'?t|can'?t|"
    r"cannot|never|not|nobody|no\s+one|refuse\s+to|without)\s+(?:\w+\s+){0,3}(?:pay(?:ing)?|paid|cost|charge|spend|buy)\b|"
    r"\bfree\s+(?:of\s+charge|tier|plan|and\s+open)|"
    r"\bfor\s+free\b|\bno\s+(?:budget|cost|charge|money)\b",
    re.IGNORECASE,
)


def speaks_of_money(sentence: str) -> bool:
    """Tell whether somebody says in this sentence that they pay, would, or lose by it."""
    sentence = sentence.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    if _NOT.search(sentence):
        return False
    if _SAYS_SO.search(sentence):
        return True
    for price in _PRICE.finditer(sentence):
        if _PARAMETER.match(price[0].strip()) and not _PERIOD.match(sentence, price.end()):
            continue
        if _PERIOD.match(sentence, price.end()) or (
            _PAYING.search(sentence) and _OURS.search(sentence)
        ):
            return True
    return False


def paying_sentences(members: Sequence[Member]) -> Iterator[tuple[Member, str]]:
    """Yield each member that speaks of money, with the first sentence that does."""
    for member in members:
        for sentence in (*split(member.title), *split(member.text)):
            if speaks_of_money(sentence):
                yield member, " ".join(sentence.split())
                break


def would_pay(members: Sequence[Member]) -> str:
    """Return the sentence that says that somebody would pay, "" where too few do.

    A tenth of the persons have to speak of money, and more than one where there are more than FEW.
    The sentence of the most central of them is returned, one with a price or a readiness to pay
    before one of lost hours, at most MAX_SENTENCE characters.
    """
    paying = list(paying_sentences(members))
    voices, everybody = people(member for member, _ in paying), people(members)
    enough = voices >= 2 or (voices == 1 and everybody <= FEW)
    if not enough or voices * PAYING_SHARE < everybody:
        return ""
    plain = re.compile(r"\bpay|\bbudget|\bmoney|[$\N{EURO SIGN}\N{POUND SIGN}]\s?\d", re.IGNORECASE)
    told = next((text for _, text in paying if plain.search(text)), paying[0][1])
    return (
        told if len(told) <= MAX_SENTENCE else told[: MAX_SENTENCE - 1] + "\N{HORIZONTAL ELLIPSIS}"
    )
