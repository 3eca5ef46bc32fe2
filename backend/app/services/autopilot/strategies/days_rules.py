"""What every strategy reads of a campaign: its finished days and how it stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

UNIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Day:
    """One finished day. `maturity` is the share of the attribution window that had passed when it was read."""

    day: date
    spend_micros: int
    conversions: float
    value_micros: int
    maturity: float
    impressions: int = 0
    clicks: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """One campaign as it stands: its own daily budget and its days, in any order.

    `busy`: something of it is proposed or under way already.
    """

    budget_micros: int
    learning: bool
    days: Sequence[Day]
    busy: bool = False


def mature(days: Sequence[Day], minimum: float, count: int) -> list[Day]:
    """The newest `count` days that are mature, oldest first."""
    return sorted((day for day in days if day.maturity >= minimum), key=lambda day: day.day)[-count:]


def whole_units(micros: float) -> int:
    """Down to a whole unit of the currency, which every platform's own units can hold.

    >>> whole_units(12_345_678), whole_units(100_000_000 * 1.15)
    (12000000, 115000000)
    """
    return round(micros) // UNIT * UNIT


def up_to_whole_units(micros: float) -> int:
    """Up to one.

    >>> up_to_whole_units(12_345_678), up_to_whole_units(12_000_000)
    (13000000, 12000000)
    """
    return -(-round(micros) // UNIT) * UNIT


def money(micros: float) -> str:
    """An amount in sentences; the currency stands beside the campaign."""
    return f"{micros / UNIT:,.2f}"
