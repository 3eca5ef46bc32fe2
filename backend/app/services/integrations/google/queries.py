"""What is asked of Google Ads, in its query language. Every value in a query is a number, a date or a word of ours."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.services.integrations.ports import BudgetedType

MOST_CHANGES = 10_000
"""Google's own limit for `change_event`."""
_CUSTOMER = "id descriptive_name currency_code time_zone manager status"
_CAMPAIGN = (
    "id name status primary_status advertising_channel_type bidding_strategy_type bidding_strategy_system_status "
    "campaign_budget start_date_time end_date_time"
)
_BUDGET = "resource_name amount_micros total_amount_micros explicitly_shared reference_count period status"
_AD_GROUP = "id name status primary_status campaign"
_AD = (
    "status primary_status ad.id ad.name ad.type ad.final_urls ad.responsive_search_ad.headlines "
    "ad.responsive_search_ad.descriptions ad.responsive_display_ad.headlines "
    "ad.responsive_display_ad.long_headline ad.responsive_display_ad.descriptions "
    "ad.responsive_display_ad.call_to_action_text policy_summary.approval_status policy_summary.review_status "
    "ad.demand_gen_multi_asset_ad.marketing_images ad.demand_gen_multi_asset_ad.square_marketing_images "
    "ad.demand_gen_multi_asset_ad.logo_images ad.demand_gen_multi_asset_ad.headlines "
    "ad.demand_gen_multi_asset_ad.descriptions ad.demand_gen_multi_asset_ad.business_name "
    "ad.demand_gen_multi_asset_ad.call_to_action_text "
    "policy_summary.policy_topic_entries"
)
_IMAGE = "id name image_asset.full_size.width_pixels image_asset.full_size.height_pixels"
_ACTION = "id name category type primary_for_goal click_through_lookback_window_days"
_CHANGE = (
    "resource_name change_date_time change_resource_type change_resource_name client_type user_email "
    "resource_change_operation changed_fields old_resource new_resource"
)
_LIVES = "status != 'REMOVED'"


def _of(resource: str, names: str) -> list[str]:
    return [f"{resource}.{name}" for name in names.split()]


def _query(resource: str, fields: Sequence[str], *conditions: str, tail: str = "") -> str:
    parts = ["SELECT", ", ".join(fields), "FROM", resource]
    if conditions:
        parts += ["WHERE", " AND ".join(conditions)]
    return " ".join([*parts, tail]).rstrip()


_CAMPAIGN_FIELDS = [*_of("campaign", _CAMPAIGN), *_of("campaign_budget", _BUDGET)]
_AD_GROUP_FIELDS = [*_of("ad_group", _AD_GROUP), "campaign.id", "campaign.bidding_strategy_system_status"]

ACCOUNT = _query("customer", _of("customer", _CUSTOMER))
CLIENTS = _query(
    "customer_client",
    _of("customer_client", _CUSTOMER),
    "customer_client.manager = FALSE",
    "customer_client.level > 0",
)
ACTIONS = _query(
    "conversion_action",
    _of("conversion_action", _ACTION),
    "conversion_action.status = 'ENABLED'",
    "conversion_action.type IN ('WEBPAGE', 'UPLOAD_CLICKS')",
)
CAMPAIGNS = _query("campaign", _CAMPAIGN_FIELDS, f"campaign.{_LIVES}")
GOALS = _query("customer_conversion_goal", _of("customer_conversion_goal", "category origin"))
AD_GROUPS = _query("ad_group", _AD_GROUP_FIELDS, f"ad_group.{_LIVES}", f"campaign.{_LIVES}")

_AD_FIELDS = [*_of("ad_group_ad", _AD), "ad_group.id", "campaign.id"]
ADS = _query(
    "ad_group_ad",
    _AD_FIELDS,
    f"ad_group_ad.{_LIVES}",
    f"ad_group.{_LIVES}",
    f"campaign.{_LIVES}",
)
STATUS = _query("customer", ["customer.status"])


def entity(entity_type: BudgetedType, external_id: str) -> str:
    """The id is a number: the caller has looked."""
    if entity_type == "campaign":
        return _query("campaign", _CAMPAIGN_FIELDS, f"campaign.id = {external_id}")
    return _query("ad_group", _AD_GROUP_FIELDS, f"ad_group.id = {external_id}")


def ads_of(ad_group: str | None) -> str:
    """Those that are not removed, of one ad group or of all."""
    of = () if ad_group is None else (f"ad_group.id = {ad_group}",)
    return _query("ad_group_ad", _AD_FIELDS, f"ad_group_ad.{_LIVES}", *of)


def one_ad(ad_group: str, external_id: str) -> str:
    """Removed or not."""
    return _query(
        "ad_group_ad", _AD_FIELDS, f"ad_group.id = {ad_group}", f"ad_group_ad.ad.id = {external_id}"
    )


def images_named(name: str) -> str:
    """The name holds nothing that a query would read otherwise: the caller has looked."""
    return _query("asset", _of("asset", _IMAGE), "asset.type = 'IMAGE'", f"asset.name = '{name}'")


def one_image(external_id: str) -> str:
    return _query("asset", _of("asset", _IMAGE), "asset.type = 'IMAGE'", f"asset.id = {external_id}")


def client(external_id: str) -> str:
    return _query("customer_client", ["customer_client.id"], f"customer_client.id = {external_id}")


def unit(currency: str) -> str:
    return _query(
        "currency_constant",
        ["currency_constant.code", "currency_constant.billable_unit_micros"],
        f"currency_constant.code = '{currency}'",
    )


def least_daily(currency: str) -> str:
    """What a Demand Gen campaign needs for a day; the API tells it since v26."""
    return _query(
        "currency_constant",
        ["currency_constant.demand_gen_info.minimum_budget_per_day_micros"],
        f"currency_constant.code = '{currency}'",
    )


def delivery(since: date, until: date) -> str:
    fields = ["campaign.id", "segments.date", "metrics.cost_micros", "metrics.impressions", "metrics.clicks"]
    return _query("campaign", fields, _days(since, until))


def ad_group_days(since: date, until: date) -> str:
    """Which ad groups were shown when."""
    fields = ["ad_group.id", "campaign.id", "segments.date", "metrics.impressions"]
    return _query("ad_group", fields, _days(since, until))


def conversions(since: date, until: date, category: str) -> str:
    """Asked for apart: what a conversion is of does not go together with what was spent."""
    fields = [
        "campaign.id",
        "segments.date",
        "segments.conversion_action_category",
        "metrics.conversions",
        "metrics.conversions_value",
    ]
    wanted = f"segments.conversion_action_category = '{category}'"
    return _query("campaign", fields, _days(since, until), wanted)


def changes(since: datetime, until: datetime, timezone: str) -> str:
    """Oldest first. Google's times are the account's, to the second here: `until` is rounded up.

    In the hour that a clock has gone through once already, a later time of day was before: it is asked for too.
    """
    zone = ZoneInfo(timezone)
    begin, end = since.astimezone(zone), (until + timedelta(seconds=1)).astimezone(zone)
    end += timedelta(hours=1) * end.fold
    first, last = f"{begin:%Y-%m-%d %H:%M:%S}", f"{end:%Y-%m-%d %H:%M:%S}"
    return _query(
        "change_event",
        _of("change_event", _CHANGE),
        f"change_event.change_date_time >= '{first}'",
        f"change_event.change_date_time <= '{last}'",
        tail=f"ORDER BY change_event.change_date_time LIMIT {MOST_CHANGES}",
    )


def _days(since: date, until: date) -> str:
    return f"segments.date BETWEEN '{since}' AND '{until}'"
