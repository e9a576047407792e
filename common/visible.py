"""Text of strangers on its way to a terminal or a log: nothing in it acts there.

Escape sequences move the cursor, recolour or rename a terminal; a line break makes one line of a
log look like two; marks of direction show a name backwards. All of them are written out instead.
"""

import logging
import unicodedata

# Unicode's categories of controls, marks of format and direction, half characters, and spaces
ACTING = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})


def visible(text: str, keep: str = " ") -> str:
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


class VisibleFormatter(logging.Formatter):
    """Formats records so that each is one line, but for the lines of a traceback."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the record's line, with what acts in its message written out."""
        record.message = visible(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: object) -> str:  # noqa: N802 - logging's name
        """Return the traceback, its line breaks kept."""
        return visible(super().formatException(ei), keep=" \n")
