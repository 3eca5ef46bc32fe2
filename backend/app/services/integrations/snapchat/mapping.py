"""Snapchat's objects in our words. What is not understood is told as such, never guessed."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

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
from app.services.integrations.snapchat.money import from_micro

LONGEST_SPAN = timedelta(days=30)
"""Days come at most 31 at a time, and one fewer over the hour that a clock is set back."""
READ_ONLY = frozenset(
    {
        *("created_at", "updated_at", "created_by_app_id", "created_by_user", "deleted", "auto_bid"),
        *("last_updated_by_app_id", "last_updated_by_user", "delivery_status", "effective_status"),
        *("creation_state", "targeting_reach_status", "forced_view_eligibility", "ranking_score"),
    }
)
"""What Snapchat works out by itself, and refuses to be told."""
DAILY: Mapping[BudgetedType, str] = {"campaign": "daily_budget_micro", "ad_set": "daily_budget_micro"}
LIFETIME: Mapping[BudgetedType, str] = {
    "campaign": "lifetime_spend_cap_micro",
    "ad_set": "lifetime_budget_micro",
}
_STATUSES = {"active": "ACTIVE", "paused": "PAUSED"}
_DELIVERS = "VALID"
_COUNTED = {
    "purchase": "conversion_purchases",
    "add_to_cart": "conversion_add_cart",
    "page_view": "conversion_page_views",
    "sign_up": "conversion_sign_ups",
    "search": "conversion_searches",
}
_CLICK_WINDOWS = {1: "1_DAY", 7: "7_DAY", 28: "28_DAY"}
_VIEW_WINDOWS = {0: "none", 1: "1_DAY", 7: "7_DAY"}
_LOGGED = {"CAMPAIGN": "campaign", "AD_SQUAD": "ad_set", "ADSQUAD": "ad_set", "AD": "ad"}


class Windows(NamedTuple):
    swipe: str
    view: str


class NotUnderstood(PlatformError):
    """The platform holds something that this connector does not know how to read."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(PlatformErrorKind.UNSUPPORTED, code, message)


def account(row: Mapping[str, Any], pixels: Iterable[tuple[str, str]] = ()) -> RemoteAccount:
    return RemoteAccount(
        external_id=str(row["id"]),
        name=str(row.get("name", "")),
        currency=str(row["currency"]),
        timezone=str(row["timezone"]),
        status=account_status(row),
        pixels=tuple(pixels),
    )


def account_status(row: Mapping[str, Any]) -> str:
    return str(row.get("status", "unknown")).lower()


def status_to_snapchat(status: str) -> str:
    """The two statuses that we ever set; a deletion cannot be undone."""
    try:
        return _STATUSES[status]
    except KeyError as error:
        raise NotUnderstood(
            "snapchat.status_not_set_here", f"A status of {status!r} is not set by us."
        ) from error


def entity(
    entity_type: BudgetedType, row: Mapping[str, Any], *, account_id: str, currency: str
) -> EntityState:
    daily, lifetime = (_budget(row.get(names[entity_type])) for names in (DAILY, LIFETIME))
    status = str(row["status"]).lower()
    objective = row.get("objective_v2_properties")
    return EntityState(
        entity_type=entity_type,
        external_id=str(row["id"]),
        account=account_id,
        name=str(row.get("name", "")),
        status=status,
        effective_status=effective(status, row.get("delivery_status")),
        daily_budget_micros=daily,
        lifetime_budget_micros=lifetime,
        currency=currency,
        campaign=str(row["campaign_id"]) if "campaign_id" in row else None,
        budget_level=entity_type if daily is not None or lifetime is not None else "unknown",
        objective=objective.get("objective_v2_type") if isinstance(objective, dict) else row.get("objective"),
        bid_strategy=row.get("bid_strategy"),
        started_at=moment(row.get("start_time")),
        ends_at=moment(row.get("end_time")),
        updated_at=moment(row.get("updated_at")),
    )


