"""The first stock: an account in dollars with budgets of every kind, and one in yen behind a manager."""

from dataclasses import dataclass
from typing import Any

from sandbox.vendors.google import constants as ids
from sandbox.vendors.google import goals
from sandbox.vendors.google.book import Book, Entity
from sandbox.vendors.google.state import MICROS, Customer, GoogleState
from sandbox.vendors.google.times import account_text
from sandbox.world.account import Account
from sandbox.world.northwind import HU_SHOP, US_SHOP
from sandbox.world.parameters import Curve, Habits
from sandbox.world.seasons import DAY
from sandbox.world.slogans import slogan
from sandbox.world.world import World

_BEFORE = 40 * DAY
_TOTAL_DAYS = 365
_HABITS = Habits(view_claim=0.0, others_viewed=0.0, click_days=30.0, view_days=1.0, report_hours=3.0)
CUSTOMERS = {
    ids.MANAGER: Customer(ids.MANAGER, "Northwind Group", "USD", "America/New_York", manager=True),
    ids.US_ACCOUNT: Customer(ids.US_ACCOUNT, "Northwind Outfitters US", "USD", "America/New_York"),
    ids.JP_ACCOUNT: Customer(ids.JP_ACCOUNT, "Northwind Export", "JPY", "Asia/Tokyo"),
}
SHOPS = {ids.US_ACCOUNT: US_SHOP, ids.JP_ACCOUNT: HU_SHOP}


@dataclass(frozen=True, slots=True)
class Plan:
    """`budget`: daily, total, or the number of a budget that several share. Without groups it is one asset group."""

    number: int
    name: str
    channel: str
    bidding: str
    budget: str
    amount: float
    curve: Curve
    groups: tuple[tuple[str, float], ...] = ()
    active: bool = True
    share: float = 1.0

    @property
    def campaign(self) -> str:
        return f"2140000{self.number:04d}"

    @property
    def budget_id(self) -> str:
        return f"1140000{self.number:04d}" if self.budget in {"daily", "total"} else f"1149999{self.budget}"

    def line(self, index: int) -> str:
        return f"3140{self.number:04d}{index + 1:04d}"

    @property
    def lines(self) -> dict[str, float]:
        if not self.groups:
            return {f"6{self.campaign}": 1.0}
        return {self.line(n): share for n, (_, share) in enumerate(self.groups)}


US_PLANS = (
    Plan(
        1,
        "Search | Brand",
        "SEARCH",
        "MAXIMIZE_CONVERSION_VALUE",
        "daily",
        180,
        Curve(22, 150, 20, 0.02, 30.0, 0.06, 0.05),
        (("Brand exact", 0.7), ("Brand phrase", 0.3)),
    ),
    Plan(
        2,
        "Performance Max | Catalogue",
        "PERFORMANCE_MAX",
        "MAXIMIZE_CONVERSION_VALUE",
        "daily",
        320,
        Curve(30, 420, 26, 0.01, 12.0, 0.012, 0.05),
    ),
    Plan(
        3,
        "Display | Awareness",
        "DISPLAY",
        "TARGET_SPEND",
        "daily",
        240,
        Curve(1.5, 260, 40, 0.004, 4.0, 0.004, 0.25),
        (("In-market outdoor", 1.0),),
    ),
    Plan(
        4,
        "Search | Tents",
        "SEARCH",
        "MANUAL_CPC",
        "0001",
        90,
        Curve(3, 60, 20, 0.005, 26.0, 0.03, 0.1),
        (("Tents", 1.0),),
        share=0.6,
    ),
    Plan(
        5,
        "Search | Boots",
        "SEARCH",
        "MANUAL_CPC",
        "0001",
        90,
        Curve(2, 50, 20, 0.005, 26.0, 0.03, 0.1),
        (("Boots", 1.0),),
        share=0.4,
    ),
    Plan(
        6,
        "Demand Gen | Year of trails",
        "DEMAND_GEN",
        "MAXIMIZE_CONVERSIONS",
        "total",
        21_900,
        Curve(4, 70, 24, 0.005, 9.0, 0.01, 0.1),
        (("Trails", 1.0),),
    ),
    Plan(
        7,
        "Search | Gift cards",
        "SEARCH",
        "MAXIMIZE_CONVERSIONS",
        "daily",
        60,
        Curve(3, 70, 24, 0.005, 24.0, 0.03, 0.1),
        (("Gift cards", 1.0),),
        active=False,
    ),
)
JP_PLANS = (
    Plan(
        101,
        "JP | Search",
        "SEARCH",
        "MAXIMIZE_CONVERSIONS",
        "daily",
        12_000,
        Curve(3, 9_000, 24, 0.02, 900.0, 0.03, 0.1),
        (("JP generic", 1.0),),
    ),
    Plan(
        102,
        "JP | Display",
        "DISPLAY",
        "TARGET_SPEND",
        "daily",
        5_000,
        Curve(0.3, 5_000, 30, 0.005, 300.0, 0.004, 0.2),
        (("JP audiences", 1.0),),
    ),
)
CAST = {ids.US_ACCOUNT: US_PLANS, ids.JP_ACCOUNT: JP_PLANS}
_ACTIONS = {
    ids.US_ACCOUNT: (
        (ids.US_PURCHASE, "Purchase", "PURCHASE", True),
        ("7010000011", "Add to cart", "ADD_TO_CART", False),
        ("7010000012", "Sign-up", "SIGNUP", False),
        ("7010000013", "Lead", "SUBMIT_LEAD_FORM", False),
    ),
    ids.JP_ACCOUNT: ((ids.JP_PURCHASE, "Purchase", "PURCHASE", True),),
}


