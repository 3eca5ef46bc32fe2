"""The past of a large account: many ad sets whose days are drawn, not lived through hour by hour.

They caused no order of the shop and deliver no more: the truth knows nothing of them, only the platform's figures do.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from sandbox.chance import Chance

_DAILY = 40.0
_CPM = 11.0
_CLICK_RATE = 0.012
_PER_CLICK = 0.03
_BASKET = 80.0


class Drawn(NamedTuple):
    """A day of an ad set; money in the account's major unit, purchases within a day of a click."""

    spend: float
    impressions: int
    clicks: int
    purchases: int
    value: float


@dataclass(slots=True)
class Archive:
    """`lines` says of each ad set whose campaign it is; `restated` how often figures of a share of days changed."""

    seed: int
    lines: Mapping[str, str]
    first: date
    last: date
    restated: list[float] = field(default_factory=list)
    _kept: tuple[tuple[date, date, int], dict[tuple[str, date], Drawn]] | None = None

    def between(self, since: date, until: date) -> dict[tuple[str, date], Drawn]:
        """All days of all ad sets; the newest answer is kept, for pages of one report are asked one by one."""
        key = (since, until, len(self.restated))
        if self._kept is None or self._kept[0] != key:
            days = self._days(since, until)
            self._kept = key, {(line, day): self._drawn(line, day) for day in days for line in self.lines}
        return self._kept[1]

    def _days(self, since: date, until: date) -> Iterator[date]:
        day = max(since, self.first)
        while day <= min(until, self.last):
            yield day
            day += timedelta(days=1)

    def _drawn(self, line: str, day: date) -> Drawn:
        chance = Chance(self.seed, "archive", line, day.toordinal())
        times = sum(chance.child(n).uniform() < share for n, share in enumerate(self.restated))
        spend = round(_DAILY * chance.wobble(0.4), 2)
        impressions = round(spend / _CPM * 1000)
        clicks = min(impressions, chance.poisson(impressions * _CLICK_RATE))
        purchases = chance.poisson(clicks * _PER_CLICK) + times
        return Drawn(
            spend, impressions, clicks, purchases, round(purchases * _BASKET * chance.wobble(0.2), 2)
        )
