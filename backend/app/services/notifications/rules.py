"""What each kind of notification is: who hears of it, by which ways unless told otherwise, what is the same. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from app.models.notifications.kinds import (
    NotificationKind,
    NotificationSeverity,
    NotificationSubject,
)

K = NotificationKind
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Nature:
    """`email`: by mail too, unless a person says otherwise. `joins`: for so long the same is one, with a count.

    `is_an_act`: somebody did it, and knows. `whatsapp`: there too, for who has agreed to be written to there.
    """

    permission: str
    email: bool
    joins: timedelta
    is_an_act: bool = False
    whatsapp: bool = False


NATURES: dict[NotificationKind, Nature] = {
    K.INCIDENT_OPENED: Nature("trust_engine.incidents:read", email=True, joins=_HOUR, whatsapp=True),
    K.INCIDENT_CLOSED: Nature("trust_engine.incidents:read", email=False, joins=_HOUR),
    K.APPROVAL_WANTED: Nature("autopilot.actions:approve", email=True, joins=_DAY, whatsapp=True),
    K.CONNECTION_NEEDS_SIGN_IN: Nature("integrations.connections:write", email=True, joins=_DAY),
    K.KILL_SWITCH_CHANGED: Nature(
        "autopilot.enforcement:read", email=True, joins=timedelta(0), is_an_act=True, whatsapp=True
    ),
    K.STOP_CHANGED: Nature("autopilot.stops:read", email=True, joins=timedelta(0), is_an_act=True),
    K.ACTION_BLOCKED: Nature("autopilot.actions:write", email=False, joins=_DAY),
    K.DRAFT_WAITS: Nature("campaigns.drafts:approve", email=True, joins=_DAY, is_an_act=True),
    K.DRAFT_DECIDED: Nature("campaigns.drafts:write", email=False, joins=_DAY, is_an_act=True),
    K.DRAFT_PUBLISHED: Nature("campaigns.drafts:write", email=False, joins=_DAY),
    K.DRAFT_FAILED: Nature("campaigns.drafts:write", email=True, joins=_HOUR),
    K.DEAD_LETTER: Nature("work.dead_letters:read", email=True, joins=_DAY),
    K.RULE_HELD: Nature("rules:read", email=True, joins=_HOUR),
}
"""Every turn of the kill switch, and every stop, is told: it never joins another."""

_RANK = {severity: rank for rank, severity in enumerate(NotificationSeverity)}
_LONGEST_FACT = 500


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell. `key` says what is the same; `thread`, where several kinds tell one story, which."""

    kind: NotificationKind
    severity: NotificationSeverity
    subject: NotificationSubject
    key: str
    facts: Mapping[str, str] = field(default_factory=dict)
    subject_id: UUID | None = None
    thread: str | None = None

    @property
    def dedupe_key(self) -> str:
        return f"{self.kind}:{self.key}"


@dataclass(frozen=True, slots=True)
class Choice:
    """By which ways one person hears of one kind."""

    in_app: bool
    email: bool
    whatsapp: bool = False
    """Only for who has agreed to be written to there."""

    @property
    def is_muted(self) -> bool:
        return not (self.in_app or self.email or self.whatsapp)


def default_choice(kind: NotificationKind) -> Choice:
    return Choice(in_app=True, email=NATURES[kind].email, whatsapp=NATURES[kind].whatsapp)


def choice_of(kind: NotificationKind, chosen: Mapping[str, Mapping[str, bool]]) -> Choice:
    """What a person chose for a kind, and the default for what they did not."""
    default, said = default_choice(kind), chosen.get(kind, {})
    return Choice(
        in_app=said.get("in_app", default.in_app),
        email=said.get("email", default.email),
        whatsapp=said.get("whatsapp", default.whatsapp),
    )


def is_worse(severity: str, than: str) -> bool:
    return _RANK[NotificationSeverity(severity)] > _RANK[NotificationSeverity(than)]


def is_critical(severity: str) -> bool:
    return severity == NotificationSeverity.CRITICAL


def bounded(facts: Mapping[str, str]) -> dict[str, str]:
    """As they are kept: a row of text, not a document; without NUL, which no column takes."""
    return {name: str(value).replace("\0", "")[:_LONGEST_FACT] for name, value in facts.items() if value}
