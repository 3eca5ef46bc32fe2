"""What conditions come to, alone and together, and when nothing but time may next change it.

A window that slides can only lose events as time passes. Each condition says no later than when it may change by
itself; from these a bound of the whole follows: where `all` holds, the first of its parts that may cease; where it
does not, the last of the parts that are missing; and the reverse of `any`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import FromClause, and_, case, func, literal_column, not_, or_

from app.db.base import UtcDateTime
from app.services.cdp.conditions.service import Time, Truth

NEVER: Time = literal_column("'infinity'::timestamptz", UtcDateTime())
_LONG_AGO: Time = literal_column("'-infinity'::timestamptz", UtcDateTime())


@dataclass(frozen=True, slots=True)
class Answer:
    """What one condition, or a part of the tree, comes to for a profile."""

    holds: Truth
    flips_at: Time | None = None
    """No later than when time alone may change it; None for never."""


def together(parts: Sequence[Answer], *, every: bool) -> Answer:
    holds = and_(*[part.holds for part in parts]) if every else or_(*[part.holds for part in parts])
    if all(part.flips_at is None for part in parts):
        return Answer(holds)
    # Every part stands on the same side: the first that changes may change the whole.
    settled = holds if every else not_(holds)
    first = _least([part.flips_at for part in parts if part.flips_at is not None])
    missing = _greatest(
        [
            case((part.holds if every else not_(part.holds), _LONG_AGO), else_=_or_never(part))
            for part in parts
        ]
    )
    return Answer(holds, case((settled, first), else_=missing))


def _or_never(part: Answer) -> Time:
    return NEVER if part.flips_at is None else part.flips_at


def _least(times: Sequence[Time]) -> Time:
    return func.least(*times, type_=UtcDateTime()) if len(times) > 1 else times[0]


def _greatest(times: Sequence[Time]) -> Time:
    return func.greatest(*times, type_=UtcDateTime()) if len(times) > 1 else times[0]


def read_back(answers: Sequence[Answer], rows: FromClause) -> list[Answer]:
    """The same answers, as columns of the statement that holds them."""
    return [
        Answer(rows.c[f"l{number}"], None if answer.flips_at is None else rows.c[f"f{number}"])
        for number, answer in enumerate(answers)
    ]
