"""Meta's objects in our words. What is not understood is told as such, never guessed."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.services.integrations.meta.money import from_decimal, from_units
from app.services.integrations.ports import (
    BudgetedType,
    ConversionSettings,
    EntityState,
    MetricsDay,
    MetricsReading,
    PlatformError,
    PlatformErrorKind,
    RemoteAccount,
    RemoteEdit,
)

ACCOUNT_FIELDS = "account_id,name,currency,timezone_name,account_status"
CAMPAIGN_FIELDS = (
    "name,objective,status,effective_status,daily_budget,lifetime_budget,bid_strategy,start_time,stop_time,"
    "updated_time,account_id"
)
AD_SET_FIELDS = (
    "name,campaign_id,status,effective_status,daily_budget,lifetime_budget,bid_strategy,start_time,end_time,"
    "updated_time,learning_stage_info,account_id"
)
INSIGHT_FIELDS = "campaign_id,adset_id,spend,impressions,clicks,actions,action_values"
_RENAMES = frozenset({"update_campaign_name", "update_ad_set_name"})
ACTIVITY_FIELDS = "event_time,event_type,object_id,object_type,actor_name,application_id,extra_data"

_ACCOUNT_STATUS = {
    1: "active",
    2: "disabled",
    3: "unsettled",
    7: "pending_risk_review",
    8: "pending_settlement",
    9: "in_grace_period",
    100: "pending_closure",
    101: "closed",
}
_STATUSES = {"active": "ACTIVE", "paused": "PAUSED"}
_EDITED = {"CAMPAIGN": "campaign", "AD_SET": "ad_set", "AD": "ad", "ACCOUNT": "account"}
_PIXEL_EVENTS = {
    "purchase": "offsite_conversion.fb_pixel_purchase",
    "add_to_cart": "offsite_conversion.fb_pixel_add_to_cart",
    "lead": "offsite_conversion.fb_pixel_lead",
    "page_view": "offsite_conversion.fb_pixel_view_content",
    "sign_up": "offsite_conversion.fb_pixel_complete_registration",
    "search": "offsite_conversion.fb_pixel_search",
}
_CLICK_WINDOWS = {0: None, 1: "1d_click", 7: "7d_click", 28: "28d_click"}
_VIEW_WINDOWS = {0: None, 1: "1d_view"}


class NotUnderstood(PlatformError):
    """The platform holds something that this connector does not know how to read."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(PlatformErrorKind.UNSUPPORTED, code, message)


def account(row: Mapping[str, Any], pixels: Iterable[tuple[str, str]] = ()) -> RemoteAccount:
    return RemoteAccount(
        external_id=str(row["account_id"]),
        name=str(row["name"]),
        currency=str(row["currency"]),
        timezone=str(row["timezone_name"]),
        status=account_status(row),
        pixels=tuple(pixels),
    )


def account_status(row: Mapping[str, Any]) -> str:
    return _ACCOUNT_STATUS.get(int(row["account_status"]), f"status_{row['account_status']}")


def status_to_meta(status: str) -> str:
    """The two statuses that we ever set; archiving and deleting cannot be undone."""
    try:
        return _STATUSES[status]
    except KeyError as error:
        raise NotUnderstood(
            "meta.status_not_set_here", f"A status of {status!r} is not set by us."
        ) from error


def entity(
    entity_type: BudgetedType, row: Mapping[str, Any], *, account_id: str, currency: str
) -> EntityState:
    daily, lifetime = (_budget(row.get(name), currency) for name in ("daily_budget", "lifetime_budget"))
    return EntityState(
        entity_type=entity_type,
        external_id=str(row["id"]),
        account=account_id,
        name=str(row.get("name", "")),
        status=str(row["status"]).lower(),
        effective_status=str(row["effective_status"]).lower(),
        daily_budget_micros=daily,
        lifetime_budget_micros=lifetime,
        currency=currency,
        campaign=str(row["campaign_id"]) if "campaign_id" in row else None,
        budget_level=entity_type if daily is not None or lifetime is not None else "unknown",
        objective=row.get("objective"),
        bid_strategy=row.get("bid_strategy"),
        learning=_learning(row),
        started_at=_time(row.get("start_time")),
        ends_at=_time(row.get("end_time") or row.get("stop_time")),
        updated_at=_time(row.get("updated_time")),
    )