_PICTURES = (("8140000001", "Trail at dawn"), ("8140000002", "Northwind logo"))


def open_worlds(world: World) -> None:
    for account, shop in SHOPS.items():
        customer = CUSTOMERS[account]
        zone = "" if customer.timezone == shop.timezone else customer.timezone
        money = "" if customer.currency == shop.currency else customer.currency
        world.open_account(Account(account, ids.PLATFORM, money, zone, _HABITS), shop)
        for plan in CAST[account]:
            rate = _daily(plan) if plan.active else 0.0
            until = world.epoch - _BEFORE + _TOTAL_DAYS * DAY if plan.budget == "total" else None
            total = sum(plan.lines.values())
            lines = {line: (rate * share / total, until) for line, share in plan.lines.items()}
            world.first_campaign(account, plan.campaign, plan.curve, lines)


def _daily(plan: Plan) -> float:
    if plan.budget == "total":
        return plan.amount / _TOTAL_DAYS
    return plan.amount * (plan.share if plan.budget != "daily" else 1.0)


def lay(google: GoogleState) -> None:
    for account, plans in CAST.items():
        _lay_actions(google.book, account)
        _lay_assets(google.book, account)
        for plan in plans:
            _lay_campaign(google, account, plan)
    google.book.save()


def _lay_assets(book: Book, account: str) -> None:
    """What the Demand Gen ads show."""
    for (number, name), (width, height) in zip(_PICTURES, ((1200, 628), (600, 600)), strict=True):
        data = {
            "name": name,
            "type": "IMAGE",
            "image_asset.file_size": 91_400,
            "image_asset.mime_type": "IMAGE_JPEG",
            "image_asset.full_size.width_pixels": width,
            "image_asset.full_size.height_pixels": height,
        }
        book.put(Entity("asset", account, number, data))


def _lay_actions(book: Book, account: str) -> None:
    for action, name, category, primary in _ACTIONS[account]:
        data = {
            "name": name,
            "category": category,
            "status": "ENABLED",
            "type": "WEBPAGE",
            "primary_for_goal": primary,
            "counting_type": "MANY_PER_CLICK",
            "click_through_lookback_window_days": 30,
            "view_through_lookback_window_days": 1,
        }
        book.put(Entity("conversion_action", account, action, data, {"world": category == "PURCHASE"}))


