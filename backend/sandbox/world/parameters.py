"""The hidden numbers of the world. No vendor's API serves them; `/control/truth` does."""

from dataclasses import dataclass, replace
from math import exp

from sandbox.chance import Chance


@dataclass(frozen=True, slots=True)
class Curve:
    """Incremental orders a day = ceiling x (1 - exp(-spend / scale)), on adstocked daily spend.

    `overclaim` is the share of organic buyers whom the platform claims for the campaign at saturation.
    """

    ceiling: float
    scale: float
    half_life_hours: float
    overclaim: float
    cpm: float
    click_rate: float
    fatigue: float

    def orders(self, spend: float) -> float:
        return self.ceiling * (1.0 - exp(-spend / self.scale))

    def slope(self, spend: float) -> float:
        """Marginal orders per unit of daily spend."""
        return self.ceiling / self.scale * exp(-spend / self.scale)


@dataclass(frozen=True, slots=True)
class Habits:
    """How a platform claims: of the orders that it caused, by click and by view, and of others' by view.

    `click_days` and `view_days` are its longest windows: no claim is older.
    """

    click_claim: float = 0.90
    view_claim: float = 0.05
    others_viewed: float = 0.6
    click_days: float = 7.0
    view_days: float = 1.0
    report_hours: float = 0.7


@dataclass(frozen=True, slots=True)
class Shop:
    """One shop, which ad accounts of several platforms advertise; prices in hundredths of `currency`."""

    id: str
    name: str
    domain: str
    currency: str
    timezone: str
    country: str
    calling_code: str
    organic_orders: float
    organic_sessions: float
    people: int
    prices: tuple[int, ...]
    margin: float


def seeded(curve: Curve, seed: int, campaign: str) -> Curve:
    """The same character in every world, never quite the same numbers."""
    chance = Chance(seed, "curve", campaign)
    return replace(
        curve,
        ceiling=curve.ceiling * chance.wobble(0.06),
        scale=curve.scale * chance.wobble(0.06),
        cpm=curve.cpm * chance.wobble(0.05),
    )


def unknown_curve(seed: int, campaign: str, daily_scale: float) -> Curve:
    """The curve of a campaign that someone creates: drawn from its id, scaled to the account's currency."""
    chance = Chance(seed, "new-curve", campaign)
    scale = daily_scale * (0.5 + chance.uniform())
    return Curve(
        ceiling=15 + 70 * chance.uniform(),
        scale=scale,
        half_life_hours=18 + 18 * chance.uniform(),
        overclaim=0.03 * chance.uniform(),
        cpm=daily_scale * 0.018 * chance.wobble(0.2),
        click_rate=0.009 + 0.008 * chance.uniform(),
        fatigue=0.1 * chance.uniform(),
    )
