"""What a platform would not take of a plan is told by the field, with the way to mend it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from app.schemas.campaigns.drafts import CampaignPlan
from app.services.campaigns.assets.rules import Picture, Stored
from app.services.campaigns.drafts.ad_parts_rules import ad_parts, images_of
from app.services.campaigns.drafts.ad_rules import ad_faults
from app.services.campaigns.drafts.asset_rules import asset_faults
from app.services.campaigns.drafts.parts_rules import marker, parts, total_micros
from app.services.campaigns.drafts.rules import Place, digest, faults, longest_name
from app.services.integrations.campaigns.service import AdOffer, offer_of, offers
from tests.factories.drafts import DAILY, UNIT, ad_json, plan_json, with_ads

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
META = Place(
    platform="meta", currency="USD", timezone="America/New_York", enabled=True, writable=True, pixel="1",
    conversion="purchase", least_campaign_micros=UNIT, least_ad_set_micros=UNIT,
)  # fmt: skip
TIKTOK = replace(META, platform="tiktok", least_campaign_micros=50 * UNIT, least_ad_set_micros=20 * UNIT)
GOOGLE = replace(META, platform="google", least_campaign_micros=5 * UNIT, least_ad_set_micros=None)
ID = UUID(int=7)


def plan(**changes: Any) -> CampaignPlan:
    return CampaignPlan.model_validate(plan_json(**changes))


def found(place: Place = META, **changes: Any) -> dict[str, str]:
    told = list(faults(plan(**changes), place, offer_of(place.platform), NOW))
    assert all(each.message.endswith(".") for each in told)
    return {each.field: each.code for each in told}


def budget(**changes: Any) -> dict[str, Any]:
    return {"budget": {"level": "campaign", "kind": "daily", "amount_micros": DAILY} | changes}


def ad_set(**changes: Any) -> dict[str, Any]:
    return {"ad_sets": [{"name": "Runners", "countries": ["US"]} | changes]}


@pytest.mark.parametrize("place", [META, TIKTOK, GOOGLE], ids=["meta", "tiktok", "google"])
def test_a_whole_plan_has_no_faults(place: Place) -> None:
    assert found(place) == {}


def test_a_platform_that_is_not_built_yet_is_told_as_such_and_nothing_else_is() -> None:
    assert all(offers().values())
    told = list(faults(plan(name=""), replace(META, platform="another"), None, NOW))
    assert [(each.field, each.code) for each in told] == [("ad_account_id", "not_offered")]


@pytest.mark.parametrize(
    ("place", "changes", "field", "code"),
    [
        (META, {"name": ""}, "plan.name", "missing"),
        (META, {"name": "n" * 400}, "plan.name", "too_long"),
        (META, {"objective": None}, "plan.objective", "missing"),
        (TIKTOK, {"objective": "leads"}, "plan.objective", "not_taken"),
        (META, budget(amount_micros=None), "plan.budget.amount_micros", "missing"),
        (META, budget(amount_micros=UNIT // 2), "plan.budget.amount_micros", "too_small"),
        (META, budget(amount_micros=DAILY + 1), "plan.budget.amount_micros", "too_fine"),
        (TIKTOK, budget(amount_micros=49 * UNIT), "plan.budget.amount_micros", "too_small"),
        (META, budget(level="ad_set") | ad_set(budget_micros=UNIT), "plan.budget.amount_micros", "not_here"),
        (META, budget(kind="lifetime"), "plan.schedule.ends_at", "missing"),
        (replace(META, currency="XCD"), {}, "plan.budget.amount_micros", "currency_unknown"),
        (
            META,
            {"schedule": {"starts_at": "2026-11-01T06:30:00"}},
            "plan.schedule.starts_at",
            "past",
        ),
        (
            META,
            {"schedule": {"starts_at": "2026-11-03T07:00:00", "ends_at": "2026-11-03T07:00:00"}},
            "plan.schedule.ends_at",
            "before_start",
        ),
        (TIKTOK, {"bid": {"strategy": "cost_cap", "amount_micros": UNIT}}, "plan.bid.strategy", "not_taken"),
        (META, {"bid": {"strategy": "cost_cap"}}, "plan.bid.amount_micros", "missing"),
        (META, {"bid": {"strategy": "lowest_cost", "amount_micros": 1}}, "plan.bid.amount_micros", "not_here"),
        (META, {"ad_sets": []}, "plan.ad_sets", "missing"),
        (META, ad_set(countries=[]), "plan.ad_sets.0.countries", "missing"),
        (TIKTOK, ad_set(countries=["US", "ZW"]), "plan.ad_sets.0.countries", "not_taken"),
        (TIKTOK, ad_set(age_min=18), "plan.ad_sets.0.age_min", "not_taken"),
        (META, ad_set(age_min=40, age_max=30), "plan.ad_sets.0.age_max", "before_min"),
        (META, ad_set(budget_micros=UNIT), "plan.ad_sets.0.budget_micros", "not_here"),
        (META, ad_set(name=""), "plan.ad_sets.0.name", "missing"),
        (GOOGLE, {"objective": "awareness"}, "plan.objective", "not_taken"),
        (GOOGLE, {"bid": {"strategy": "bid_cap", "amount_micros": UNIT}}, "plan.bid.strategy", "not_taken"),
        (GOOGLE, {"bid": {"strategy": "cost_cap", "amount_micros": 1}}, "plan.bid.amount_micros", "too_fine"),
        (GOOGLE, budget(amount_micros=4 * UNIT), "plan.budget.amount_micros", "too_small"),
        (GOOGLE, {"name": "\N{HIRAGANA LETTER A}" * 100}, "plan.name", "too_long"),
        (GOOGLE, ad_set(countries=["US", "RU"]), "plan.ad_sets.0.countries", "not_taken"),
        (GOOGLE, ad_set(age_max=44), "plan.ad_sets.0.age_min", "not_taken"),
        (replace(GOOGLE, pixel=None), {"objective": "leads"}, "ad_account_id", "no_pixel"),
        (
            GOOGLE,
            {"schedule": {"starts_at": "2026-11-03T07:00:00"}},
            "plan.schedule.starts_at",
            "whole_days",
        ),
        (
            GOOGLE,
            {"schedule": {"ends_at": "2026-11-30T23:59:59"}},
            "plan.schedule.ends_at",
            "whole_days",
        ),
        (replace(META, enabled=False), {}, "ad_account_id", "not_enabled"),
        (replace(META, writable=False), {}, "ad_account_id", "read_only"),
        (replace(META, pixel=None), {"objective": "sales"}, "ad_account_id", "no_pixel"),
        (replace(META, conversion="page_view"), {"objective": "sales"}, "plan.objective", "conversion_not_taken"),
    ],
)  # fmt: skip
def test_each_fault_names_its_field(place: Place, changes: dict[str, Any], field: str, code: str) -> None:
    assert found(place, **changes) == {field: code}


def test_at_google_the_campaign_has_the_budget() -> None:
    own = budget(level="ad_set", amount_micros=None) | ad_set(budget_micros=20 * UNIT)
    assert found(GOOGLE, **own) == {"plan.budget.level": "not_taken"}
    days = {"schedule": {"starts_at": "2026-11-03T00:00:00", "ends_at": "2026-11-30T00:00:00"}}
    assert found(GOOGLE, **days, **budget(kind="lifetime", amount_micros=500 * UNIT)) == {}


@pytest.mark.parametrize("field", ["starts_at", "ends_at"])
def test_a_midnight_that_the_accounts_clock_skips_is_none_to_begin_or_end_at(field: str) -> None:
    """Santiago's clocks go from 24:00 to 01:00 there."""
    there, skipped = replace(GOOGLE, timezone="America/Santiago"), {field: "2027-09-05T00:00:00"}
    assert found(there, schedule=skipped) == {f"plan.schedule.{field}": "no_such_time"}
    assert found(there, schedule={field: "2027-09-06T00:00:00"}) == {}
    assert found(GOOGLE, schedule=skipped) == {}