def whole(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a PUT must say again, for it replaces: all that is there and may be set. An empty bid is none."""
    kept = {name: value for name, value in row.items() if name not in READ_ONLY and value is not None}
    if kept.get("bid_micro") == 0:
        del kept["bid_micro"]
    return kept


def windows(conversion: ConversionSettings) -> Windows:
    """Snapchat's names of the attribution windows; one that Snapchat does not have is refused."""
    try:
        return Windows(_CLICK_WINDOWS[conversion.click_days], _VIEW_WINDOWS[conversion.view_days])
    except KeyError as error:
        raise NotUnderstood(
            "snapchat.no_such_window",
            "Snapchat counts within 1, 7 or 28 days of a swipe and within 0, 1 or 7 of a view.",
        ) from error


def counted(conversion: ConversionSettings) -> str:
    try:
        return _COUNTED[conversion.event]
    except KeyError as error:
        raise NotUnderstood(
            "snapchat.no_such_conversion", f"{conversion.event!r} is no conversion that Snapchat values."
        ) from error


def stats_query(since: date, until: date, conversion: ConversionSettings, *, timezone: str) -> dict[str, str]:
    """Days, each from the account's midnight, the last one whole. Conversions stand on the day of their ad."""
    zone = ZoneInfo(timezone)
    name, within = counted(conversion), windows(conversion)
    return {
        "granularity": "DAY",
        "start_time": _midnight(since, zone),
        "end_time": _midnight(until + timedelta(days=1), zone),
        "fields": f"impressions,swipes,spend,{name},{name}_value",
        "swipe_up_attribution_window": within.swipe,
        "view_attribution_window": within.view,
        "action_report_time": "impression",
        "omit_empty": "true",
    }


def spans(since: date, until: date) -> list[tuple[date, date]]:
    """Days inclusive, cut into lengths that one question may ask for.

    >>> spans(date(2026, 1, 1), date(2026, 2, 5))
    [(datetime.date(2026, 1, 1), datetime.date(2026, 1, 30)), (datetime.date(2026, 1, 31), datetime.date(2026, 2, 5))]
    """
    found, start = [], since
    while start <= until:
        end = min(until, start + LONGEST_SPAN - timedelta(days=1))
        found.append((start, end))
        start = end + timedelta(days=1)
    return found


def broken_down(stat: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    """The rows of an answer by campaign or ad squad."""
    parts = stat.get("breakdown_stats")
    found = parts.get(kind) if isinstance(parts, dict) else None
    if not isinstance(found, list):
        raise KeyError("breakdown_stats")
    return found


def metrics(
    squads: Iterable[tuple[str, Mapping[str, Any]]],
    *,
    currency: str,
    timezone: str,
    conversion: ConversionSettings,
) -> MetricsReading:
    """Ad squads' days with their campaign's id, summed to campaigns' days; one that came twice counts once."""
    name, zone = counted(conversion), ZoneInfo(timezone)
    sums: dict[tuple[str, date], MetricsDay] = {}
    seen: dict[date, set[str]] = {}
    for campaign, squad in squads:
        for entry in squad["timeseries"]:
            day = _required_time(entry["start_time"]).astimezone(zone).date()
            if str(squad["id"]) in seen.get(day, ()):
                continue
            stats, before = entry["stats"], sums.get((campaign, day))
            sums[campaign, day] = MetricsDay(
                campaign=campaign,
                day=day,
                currency=currency,
                spend_micros=(before.spend_micros if before else 0) + from_micro(stats.get("spend", 0)),
                impressions=(before.impressions if before else 0) + int(stats.get("impressions", 0)),
                clicks=(before.clicks if before else 0) + int(stats.get("swipes", 0)),
                conversions=(before.conversions if before else Decimal(0)) + _number(stats.get(name, 0)),
                conversion_value_micros=(before.conversion_value_micros if before else 0)
                + from_micro(stats.get(f"{name}_value", 0)),
                rows=(before.rows if before else 0) + 1,
            )
            seen.setdefault(day, set()).add(str(squad["id"]))
    return MetricsReading(tuple(sums.values()), {day: frozenset(ids) for day, ids in seen.items()})


def edit(row: Mapping[str, Any]) -> RemoteEdit:
    """An entry of an entity's log, which tells the values before and after as JSON texts."""
    told = json.dumps(row, sort_keys=True)
    records = row.get("update_value_records")
    fields = sorted(records) if isinstance(records, dict) else []
    action = str(row.get("action", "UPDATED")).lower()
    return RemoteEdit(
        fingerprint=hashlib.sha256(told.encode()).hexdigest(),
        at=_required_time(row["event_at"]),
        entity_type=_LOGGED.get(str(row.get("entity_type", "")), "other"),
        entity=str(row.get("entity_id", "")),
        event_type="_".join((action, *fields))[:200],
        actor_name=row.get("email") or row.get("user_id"),
        application_id=str(row["app_id"]) if row.get("app_id") else None,
        detail=records if isinstance(records, dict) else {},
        renames=action == "updated" and fields == ["name"],
    )


def touched_since(row: Mapping[str, Any], since: datetime) -> bool:
    """Whether its log can have anything new; one that does not say when it was changed may have."""
    at = moment(row.get("updated_at"))
    return at is None or at >= since


def effective(status: str, delivery: Any) -> str:
    """Snapchat's first reason why it does not deliver; its own status where it says none."""
    if status != "active" or not isinstance(delivery, list) or not delivery or _DELIVERS in delivery:
        return status
    return str(delivery[0]).lower()


def _budget(value: Any) -> int | None:
    return from_micro(value) or None if value is not None else None


def _number(told: Any) -> Decimal:
    found = Decimal(str(told))
    if not found.is_finite():
        raise ValueError(f"{told!r} is no number")
    return found


def _midnight(day: date, zone: ZoneInfo) -> str:
    return datetime(day.year, day.month, day.day, tzinfo=zone).isoformat(timespec="milliseconds")


def moment(text: Any) -> datetime | None:
    return None if not text else _required_time(text)


def _required_time(text: Any) -> datetime:
    moment = datetime.fromisoformat(str(text))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
