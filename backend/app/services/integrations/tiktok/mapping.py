"""TikTok's objects in our words. What is not understood is told as such, never guessed."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from app.services.integrations.ports import (
    BudgetedType,
    ConversionSettings,
    EntityState,
    MetricsDay,
    MetricsReading,
    PlatformError,
    PlatformErrorKind,
    RemoteAccount,
)
from app.services.integrations.tiktok.money import from_budget, from_decimal

ACCOUNT_FIELDS = ("advertiser_id", "name", "currency", "timezone", "display_timezone", "status")
CAMPAIGN_FIELDS = (
    "advertiser_id", "campaign_id", "campaign_name", "objective_type", "operation_status", "secondary_status", "budget",
    "budget_mode", "budget_optimize_on", "bid_type", "campaign_automation_type", "is_smart_performance_campaign",
    "create_time", "modify_time",
)  # fmt: skip
AD_GROUP_FIELDS = (
    "advertiser_id", "campaign_id", "adgroup_id", "adgroup_name", "operation_status", "secondary_status", "budget",
    "budget_mode", "bid_type", "campaign_automation_type", "is_smart_performance_campaign", "schedule_type",
    "schedule_start_time", "schedule_end_time", "create_time", "modify_time",
)  # fmt: skip
MOST_DAYS = 30
"""A report by day covers no more."""

DAILY = frozenset({"BUDGET_MODE_DAY", "BUDGET_MODE_DYNAMIC_DAILY_BUDGET"})
LIFETIME = "BUDGET_MODE_TOTAL"
_NO_BUDGET = "BUDGET_MODE_INFINITE"
_STATUSES = {"active": "ENABLE", "paused": "DISABLE"}
_OPERATION = {"ENABLE": "active", "DISABLE": "paused", "DELETE": "deleted"}
_EFFECTIVE = {
    "CAMPAIGN_STATUS_ENABLE": "active",
    "CAMPAIGN_STATUS_DISABLE": "paused",
    "CAMPAIGN_STATUS_DELETE": "deleted",
    "ADGROUP_STATUS_DELIVERY_OK": "active",
    "ADGROUP_STATUS_DISABLE": "paused",
    "ADGROUP_STATUS_CAMPAIGN_DISABLE": "campaign_paused",
    "ADGROUP_STATUS_DELETE": "deleted",
    "ADGROUP_STATUS_CAMPAIGN_DELETE": "deleted",
}
_CLICK_WINDOWS = {0: "OFF", 1: "ONE_DAY", 7: "SEVEN_DAYS", 14: "FOURTEEN_DAYS", 28: "TWENTY_EIGHT_DAYS"}
_VIEW_WINDOWS = {0: "OFF", 1: "ONE_DAY", 7: "SEVEN_DAYS"}
_METRICS = {
    "purchase": ("complete_payment", "total_complete_payment_rate"),
    "add_to_cart": ("web_event_add_to_cart", "total_web_event_add_to_cart_value"),
    "lead": ("form", "total_form_value"),
    "sign_up": ("user_registration", "total_user_registration_value"),
    "search": ("page_event_search", "total_page_event_search_value"),
}
"""TikTok's names of a conversion's count and of its value, whose name says "rate" and which is none."""


class NotUnderstood(PlatformError):
    """The platform holds something that this connector does not know how to read."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(PlatformErrorKind.UNSUPPORTED, code, message)


def account(row: Mapping[str, Any], pixels: Iterable[tuple[str, str]] = ()) -> RemoteAccount:
    return RemoteAccount(
        external_id=str(row["advertiser_id"]),
        name=str(row["name"]),
        currency=str(row["currency"]),
        timezone=str(row.get("display_timezone") or row["timezone"]),
        status=account_status(row),
        pixels=tuple(pixels),
    )


def account_status(row: Mapping[str, Any]) -> str:
    word = str(row["status"])
    return "active" if word == "STATUS_ENABLE" else word.removeprefix("STATUS_").lower()


def status_to_tiktok(status: str) -> str:
    """The two statuses that we ever set; deleting cannot be undone."""
    try:
        return _STATUSES[status]
    except KeyError as error:
        raise NotUnderstood(
            "tiktok.status_not_set_here", f"A status of {status!r} is not set by us."
        ) from error


def entity(
    entity_type: BudgetedType, row: Mapping[str, Any], *, account_id: str, currency: str
) -> EntityState:
    daily, lifetime = budgets(row, currency)
    secondary = str(row.get("secondary_status") or "")
    effective = _EFFECTIVE.get(secondary) or bare(secondary) or status(row)
    kind = "campaign" if entity_type == "campaign" else "adgroup"
    return EntityState(
        entity_type=entity_type,
        external_id=str(row[f"{kind}_id"]),
        account=account_id,
        name=str(row.get(f"{kind}_name", "")),
        status=status(row),
        effective_status=effective,
        daily_budget_micros=daily,
        lifetime_budget_micros=lifetime,
        currency=currency,
        campaign=str(row["campaign_id"]) if entity_type == "ad_set" else None,
        budget_level=entity_type if daily is not None or lifetime is not None else "unknown",
        objective=row.get("objective_type"),
        bid_strategy=row.get("bid_type"),
        started_at=moment(row.get("schedule_start_time") or row.get("create_time")),
        ends_at=moment(row.get("schedule_end_time"))
        if row.get("schedule_type") == "SCHEDULE_START_END"
        else None,
        updated_at=moment(row.get("modify_time")),
    )