def _lay_campaign(google: GoogleState, account: str, plan: Plan) -> None:
    book, world, zone = google.book, google.world, google.timezone(account)
    born = account_text(world.epoch - _BEFORE, zone)
    budget = Entity("campaign_budget", account, plan.budget_id, _budget(plan))
    book.put(budget)
    campaign = Entity(
        "campaign",
        account,
        plan.campaign,
        {
            "name": plan.name,
            "status": "ENABLED" if plan.active else "PAUSED",
            "advertising_channel_type": plan.channel,
            "bidding_strategy_type": plan.bidding,
            "campaign_budget": budget.name,
            "start_date_time": f"{born[:10]} 00:00:00",
        },
        {"share": plan.share},
    )
    if plan.channel == "DEMAND_GEN":
        campaign.data["demand_gen_campaign_settings.upgraded_targeting"] = True
    if plan.budget == "total":
        campaign.data["start_date_time"] = born
        campaign.data["end_date_time"] = account_text(world.epoch - _BEFORE + _TOTAL_DAYS * DAY, zone)
    if not plan.groups:
        campaign.hidden["asset_group"] = next(iter(plan.lines))
    book.put(campaign)
    goals.give(book, campaign)
    for number, (name, share) in enumerate(plan.groups):
        _lay_group(book, campaign, plan.line(number), name, share)


def _budget(plan: Plan) -> dict[str, object]:
    shared = plan.budget not in {"daily", "total"}
    amount = round(plan.amount * MICROS)
    data: dict[str, object] = {
        "name": f"Shared {plan.budget}" if shared else plan.name,
        "status": "ENABLED",
        "delivery_method": "STANDARD",
        "explicitly_shared": shared,
        "period": "CUSTOM_PERIOD" if plan.budget == "total" else "DAILY",
    }
    return data | ({"total_amount_micros": amount} if plan.budget == "total" else {"amount_micros": amount})


def _lay_group(book: Book, campaign: Entity, group_id: str, name: str, share: float) -> None:
    said = slogan(SHOPS[campaign.customer].domain, group_id, 1)
    channel = campaign.data["advertising_channel_type"]
    kind = "DISPLAY" if channel == "DISPLAY" else "SEARCH"
    data: dict[str, object] = {"name": name, "status": "ENABLED", "campaign": campaign.name}
    if channel != "DEMAND_GEN":
        data["type"] = f"{kind}_STANDARD"
    group = book.put(Entity("ad_group", campaign.customer, group_id, data, {"share": share}))
    demand_gen = channel == "DEMAND_GEN"
    ad: dict[str, Any] = {
        "ad_group": group.name,
        "status": "ENABLED",
        "ad.name": f"{name} ad",
        "ad.type": "DEMAND_GEN_MULTI_ASSET_AD" if demand_gen else f"RESPONSIVE_{kind}_AD",
        "ad.final_urls": [said.url],
    }
    words = "ad.demand_gen_multi_asset_ad" if demand_gen else f"ad.responsive_{kind.lower()}_ad"
    ad[f"{words}.headlines"] = [{"text": said.headline[:30]}, {"text": name[:30]}]
    ad[f"{words}.descriptions"] = [{"text": said.sentence[:90]}]
    if kind == "DISPLAY":
        ad[f"{words}.long_headline"] = {"text": said.headline}
        ad[f"{words}.call_to_action_text"] = "Shop now"
    if demand_gen:
        picture, logo = (f"customers/{campaign.customer}/assets/{number}" for number, _ in _PICTURES)
        ad[f"{words}.marketing_images"] = [{"asset": picture}]
        ad[f"{words}.logo_images"] = [{"asset": logo}]
        ad[f"{words}.business_name"] = "Northwind"
        ad[f"{words}.call_to_action_text"] = "Shop Now"
    book.put(Entity("ad_group_ad", campaign.customer, f"{group_id}~{group_id[:-1]}9", ad))
    if channel == "DEMAND_GEN":
        place = {
            "ad_group": group.name,
            "status": "ENABLED",
            "negative": False,
            "type": "LOCATION",
            "location.geo_target_constant": "geoTargetConstants/2840",
        }
        book.put(Entity("ad_group_criterion", campaign.customer, f"{group_id}~2840", place))