def test_at_once_is_told_as_such_where_a_campaign_begins_with_a_day() -> None:
    for place, told in ((GOOGLE, None), (META, "2026-11-01T12:00:00+00:00")):
        offer = offer_of(place.platform)
        assert offer is not None
        campaign, _ = parts(plan(schedule={}), (ID, 1), place, offer, NOW)
        assert campaign.after["starts_at"] == told


def test_the_start_is_read_on_the_accounts_own_clock() -> None:
    """07:30 of New York is 12:30 UTC in November; the same words in Budapest are past."""
    later = {"schedule": {"starts_at": "2026-11-01T07:30:00"}}
    assert found(META, **later) == {}
    assert found(replace(META, timezone="Europe/Budapest"), **later) == {"plan.schedule.starts_at": "past"}


def test_each_ad_set_needs_its_own_budget_where_these_have_them() -> None:
    own = {"budget": {"level": "ad_set", "kind": "daily"}}
    assert found(TIKTOK, **own, **ad_set()) == {"plan.ad_sets.0.budget_micros": "missing"}
    assert found(TIKTOK, **own, **ad_set(budget_micros=19 * UNIT)) == {
        "plan.ad_sets.0.budget_micros": "too_small"
    }
    assert found(TIKTOK, **own, **ad_set(budget_micros=20 * UNIT)) == {}


