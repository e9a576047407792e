"""A message about happenings, and Apprise, which knows some hundred ways to bring one to people."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import apprise

from assay.publish.news import words
from assay.publish.news.happenings import MOVER, NEW, REOPENED, RISING, Happening
from assay.publish.news.rules import Target, TellError

MOST = 20  # things in one message; of more there are several
VERBS = {NEW: "New", RISING: "Rising", REOPENED: "Back again", MOVER: "Model on the move"}


def text(rule: str, found: list[Happening]) -> tuple[str, str]:
    """Return (title, body) of a message: plain text, in which what strangers wrote does nothing."""
    lines = map(_line, found)
    things = "1 thing" if len(found) == 1 else f"{len(found):,} things"
    return f"Assay, {words.in_message(rule)}: {things}", "\n".join(lines)


def _line(one: Happening) -> str:
    facts = [words.in_message(one.category_name), f"{one.people} people" if one.people else ""]
    if one.growth and one.kind != NEW:
        facts.append(f"{one.growth:.1f} times")
    facts.append("would pay" if one.would_pay else "")
    facts += [f"about {words.in_message(name)}, {kind}" for name, kind in one.products]
    facts.append(words.in_message(one.description) if one.kind == MOVER else "")
    told = ", ".join(filter(None, facts))
    return f"- {VERBS[one.kind]}: {words.in_message(one.title)}{f' ({told})' if told else ''}"


def check(target: Target) -> None:
    """Raise TellError when an address is none that Apprise can use, without showing it."""
    with _silent():
        for number, address in enumerate(target.addresses, 1):
            if not _apprise().add(address):
                raise TellError(
                    f"address {number} of the target {target.name} is none that Apprise knows: "
                    "https://appriseit.com/services/ has their forms"
                )


def send(address: str, title: str, body: str) -> bool:
    """Send a message to an address; return whether it was taken."""
    with _silent():
        sender = _apprise()
        sender.add(address)
        return bool(sender.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT))


@contextmanager
def _silent() -> Iterator[None]:
    """Keep out of every log what these libraries say: addresses with their tokens are in it."""
    loggers = [logging.getLogger(name) for name in ("apprise", "urllib3", "requests")]
    spoke = [(each, each.level) for each in loggers]
    # Children inherit a level that they have not got themselves; these libraries set none.
    for each in loggers:
        each.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for each, level in spoke:
            each.setLevel(level)


def _apprise() -> apprise.Apprise:
    """Return Apprise without what looks for plug-ins, or reads more out of a text than is there."""
    asset = apprise.AppriseAsset(
        app_id="Assay",
        app_desc="Assay",
        app_url="",
        image_url_mask=None,
        image_url_logo=None,
        image_path_mask=None,
        async_mode=False,
        interpret_emojis=False,
        interpret_escapes=False,
        plugin_paths=[],
    )
    return apprise.Apprise(asset=asset)
