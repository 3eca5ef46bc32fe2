"""What Google knows, and what it tells the world: how much each campaign may spend from now on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.membership import CustomerLists, Membership
from sandbox.store import Store
from sandbox.vendors.google.book import Book, Entity
from sandbox.vendors.google.changes import Changes
from sandbox.vendors.google.constants import JP_ACCOUNT, MANAGER, US_ACCOUNT
from sandbox.vendors.google.quota import Quota
from sandbox.vendors.google.times import seconds
from sandbox.vendors.google.tokens import Tokens
from sandbox.vendors.vendor import Ground
from sandbox.world import exchange
from sandbox.world.parameters import unknown_curve
from sandbox.world.seasons import DAY
from sandbox.world.world import World

MICROS = 1_000_000
LEARNING_DAYS = 3
_LEARNING_FROM = 0.2
_DAILY_SCALE = 400.0
_LINKS = {MANAGER: (US_ACCOUNT, JP_ACCOUNT)}
DIRECT = (MANAGER, US_ACCOUNT)
"""The customers that the person has a role in; the others are reached through a manager."""


@dataclass(frozen=True, slots=True)
class Customer:
    id: str
    name: str
    currency: str
    timezone: str
    manager: bool = False


@dataclass(slots=True)
class Settings:
    """What a person sets in the Cloud console, how many rows make a page, and how late changes are told."""

    approved: bool = True
    page_rows: int = 10_000
    change_delay: float = 180.0
    processing: float = 60.0
    standing: dict[str, str] = field(default_factory=dict)
    """Accounts whose status a person has set; all others are enabled."""
    without_terms: set[str] = field(default_factory=set)
    """Accounts for which nobody has accepted the terms of Customer Match."""


@dataclass(slots=True)
class GoogleState:
    ground: Ground
    book: Book
    tokens: Tokens
    changes: Changes
    quota: Quota
    customers: dict[str, Customer]
    settings: Settings
    lists: CustomerLists
    members: Membership

    @property
    def store(self) -> Store:
        return self.ground.store

    @property
    def world(self) -> World:
        return self.ground.world

    def children(self, customer: str) -> tuple[str, ...]:
        return _LINKS.get(customer, ())

    def may(self, customer: str, login_customer: str | None) -> bool:
        """Whether the person reaches the customer, itself or through the manager that the call names."""
        if login_customer is None or login_customer == customer:
            return customer in DIRECT
        return login_customer in DIRECT and customer in self.children(login_customer)

    def timezone(self, customer: str) -> str:
        return self.customers[customer].timezone

    def now(self) -> float:
        return self.ground.clock.now()

    # What a campaign is up to.

    def has_ended(self, campaign: Entity, at: float | None = None) -> bool:
        end = campaign.data.get("end_date_time")
        now = self.now() if at is None else at
        return end is not None and seconds(end, self.timezone(campaign.customer)) < now

    def has_begun(self, campaign: Entity, at: float | None = None) -> bool:
        start = campaign.data.get("start_date_time")
        now = self.now() if at is None else at
        return not start or seconds(start, self.timezone(campaign.customer)) <= now

    def serving_ad_groups(self, campaign: Entity, at: float) -> list[Entity]:
        return [
            group
            for group in self.book.ad_groups_of(campaign.name)
            if group.data["status"] == "ENABLED" and any(ad.serves(at) for ad in self.book.ads_of(group.name))
        ]

    def lines(self, campaign: Entity, at: float | None = None) -> dict[str, float]:
        """The world's lines of a campaign that serve then, with their shares: ad groups, or its asset group."""
        asset_group = campaign.hidden.get("asset_group")
        if asset_group:
            return {str(asset_group): 1.0}
        groups = self.serving_ad_groups(campaign, self.now() if at is None else at)
        return {g.id: float(g.hidden.get("share", 1.0)) for g in groups}

    def serves(self, campaign: Entity, at: float) -> bool:
        return (
            campaign.data["status"] == "ENABLED"
            and self.has_begun(campaign, at)
            and not self.has_ended(campaign, at)
            and bool(self.lines(campaign, at))
        )

    def learning(self, campaign: Entity) -> str:
        """The bidding strategy's own word for it."""
        if campaign.data["bidding_strategy_type"].startswith("MANUAL"):
            return "UNAVAILABLE"
        if campaign.data["status"] != "ENABLED":
            return "PAUSED"
        if self.now() - float(campaign.hidden.get("budget_moved_at", 0.0)) < LEARNING_DAYS * DAY:
            return "LEARNING_BUDGET_CHANGE"
        if self.now() - float(campaign.hidden.get("made_at", 0.0)) < LEARNING_DAYS * DAY:
            return "LEARNING_NEW"
        return "ENABLED"

    # What it may spend.

    def daily_rate(self, campaign: Entity, at: float) -> float:
        """In the account's major unit; a shared budget is divided among the campaigns that serve on it."""
        budget = self.book.find(campaign.data["campaign_budget"])
        if budget is None or not self.serves(campaign, at):
            return 0.0
        if budget.data["period"] == "CUSTOM_PERIOD":
            return float(budget.data["total_amount_micros"]) / MICROS / self.days_of(campaign)
        sharing = [one for one in self.book.campaigns_on(budget.name) if self.serves(one, at)]
        weights = {one.name: float(one.hidden.get("share", 1.0)) for one in sharing}
        share = weights[campaign.name] / (sum(weights.values()) or 1.0)
        return float(budget.data["amount_micros"]) / MICROS * share

    def days_of(self, campaign: Entity) -> float:
        start, end = campaign.data.get("start_date_time"), campaign.data.get("end_date_time")
        if not start or not end:
            return 30.0
        zone = self.timezone(campaign.customer)
        return max(1.0, (seconds(end, zone) - seconds(start, zone)) / DAY)

    def push(self, campaign: Entity, at: float | None = None) -> None:
        """Tell the world what this campaign may spend from then on, line by line."""
        now = self.now() if at is None else at
        rate, serving = self.daily_rate(campaign, now), self.lines(campaign, now)
        total = sum(serving.values()) or 1.0
        end = campaign.data.get("end_date_time")
        until = seconds(end, self.timezone(campaign.customer)) if end else None
        groups = [g.id for g in self.book.of(campaign.customer, "ad_group")]
        every = {g for g in groups if self._belongs(g, campaign)} | set(serving)
        for line in sorted(every):
            own = rate * serving[line] / total if line in serving else 0.0
            self.world.schedule(campaign.customer, line, campaign.id, now, rate=own, until=until)

    def push_budget(self, budget: str) -> None:
        for campaign in self.book.campaigns_on(budget):
            self.push(campaign)

    def push_with_neighbours(self, campaign: Entity, old_budget: str | None = None) -> None:
        """Whoever shares a budget with it, or did until now, has another share of it."""
        self.push(campaign)
        for budget in {campaign.data["campaign_budget"], old_budget} - {None}:
            self.push_budget(budget)

    def push_of(self, entity: Entity) -> None:
        """Of an ad group or an ad."""
        group = entity if entity.kind == "ad_group" else self.book.get(entity.data["ad_group"])
        self.push_with_neighbours(self.book.get(group.data["campaign"]))

    def await_review(self, ad: Entity) -> None:
        """Have the ad deliver from the end of its review on, where it is to run then."""
        group = self.book.get(ad.data["ad_group"])
        campaign = self.book.get(group.data["campaign"])
        self.world.at(float(ad.hidden["review"]["until"]), lambda at: self.push(campaign, at))

    def open_campaign(self, campaign: Entity) -> None:
        """The world draws a new campaign's character."""
        world = self.world.accounts[campaign.customer]
        scale = _DAILY_SCALE * exchange.rate("USD", world.currency)
        curve = unknown_curve(self.world.seed, campaign.id, scale)
        self.world.add_campaign(campaign.customer, campaign.id, curve, self.now())
        if campaign.data["advertising_channel_type"] == "PERFORMANCE_MAX":
            campaign.hidden["asset_group"] = f"{campaign.id}900"

    def note_budget_move(self, budget: Entity, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """A move of a fifth or more sends automatic bidding back to learning."""
        for name in ("amount_micros", "total_amount_micros"):
            before, after = old.get(name), new.get(name)
            if before and after and abs(after - before) / before >= _LEARNING_FROM:
                for campaign in self.book.campaigns_on(budget.name):
                    campaign.hidden["budget_moved_at"] = self.now()

    def _belongs(self, group_id: str, campaign: Entity) -> bool:
        found = self.book.find(f"customers/{campaign.customer}/adGroups/{group_id}")
        return found is not None and found.data["campaign"] == campaign.name


def camel(name: str) -> str:
    """`amount_micros` as JSON has it: `amountMicros`."""
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


def as_json(value: Any) -> Any:
    """A resource as it is kept, such as an answer has it.

    >>> as_json({"ad_group_ad": {"ad.name": "Boots", "bid_micros": 5, "label": None}})
    {'adGroupAd': {'ad': {'name': 'Boots'}, 'bidMicros': '5'}}
    """
    if not isinstance(value, dict):
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    found: dict[str, Any] = {}
    for name, inner in value.items():
        if inner is not None:
            *parents, leaf = (camel(part) for part in name.split("."))
            into = found
            for parent in parents:
                into = into.setdefault(parent, {})
            into[leaf] = as_json(inner)
    return found
