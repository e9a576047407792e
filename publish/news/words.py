"""What strangers wrote, on its way into messages, Markdown and feeds: it is read and never acts.

A message goes to programs that we do not know: one makes a mention of `@everyone`, one a link of
`<http://...|text>`, one of `example.com`, one runs what follows a `/`. None of them leaves a way to
switch that off for a part of a message, so that such characters are replaced by their look-alikes.
"""

import re
import unicodedata

from assay.common.text import escape_control_chars, shorten

TITLE_MOST, TEXT_MOST = 200, 400  # characters
# U+2060, a joiner without width: what it is in is no address to a program that looks for them.
JOINER = "\N{WORD JOINER}"
PLAIN, INNER = f" ,.;?'%\u2026{JOINER}", '-:()"'  # INNER begins a list at a line's beginning
_BETWEEN_NAMES = re.compile(r"(?<=\w)\.(?=[^\W\d])")  # example.com, and no 3.12
_LOOK_ALIKE = str.maketrans(
    {
        "@": "\N{FULLWIDTH COMMERCIAL AT}",
        "#": "\N{FULLWIDTH NUMBER SIGN}",
        "<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
        ">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
        "[": "\N{FULLWIDTH LEFT SQUARE BRACKET}",
        "]": "\N{FULLWIDTH RIGHT SQUARE BRACKET}",
        "&": "\N{FULLWIDTH AMPERSAND}",
        "\\": "\N{FULLWIDTH REVERSE SOLIDUS}",
        "`": "'",
        "*": "\N{ASTERISK OPERATOR}",
        "~": "\N{TILDE OPERATOR}",
        "|": "\N{FULLWIDTH VERTICAL LINE}",
        "_": "\N{FULLWIDTH LOW LINE}",
        "$": "\N{FULLWIDTH DOLLAR SIGN}",
    }
)


def in_message(text: str, most: int = TITLE_MOST) -> str:
    """Return text from outside as one line in which nothing is a mention, a link or markup.

    most: characters, after which it is cut.
    """
    line = shorten(_line(text), most).translate(_LOOK_ALIKE)
    if line.startswith(("/", "!")):  # a command to some programs
        line = f"{JOINER}{line}"
    return _without_addresses(line)


def in_markdown(text: str, most: int = TITLE_MOST) -> str:
    """Return text from outside for Markdown: every mark is an entity, so that nothing is markup,
    and addresses and mentions, which readers of Markdown make of the text itself, are broken."""
    line = shorten(_line(text), most)
    broken = _without_addresses(line.replace("@", f"@{JOINER}").replace("#", f"#{JOINER}"))
    return "".join(
        one if one.isalnum() or one in PLAIN or (one in INNER and place) else f"&#{ord(one)};"
        for place, one in enumerate(broken)
    )


def in_xml(text: str, most: int = TEXT_MOST) -> str:
    """Return text from outside without the characters that XML cannot hold; the rest is escaped by
    who writes the XML."""
    return "".join(one for one in shorten(_line(text), most) if _is_of_xml(one))


def _without_addresses(line: str) -> str:
    """Return a line in which no program finds an address, with a scheme or without."""
    return _BETWEEN_NAMES.sub(f".{JOINER}", line.replace("://", f":{JOINER}//{JOINER}"))


def _line(text: str) -> str:
    """Return one line; controls and marks of direction are written out."""
    return escape_control_chars(" ".join(text.split()))


def _is_of_xml(one: str) -> bool:
    return unicodedata.category(one) not in ("Cs", "Cn") and (one >= " " or one in "\t\n\r")
