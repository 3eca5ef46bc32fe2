"""Everything Meta's side holds, and how its settings become the world's spending."""

from dataclasses import dataclass
from datetime import datetime

from sandbox.clock import Clock
from sandbox.faults import FaultBook
from sandbox.store import Store
from sandbox.vendors.meta.activities import Activities
from sandbox.vendors.meta.audience_book import AudienceBook
from sandbox.vendors.meta.money import offset, to_major
from sandbox.vendors.meta.nodes import Node, Nodes
from sandbox.vendors.meta.tokens import Tokens
from sandbox.vendors.meta.usage import Usage
from sandbox.world.account import AccountWorld
from sandbox.world.reporting import Reporter
from sandbox.world.seasons import DAY
from sandbox.world.world import World

_ASSUMED_DAYS = 30.0


def parsed_time(text: str) -> float:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z").timestamp()


def days_of(node: Node) -> float:
    """The length of a lifetime budget, in days."""
    start, end = node.data.get("start_time"), node.data.get("end_time") or node.data.get("stop_time")
    if not start or not end:
        return _ASSUMED_DAYS
    return max(1.0, (parsed_time(start) - parsed_time(end)) / -DAY)


@dataclass(slots=True)
class MetaState:
    clock: Clock
    store: Store
    world: World
    faults: FaultBook
    nodes: Nodes
    tokens: Tokens
    activities: Activities
    usage: Usage
    audiences: AudienceBook

    def currency(self, account: str) -> str:
        return self.world.accounts[account].currency

    def offset(self, account: str) -> int:
        return offset(self.currency(account))

    def timezone(self, account: str) -> str:
        return self.world.accounts[account].timezone

    def account_world(self, account: str) -> AccountWorld:
        """The account's tape, written up to now."""
        self.world.run_to(self.clock.now())
        return self.world.accounts[account]

    def reporter(self, account: str) -> Reporter:
        return Reporter(self.account_world(account), self.faults, self.clock.now())

    def await_review(self, ad: Node) -> None:
        """Have the ad deliver from the end of its review on, where it is to run then."""
        self.world.at(
            float(ad.hidden["review"]["until"]), lambda at: self.push(self.nodes.campaign_of(ad), at)
        )

    def daily_rates(self, campaign: Node, at: float) -> dict[str, float]:
        """What each ad set may spend a day, in the account's major unit; 0 for one that does not deliver."""
        ad_sets = self.nodes.of(campaign.id, "adset")
        live = [s for s in ad_sets if self._delivers(s, at)]
        shares = sum(float(s.hidden.get("share", 1.0)) for s in live) or 1.0
        shared = self._rate(campaign)
        rates = dict.fromkeys((s.id for s in ad_sets), 0.0)
        for ad_set in live:
            own = shared * float(ad_set.hidden.get("share", 1.0)) / shares if shared else self._rate(ad_set)
            rates[ad_set.id] = own
        return rates

    def push(self, campaign: Node, at: float | None = None) -> None:
        """Tell the world what this campaign may spend from now on, or from a moment that it has come to."""
        now = self.clock.now() if at is None else at
        for ad_set, rate in self.daily_rates(campaign, now).items():
            end = self.nodes.get(ad_set).data.get("end_time")
            until = parsed_time(end) if end else None
            self.world.schedule(campaign.account, ad_set, campaign.id, now, rate=rate, until=until)

    def _delivers(self, ad_set: Node, at: float) -> bool:
        if self.nodes.effective_status(ad_set, at) != "ACTIVE":
            return False
        return any(self.nodes.effective_status(ad, at) == "ACTIVE" for ad in self.nodes.of(ad_set.id, "ad"))

    def _rate(self, node: Node) -> float:
        daily, lifetime = node.units("daily_budget"), node.units("lifetime_budget")
        currency = self.currency(node.owner)
        if daily:
            return to_major(daily, currency)
        return to_major(lifetime, currency) / days_of(node) if lifetime else 0.0
