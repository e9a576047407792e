"""Sentences to measure ranges on: what people write when something does not work, made up here."""

import random
from itertools import cycle

SEED = 20261101
COUNT = 210
_LENGTHS = (1, 1, 2, 3, 6, 12, 18)  # sentences per text: titles, short posts, full 256 pieces

_WHO = (
    "I",
    "We",
    "Our team",
    "A customer",
    "Everybody on Windows",
    "The on-call engineer",
    "My boss",
    "Half of our users",
    "The accountant",
    "Nobody here",
    "A nurse",
    "The warehouse",
    "An auditor",
)
_DOES = (
    "cannot find out why",
    "keeps asking when",
    "lost two days because",
    "would pay to know why",
    "noticed at 3am that",
    "wrote a script since",
    "gave up after",
    "reported last year that",
    "must explain to support why",
    "wonders whether",
    "has to check by hand if",
)
_THING = (
    "the build",
    "the invoice import",
    "our Kubernetes ingress",
    "the payment webhook",
    "pip install",
    "PostgreSQL 16.2",
    "the React form",
    "a Docker image of 4 GB",
    "the chatbot",
    "the CSV export",
    "the GPU (CUDA 12.4)",
    "the mobile app",
    "the lab results feed",
    "`git rebase --onto`",
    "the shipping label API",
    "the nightly dbt run",
    "the screen reader",
    "the tax calculation",
)
_FAILS = (
    "times out after 30 seconds",
    "returns HTTP 502",
    "runs out of memory",
    "shows the wrong total",
    "is ten times slower than before",
    "throws NullPointerException: null",
    "deletes the last row",
    "ignores the time zone",
    "sends everything twice",
    "breaks with error E11000 duplicate key",
    "does not respect the licence",
    "costs $1,200 a month",
    "needs 17 clicks",
    "fails without a log",
    "makes up answers",
    "loses the connection",
    "prints UnicodeDecodeError: 'utf-8' codec",
)
_WHEN = (
    "since the upgrade.",
    "on every second Monday.",
    "with more than 10,000 records.",
    "in production only.",
    "behind the company proxy.",
    "when two people save at once!",
    "and there is no workaround?",
    "although the documentation says otherwise.",
    "on ARM (M2, macOS 14.5).",
    "in CI, never locally.",
    "for patients without an id.",
    "if the name has an umlaut, like Müller.",
    "after a retry...",
)
_ASIDE = (
    "Any ideas?",
    "Steps to reproduce: open the page, press save, wait.",
    "Thanks in advance.",
    "for i in range(10): print(i)",
    "See https://example.org/docs/setup#limits for what I tried.",
    'Traceback (most recent call last): File "app.py", line 42, in main',
    "Version 2.3.1, Linux x86_64.",
    "¿Alguien más tiene este problema?",
    "SELECT count(*) FROM orders WHERE status = 'open';",
)


def sentences() -> list[str]:
    """Return COUNT texts from a title to more than 256 word pieces, the same every time."""
    chance = random.Random(SEED)  # noqa: S311
    sizes = cycle(_LENGTHS)
    return [" ".join(_sentence(chance) for _ in range(next(sizes))) for _ in range(COUNT)]


def _sentence(chance: random.Random) -> str:
    if chance.random() < 0.15:
        return chance.choice(_ASIDE)
    thing, fails = chance.choice(_THING), chance.choice(_FAILS)
    if chance.random() < 0.3:  # as in titles
        return f"{thing[0].upper()}{thing[1:]} {fails}"
    return f"{chance.choice(_WHO)} {chance.choice(_DOES)} {thing} {fails} {chance.choice(_WHEN)}"