def windows(conversion: ConversionSettings) -> tuple[str, ...]:
    """Meta's names of the attribution windows; one that Meta does not have is refused."""
    try:
        named = (_CLICK_WINDOWS[conversion.click_days], _VIEW_WINDOWS[conversion.view_days])
    except KeyError as error:
        raise NotUnderstood("meta.no_such_window", "Meta has no such attribution window.") from error
    return tuple(name for name in named if name)


def action_type(conversion: ConversionSettings) -> str:
    try:
        return _PIXEL_EVENTS[conversion.event]
    except KeyError as error:
        raise NotUnderstood(
            "meta.no_such_conversion", f"{conversion.event!r} is no event of Meta's."
        ) from error


def metrics(
    rows: Iterable[Mapping[str, Any]], *, currency: str, conversion: ConversionSettings
) -> MetricsReading:
    """Ad sets' rows, summed to campaigns' days; of an ad set's day that came twice the last is meant."""
    action, counted = action_type(conversion), windows(conversion)
    sums: dict[tuple[str, date], MetricsDay] = {}
    seen: dict[date, set[str]] = {}
    for row in {(str(row["adset_id"]), str(row["date_start"])): row for row in rows}.values():
        day = date.fromisoformat(str(row["date_start"]))
        key = (str(row["campaign_id"]), day)
        before = sums.get(key)
        sums[key] = MetricsDay(
            campaign=key[0],
            day=day,
            currency=currency,
            spend_micros=(before.spend_micros if before else 0) + from_decimal(str(row.get("spend", "0"))),
            impressions=(before.impressions if before else 0) + int(row.get("impressions", 0)),
            clicks=(before.clicks if before else 0) + int(row.get("clicks", 0)),
            conversions=(before.conversions if before else Decimal(0))
            + _attributed(row.get("actions"), action, counted),
            conversion_value_micros=(before.conversion_value_micros if before else 0)
            + from_decimal(str(_attributed(row.get("action_values"), action, counted))),
            rows=(before.rows if before else 0) + 1,
        )
        seen.setdefault(day, set()).add(str(row["adset_id"]))
    return MetricsReading(tuple(sums.values()), {day: frozenset(ids) for day, ids in seen.items()})


def edit(row: Mapping[str, Any]) -> RemoteEdit:
    told = json.dumps(row, sort_keys=True)
    return RemoteEdit(
        fingerprint=hashlib.sha256(told.encode()).hexdigest(),
        at=_required_time(row["event_time"]),
        entity_type=_EDITED.get(str(row.get("object_type", "")), "other"),
        entity=str(row.get("object_id", "")),
        event_type=str(row["event_type"]),
        actor_name=row.get("actor_name"),
        application_id=str(row["application_id"]) if row.get("application_id") else None,
        detail=_detail(row.get("extra_data")),
        renames=row["event_type"] in _RENAMES,
    )


def _attributed(actions: Any, action: str, counted: tuple[str, ...]) -> Decimal:
    """The sum over the asked-for windows; Meta leaves out a window that has nothing."""
    for one in actions or ():
        if one.get("action_type") == action:
            return sum((_number(one[name]) for name in counted if name in one), Decimal(0))
    return Decimal(0)


def _number(told: Any) -> Decimal:
    found = Decimal(str(told))
    if not found.is_finite():
        raise ValueError(f"{told!r} is no number")
    return found


def _budget(text: Any, currency: str) -> int | None:
    """Meta writes "0" where the budget lives at the other level or is of the other kind."""
    units = int(text or 0)
    return from_units(units, currency) if units else None


def _learning(row: Mapping[str, Any]) -> bool | None:
    stage = row.get("learning_stage_info")
    return None if not isinstance(stage, dict) else str(stage.get("status", "")).upper() == "LEARNING"


def _time(text: Any) -> datetime | None:
    return None if not text else _required_time(text)


def _required_time(text: Any) -> datetime:
    return datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%S%z")


def _detail(text: Any) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
