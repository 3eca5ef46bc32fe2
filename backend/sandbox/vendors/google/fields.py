"""Which fields there are, of which type, and what may be selected together: a part of Google's own catalogue."""

from dataclasses import dataclass
from enum import StrEnum


class Type(StrEnum):
    INT64 = "INT64"
    INT32 = "INT32"
    DOUBLE = "DOUBLE"
    BOOLEAN = "BOOLEAN"
    STRING = "STRING"
    RESOURCE_NAME = "RESOURCE_NAME"
    DATE = "DATE"
    ENUM = "ENUM"
    MESSAGE = "MESSAGE"


@dataclass(frozen=True, slots=True)
class Field:
    """`of` is the resource whose attribute it is, or `segments` or `metrics`."""

    name: str
    type: Type
    values: frozenset[str] = frozenset()
    repeated: bool = False

    @property
    def of(self) -> str:
        return self.name.partition(".")[0]

    @property
    def filterable(self) -> bool:
        return self.type is not Type.MESSAGE


STATUSES = frozenset({"ENABLED", "PAUSED", "REMOVED", "UNKNOWN", "UNSPECIFIED"})
CATEGORIES = frozenset(
    {
        "PURCHASE",
        "ADD_TO_CART",
        "SUBMIT_LEAD_FORM",
        "PAGE_VIEW",
        "SIGNUP",
        "BEGIN_CHECKOUT",
        "DEFAULT",
        "UNKNOWN",
        "UNSPECIFIED",
    }
)
CHANNELS = frozenset(
    {
        "SEARCH",
        "DISPLAY",
        "SHOPPING",
        "VIDEO",
        "PERFORMANCE_MAX",
        "DEMAND_GEN",
        "MULTI_CHANNEL",
        "LOCAL",
        "HOTEL",
        "SMART",
        "TRAVEL",
        "LOCAL_SERVICES",
        "UNKNOWN",
        "UNSPECIFIED",
    }
)
PRIMARY = frozenset(
    {
        "ELIGIBLE",
        "PAUSED",
        "REMOVED",
        "ENDED",
        "PENDING",
        "MISCONFIGURED",
        "LIMITED",
        "LEARNING",
        "NOT_ELIGIBLE",
        "UNKNOWN",
        "UNSPECIFIED",
    }
)
GROUP_PRIMARY = frozenset(
    {"ELIGIBLE", "PAUSED", "REMOVED", "PENDING", "NOT_ELIGIBLE", "LIMITED", "UNKNOWN", "UNSPECIFIED"}
)
"""Of ad groups and ads: what is the campaign's (its end, its learning) makes them not eligible, or is not told."""
_SERVING = frozenset({"SERVING", "NONE", "ENDED", "PENDING", "SUSPENDED", "UNKNOWN", "UNSPECIFIED"})
_BIDDING = frozenset(
    {
        "MANUAL_CPC",
        "TARGET_CPC",
        "MAXIMIZE_CONVERSIONS",
        "MAXIMIZE_CONVERSION_VALUE",
        "TARGET_CPA",
        "TARGET_ROAS",
        "TARGET_SPEND",
        "TARGET_IMPRESSION_SHARE",
        "MANUAL_CPM",
        "MANUAL_CPV",
        "UNKNOWN",
        "UNSPECIFIED",
    }
)
_LEARNING = frozenset(
    {
        "ENABLED",
        "LEARNING_NEW",
        "LEARNING_SETTING_CHANGE",
        "LEARNING_BUDGET_CHANGE",
        "LEARNING_COMPOSITION_CHANGE",
        "LEARNING_CONVERSION_TYPE_CHANGE",
        "PAUSED",
        "UNAVAILABLE",
        "UNKNOWN",
        "UNSPECIFIED",
    }
)
PERIODS = frozenset({"DAILY", "CUSTOM_PERIOD", "UNKNOWN", "UNSPECIFIED"})
_DELIVERY = frozenset({"STANDARD", "ACCELERATED", "UNKNOWN", "UNSPECIFIED"})
CHANGED = frozenset(
    {
        "CAMPAIGN",
        "CAMPAIGN_BUDGET",
        "AD_GROUP",
        "AD_GROUP_AD",
        "AD_GROUP_CRITERION",
        "ASSET",
        "UNKNOWN",
        "UNSPECIFIED",
    }
)
ORIGINS = frozenset({"WEBSITE", "GOOGLE_HOSTED", "APP", "CALL_FROM_ADS", "STORE", "UNKNOWN", "UNSPECIFIED"})
CLIENTS = frozenset(
    {"GOOGLE_ADS_WEB_CLIENT", "GOOGLE_ADS_API", "GOOGLE_ADS_EDITOR", "OTHER", "UNKNOWN", "UNSPECIFIED"}
)
_OPERATIONS = frozenset({"CREATE", "UPDATE", "REMOVE", "UNKNOWN", "UNSPECIFIED"})

