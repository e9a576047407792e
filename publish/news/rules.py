"""Rules of what is told to whom: section [tell] of .dlt/config.toml, addresses from the secrets.

    [tell.rules.checkout]
    to = ["team"]
    categories = ["ecommerce"]
    growth = 1.5

A rule without a condition matches everything. Conditions are joined by "and", values by "or".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, time
from typing import Any

from assay.common import env
from assay.publish.news.happenings import KINDS, Happening


class TellError(Exception):
    """Nothing can be told; the message says why and what to do, in one line."""


@dataclass(frozen=True)
class Rule:
    """Which happenings are told to which targets.

    kinds, categories, sources, places, models, products: any of these; empty: all. growth: at least
    so many times as hot, or as often downloaded. would_pay: True only where somebody says so.
    """

    name: str
    to: tuple[str, ...]
    kinds: tuple[str, ...] = KINDS
    categories: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    growth: float = 0.0
    would_pay: bool = False

    def matches(self, one: Happening) -> bool:
        """Tell whether a happening is what the rule asks for."""
        return (
            one.kind in self.kinds
            and _any(self.categories, (one.category, one.category_name))
            and _any(self.sources, one.sources)
            and _any(self.places, one.places)
            and _any(self.models, (*one.models, one.subject))
            and _any(self.products, tuple(name for name, _ in one.products))
            and (one.growth or 0.0) >= self.growth
            and (one.would_pay or not self.would_pay)
        )


@dataclass(frozen=True)
class Target:
    """Where messages go. The addresses hold tokens, and are in no text that this project writes."""

    name: str
    addresses: tuple[str, ...] = field(repr=False)


def _any(wanted: tuple[str, ...], found: tuple[str, ...]) -> bool:
    return not wanted or not {one.lower() for one in wanted}.isdisjoint(
        one.lower() for one in found
    )


def configured() -> list[Rule]:
    """Return the rules of .dlt/config.toml. Raises TellError for one that cannot be used."""
    import dlt  # noqa: PLC0415 - a second to import, and `--help` needs none of it

    try:
        found = dlt.config.get("tell.rules", dict)
    except ValueError as error:
        raise TellError(
            "tell.rules is no table of rules: write [tell.rules.x] in .dlt/config.toml, or a JSON "
            "object of objects in TELL__RULES"
        ) from error
    if not found:
        return []
    return [rule(name, given) for name, given in found.items()]


def rule(name: str, given: Any) -> Rule:
    """Return one rule from its table. Raises TellError, naming what is wrong with it."""
    where = f"rule {name} of [tell.rules]"
    if not isinstance(given, Mapping):
        raise TellError(f"{where} is no table: write [tell.rules.{name}]")
    known = {one.name: one.default for one in fields(Rule) if one.name != "name"}
    if unknown := sorted(set(given) - set(known)):
        raise TellError(f"{where} has {unknown[0]}, which is none of {', '.join(known)}")
    values = {key: _value(where, key, value) for key, value in given.items()}
    if not values.get("to"):
        raise TellError(f'{where} does not say to whom: give to = ["..."]')
    if odd := sorted(set(values.get("kinds", ())) - set(KINDS)):
        raise TellError(f"{where} has the kind {odd[0]!r}, which is none of {', '.join(KINDS)}")
    return Rule(name=name, **values)


def _value(where: str, key: str, value: Any) -> Any:
    if key == "growth":
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
            raise TellError(f"{where}: growth is {value!r}, and must be a number like 1.5")
        return float(value)
    if key == "would_pay":
        if not isinstance(value, bool):
            raise TellError(f"{where}: would_pay is {value!r}, and must be true or false")
        return value
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise TellError(f'{where}: {key} must be a list of texts, like ["a", "b"]')
    return tuple(value)


def targets(rules: list[Rule]) -> dict[str, Target]:
    """Return the targets that rules name, with their addresses from TELL__TARGETS__NAME or from
    [tell.targets] of .dlt/secrets.toml. Raises TellError where one has none."""
    import dlt  # noqa: PLC0415 - as above

    found = {}
    for name in dict.fromkeys(one for rule in rules for one in rule.to):
        variable = f"TELL__TARGETS__{name.upper()}"
        value = env.text(variable) or dlt.secrets.get(f"tell.targets.{name}", str) or ""
        if not value.split():
            raise TellError(
                f"the target {name} has no address: set {variable}, or {name} in [tell.targets] of "
                ".dlt/secrets.toml, to an address of Apprise"
            )
        found[name] = Target(name, tuple(value.split()))
    return found


def quiet(now: datetime) -> str:
    """Return the quiet hours that `now` (UTC) lies in, like 22:00-07:00; "" when it is in none.

    Raises TellError when TELL__QUIET_HOURS, or quiet_hours in section [tell], is no such span.
    """
    import dlt  # noqa: PLC0415 - as above

    given = env.text("TELL__QUIET_HOURS") or dlt.config.get("tell.quiet_hours", str) or ""
    if not given.strip():
        return ""
    try:
        begin, end = (time.fromisoformat(part.strip()) for part in given.split("-"))
    except ValueError as error:
        raise TellError(
            f"tell.quiet_hours is {given!r}: give a span of UTC like 22:00-07:00"
        ) from error
    at = now.time()
    inside = begin <= at < end if begin <= end else at >= begin or at < end
    return given.strip() if inside else ""
