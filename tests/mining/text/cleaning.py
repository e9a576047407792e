"""What the tests of cleaning posts share."""

from assay.mining.text.clean import clean

SOURCES = ["github", "reddit", "stackoverflow", "hackernews", "somewhere else"]
MARKDOWN = ["github", "reddit"]
HTML = ["stackoverflow", "hackernews"]


def text(source: str, body: str) -> str:
    return clean(source, None, body).text
