"""The cast: two shops and their campaigns, before any seed has shaken the numbers."""

from dataclasses import dataclass

from sandbox.world.parameters import Curve, Shop

_DOLLARS = tuple(100 * p for p in (9, 14, 18, 22, 26, 29, 34, 39, 42, 46, 49, 54, 59, 69, 79, 89, 119))
_FORINTS = tuple(100 * p for p in (3900, 5900, 7900, 9900, 12900, 16900))

US_SHOP = Shop(
    id="nwus",
    name="Northwind Outfitters",
    domain="shop.northwind.example",
    currency="USD",
    timezone="America/New_York",
    country="US",
    calling_code="1",
    organic_orders=560.0,
    organic_sessions=12_000.0,
    people=30_000,
    prices=_DOLLARS,
    margin=0.45,
)
HU_SHOP = Shop(
    id="nwhu",
    name="Northwind Magyarország",
    domain="hu.northwind.example",
    currency="HUF",
    timezone="Europe/Budapest",
    country="HU",
    calling_code="36",
    organic_orders=16.0,
    organic_sessions=350.0,
    people=3_000,
    prices=_FORINTS,
    margin=0.45,
)


@dataclass(frozen=True, slots=True)
class AdSetPlan:
    name: str
    daily: float
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class CampaignPlan:
    """`budget`: where it lives and of which kind: campaign_daily, adset_daily or adset_lifetime."""

    name: str
    objective: str
    budget: str
    curve: Curve
    ad_sets: tuple[AdSetPlan, ...]
    active: bool = True


US_CAMPAIGNS = (
    CampaignPlan(
        "Prospecting | Broad",
        "OUTCOME_SALES",
        "campaign_daily",
        Curve(240, 2600, 30, 0.05, 11.0, 0.013, 0.05),
        (AdSetPlan("Broad 18+", 560, 0.62), AdSetPlan("Broad women", 340, 0.38)),
    ),
    CampaignPlan(
        "Prospecting | Interests",
        "OUTCOME_SALES",
        "adset_daily",
        Curve(60, 480, 26, 0.03, 12.5, 0.011, 0.12),
        (AdSetPlan("Hiking interests", 350), AdSetPlan("Camping interests", 250)),
    ),
    CampaignPlan(
        "Retargeting | Cart 14d",
        "OUTCOME_SALES",
        "campaign_daily",
        Curve(16, 210, 14, 0.11, 18.0, 0.021, 0.25),
        (AdSetPlan("Cart abandoners", 500, 1.0),),
    ),
    CampaignPlan(
        "Lookalike | Buyers 1%",
        "OUTCOME_SALES",
        "adset_daily",
        Curve(70, 750, 28, 0.03, 12.0, 0.012, 0.10),
        (AdSetPlan("Lookalike 1%", 400),),
    ),
    CampaignPlan(
        "Video | Summer lookbook",
        "OUTCOME_AWARENESS",
        "campaign_daily",
        Curve(3, 500, 40, 0.003, 6.5, 0.004, 0.30),
        (AdSetPlan("Video views", 450, 1.0),),
    ),
    CampaignPlan(
        "Catalogue | Best sellers",
        "OUTCOME_SALES",
        "adset_lifetime",
        Curve(62, 560, 22, 0.04, 10.0, 0.016, 0.12),
        (AdSetPlan("Catalogue all", 300),),
    ),
    CampaignPlan(
        "Brand | Loyalty club",
        "OUTCOME_ENGAGEMENT",
        "campaign_daily",
        Curve(10, 260, 30, 0.02, 9.0, 0.012, 0.20),
        (AdSetPlan("Members", 120, 1.0),),
        active=False,
    ),
)

HU_CAMPAIGNS = (
    CampaignPlan(
        "HU | Prospecting",
        "OUTCOME_SALES",
        "campaign_daily",
        Curve(9, 42_000, 28, 0.06, 1900.0, 0.014, 0.10),
        (AdSetPlan("HU broad", 45_000, 1.0),),
    ),
    CampaignPlan(
        "HU | Retargeting",
        "OUTCOME_SALES",
        "adset_daily",
        Curve(3, 9_000, 14, 0.12, 2600.0, 0.020, 0.20),
        (AdSetPlan("HU cart", 12_000),),
    ),
)
