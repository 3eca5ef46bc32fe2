"""What a stop reaches, in which order, and what it gives back. Every reason has its sentence."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from uuid import UUID


class StopKind(StrEnum):
    PAUSE_ALL = "pause_all"
    EMERGENCY_STOP = "emergency_stop"


class Unreached(StrEnum):
    """Why a stop cannot write to an account."""

    DISCONNECTED = "disconnected"
    READ_ONLY = "read_only"
    NO_WRITE_LEASE = "no_write_lease"
    DISABLED = "disabled"
    NOT_READ = "not_read"


class PassedOver(StrEnum):
    """Why no pause was proposed for a campaign."""

    NOT_ACTIVE = "not_active"
    UNREACHED = "unreached"
    GIVEN_BACK = "given_back"


class Kept(StrEnum):
    """Why a campaign is not enabled again."""

    NOT_PAUSED = "not_paused"
    NOT_CONFIRMED = "not_confirmed"
    PAUSED_BEFORE = "paused_before"
    EDITED_ELSEWHERE = "edited_elsewhere"
    CHANGED_SINCE = "changed_since"
    NOT_PAUSED_NOW = "not_paused_now"
    FROZEN = "frozen"
    STOPPED_AGAIN = "stopped_again"


STILL_OWED = (Kept.FROZEN, Kept.STOPPED_AGAIN)
"""What kept a campaign from being enabled and may have passed since: who gives back again has it tried anew."""
REFUSED = ("blocked", "expired", "held")
"""The same of an enabling: what the gate blocked or holds, and what nobody approved in time.

What waits for an approval alone is for people to approve; a person's no, or a halt, is none of them.
"""

SENTENCES: Mapping[str, str] = {
    Unreached.DISCONNECTED: "Its connection does not hold: sign in to the platform again.",
    Unreached.READ_ONLY: "Its platform is connected read-only.",
    Unreached.NO_WRITE_LEASE: "Stratum does not hold the right to write to it.",
    Unreached.DISABLED: "It is not switched on here: what is known of it may be old.",
    Unreached.NOT_READ: "It was never read: what runs there is not known.",
    PassedOver.NOT_ACTIVE: "It was no longer active when its turn came.",
    PassedOver.UNREACHED: "Stratum could no longer write to its account when its turn came.",
    PassedOver.GIVEN_BACK: "The stop was given back before its turn came.",
    Kept.NOT_PAUSED: "This stop did not pause it.",
    Kept.NOT_CONFIRMED: "The platform never confirmed its pause.",
    Kept.PAUSED_BEFORE: "The platform had it paused already.",
    Kept.EDITED_ELSEWHERE: "Somebody has edited it at the platform since.",
    Kept.CHANGED_SINCE: "Stratum has changed it since, or is about to.",
    Kept.NOT_PAUSED_NOW: "It is not paused any more.",
    Kept.FROZEN: "The kill switch was engaged before its turn came.",
    Kept.STOPPED_AGAIN: "A later stop stands that is of it too: that one is to be given back first.",
}


def unreached(
    *, connected: bool, read_only: bool, write_lease: bool, enabled: bool, known: bool
) -> Unreached | None:
    """Why an account is out of reach, the gravest first; None: it can be stopped."""
    if not connected:
        return Unreached.DISCONNECTED
    if read_only:
        return Unreached.READ_ONLY
    if not enabled:
        return Unreached.DISABLED
    if not write_lease:
        return Unreached.NO_WRITE_LEASE
    return None if known else Unreached.NOT_READ


@dataclass(frozen=True, slots=True)
class Running:
    """An active campaign: what it may spend on a day, in micros of its currency; None where that is not known."""

    campaign_id: UUID
    daily_micros: int | None
    currency: str


def in_turn(running: Iterable[Running]) -> list[Running]:
    """The dearest first. Budgets of different currencies are not compared: the dearest of each come in turn.

    What is not known may be dear: it comes before what is.
    """
    ordered = sorted(running, key=lambda each: (each.currency, *_dearest(each)))
    ranked = [
        (rank, each)
        for _, same in groupby(ordered, key=lambda each: each.currency)
        for rank, each in enumerate(same)
    ]
    return [each for _, each in sorted(ranked, key=lambda pair: (pair[0], pair[1].currency))]


def _dearest(each: Running) -> tuple[bool, int, UUID]:
    return each.daily_micros is not None, -(each.daily_micros or 0), each.campaign_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """A campaign that a stop had an action for, as it stands now."""

    verified: bool
    written: bool
    """A write of the action has left: the platform did not hold it already."""
    edited: bool
    """By others, since the pause."""
    changed: bool
    """By us, since the pause, or something of ours is under way."""
    status: str | None
    """As it was read since the pause; None: it was not read since."""


def kept(seen: Paused) -> Kept | None:
    """Why it is not given back; None: the stop paused it, and nobody has touched it since."""
    if not seen.verified:
        return Kept.NOT_CONFIRMED
    if not seen.written:
        return Kept.PAUSED_BEFORE
    if seen.edited:
        return Kept.EDITED_ELSEWHERE
    if seen.changed:
        return Kept.CHANGED_SINCE
    return None if seen.status in {None, "paused"} else Kept.NOT_PAUSED_NOW
