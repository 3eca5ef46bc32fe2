"""Everything TikTok's side holds, and how its settings become the world's spending."""

from dataclasses import dataclass
from typing import Any

from sandbox.membership import CustomerLists, Membership
from sandbox.vendors.tiktok.changelog import ChangeLog
from sandbox.vendors.tiktok.constants import PLATFORM
from sandbox.vendors.tiktok.entities import Entities, Entity, seconds_of
from sandbox.vendors.tiktok.quota import Quota
from sandbox.vendors.tiktok.tokens import Tokens
from sandbox.vendors.vendor import Ground
from sandbox.world.seasons import DAY, HOUR, day_start, local

_ASSUMED_DAYS = 30.0


@dataclass(slots=True)
class TikTokState:
    ground: Ground
    entities: Entities
    tokens: Tokens
    changelog: ChangeLog
    quota: Quota
    lists: CustomerLists
    members: Membership

    @property
    def now(self) -> float:
        return self.ground.clock.now()

    @property
    def advertisers(self) -> list[str]:
        return list(self.ground.world.of(PLATFORM))

    def currency(self, advertiser: str) -> str:
        return self.ground.world.accounts[advertiser].currency

    def timezone(self, advertiser: str) -> str:
        return self.ground.world.accounts[advertiser].timezone

    def shown(self, entity: Entity) -> dict[str, Any]:
        """What the API serves of it: its own facts, and those that follow from others."""
        facts: dict[str, Any] = {"advertiser_id": entity.advertiser, **entity.data}
        if entity.kind in {"adgroup", "ad"}:
            facts["campaign_name"] = self.entities.campaign_of(entity).name
        if entity.kind == "ad":
            facts["adgroup_name"] = self.entities.get(str(entity.data["adgroup_id"])).name
        facts["secondary_status"] = self.entities.secondary_status(entity)
        return facts

    def spent(self, entity: Entity) -> float:
        """What a budget has been spent of: today's for a daily one, all of it for a lifetime one."""
        past = self.ground.account(entity.advertiser)
        today = local(int(self.now // HOUR), past.timezone)[0]
        whole = entity.data.get("budget_mode") == "BUDGET_MODE_TOTAL"
        first = past.epoch_hour if whole else int(day_start(today, past.timezone) // HOUR)
        groups = [entity] if entity.kind == "adgroup" else self.entities.below(entity, "adgroup")
        lines = [past.lines[group.id] for group in groups if group.id in past.lines]
        hours = range(first, past.closed_hour)
        shown = (line.delivered(hour) for line in lines for hour in hours)
        return sum(one.spend for one in shown if one is not None)

    def push(self, campaign: Entity) -> None:
        """Tell the world what this campaign may spend from now on."""
        for group, rate in self._rates(campaign).items():
            ends = _end(self.entities.get(group))
            self.ground.world.schedule(
                campaign.advertiser, group, campaign.id, self.now, rate=rate, until=ends
            )

    def _rates(self, campaign: Entity) -> dict[str, float]:
        """What each ad group may spend a day, in the account's major unit; 0 for one that does not deliver."""
        groups = self.entities.below(campaign, "adgroup")
        live = [group for group in groups if self._delivers(group)]
        rates = dict.fromkeys((group.id for group in groups), 0.0)
        shared = _rate(campaign, live)
        if campaign.data["budget_optimize_on"]:
            weight = sum(_weight(group) for group in live) or 1.0
            return rates | {group.id: shared * _weight(group) / weight for group in live}
        own = {group.id: _rate(group, [group]) for group in live}
        whole = sum(own.values())
        # A campaign's budget over those of its ad groups is a cap.
        share = min(1.0, shared / whole) if shared and whole else 1.0
        return rates | {group: rate * share for group, rate in own.items()}

    def _delivers(self, group: Entity) -> bool:
        if not self.entities.secondary_status(group).endswith("_DELIVERY_OK"):
            return False
        ads = self.entities.below(group, "ad")
        return any(self.entities.secondary_status(ad).endswith("_DELIVERY_OK") for ad in ads)


def _weight(group: Entity) -> float:
    return float(group.hidden.get("share", 1.0))


def _rate(entity: Entity, groups: list[Entity]) -> float:
    """A budget as so much a day; a lifetime one is spread over its ad groups' schedule."""
    if not entity.has_budget:
        return 0.0
    budget = float(entity.data["budget"])
    if entity.data["budget_mode"] != "BUDGET_MODE_TOTAL":
        return budget
    spans = [end - seconds_of(group.data["schedule_start_time"]) for group in groups if (end := _end(group))]
    return budget / max(1.0, max(spans, default=_ASSUMED_DAYS * DAY) / DAY)


def _end(group: Entity) -> float | None:
    if group.data.get("schedule_type") != "SCHEDULE_START_END":
        return None
    return seconds_of(group.data["schedule_end_time"])