def test_a_lifetime_budget_has_to_last_for_its_days() -> None:
    ten_days = {"schedule": {"starts_at": "2026-11-02T00:00:00", "ends_at": "2026-11-12T00:00:00"}}
    short, enough = (budget(kind="lifetime", amount_micros=each * UNIT) for each in (499, 500))
    assert found(TIKTOK, **ten_days, **short) == {"plan.budget.amount_micros": "too_small"}
    assert found(TIKTOK, **ten_days, **enough) == {}


def test_a_name_leaves_room_for_the_marker() -> None:
    offer = offer_of("meta")
    assert offer is not None
    longest = "n" * longest_name(offer)
    campaign, _ = parts(plan(name=longest), (ID, 1), META, offer, NOW)
    assert len(campaign.name) == offer.longest_name
    assert found(META, name=longest) == {}


def test_the_caps_see_the_sum_where_ad_sets_have_the_budgets() -> None:
    two = plan(
        budget={"level": "ad_set", "kind": "daily"},
        ad_sets=[{"name": each, "countries": ["US"], "budget_micros": 30 * UNIT} for each in ("A", "B")],
    )
    offer = offer_of("meta")
    assert offer is not None
    campaign, below = parts(two, (ID, 1), META, offer, NOW)
    assert total_micros(two) == campaign.after["daily_budget_micros"] == 60 * UNIT
    assert [each.after["daily_budget_micros"] for each in below] == [30 * UNIT, 30 * UNIT]


def test_a_marker_is_one_parts_of_one_version_alone() -> None:
    every = {
        marker(draft, version, key)
        for draft in (ID, UUID(int=8))
        for version in (1, 2)
        for key in ("campaign", "ad_sets.0")
    }
    assert len(every) == 8
    assert marker(ID, 1, "campaign") == marker(ID, 1, "campaign")


def test_an_approval_from_before_there_were_images_holds_and_covers_images_now() -> None:
    """The digest is one that was computed before plans could name images."""
    early = {"name": "Spring", "ad_sets": [{"name": "Runners", "countries": ["US"]}]}
    account = "0199aaaa-0000-7000-8000-0000000000a1"
    before = digest(account, CampaignPlan.model_validate(early))
    assert before == "4f6053708ee34eb1f6ff83343245ba8830bbf72972a424a6c5e8dcce24e221fc"
    assert before != digest(account, CampaignPlan.model_validate(early | {"assets": [account]}))


def test_another_plan_or_account_has_another_digest() -> None:
    same = digest(ID, plan())
    assert digest(ID, plan()) == same
    assert same not in {digest(UUID(int=8), plan()), digest(ID, plan(name="Autumn"))}


PAGE = "770000000000001"
AD = ad_json(ID)


def ad_found(place: Place, *ads: dict[str, Any], page: str = PAGE, **identity: Any) -> dict[str, str]:
    offer = offer_of(place.platform)
    assert offer is not None
    told = list(ad_faults(plan(**with_ads(page, *ads, **identity)), place.platform, offer))
    assert all(each.message.endswith(".") for each in told)
    return {each.field: each.code for each in told}


def test_a_whole_ad_has_no_faults_and_a_plan_without_ads_needs_nobody_to_speak_as() -> None:
    assert ad_found(META, AD) == {}
    assert ad_found(META, page="") == {}


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"name": ""}, "name", "missing"),
        ({"name": "n" * 388}, "name", "too_long"),
        ({"headline": ""}, "headline", "missing"),
        ({"headline": "h" * 256}, "headline", "too_long"),
        ({"body": ""}, "body", "missing"),
        ({"body": "b" * 1_025}, "body", "too_long"),
        ({"call_to_action": None}, "call_to_action", "missing"),
        ({"asset": None}, "asset", "missing"),
        ({"landing_url": ""}, "landing_url", "missing"),
        ({"landing_url": "http://northwind.example/"}, "landing_url", "wrong"),
        ({"landing_url": "https://"}, "landing_url", "wrong"),
        ({"landing_url": "https://shop"}, "landing_url", "wrong"),
        ({"landing_url": "https://shop.example/a b"}, "landing_url", "wrong"),
        ({"landing_url": "https://ada:secret@shop.example/"}, "landing_url", "wrong"),
        ({"landing_url": "https://shop.example:port/"}, "landing_url", "wrong"),
        ({"landing_url": "https://[shop/"}, "landing_url", "wrong"),
        ({"landing_url": f"https://shop.example/{'a' * 1_980}"}, "landing_url", "wrong"),
        ({"landing_url": "data:text/html,<b>a.b</b>"}, "landing_url", "wrong"),
        ({"landing_url": "javascript:alert(1)//a.b"}, "landing_url", "wrong"),
    ],
)
def test_what_an_ad_lacks_is_told_by_its_field(changes: dict[str, Any], field: str, code: str) -> None:
    assert ad_found(META, AD, AD | changes) == {f"plan.ad_sets.0.ads.1.{field}": code}