_APPROVALS = frozenset(
    {
        "APPROVED",
        "APPROVED_LIMITED",
        "AREA_OF_INTEREST_ONLY",
        "DISAPPROVED",
        "UNKNOWN",
        "UNSPECIFIED",
    }
)
_REVIEWS = frozenset(
    {
        "REVIEW_IN_PROGRESS",
        "REVIEWED",
        "UNDER_APPEAL",
        "ELIGIBLE_MAY_SERVE",
        "UNKNOWN",
        "UNSPECIFIED",
    }
)

L, S, B, D, R, E, M = (
    Type.INT64,
    Type.STRING,
    Type.BOOLEAN,
    Type.DOUBLE,
    Type.RESOURCE_NAME,
    Type.ENUM,
    Type.MESSAGE,
)


def _of(resource: str, **fields: Type | frozenset[str]) -> list[Field]:
    found = []
    for leaf, kind in fields.items():
        name = f"{resource}.{leaf.replace('__', '.')}"
        found.append(Field(name, kind) if isinstance(kind, Type) else Field(name, E, kind))
    return found


_ALL = [
    *_of(
        "customer",
        resource_name=R,
        id=L,
        descriptive_name=S,
        currency_code=S,
        time_zone=S,
        manager=B,
        test_account=B,
        auto_tagging_enabled=B,
        status=frozenset({"ENABLED", "CANCELED", "SUSPENDED", "CLOSED", "UNKNOWN", "UNSPECIFIED"}),
    ),
    *_of(
        "customer_client",
        resource_name=R,
        client_customer=R,
        id=L,
        descriptive_name=S,
        currency_code=S,
        time_zone=S,
        manager=B,
        test_account=B,
        hidden=B,
        level=L,
        status=frozenset({"ENABLED", "CANCELED", "SUSPENDED", "CLOSED", "UNKNOWN", "UNSPECIFIED"}),
    ),
    *_of(
        "campaign",
        resource_name=R,
        id=L,
        name=S,
        status=STATUSES,
        serving_status=_SERVING,
        primary_status=PRIMARY,
        primary_status_reasons=M,
        advertising_channel_type=CHANNELS,
        bidding_strategy_type=_BIDDING,
        bidding_strategy_system_status=_LEARNING,
        campaign_budget=R,
        start_date_time=S,
        end_date_time=S,
        contains_eu_political_advertising=frozenset(
            {
                "CONTAINS_EU_POLITICAL_ADVERTISING",
                "DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING",
                "UNKNOWN",
                "UNSPECIFIED",
            }
        ),
        demand_gen_campaign_settings__upgraded_targeting=B,
        maximize_conversions__target_cpa_micros=L,
        target_cpa__target_cpa_micros=L,
        target_cpc__target_cpc_micros=L,
    ),
    *_of(
        "campaign_budget",
        resource_name=R,
        id=L,
        name=S,
        amount_micros=L,
        total_amount_micros=L,
        status=frozenset({"ENABLED", "REMOVED", "UNKNOWN", "UNSPECIFIED"}),
        delivery_method=_DELIVERY,
        explicitly_shared=B,
        reference_count=L,
        period=PERIODS,
    ),
    *_of(
        "ad_group",
        resource_name=R,
        id=L,
        name=S,
        campaign=R,
        status=STATUSES,
        primary_status=GROUP_PRIMARY,
        cpc_bid_micros=L,
        type=frozenset({"SEARCH_STANDARD", "DISPLAY_STANDARD", "UNKNOWN", "UNSPECIFIED"}),
    ),
    *_of(
        "ad_group_ad",
        resource_name=R,
        ad_group=R,
        status=STATUSES,
        primary_status=GROUP_PRIMARY,
        ad__id=L,
        ad__name=S,
        ad__resource_name=R,
        ad__type=frozenset(
            {"RESPONSIVE_SEARCH_AD", "RESPONSIVE_DISPLAY_AD", "DEMAND_GEN_MULTI_ASSET_AD", "UNKNOWN"}
        ),
        ad__final_urls=M,
        ad__responsive_search_ad__headlines=M,
        ad__responsive_search_ad__descriptions=M,
        ad__responsive_display_ad__headlines=M,
        ad__responsive_display_ad__long_headline=M,
        ad__responsive_display_ad__descriptions=M,
        ad__responsive_display_ad__call_to_action_text=S,
        ad__demand_gen_multi_asset_ad__marketing_images=M,
        ad__demand_gen_multi_asset_ad__square_marketing_images=M,
        ad__demand_gen_multi_asset_ad__portrait_marketing_images=M,
        ad__demand_gen_multi_asset_ad__tall_portrait_marketing_images=M,
        ad__demand_gen_multi_asset_ad__logo_images=M,
        ad__demand_gen_multi_asset_ad__headlines=M,
        ad__demand_gen_multi_asset_ad__descriptions=M,
        ad__demand_gen_multi_asset_ad__business_name=S,
        ad__demand_gen_multi_asset_ad__call_to_action_text=S,
        policy_summary__approval_status=_APPROVALS,
        policy_summary__review_status=_REVIEWS,
        policy_summary__policy_topic_entries=M,
    ),
    *_of(
        "ad_group_criterion",
        resource_name=R,
        criterion_id=L,
        ad_group=R,
        status=STATUSES,
        type=frozenset({"LOCATION", "UNKNOWN", "UNSPECIFIED"}),
        negative=B,
        location__geo_target_constant=R,
    ),
    *_of(
        "asset",
        resource_name=R,
        id=L,
        name=S,
        type=frozenset({"IMAGE", "TEXT", "YOUTUBE_VIDEO", "UNKNOWN", "UNSPECIFIED"}),
        image_asset__file_size=L,
        image_asset__mime_type=frozenset({"IMAGE_JPEG", "IMAGE_PNG", "IMAGE_GIF", "UNKNOWN", "UNSPECIFIED"}),
        image_asset__full_size__width_pixels=L,
        image_asset__full_size__height_pixels=L,
    ),
    *_of("customer_conversion_goal", resource_name=R, category=CATEGORIES, origin=ORIGINS, biddable=B),
    *_of(
        "campaign_conversion_goal",
        resource_name=R,
        campaign=R,
        category=CATEGORIES,
        origin=ORIGINS,
        biddable=B,
    ),
    *_of(
        "conversion_action",
        resource_name=R,
        id=L,
        name=S,
        category=CATEGORIES,
        primary_for_goal=B,
        click_through_lookback_window_days=L,
        view_through_lookback_window_days=L,
        status=frozenset({"ENABLED", "HIDDEN", "REMOVED", "UNKNOWN", "UNSPECIFIED"}),
        type=frozenset({"WEBPAGE", "UPLOAD_CLICKS", "UNKNOWN", "UNSPECIFIED"}),
        counting_type=frozenset({"ONE_PER_CLICK", "MANY_PER_CLICK", "UNKNOWN", "UNSPECIFIED"}),
    ),
    *_of(
        "change_event",
        resource_name=R,
        change_date_time=Type.DATE,
        change_resource_type=CHANGED,
        change_resource_name=R,
        client_type=CLIENTS,
        user_email=S,
        old_resource=M,
        new_resource=M,
        changed_fields=M,
        resource_change_operation=_OPERATIONS,
        campaign=R,
        ad_group=R,
    ),
    *_of(
        "currency_constant",
        resource_name=R,
        code=S,
        name=S,
        symbol=S,
        billable_unit_micros=L,
        demand_gen_info__minimum_budget_per_day_micros=L,
    ),
    *_of(
        "segments",
        date=Type.DATE,
        week=Type.DATE,
        month=Type.DATE,
        hour=Type.INT32,
        conversion_action=R,
        conversion_action_name=S,
        conversion_action_category=CATEGORIES,
    ),
    *_of(
        "metrics",
        cost_micros=L,
        impressions=L,
        clicks=L,
        ctr=D,
        average_cpc=D,
        conversions=D,
        conversions_value=D,
        all_conversions=D,
        all_conversions_value=D,
        conversions_by_conversion_date=D,
        conversions_value_by_conversion_date=D,
        view_through_conversions=L,
        cost_per_conversion=D,
    ),
]
FIELDS = {field.name: field for field in _ALL}
_ABSENT_WHEN_EMPTY = frozenset({"customer_conversion_goal.biddable", "campaign_conversion_goal.biddable"})
"""Fields whose message keeps no presence: an answer leaves out what is false."""


