"""How often a message is tried, and what one mail of several says. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.models.notifications.kinds import DeliveryKind
from app.services.notifications.wording_rules import Worded, plain, shortened, subject_line

MOST_ATTEMPTS = 8
_FIRST, _LONGEST = timedelta(seconds=15), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one try. Without a code it was taken; `reference` is its name there."""

    code: str | None = None
    error: str | None = None
    permanent: bool = False
    pointless: bool = False
    retry_after: float | None = None
    reference: str | None = None
    at_once: bool = False
    """Another try may follow without a pause: it will be another message."""
    rests_one: bool = False
    """`retry_after` is this person's alone, not the whole channel's."""

    @property
    def is_sent(self) -> bool:
        return self.code is None


def pause_before(attempt: int, retry_after: float | None) -> timedelta:
    """Doubling, at least what the other side asks for. `attempt` counts from 1."""
    grown = min(_LONGEST, _FIRST * (1 << min(attempt - 1, 20)))
    return max(grown, timedelta(seconds=retry_after or 0))


def due_again(now: datetime, attempt: int, outcome: Outcome) -> datetime:
    return now if outcome.at_once else now + pause_before(attempt, outcome.retry_after)


def is_dead(outcome: Outcome, attempts: int) -> bool:
    return outcome.permanent or attempts >= MOST_ATTEMPTS


def webhook_body(
    *,
    kind: str,
    at: datetime,
    company: tuple[int, str],
    told: Mapping[str, Any] | None,
) -> bytes:
    """What a webhook is sent; `told` is the notification, None for a test. The same fields every time."""
    tenant_id, name = company
    message = {
        "type": "test" if told is None else "notification",
        "repeat": kind == DeliveryKind.REPEAT,
        "timestamp": at.isoformat(),
        "tenant": {"id": tenant_id, "name": name},
        "notification": told,
    }
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a mail tells: its words, how bad it is, and where to go; `acts` are addresses by label."""

    worded: Worded
    severity: str
    page: str
    acts: Sequence[tuple[str, str]] = ()
    token: str | None = None
    """Of the link that acts, where the kind has one."""


def mail(company: str, items: Sequence[Item], preferences_page: str) -> tuple[str, str]:
    """Subject and text: of one thing by itself, of several as a list, the first one first."""
    ends = f"\n\n--\nWhat you are told and when: {preferences_page}\n"
    if len(items) == 1:
        [only] = items
        return (
            subject_line(company, only.severity, only.worded.title),
            _told(only) + ends,
        )
    subject = f"[{shortened(plain(company), 40)}] {len(items)} notifications"
    listed = "\n\n".join(
        f"{number}. {item.worded.title}\n{_told(item)}" for number, item in enumerate(items, start=1)
    )
    return subject, listed + ends


def _told(item: Item) -> str:
    acts = [f"{label} {address}" for label, address in item.acts]
    return "\n".join([*item.worded.lines, "", *acts, f"Open it in Stratum: {item.page}"]).strip()
