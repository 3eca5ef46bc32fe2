"""Ad sets and campaigns as the world sees them: rates that were set, hours that were delivered, what still works."""

from bisect import bisect_right
from dataclasses import dataclass, field

from sandbox.world.parameters import Curve
from sandbox.world.seasons import HOUR


@dataclass(slots=True)
class Delivered:
    spend: float
    impressions: int
    clicks: int


@dataclass(slots=True)
class Line:
    """One ad set: the daily rate that was set for it, from when, and what each hour delivered."""

    id: str
    campaign: str
    first_hour: int
    times: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    hours: list[Delivered] = field(default_factory=list)
    adstock: float = 0.0
    slow: float = 0.0
    base: float = 0.0
    until: float | None = None

    def rate_at(self, at: float) -> float:
        if self.until is not None and at >= self.until:
            return 0.0
        index = bisect_right(self.times, at) - 1
        return self.rates[index] if index >= 0 else 0.0

    def mean_rate(self, hour: int) -> float:
        """The schedule's mean over the hour: a change at half past counts for half."""
        start, end = float(hour * HOUR), float((hour + 1) * HOUR)
        at, total = start, 0.0
        for time in [t for t in self.times[bisect_right(self.times, start) :] if t < end] + [end]:
            total += self.rate_at(at) * (time - at)
            at = time
        return total / HOUR

    def delivered(self, hour: int) -> Delivered | None:
        index = hour - self.first_hour
        return self.hours[index] if 0 <= index < len(self.hours) else None


@dataclass(slots=True)
class CampaignState:
    curve: Curve
    adstock: list[float] = field(default_factory=list)
    first_hour: int = 0
    pull: float = 1.0
    """The share of its orders that it still causes: creatives wear out, competitors come."""

    def adstock_at(self, hour: int) -> float:
        """Adstocked daily spend at the end of an hour."""
        index = hour - self.first_hour
        return self.adstock[index] if 0 <= index < len(self.adstock) else 0.0
