"""Whose value of a field stands, where two sides may each have changed theirs. Pure.

Each side is compared with what it was when both last agreed, so what was written from here is no news when it is read
there, and what was told from there is nothing to write back. Values are keyed hashes throughout.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from app.services.integrations.crm.rules import Field, written

NOTHING = "-"
"""What stands for no value."""
MOST_ATTEMPTS = 8
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
_STEP = timedelta(milliseconds=1)


class Verdict(StrEnum):
    SETTLED = "settled"
    WRITE = "write"
    TELL = "tell"
    WAIT = "wait"
    """Theirs was told, and is not ours yet."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """Of one field: what each side had when they last agreed (they may spell it differently), and what is under way."""

    ours: str | None = None
    theirs: str | None = None
    writing: str | None = None
    told: str | None = None
    told_at: datetime | None = None
    wrote: bool = False
    """What stands there came from here."""

    @classmethod
    def kept(cls, stored: Sequence[str | None] | None) -> "Agreed":
        if not stored:
            return cls()
        ours, theirs, writing, told, at, wrote = stored
        moment = None if at is None else datetime.fromisoformat(at)
        return cls(ours, theirs, writing, told, moment, wrote is not None)

    def to_keep(self) -> list[str | None]:
        at = None if self.told_at is None else self.told_at.astimezone(UTC).isoformat()
        return [self.ours, self.theirs, self.writing, self.told, at, "wrote" if self.wrote else None]

    def on(self, ours: str, theirs: str) -> "Agreed":
        """Agreed anew, with nothing under way."""
        return Agreed(ours, theirs, wrote=self.wrote)

    @property
    def is_forgotten(self) -> bool:
        """The property stood for something else: all that is known is what of ours may be there."""
        return self.ours is None and self.wrote

    @property
    def standing(self) -> list[str]:
        """As what a value of ours may be there."""
        wrote = self.theirs if self.wrote and self.ours != NOTHING else None
        return [each for each in (wrote, self.writing) if each not in {None, NOTHING}]


@dataclass(frozen=True, slots=True)
class Sides:
    """What both have now, and since when."""

    ours: str
    theirs: str
    ours_at: datetime | None = None
    theirs_at: datetime | None = None


def resolve(field: Field, agreed: Agreed, sides: Sides) -> tuple[Verdict, Agreed]:
    """What is to be done, and what is known to be agreed by now."""
    agreed = caught_up(agreed, sides.ours, sides.theirs)
    if sides.ours == sides.theirs:
        return Verdict.SETTLED, agreed.on(sides.ours, sides.theirs)
    verdict = (_to if field.direction == "to" else _both)(field, agreed, sides)
    if verdict is Verdict.SETTLED:
        agreed = replace(agreed, ours=sides.ours, theirs=sides.theirs)
    return verdict, agreed


def _to(_: Field, agreed: Agreed, sides: Sides) -> Verdict:
    """Ours stands; where we never had anything, theirs is let be."""
    if agreed.is_forgotten and sides.ours == NOTHING:
        return Verdict.WRITE if sides.theirs in agreed.standing else Verdict.SETTLED
    if sides.ours == NOTHING and agreed.ours in {None, NOTHING}:
        return Verdict.SETTLED
    has_changed = agreed.ours != sides.ours or agreed.theirs != sides.theirs
    return Verdict.WRITE if has_changed else Verdict.SETTLED


def _both(field: Field, agreed: Agreed, sides: Sides) -> Verdict:
    if agreed.told == sides.theirs:
        return Verdict.WRITE if _is_after(sides.ours_at, agreed.told_at) else Verdict.WAIT
    if agreed.ours is None:  # never compared before
        if NOTHING in {sides.ours, sides.theirs}:
            return Verdict.WRITE if sides.theirs == NOTHING else Verdict.TELL
        return _winner(field, sides)
    ours_is_new, theirs_is_new = agreed.ours != sides.ours, agreed.theirs != sides.theirs
    if ours_is_new and theirs_is_new:
        return _winner(field, sides)
    if ours_is_new:
        return Verdict.WRITE
    return Verdict.TELL if theirs_is_new else Verdict.SETTLED


def caught_up(agreed: Agreed, ours: str, theirs: str | None) -> Agreed:
    """With what has arrived: a write of which nobody could write down that it arrived, and what was told."""
    if agreed.writing is not None and agreed.writing == theirs and not agreed.is_forgotten:
        agreed = Agreed(agreed.writing, theirs, wrote=True)
    if agreed.told is not None and agreed.told == ours:
        agreed = Agreed(agreed.told, agreed.told)
    return agreed


def is_quiet(field: Field, agreed: Agreed, ours: str) -> bool:
    """Whether there is nothing to ask the CRM, as far as our side can tell."""
    if agreed.writing is not None or agreed.told is not None:
        return False
    if agreed.ours is None:
        return field.direction == "to" and ours == NOTHING and not agreed.wrote
    return agreed.ours == ours


def told_at(sides: Sides) -> datetime | None:
    """When theirs is said to have been set: so that it is the later one, for it has won."""
    if sides.ours_at is None or (sides.theirs_at is not None and sides.theirs_at > sides.ours_at):
        return sides.theirs_at
    return sides.ours_at + _STEP


def _winner(field: Field, sides: Sides) -> Verdict:
    if field.wins == "newest":
        return Verdict.WRITE if _is_after(sides.ours_at, sides.theirs_at) else Verdict.TELL
    return Verdict.TELL if field.wins == "crm" else Verdict.WRITE


def _is_after(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and (other is None or one > other)


def telling(agreed: Agreed, theirs: str, at: datetime) -> Agreed:
    return replace(agreed, told=theirs, told_at=at, writing=None)


def writing(agreed: Agreed, ours: str) -> Agreed:
    return replace(agreed, writing=ours)


def text_of(value: Any, *, is_money: bool = False) -> str | None:
    """A value of ours as a property holds it; None for what is none, or has parts. Money is in millionths."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return written(value) if is_money else str(value)
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f").removesuffix(".0")
    return (value.strip() or None) if isinstance(value, str) else None


def pause_after(attempts: int) -> timedelta:
    grown: timedelta = _FIRST_PAUSE * (1 << min(attempts, 16))
    return min(_LONGEST_PAUSE, grown)
