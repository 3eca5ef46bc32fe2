"""What needs a person, in the order of urgency. Pure: facts in, items out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.models.trust_engine.kinds import Violation


class Kind(StrEnum):
    APPROVAL = "approval"
    INCIDENT = "incident"
    CONNECTION = "connection"
    VIOLATION = "violation"
    SET_ASIDE = "set_aside"
    FIRST_RUN = "first_run"
    FROZEN = "frozen"


class Severity(StrEnum):
    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


_URGENCY = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that waits for a person, with why, since when, and where to act."""

    kind: Kind
    severity: Severity
    title: str
    reason: str
    label: str
    href: str
    since: datetime | None = None
    entity: str | None = None
    entity_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its source, or why there is none. Unknown is not zero."""

    value: Any
    known: bool
    reason: str | None = None


def known(value: Any) -> Figure:
    return Figure(value, known=True)


def unknown(reason: str) -> Figure:
    return Figure(None, known=False, reason=reason)


def by_urgency(items: Iterable[Item]) -> list[Item]:
    """Critical first; within a severity what has waited longest."""
    return sorted(
        items,
        key=lambda item: (
            _URGENCY[item.severity],
            item.since is None,
            item.since.timestamp() if item.since else 0,
        ),
    )


def first_steps(*, has_source: bool, has_event: bool, has_account: bool, reads_one: bool) -> list[Item]:
    """What is left of the first run: a source, its first event, a platform, an ad account that is read."""
    steps: list[Item] = []
    if not has_source:
        steps.append(
            _step("Create a source", "No event can arrive before there is a write key.", "Create it")
        )
    elif not has_event:
        steps.append(
            _step("Send the first event", "No event has arrived yet: paste the snippet.", "Show the snippet")
        )
    if not has_account:
        steps.append(
            _step("Connect an ad platform", "Without one there is nothing to measure or to steer.", "Connect")
        )
    elif not reads_one:
        steps.append(
            _step(
                "Choose the ad accounts", "The platform is connected, and no account is read yet.", "Choose"
            )
        )
    return steps


def _step(title: str, reason: str, label: str) -> Item:
    return Item(Kind.FIRST_RUN, Severity.INFO, title, reason, label, "/connect")


def set_aside(count: int, *, is_exact: bool) -> str:
    """How many events are set aside, as a title; no number is shown as exact that is not."""
    if count == 1:
        return "An event is set aside"
    return f"{count:,} events {'' if is_exact else 'or more '}are set aside"


def broken(violation: Violation) -> str:
    """Which limit was met, as a title."""
    return _BROKEN[violation]


_BROKEN = {
    Violation.BUDGET_EXCEEDED: "A budget limit was met",
    Violation.ROAS_BELOW_THRESHOLD: "The return is under its floor",
    Violation.DAILY_SPEND_LIMIT: "The day's spend limit was met",
}


def total(amounts: Sequence[tuple[str, int]], *, nothing: str) -> tuple[Figure, str | None]:
    """The sum of amounts in micros with its currency; sums across currencies are not made up."""
    currencies = {currency for currency, _ in amounts}
    if not currencies:
        return unknown(nothing), None
    if len(currencies) > 1:
        return unknown(f"The accounts use {len(currencies)} currencies."), None
    return known(sum(amount for _, amount in amounts)), currencies.pop()
