"""One order, with the truth of what caused it and what each platform will claim of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp

from sandbox.chance import Chance
from sandbox.world.parameters import Habits, Shop
from sandbox.world.seasons import DAY, HOUR

_REFUNDED = 0.06
_SHORT_DAYS = 7.0
_LATEST = 6.9 / 7
_SHARE_LATE = 0.2
Basket = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """A platform's own attribution: to an ad set, at the click's (or view's) time, reported from `seen_at` on."""

    line: str
    at: float
    viewed: bool
    seen_at: float


@dataclass(frozen=True, slots=True)
class Order:
    """`claims` by ad account; `loss`, `doubling` and `keys` are draws for faults."""

    id: str
    at: float
    lines: Basket
    cents: int
    person: int
    device: int
    guest: bool
    caused_by: str | None
    claims: Mapping[str, Claim]
    refund_at: float | None
    loss: float
    doubling: float
    keys: float


def basket(chance: Chance, shop: Shop) -> Basket:
    """(product index, quantity) of each line."""
    lines = 1 + chance.happens(0.35) + chance.happens(0.12)
    picked: dict[int, int] = {}
    for _ in range(lines):
        picked[chance.below(len(shop.prices))] = 1 + chance.happens(0.12)
    return tuple(sorted(picked.items()))


def total_cents(shop: Shop, lines: Basket) -> int:
    return sum(shop.prices[index] * quantity for index, quantity in lines)


def mean_cents(shop: Shop) -> float:
    """Expected order value, for the truth's curves (duplicates in a basket are rare enough to leave out)."""
    return sum(shop.prices) / len(shop.prices) * 1.12 * 1.46


def claim_lag(chance: Chance, habits: Habits) -> float:
    """Seconds from click to purchase: half within the hour, most within days, a few up to the longest window."""
    if chance.happens(0.55):
        return chance.exponential(0.4 * HOUR)
    days = habits.click_days
    if days > _SHORT_DAYS and chance.happens(_SHARE_LATE):
        return min(chance.exponential(days / 3 * DAY), _LATEST * days * DAY)
    return min(chance.exponential(30 * HOUR), _LATEST * min(_SHORT_DAYS, days) * DAY)


def report_lag(chance: Chance, habits: Habits) -> float:
    """Most purchases are in the reports within two hours; one in twenty takes up to two days."""
    lag = chance.exponential(habits.report_hours * HOUR)
    return lag + 48 * HOUR * chance.uniform() if chance.happens(0.05) else lag


def refund_time(chance: Chance, at: float) -> float | None:
    return at + (2 + 12 * chance.uniform()) * DAY if chance.happens(_REFUNDED) else None


def saturation(spend: float, scale: float) -> float:
    return 1.0 - exp(-spend / scale)