def is_shown(name: str, value: object) -> bool:
    return value is not None and (bool(value) or name not in _ABSENT_WHEN_EMPTY)


ATTRIBUTED = {
    "customer": frozenset({"customer"}),
    "customer_client": frozenset({"customer_client", "customer"}),
    "campaign": frozenset({"campaign", "campaign_budget", "customer"}),
    "campaign_budget": frozenset({"campaign_budget", "customer"}),
    "ad_group": frozenset({"ad_group", "campaign", "customer"}),
    "ad_group_ad": frozenset({"ad_group_ad", "ad_group", "campaign", "customer"}),
    "ad_group_criterion": frozenset({"ad_group_criterion", "ad_group", "campaign", "customer"}),
    "asset": frozenset({"asset", "customer"}),
    "conversion_action": frozenset({"conversion_action", "customer"}),
    "customer_conversion_goal": frozenset({"customer_conversion_goal", "customer"}),
    "campaign_conversion_goal": frozenset({"campaign_conversion_goal", "campaign", "customer"}),
    "change_event": frozenset({"change_event", "ad_group", "campaign", "customer"}),
    "currency_constant": frozenset({"currency_constant"}),
}
"""The resources that may follow FROM, and whose fields go with each."""

MEASURED = frozenset({"customer", "campaign", "ad_group"})
"""Where metrics and segments are emulated."""