def test_a_landing_page_may_carry_all_that_it_is_tracked_by() -> None:
    """Campaign parameters make addresses longer than any name."""
    assert ad_found(META, AD | {"landing_url": f"https://shop.example/{'a' * 1_979}"}) == {}


@pytest.mark.parametrize(
    ("page", "code"), [("", "missing"), ("my page", "wrong"), ("7" * 21, "wrong"), ("\u0667", "wrong")]
)
def test_ads_at_meta_are_a_pages(page: str, code: str) -> None:
    assert ad_found(META, AD, page=page) == {"plan.identity.page": code}


def test_a_campaign_has_as_many_ads_as_one_task_can_make() -> None:
    offer = offer_of("meta")
    assert offer is not None
    sets = [{"name": f"Set {each}", "countries": ["US"], "ads": [AD] * 10} for each in range(6)]
    told = list(ad_faults(plan(ad_sets=sets, identity={"page": PAGE}), "meta", offer))
    assert [(each.field, each.code) for each in told] == [("plan.ad_sets", "too_many_ads")]


@pytest.mark.parametrize("platform", sorted(name for name, each in offers().items() if each and not each.ads))
def test_where_ads_are_made_at_the_platform_itself_that_is_said(platform: str) -> None:
    assert ad_found(replace(META, platform=platform), AD) == {"plan.ad_sets.0.ads": "not_offered"}


def test_an_approval_from_before_there_were_ads_holds_and_covers_ads_now() -> None:
    """The digest is one that was computed before plans could have ads."""
    assert digest(ID, plan()) == "ee7bd1477cfbba5e2a07c510c1909f7ad549b23bb3747bdaef2c9691aa4c6f82"
    whole = plan(**with_ads(PAGE, AD))
    others = [
        with_ads("1", AD),
        with_ads(PAGE, AD | {"headline": "Other"}),
        with_ads(PAGE),
        with_ads(PAGE, AD, AD),
    ]
    assert len({digest(ID, each) for each in (whole, *(plan(**other) for other in others))}) == 5


def test_an_ads_image_is_uploaded_once_and_every_part_has_a_marker_of_its_own() -> None:
    images = {ID: Stored("ab", "jpeg", 1200, 628)}
    whole, offer = plan(**with_ads(PAGE, AD, AD)), ads_offered("meta")
    first, second = ad_parts(whole, (ID, 1), offer, images)
    assert first.image == second.image
    assert first.logo is None
    assert first.image.part.name == f"{first.image.part.marker}.jpg"
    own = [part for each in (first, second) for part in (each.creative, each.ad) if part is not None]
    marks = {part.marker for part in (first.image.part, *own)}
    assert len(marks) == 5
    assert all(part.marker in part.name for part in own)
    (later, _) = ad_parts(whole, (ID, 2), offer, images)
    assert later.ad.marker not in marks


def ads_offered(platform: str) -> AdOffer:
    offer = offer_of(platform)
    assert offer is not None
    assert offer.ads is not None
    return offer.ads


LOGO = UUID("0199aaaa-0000-7000-8000-0000000000a7")


def test_where_a_platform_has_no_creatives_an_ad_holds_its_words_and_is_linked_to_picture_and_logo() -> None:
    images = {ID: Stored("ab", "jpeg", 1200, 628), LOGO: Stored("cd", "png", 300, 300)}
    whole, offer = plan(**with_ads("", AD, brand="Northwind", logo=str(LOGO))), ads_offered("google")
    assert images_of(whole, offer) == images.keys()
    assert images_of(plan(**with_ads("", logo=str(LOGO))), offer) == set(), "nothing shows it"
    (one,) = ad_parts(whole, (ID, 1), offer, images)
    assert one.creative is None
    assert {name: each.asset_id for name, each in one.images.items()} == {"image": ID, "logo": LOGO}
    held = {"headline": AD["headline"], "brand": "Northwind", "width": 1200, "height": 628}
    assert held.items() <= one.ad.after.items()


