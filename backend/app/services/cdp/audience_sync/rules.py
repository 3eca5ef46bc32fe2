"""Who is to be in an audience, who is held out of it, and what a removal has to wait for. Pure."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

MOST_LEAVING = 0.3
"""The share of an audience that may leave at once, or within a day, without a person's word."""
LOOKS_BACK = timedelta(days=1)
_RESEND_AT = 0.8
"""Of the time after which a platform forgets a member."""
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=1)
_LOST_FROM = 1 << 64


class State(StrEnum):
    """Where a person stands: about to be added, known to be there, about to be taken out."""

    ADDING = "adding"
    THERE = "there"
    REMOVING = "removing"


class Why(StrEnum):
    """Why somebody is taken out, or is not sent."""

    LEFT = "left_segment"
    NO_CONSENT = "no_consent"
    ERASED = "erased"
    MERGED = "merged"
    CHANGED = "changed"
    HELD_OUT = "held_out"
    NO_IDENTIFIER = "no_identifier"


class RunStatus(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    """Whoever did it died; another run goes on from where it was."""


class RunKind(StrEnum):
    DIFFERENCE = "difference"
    REPLACE = "replace"
    REMOVALS = "removals"
    """Only those who must not stay: withdrawn consents, erasures."""
    ENDING = "ending"


def held_out(audience_id: UUID, profile_id: UUID, percent: int) -> bool:
    """Whether the person belongs to the random part that is never sent: the same answer for ever."""
    if not percent:
        return False
    drawn = hashlib.blake2b(audience_id.bytes + profile_id.bytes, digest_size=8, person=b"holdout")
    return int.from_bytes(drawn.digest(), "big") * 100 < percent * _LOST_FROM


@dataclass(frozen=True, slots=True)
class Leaving:
    """How many would leave for no other reason than the segment, of how many who are there."""

    now: int
    standing: int
    within_a_day: int = 0
    """Who had left so already, unasked."""

    def waits(self, approved: int | None) -> bool:
        """Whether a person has to allow it; `approved` is how many one has allowed."""
        if not self.now or (approved is not None and self.now <= approved):
            return False
        return self.now + self.within_a_day > MOST_LEAVING * (self.standing + self.within_a_day)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the table has of a person."""

    state: State
    fingerprint: bytes
    tried_at: datetime | None
    sent_at: datetime | None
    reason: str | None = None


class Step(StrEnum):
    NOTHING = "nothing"
    NOTE = "note"
    """Nothing is to be sent; what was looked at is noted."""
    ADD = "add"
    SEND_AGAIN = "send_again"
    REPLACE = "replace"
    """What was sent is taken out, then the new goes in."""
    REMOVE = "remove"
    FORGET = "forget"
    """Nothing of them has ever left."""


def step(known: Remembered | None, wanted: bytes | None, *, stale: bool) -> Step:
    """What brings a person from what is known to what is wanted: a fingerprint, or nothing of them.

    `stale` says that the platform would forget them soon.
    """
    if known is None:
        return Step.NOTHING if wanted is None else Step.ADD
    if wanted is None:
        return _out(known)
    if known.fingerprint != wanted:
        never_left = known.state is State.ADDING and known.tried_at is None
        return Step.ADD if never_left else Step.REPLACE
    if known.state is State.REMOVING or (known.state is State.THERE and stale):
        return Step.SEND_AGAIN
    return Step.NOTE


def _out(known: Remembered) -> Step:
    if known.state is State.ADDING and known.tried_at is None:
        return Step.FORGET
    return Step.REMOVE


def is_stale(sent_at: datetime | None, now: datetime, expires_after: timedelta | None) -> bool:
    return sent_at is not None and expires_after is not None and now - sent_at >= expires_after * _RESEND_AT


def expiry(platforms: timedelta | None, resend_days: int | None) -> timedelta | None:
    """After how long a member is sent again at the latest, as the `_RESEND_AT` of this."""
    own = timedelta(days=resend_days) / _RESEND_AT if resend_days else None
    return min((each for each in (platforms, own) if each is not None), default=None)


def pause_before_retry(attempts: int, retry_after: int | None) -> timedelta:
    """Growing with the failures in a row, and never shorter than the platform asks for."""
    grown: timedelta = min(_FIRST_PAUSE * (1 << min(attempts - 1, 10)), _LONGEST_PAUSE)
    return max(grown, timedelta(seconds=retry_after or 0))


_TRAITS = {
    "first_name": ("first_name", "firstName", "firstname"),
    "last_name": ("last_name", "lastName", "lastname"),
    "city": ("city",),
    "state": ("state", "region"),
    "zip": ("zip", "postal_code", "postalCode", "postcode", "zipcode"),
    "country": ("country", "country_code", "countryCode"),
}
_BY_TYPE = {"email": "email", "phone": "phone", "user_id": "external_id"}


def called(identifiers: Iterable[tuple[str, str]], traits: Mapping[str, Any]) -> dict[str, list[str]]:
    """What a person is called, by our names: identifiers as (type, value), traits as they were sent."""
    found: dict[str, list[str]] = {}
    for kind, value in identifiers:
        if kind in _BY_TYPE and value:
            found.setdefault(_BY_TYPE[kind], []).append(value)
    address = traits.get("address")
    places = (traits, address if isinstance(address, Mapping) else {})
    for name, spellings in _TRAITS.items():
        told = (place.get(each) for place in places for each in spellings)
        said = next((str(each) for each in told if isinstance(each, str | int) and str(each).strip()), None)
        if said is not None:
            found[name] = [said]
    return found


def fingerprint(rows: Sequence[Sequence[str]]) -> bytes:
    """Tells one set of entries from another."""
    text = "\x1e".join("\x1f".join(row) for row in rows)
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def session_of(run_id: UUID, part: int) -> int:
    """A number for an upload, under 2 to the 53rd, which JSON's readers take exactly."""
    digest = hashlib.blake2b(run_id.bytes + bytes([part]), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 11
