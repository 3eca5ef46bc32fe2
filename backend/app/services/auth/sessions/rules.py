"""When an account locks, and what a refresh token says. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

FAILURES = 5
WINDOW = timedelta(minutes=15)
TABS_MEET_WITHIN = timedelta(seconds=10)
"""Tabs of one browser that refresh at once spend the same cookie; later it is a copy that somebody kept."""


@dataclass(frozen=True, slots=True)
class Lock:
    failures: int
    until: datetime | None


def after_failure(failures: int, last_failed_at: datetime | None, now: datetime) -> Lock:
    """Failures more than the window apart do not add up; the fifth locks for as long as the window."""
    recent = last_failed_at is not None and now - last_failed_at < WINDOW
    counted = failures + 1 if recent else 1
    return Lock(counted, now + WINDOW if counted >= FAILURES else None)


def is_locked(until: datetime | None, now: datetime) -> bool:
    return until is not None and until > now


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """`rt_<session>_<random>_<seal>`: the seal shows that we issued it, however long ago it was replaced."""

    session_id: UUID
    body: str
    seal: str


def parse_refresh(token: str) -> RefreshToken | None:
    parts = token.split("_")
    if len(parts) != len(("rt", "session", "random", "seal")) or parts[0] != "rt":
        return None
    try:
        return RefreshToken(UUID(hex=parts[1]), f"{parts[1]}_{parts[2]}", parts[3])
    except ValueError:
        return None