CONVERSION_SEGMENTS = frozenset(
    {
        "segments.conversion_action",
        "segments.conversion_action_name",
        "segments.conversion_action_category",
    }
)
CONVERSION_METRICS = frozenset(
    {
        "metrics.conversions",
        "metrics.conversions_value",
        "metrics.all_conversions",
        "metrics.all_conversions_value",
        "metrics.conversions_by_conversion_date",
        "metrics.conversions_value_by_conversion_date",
        "metrics.view_through_conversions",
    }
)
DATE_SEGMENTS = frozenset({"segments.date", "segments.week", "segments.month"})

_OTHERS = """accessible_bidding_strategy account_budget ad ad_group_asset ad_group_audience_view ad_group_bid_modifier
    ad_group_label age_range_view asset_group asset_group_asset asset_set audience
    bidding_strategy billing_setup call_view campaign_asset campaign_criterion campaign_group campaign_label
    change_status click_view conversion_custom_variable custom_audience customer_asset customer_label
    customer_manager_link display_keyword_view distance_view expanded_landing_page_view experiment
    gender_view geo_target_constant geographic_view group_placement_view hotel_performance_view invoice
    keyword_view label landing_page_view language_constant location_view managed_placement_view
    offline_user_data_job parental_status_view product_group_view recommendation remarketing_action
    search_term_view shared_criterion shared_set shopping_performance_view topic_view user_interest user_list
    user_location_view video"""
NOT_EMULATED = frozenset(_OTHERS.split())
"""Google's own resources that this sandbox does not have: refused as a service refuses them."""