def test_a_logo_is_of_what_is_approved_and_none_changes_no_approval_of_before() -> None:
    without = plan(**with_ads(PAGE, AD))
    assert digest(ID, without) == digest(ID, plan(**with_ads(PAGE, AD, logo=None)))
    assert digest(ID, without) != digest(ID, plan(**with_ads(PAGE, AD, logo=str(LOGO))))


DISPLAYED = ad_json(ID, body="Light shoes for wet trails.")


@pytest.mark.parametrize(
    ("ad", "identity", "faults_of"),
    [
        (DISPLAYED, {}, {}),
        (DISPLAYED, {"logo": None}, {"plan.identity.logo": "missing"}),
        (DISPLAYED, {"page": PAGE}, {"plan.identity.page": "not_here"}),
        (DISPLAYED, {"brand": "b" * 26}, {"plan.identity.brand": "too_long"}),
        (DISPLAYED | {"headline": "h" * 30}, {}, {}),
        (DISPLAYED | {"headline": "h" * 31}, {}, {"plan.ad_sets.0.ads.0.headline": "too_long"}),
        (DISPLAYED | {"headline": "靴" * 15}, {}, {}),
        (DISPLAYED | {"headline": "靴" * 16}, {}, {"plan.ad_sets.0.ads.0.headline": "too_long"}),
        (DISPLAYED | {"body": "Light.\nFree returns."}, {}, {"plan.ad_sets.0.ads.0.body": "several_lines"}),
        (DISPLAYED | {"body": ""}, {}, {"plan.ad_sets.0.ads.0.body": "missing"}),
        (
            DISPLAYED | {"call_to_action": "order_now"},
            {},
            {"plan.ad_sets.0.ads.0.call_to_action": "not_taken"},
        ),
    ],
)
def test_a_demand_gen_ad_is_a_brands_with_a_logo_and_short_words(
    ad: dict[str, Any], identity: dict[str, Any], faults_of: dict[str, str]
) -> None:
    place = replace(META, platform="google")
    told = {"page": "", "brand": "Northwind", "logo": str(LOGO)} | identity
    assert ad_found(place, ad, **told) == faults_of


def test_a_logo_is_not_for_ads_that_show_none() -> None:
    assert ad_found(META, AD, logo=str(LOGO)) == {"plan.identity.logo": "not_here"}


@pytest.mark.parametrize(
    ("picture", "logo", "expected"),
    [
        ((1200, 628), (128, 128), {}),
        ((300, 300), (300, 300), {}),
        ((480, 600), (128, 128), {"plan.ad_sets.0.ads.0.asset": "image_fits_nowhere"}),
        ((128, 128), (128, 128), {"plan.ad_sets.0.ads.0.asset": "image_fits_nowhere"}),
        ((1200, 628), (1200, 628), {"plan.identity.logo": "image_fits_nowhere"}),
        ((1200, 628), (127, 127), {"plan.identity.logo": "image_fits_nowhere"}),
    ],
)
def test_a_picture_fits_as_a_picture_and_a_logo_as_a_logo(
    picture: tuple[int, int], logo: tuple[int, int], expected: dict[str, str]
) -> None:
    pictures = {ID: Picture("jpeg", *picture, 1), LOGO: Picture("jpeg", *logo, 1)}
    whole = plan(**with_ads("", AD, logo=str(LOGO)))
    assert {each.field: each.code for each in asset_faults(whole, "google", pictures)} == expected


SNAP = ad_json(ID, body="")
PROFILE = "5a9c0008-0000-4000-8000-000000000007"


@pytest.mark.parametrize(
    ("ad", "identity", "faults_of"),
    [
        (SNAP, {}, {}),
        (SNAP | {"headline": "h" * 35}, {}, {"plan.ad_sets.0.ads.0.headline": "too_long"}),
        (SNAP | {"body": "A snap has none"}, {}, {"plan.ad_sets.0.ads.0.body": "not_here"}),
        (SNAP | {"call_to_action": "get_quote"}, {}, {"plan.ad_sets.0.ads.0.call_to_action": "not_taken"}),
        (SNAP, {"brand": ""}, {"plan.identity.brand": "missing"}),
        (SNAP, {"brand": "b" * 33}, {"plan.identity.brand": "too_long"}),
        (SNAP, {"page": PAGE}, {"plan.identity.page": "wrong"}),
    ],
)
def test_a_snap_is_a_profiles_with_a_brand_and_a_headline(
    ad: dict[str, Any], identity: dict[str, str], faults_of: dict[str, str]
) -> None:
    place = replace(META, platform="snapchat")
    assert ad_found(place, ad, **({"page": PROFILE, "brand": "Northwind"} | identity)) == faults_of
