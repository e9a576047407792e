"""How a sentence is said: by whom, as a question, of a failure, and whether it stands by itself.

Each is a pattern over plain words. None decides alone: title.py and description.py weigh them.
"""

import re

FIRST_PERSON = re.compile(
    r"(?<![\w/.'`_-])(?:i(?!/|\.e|\s*[=<>+\d\[(])|i['\N{RIGHT SINGLE QUOTATION MARK}](?:m|ve|d|ll)"
    r"|im|ive|we|"
    r"we['\N{RIGHT SINGLE QUOTATION MARK}](?:re|ve|d|ll)|me|my|our|ours|mine|myself|ourselves"
    r"|(?-i:us))(?![\w/`_])",
    re.IGNORECASE,
)
SECOND_PERSON = re.compile(r"\b(?:you|your|yours|you'?re|yourself|anyone|anybody|someone)\b", re.I)
QUESTION = re.compile(
    r"\?\s*[\"')\]]*\s*$|^(?:who|what|which|why|when|where|how|is|are|am|do|does|did|can|could|should|"
    r"would|will|has|have|any|anyone|anybody|whose)\b(?!\s+(?:not\s+)?(?:running|loading|using))",
    re.IGNORECASE,
)
# A failure, a lack or a wish, in the words of trackers and forums.
TROUBLE = re.compile(
    r"""\b(?:\w+n['\N{RIGHT SINGLE QUOTATION MARK}]t | cannot | can\s+not | not | never
      | no(?:body|thing|where)?\b(?!\.)
      | without | unable | fail\w* | \w*errors? | \w*exceptions? | crash\w* | broken | breaks?
      | broke | bugs? | stuck
      | wrong\w* | incorrect\w* | miss(?:es|ing|ed) | slow\w* | leak\w* | hang(?:s|ing)?
      | freez\w+ | time[sd]?[\s-]?out\w*
      | lost | los(?:e|es|ing) | loss | twice | duplicate[sd]? | double[sd]? | overwrit\w+
      | overwritten | ignor\w+
      | drop(?:s|ped)? | delet\w+ | corrupt\w* | stale | outdated | expir\w+ | reject\w*
      | refus\w+ | block\w* | denied
      | unexpected\w* | invalid | inconsistent\w* | mismatch\w* | conflict\w* | incompatib\w+
      | unusable | unreachable
      | outage | down | regress\w* | deprecated | unsupported | undefined | empty | blank
      | hidden | late | delay\w*
      | off\s+by | too\s+\w+ | instead\s+of | only | even\s+though | although | despite
      | differs? | different
      | grows? | spik\w+ | flak\w+ | random\w* | intermittent\w* | sometimes | suspend\w*
      | locked | banned | shut
      | must | need(?:s|ed)? | should | want\w* | wish\w* | lacks? | support\s+for | allow
      | expensive | costs?
      | struggl\w* | pain\w* | nightmare | workaround | impossible | hard\s+to | difficult\w*
      | confus\w* | problem\w*
      )\b""",
    re.IGNORECASE | re.VERBOSE,
)
# What an author says of the thread, the news or the reader, not of a problem.
THREAD = re.compile(
    r"""\b(?:ama | mega-?threads? | (?:daily|weekly|monthly)\s+(?:\w+\s+)?(?:thread|discussion|post)
      | threads? | (?:who|who's)\s+(?:is\s+)?hiring | mod\s?post | modpost | meta | announc\w+
      | introducing | release[sd]?
      | changelog | newsletter | podcast | interview | poll | survey | giveaway | happy\s+\w+day
      | rant | opinions?
      | thoughts\?? | recommend\w* | favou?rites? | alternatives?\s+to | advice | discuss
      | feedback\s+wanted | roast | eli5 | unpopular | vote
      )\b | ^best\b | \b(?:first|new)\s+(?:post|user)\b | \btest(?:ing)?\s+(?:issue|post)\b""",
    re.IGNORECASE | re.VERBOSE,
)
CLICKBAIT = re.compile(
    r"""\b(?:considered\s+harmful | you\s+won'?t | here'?s\s+(?:why|how|what)
      | what\s+i\s+learned | lessons?\s+learned
      | things?\s+(?:you|i|we|every)\w* | ways\s+to | reasons\s+\w+ | secrets?\s+of | the\s+truth
      | the\s+top\s+\d+ | top\s+\d+
      | the\s+(?:real|hidden|future|rise|fall|death|end|case|art|story|trouble)\s+(?:\w+\s+)?
        (?:of|for|with|behind) | is\s+dead
      | why\s+(?:i|we|you|the|your|every\w*) | how\s+(?:i|we)\b | insane | mind-?blow\w*
      | shocking | holy | wtf | omg | lol
      | fuck\w* | shit\w* | damn | ruin\w* | hates? | sucks? | diary
      )\b | !{1,} | \.{3}\s*$ | \N{HORIZONTAL ELLIPSIS}\s*$""",
    re.IGNORECASE | re.VERBOSE,
)
# A beginning that refers to what stood before, or hands something over.
DANGLING = re.compile(
    r"""^[(\"'\u201c]|^(?:this|that|these|those|it|its|it's|they|them|their|he|she|his|her|there|here|such|same|both|neither|either
      |another|others?|one|some|so|and|but|or|also|then|however|therefore|thus|hence|because|since|instead|otherwise
      |besides|moreover|furthermore|additionally|finally|lastly|second(?:ly)?|third(?:ly)?|next|now|again|yes|no|yep
      |btw|by\s+the\s+way|first(?:ly)?|first\s+off|specifically
      |nope|ok|okay|well|sure|sadly|luckily|unfortunately|basically|actually|apparently|obviously|anyway|as|e\.g|for
      \s+example|for\s+instance|like|which|who|that's|what|note|fyi|see|e\.?g|where|while|after\s+that|until|the\s+(?:same|
      other|latter|former|above|below|following|first|second|third|last|only|problem|issue|error|bug|reason|result|
      idea|question|goal|code|output|exception|solution|fix|docs?))\b""",
    re.IGNORECASE | re.VERBOSE,
)
POINTING = re.compile(
    r"\b(?:below|above|attached|screenshots?|snippets?|following|the\s+following|this\s+(?:code|error|issue|bug|way|"
    r"problem|link|repo|file|one|is|was|post|example|behaviou?r|function|method|class|thread|case|page|change)|"
    r"these\s+\w+|those\s+\w+|steps\s+to\s+reproduce|see\s+(?:here|this)|linked|"
    r"as\s+(?:mentioned|described|shown|said)|my\s+code)\b|:\s*$",
    re.IGNORECASE,
)
_UNREADABLE = re.compile(
    r"^(?:info|warn(?:ing)?|error|debug|trace|diagnostic)\b[^.?!]*[:=]|"
    r"\b[0-9a-f]{8,}(?:-[0-9a-f]{4,})*\b|\b(?=\w*\d)(?=\w*[a-z])[a-z0-9]{16,}\b|https?://\S+|[{}<>|=]{2,}|"
    r"-{2,}>|;\s*$|\w+\([^)]*\)\s*[.;{]|\w+\s=\s\S+|/\w+/\w+/|\\\w+\\",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"\b(?:[A-Z][a-z]+[A-Z]\w*|[A-Z]{2,}\w*|\w+[._]\w+|\w+\d[\w.]*)\b|(?<=[a-z,;)] )[A-Z][a-z]+\b"
)


def is_readable(text: str) -> bool:
    """Tell whether a text is words and no code, trace, hash or address."""
    letters = sum(map(str.isalpha, text))
    return not _UNREADABLE.search(text) and letters >= 0.6 * sum(map(len, text.split()))


def names(text: str) -> int:
    """Return how many names of products, functions or errors a text seems to have."""
    return len(_NAME.findall(text))
