"""Everything Snapchat's side holds, and how its settings become the world's spending."""

from dataclasses import dataclass

from sandbox.membership import CustomerLists, Membership
from sandbox.vendors.snapchat.changelogs import Changelogs
from sandbox.vendors.snapchat.entities import Entities, Entity, seconds_of
from sandbox.vendors.snapchat.limits import Limits
from sandbox.vendors.snapchat.tokens import Tokens
from sandbox.vendors.vendor import Ground
from sandbox.world.seasons import DAY

MICROS = 1_000_000
_ASSUMED_DAYS = 30.0


def shares_budget(campaign: Entity) -> bool:
    """Smart Budgets: the campaign's own budget is dealt out among its ad squads."""
    return campaign.data.get("pacing_level") == "CAMPAIGN"


@dataclass(slots=True)
class SnapState:
    ground: Ground
    entities: Entities
    tokens: Tokens
    changelogs: Changelogs
    limits: Limits
    lists: CustomerLists
    members: Membership

    @property
    def now(self) -> float:
        return self.ground.clock.now()

    def timezone(self, account: str) -> str:
        return self.ground.world.accounts[account].timezone

    def await_review(self, ad: Entity) -> None:
        """Have the ad deliver from the end of its review on, where it is to run then."""
        self.ground.world.at(
            float(ad.hidden["review"]["until"]), lambda at: self.push(self.entities.campaign_of(ad), at)
        )

    def push(self, campaign: Entity, at: float | None = None) -> None:
        """Tell the world what this campaign may spend from now on, or from a moment that it has come to."""
        now = self.now if at is None else at
        for squad, rate in self._rates(campaign, now).items():
            end = self.entities.get(squad).data.get("end_time") or campaign.data.get("end_time")
            until = None if end is None else seconds_of(end)
            self.ground.world.schedule(campaign.account, squad, campaign.id, now, rate=rate, until=until)

    def _rates(self, campaign: Entity, now: float) -> dict[str, float]:
        """What each ad squad may spend a day, in the account's major unit; 0 for one that does not deliver."""
        squads = self.entities.of(campaign, "adsquad")
        live = [s for s in squads if self.entities.delivery_status(s, now) == ["VALID"]]
        rates = dict.fromkeys((s.id for s in squads), 0.0)
        cap = _a_day(campaign, "daily_budget_micro", "lifetime_spend_cap_micro")
        if shares_budget(campaign):
            shares = sum(float(s.hidden.get("share", 1.0)) for s in live) or 1.0
            return rates | {s.id: cap * float(s.hidden.get("share", 1.0)) / shares for s in live}
        own = {s.id: _a_day(s, "daily_budget_micro", "lifetime_budget_micro") for s in live}
        wanted = sum(own.values())
        scale = min(1.0, cap / wanted) if cap and wanted else 1.0
        return rates | {squad: rate * scale for squad, rate in own.items()}


def _a_day(entity: Entity, daily: str, lifetime: str) -> float:
    if entity.micros(daily):
        return entity.micros(daily) / MICROS
    if not entity.micros(lifetime):
        return 0.0
    start, end = entity.data.get("start_time"), entity.data.get("end_time")
    days = _ASSUMED_DAYS if not start or not end else max(1.0, (seconds_of(end) - seconds_of(start)) / DAY)
    return entity.micros(lifetime) / MICROS / days
