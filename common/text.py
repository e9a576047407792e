"""Text from outside on its way to a terminal, a log or a report: it is shown and never acts.

Escape sequences move the cursor, recolour or rename a terminal; a line break makes one line of a
log look like two; marks of direction show a name backwards. All of them are written out instead.
"""

import logging
import unicodedata

# Unicode's categories of controls, marks of format and direction, half characters, and spaces
ACTING = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


def escape_control_chars(text: str, keep: str = " ") -> str:
    r"""Write out, like \u001b, what has no width, breaks a line or turns the reading direction.

    keep: the characters of these kinds that stay.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        f"\\u{ord(character):04x}"
        if unicodedata.category(character) in ACTING and character not in keep
        else character
        for character in text
    )


def shorten(text: str, most: int, *, tail: int = 0) -> str:
    """Return text of at most `most` characters, with an ellipsis in place of what it lost.

    tail: characters of the end that are kept, for names that differ in their last letters.
    """
    if len(text) <= most:
        return text
    head = max(most - tail - len(ELLIPSIS), 0)
    return f"{text[:head]}{ELLIPSIS}{text[len(text) - tail :]}"


class EscapingFormatter(logging.Formatter):
    """Formats records so that each is one line, but for the lines of a traceback."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the record's line, with what acts in its message written out."""
        record.message = escape_control_chars(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: object) -> str:  # noqa: N802 - logging's name
        """Return the traceback, its line breaks kept."""
        return escape_control_chars(super().formatException(ei), keep=" \n")
