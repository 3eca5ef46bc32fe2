"""What the collectors measure, one shape per component: numbers as they are stored, times with their zone."""

from datetime import date, datetime

import msgspec

from app.models.trust_engine.kinds import Component, SignalState

Fact = str | int | float | bool | None


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """One component's verdict, with the evidence that a person can check it against."""

    component: Component
    state: SignalState
    score: float | None
    """0 to 100, or None while unknown or absent."""
    observed_at: datetime
    reason: str
    """One sentence in plain words."""
    evidence: dict[str, Fact]
    broken: bool = False
    """An invariant is broken: vetoes whatever the rest says."""


class Ratio(msgspec.Struct, frozen=True):
    """A numerator over a denominator on one date basis, with the number of independent events behind it."""

    numerator: float
    denominator: float
    events: int


class RatioSeries(msgspec.Struct, frozen=True):
    """A ratio now, and the same account's own ratio on past days of the same reporting age."""

    now: Ratio
    past: tuple[Ratio, ...]


class Freshness(msgspec.Struct, frozen=True, kw_only=True):
    metrics_at: datetime | None
    """Newest complete metrics."""
    events_at: datetime | None
    """Newest accepted event; ignored when the tenant sends no events."""
    metrics_cadence_hours: float
    events_cadence_hours: float
    expects_events: bool = True


class Emq(msgspec.Struct, frozen=True, kw_only=True):
    """Conversion events sent in the window, and how many of them carried each valid identifier."""

    events: int
    window_hours: int
    carried: dict[str, int]
    platform_score: float | None = None
    """The platform's own figure, 0 to 10, where it reports one."""
    platform_at: datetime | None = None


class Fall(msgspec.Struct, frozen=True, kw_only=True):
    """Conversions told of for each order, as a cumulative sum of how far each day lay under the usual."""

    held: float
    """The sum, in deviations."""
    last: float
    """The last day's own deviation."""
    days: int
    """For how many days the sum has been above nothing."""
    share: float
    """How much of the usual was missing on the last day, without what less spend explains."""
    accuses: bool


class Late(msgspec.Struct, frozen=True, kw_only=True):
    """Of the conversions that are newly told of, those of clicks two days ago and before."""

    share: float
    usual: float
    left: float
    """Of what was to be expected, by the measure that leaves more; 0 to 1 and above."""
    of_told: float
    """Deviations of their share of what is told."""
    of_clicked: float
    """Deviations from what the days that they belong to had let expect."""
    days: int


class Recut(msgspec.Struct, frozen=True, kw_only=True):
    """A day on which the spend of most whole days moved between them."""

    day: date
    moved: int
    days: int


class Variance(msgspec.Struct, frozen=True, kw_only=True):
    """Platform-reported conversion value over first-party order value."""

    series: RatioSeries | None
    """None when the tenant has no first-party orders."""
    fall: Fall | None = None
    late: Late | None = None


class Share(msgspec.Struct, frozen=True):
    """A part of a whole, as counts."""

    part: int
    whole: int


class Invariants(msgspec.Struct, frozen=True, kw_only=True):
    """Each is None while it cannot be measured; `first_party` says whether the shop's side exists at all."""

    sessions_per_click: RatioSeries | None = None
    value_per_conversion: RatioSeries | None = None
    """Value per conversion over order value per order."""
    named_orders: RatioSeries | None = None
    """Orders of which it is told who bought, over all of them."""
    cost_per_impression: RatioSeries | None = None
    cost_per_click: RatioSeries | None = None
    """A change of the unit moves both alike, a market or another mix of campaigns does not."""
    duplicates: Share | None = None
    rows: Share | None = None
    """Rows received of the rows expected."""
    restated: Share | None = None
    """Settled value that was changed, of the settled value, in micros."""
    still_restated: Share | None = None
    """Of the days that a return is reckoned from: value that they had before it was restated, and lack now."""
    recut: Recut | None = None
    late: Late | None = None
    """Only without first-party data; it tells of the agreement with orders otherwise."""
    value_each: RatioSeries | None = None
    """Value per conversion, likewise."""
    history: bool = False
    """Enough is written down of what was told when to look for days that are cut or counted anew."""
    first_party: bool = True


class EventLoss(msgspec.Struct, frozen=True, kw_only=True):
    acknowledged: Share
    """Acknowledged by the platform, of those accepted by us and old enough to expect an answer."""
    browser_over_server: RatioSeries | None = None
    quarantined: int = 0
    """Held back for a value far beyond the shop's history: a person decides about them."""
    failed_with: str | None = None
    """The code that those had most often which failed."""


class ApiHealth(msgspec.Struct, frozen=True, kw_only=True):
    calls: int
    failures: int
    """Failed calls, throttling apart: a rate limit obeyed is not a fault."""
    throttled: int
    p95_ms: float | None
    circuit: str
    """`closed`, `half_open` or `open`."""
    failed_with: str | None = None
    """The code that failures had most often."""
    failed_as: str | None = None
    """How a call with that code ended, a `CallOutcome`."""


class Daily(msgspec.Struct, frozen=True):
    """A metric's complete days, oldest first; the last one is the day in question. Weekday 0 is Monday."""

    metric: str
    values: tuple[float | None, ...]
    last_weekday: int


class Anomaly(msgspec.Struct, frozen=True, kw_only=True):
    metrics: tuple[Daily, ...]


class CdpQuality(msgspec.Struct, frozen=True, kw_only=True):
    resolved: Share | None
    """Events tied to a profile; None when the tenant does not use the CDP."""
    complete: Share | None
    """Conversion events that carry an id, a value and a currency."""
