"""How a platform claims orders: those that it caused, and some of the others, whose buyers saw its ads anyway."""

from sandbox.chance import Chance
from sandbox.world import orders as buying
from sandbox.world.account import AccountWorld
from sandbox.world.lines import Line
from sandbox.world.orders import Claim
from sandbox.world.seasons import DAY, HOUR


class Claimant:
    """One account in one hour: what its campaigns and ad sets weigh is the same for all orders of the hour."""

    def __init__(self, account: AccountWorld, hour: int) -> None:
        self.id = account.id
        self.salt = account.salt
        self._account = account
        self._habits = account.habits
        self._first = account.first
        self._edges = self._reach(hour)
        self._most = self._edges[-1][0] if self._edges else 0.0
        self._lines: dict[str, tuple[list[Line], float]] = {}

    def _reach(self, hour: int) -> list[tuple[float, str]]:
        """Who spends more claims more of the others' buyers: the campaigns, one behind the other on [0, 1)."""
        edge, found = 0.0, []
        for campaign, state in self._account.campaigns.items():
            spend = self._account.adstock_before(campaign, hour)
            edge += state.curve.overclaim * buying.saturation(spend, state.curve.scale)
            found.append((edge, campaign))
        return found

    def claim(self, cause: str | None, at: float, chance: Chance) -> Claim | None:
        """Of an order that `cause`, a campaign of this account, brought; None for anything else's."""
        # The first account draws from the order's own stream, which goes on from here: always the same number.
        times = self._times(chance) if self._first else None
        draw = chance.uniform()
        if times is None and cause is None and draw >= self._most:
            return None
        claimed, viewed = self._whose(cause, draw, chance.uniform())
        if claimed is None:
            return None
        lag, delay = times or self._times(chance)
        if viewed:
            lag = min(lag, 0.95 * self._habits.view_days * DAY)
        line, when = self._touch(claimed, at - lag, at, chance)
        return None if line is None or when is None else Claim(line.id, when, viewed, at + delay)

    def _times(self, chance: Chance) -> tuple[float, float]:
        """How long after the ad the order came, and how long until the platform tells of it."""
        return buying.claim_lag(chance, self._habits), buying.report_lag(chance, self._habits)

    def _whose(self, cause: str | None, draw: float, share: float) -> tuple[str | None, bool]:
        """Which campaign takes the order, and whether for a view."""
        habits = self._habits
        if cause is None:
            return next(
                (name for edge, name in self._edges if draw < edge), None
            ), share < habits.others_viewed
        return cause if draw < habits.click_claim + habits.view_claim else None, draw >= habits.click_claim

    def _touch(
        self, campaign: str, touch: float, at: float, chance: Chance
    ) -> tuple[Line | None, float | None]:
        """To the campaign's ad sets by their spend, at an hour in which that ad set did deliver."""
        lines, weight = self._weighed(campaign)
        if not lines:
            return None, None
        mark = chance.uniform() * weight
        line = lines[-1]
        for candidate in lines:
            mark -= candidate.adstock
            if mark < 0.0:
                line = candidate
                break
        return line, self._delivering(line, touch, at)

    def _weighed(self, campaign: str) -> tuple[list[Line], float]:
        found = self._lines.get(campaign)
        if found is None:
            every = self._account.lines.values()
            lines = [line for line in every if line.campaign == campaign and line.adstock > 0.0]
            found = self._lines[campaign] = lines, sum(line.adstock for line in lines)
        return found

    def _delivering(self, line: Line, touch: float, at: float) -> float | None:
        """The touch itself, or else the last hour before it in which the ad set was shown."""
        account, hour = self._account, int(touch // HOUR)
        if hour < account.epoch_hour:
            return touch
        if hour >= account.closed_hour and line.rate_at(hour * HOUR) > 0.0:
            return touch
        newest = min(hour, account.closed_hour - 1)
        longest = self._habits.click_days
        for earlier in range(newest, max(newest - round(24 * longest), line.first_hour - 1), -1):
            shown = line.delivered(earlier)
            if shown is not None and shown.spend > 0.0:
                moved = touch if earlier == hour else (earlier + 0.5) * HOUR
                return moved if at - moved <= longest * DAY else None
        return None
