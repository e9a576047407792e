"""What two titles must have in common to be titles of one post.

Words are compared without case, without fillers and without the marks that a repost puts before or
behind a title ("[Help]", "Re:", "(x-post from r/foo)", "(2016)").
"""

import re
import unicodedata
from dataclasses import dataclass

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_]+(?:[.'][^\W_]+)*")
_PIECE = re.compile(r"\S{1,256}|\s+")
_YEAR = re.compile(r"\(((?:19|20)\d\d)\)")
_MARKS = re.compile(
    r"^\s*(?:(?:re|fwd|repost|crosspost|ask hn|show hn|tell hn)\s*:\s*)+"
    r"|\[(?:help|d|r|p|n|q|question|discussion|repost|solved|update|pdf|video|audio|slides|rant)\]"
    r"|[\[(](?:x-?post|cross-?post(?:ed)?|repost)\b[^\])]{0,80}[\])]"
)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_FILLERS = _set("a an the is are was were be am i we you my our your it its it's")
# The last line's words make no title distinctive: "Bug, please help".
_FUNCTION_WORDS = _FILLERS | _set(
    "and or but of to in on at by for from with as into than then so if when while this that these"
    " those there here how what why who which where do does did has have had can could will would"
    " should may might must just very about any all some more most get gets got use using new not"
    " help please need question issue problem bug error update fix test"
)
_CALENDAR = _set(
    "january february march april may june july august september october november december jan feb"
    " mar apr jun jul aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday"
    " sunday"
)


@dataclass(frozen=True)
class Title:
    """What a title says.

    words: all but the fillers, in order. content: the words that tell something. numbers: numbers,
    versions, years, months and days of the week.
    """

    words: tuple[str, ...]
    content: frozenset[str]
    numbers: frozenset[str]

    @property
    def distinctive(self) -> bool:
        """Whether two posts with this title speak of the same thing: "Help needed" does not."""
        return len(self.content) >= 4 and sum(map(len, self.content)) >= 16

    def overlap(self, other: "Title") -> float:
        """Return the share, 0 to 1, of the shorter title's telling words that are in the other."""
        if self.words == other.words:
            return 1.0
        common = len(self.content & other.content)
        return common / max(1, min(len(self.content), len(other.content)))

    def contradicts(self, other: "Title") -> bool:
        """Whether each names a number or date that the other does not: 1.2.3 and 1.2.4."""
        return bool(self.numbers - other.numbers and other.numbers - self.numbers)


def read_title(title: str) -> Title:
    """Return what a title says, whatever the string."""
    plain = _MARKS.sub(" ", _folded(title))
    years = frozenset(_YEAR.findall(plain))
    tokens = _WORD.findall(_YEAR.sub(" ", plain))
    words = tuple(word for word in tokens if word not in _FILLERS)
    numbers = {_number(word) for word in words if any(map(str.isdigit, word))}
    content = frozenset(word for word in words if word not in _FUNCTION_WORDS)
    return Title(words, content, frozenset(numbers | years | (_CALENDAR & set(words))))


def _number(word: str) -> str:
    """Return a number without unit or mark: 2m, 16gb and v2 are 2, 16 and 2."""
    return re.sub(r"^v(?=\d)|(?<=\d)[a-z]+$", "", word)


def words_of(text: str) -> list[str]:
    """Return the words of a text, case folded; each Chinese or Japanese character is a word."""
    return _WORD.findall(_folded(text))


def _folded(text: str) -> str:
    if not text.isascii():
        # In pieces: sorting the marks on one letter takes the square of their number.
        pieces = (unicodedata.normalize("NFKC", piece) for piece in _PIECE.findall(text))
        text = "".join(pieces).replace("\u2019", "'")
    return text.casefold().replace("n't", " not")