def status(row: Mapping[str, Any]) -> str:
    if str(row.get("secondary_status", "")).endswith("_DELETE"):
        return "deleted"
    operation = str(row["operation_status"])
    return _OPERATION.get(operation, operation.lower())


def budgets(row: Mapping[str, Any], currency: str) -> tuple[int | None, int | None]:
    """The daily and the lifetime budget in micros; None where it lives at the other level or is of another kind.

    A dynamic daily budget is one over a week's mean, of which TikTok spends at most 125 % on a day.
    """
    mode = row.get("budget_mode")
    amount = row.get("budget")
    micros = from_budget(amount, currency) if amount else 0
    if not micros or mode in {None, _NO_BUDGET}:
        return None, None
    if mode in DAILY:
        return micros, None
    # A mode that is not known is neither: one campaign of a new kind must not hide all the others.
    return (None, micros) if mode == LIFETIME else (None, None)


def is_automated(row: Mapping[str, Any]) -> bool:
    """Smart+ campaigns are changed by endpoints of their own, which this connector does not speak."""
    kind = row.get("campaign_automation_type")
    return bool(row.get("is_smart_performance_campaign")) or kind not in {None, "MANUAL"}


def windows(conversion: ConversionSettings) -> tuple[str, str]:
    """TikTok's names of the windows. They are settings of each ad group, and no report can ask for others."""
    try:
        named = (_CLICK_WINDOWS[conversion.click_days], _VIEW_WINDOWS[conversion.view_days])
    except KeyError as error:
        raise NotUnderstood("tiktok.no_such_window", "TikTok has no such attribution window.") from error
    if named == ("OFF", "OFF"):
        raise NotUnderstood("tiktok.no_window", "A click or a view window is needed.")
    return named


def counted(conversion: ConversionSettings) -> tuple[str, str]:
    """The metrics that hold a conversion's count and value."""
    try:
        return _METRICS[conversion.event]
    except KeyError as error:
        raise NotUnderstood(
            "tiktok.no_such_conversion", f"{conversion.event!r} is no event that TikTok reports."
        ) from error


def spans(since: date, until: date) -> list[tuple[date, date]]:
    """The days from `since` to `until`, in pieces that one report may cover."""
    found = []
    while since <= until:
        last = min(until, since + timedelta(days=MOST_DAYS - 1))
        found.append((since, last))
        since = last + timedelta(days=1)
    return found


def metrics(
    rows: Iterable[Mapping[str, Any]], *, currency: str, conversion: ConversionSettings
) -> MetricsReading:
    """Ad groups' rows, summed to campaigns' days; of an ad group's day that came twice the last is meant."""
    count, value = counted(conversion)
    sums: dict[tuple[str, date], MetricsDay] = {}
    seen: dict[date, set[str]] = {}
    for row in {ad_groups_day(row): row for row in rows}.values():
        told, about = row["metrics"], row["dimensions"]
        day = date.fromisoformat(str(about["stat_time_day"])[:10])
        key = (str(told["campaign_id"]), day)
        before = sums.get(key) or _nothing(key[0], day, currency)
        sums[key] = MetricsDay(
            campaign=key[0],
            day=day,
            currency=currency,
            spend_micros=before.spend_micros + from_decimal(str(told["spend"])),
            impressions=before.impressions + int(told["impressions"]),
            clicks=before.clicks + int(told["clicks"]),
            conversions=before.conversions + _number(told[count]),
            conversion_value_micros=before.conversion_value_micros + from_decimal(str(told[value])),
            rows=before.rows + 1,
        )
        seen.setdefault(day, set()).add(str(about["adgroup_id"]))
    return MetricsReading(tuple(sums.values()), {day: frozenset(ids) for day, ids in seen.items()})


def ad_groups_day(row: Mapping[str, Any]) -> tuple[str, str]:
    """What a row of a report speaks of."""
    about = row["dimensions"]
    return str(about["adgroup_id"]), str(about["stat_time_day"])


def _nothing(campaign: str, day: date, currency: str) -> MetricsDay:
    return MetricsDay(
        campaign=campaign, day=day, currency=currency, spend_micros=0, impressions=0, clicks=0,
        conversions=Decimal(0), conversion_value_micros=0, rows=0,
    )  # fmt: skip


def _number(told: Any) -> Decimal:
    try:
        found = Decimal(str(told))
    except InvalidOperation as error:
        raise ValueError(f"{told!r} is no number") from error
    if not found.is_finite():
        raise ValueError(f"{told!r} is no number")
    return found


def bare(secondary: str) -> str:
    """`ADGROUP_STATUS_BALANCE_EXCEED` is `balance_exceed`."""
    return secondary.rpartition("STATUS_")[2].lower()


def moment(told: Any) -> datetime | None:
    """TikTok's times are UTC and do not say so."""
    return datetime.strptime(str(told), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) if told else None
