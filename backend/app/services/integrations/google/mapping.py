"""Google's objects in our words. What is not understood is told as such, never guessed."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from app.services.integrations.google.conversions import CATEGORIES
from app.services.integrations.google.errors import PLATFORM
from app.services.integrations.google.money import micros_of, micros_of_value
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

Row = Mapping[str, Any]

_SET = {"active": "ENABLED", "paused": "PAUSED"}
_STATUS = {"ENABLED": "active", "PAUSED": "paused", "REMOVED": "deleted"}
_EFFECTIVE = {"ELIGIBLE": "active", "LEARNING": "active", "PAUSED": "paused", "REMOVED": "deleted"}
_ACCOUNT = {"ENABLED": "active", "CANCELED": "closed", "SUSPENDED": "disabled", "CLOSED": "closed"}
_EDITED = {"CAMPAIGN": "campaign", "AD_GROUP": "ad_set", "AD_GROUP_AD": "ad"}
_PROGRAM = "GOOGLE_ADS_API"
_NO_LEARNING = frozenset({"UNAVAILABLE", "UNKNOWN", "UNSPECIFIED"})
_LONGEST_CLICK, _LONGEST_VIEW = 90, 30


class NotUnderstood(PlatformError):
    """The platform holds something that this connector does not know how to read."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(PlatformErrorKind.UNSUPPORTED, f"{PLATFORM}.{code}", message)


def category(conversion: ConversionSettings) -> str:
    try:
        return CATEGORIES[conversion.event]
    except KeyError as error:
        raise NotUnderstood(
            "no_such_conversion", f"{conversion.event!r} is no category of Google's conversion actions."
        ) from error


def check_windows(conversion: ConversionSettings) -> None:
    """Google counts in the window that each conversion action has of its own; ours says how long days are restated."""
    if not 1 <= conversion.click_days <= _LONGEST_CLICK or not 0 <= conversion.view_days <= _LONGEST_VIEW:
        raise NotUnderstood(
            "no_such_window", "Google's windows are 1 to 90 days after a click and up to 30 after a view."
        )


def status_to_google(status: str) -> str:
    """The two statuses that we ever set; removing cannot be undone."""
    try:
        return _SET[status]
    except KeyError as error:
        raise NotUnderstood("status_not_set_here", f"A status of {status!r} is not set by us.") from error


def account(row: Row, resource: str, pixels: Iterable[tuple[str, str]] = ()) -> RemoteAccount:
    found = row[resource]
    return RemoteAccount(
        external_id=str(found["id"]),
        name=str(found.get("descriptiveName") or found["id"]),
        currency=str(found["currencyCode"]),
        timezone=str(found["timeZone"]),
        status=account_status(found),
        pixels=tuple(pixels),
    )


def account_status(found: Row) -> str:
    word = str(found.get("status", "unknown"))
    return _ACCOUNT.get(word, word.lower())


def action(row: Row) -> tuple[str, str]:
    """A conversion action as people choose it: its name, what it counts, and for how long."""
    found = row["conversionAction"]
    days = found.get("clickThroughLookbackWindowDays")
    window = f", {days} days after a click" if days else ""
    return str(found["id"]), f"{found.get('name', '')} ({str(found['category']).lower()}{window})"


def actions_by_category(rows: Iterable[Row]) -> dict[str, list[str]]:
    """Their ids, those that bidding counts first."""
    found: dict[str, list[str]] = {}
    ordered = sorted(rows, key=lambda row: not row["conversionAction"].get("primaryForGoal", False))
    for row in ordered:
        found.setdefault(str(row["conversionAction"]["category"]), []).append(
            str(row["conversionAction"]["id"])
        )
    return found


def entity(entity_type: BudgetedType, row: Row, account_id: str, currency: str, timezone: str) -> EntityState:
    if entity_type == "ad_set":
        return _ad_group(row, account_id=account_id, currency=currency)
    found, budget = row["campaign"], row.get("campaignBudget") or {}
    daily, total = own_budget(budget)
    return EntityState(
        entity_type="campaign",
        external_id=str(found["id"]),
        account=account_id,
        name=str(found.get("name", "")),
        status=status(found["status"]),
        effective_status=effective(found),
        daily_budget_micros=daily,
        lifetime_budget_micros=total,
        currency=currency,
        budget_level="campaign" if daily is not None or total is not None else "unknown",
        objective=_lower(found.get("advertisingChannelType")),
        bid_strategy=_lower(found.get("biddingStrategyType")),
        learning=_learning(found),
        started_at=_time(found.get("startDateTime"), timezone),
        ends_at=_time(found.get("endDateTime"), timezone),
    )


def own_budget(budget: Row) -> tuple[int | None, int | None]:
    """A day's and the whole time's amount; neither of a budget that other campaigns may spend as well."""
    if is_shared(budget):
        return None, None
    if budget.get("period") == "CUSTOM_PERIOD":
        total = budget.get("totalAmountMicros")
        return None, None if total is None else micros_of(total)
    daily = budget.get("amountMicros") if budget.get("period") == "DAILY" else None
    return None if daily is None else micros_of(daily), None


def is_shared(budget: Row) -> bool:
    """Explicitly, or used by more than one: what is not said to be one campaign's own is taken for shared."""
    return budget.get("explicitlyShared") is not False or int(budget.get("referenceCount") or 0) > 1


def metrics(
    campaigns: Sequence[Row], conversions: Sequence[Row], ad_groups: Sequence[Row], *, currency: str
) -> MetricsReading:
    """Delivery, conversions of the primary category, and which ad groups reported, brought together by day."""
    seen: dict[date, set[str]] = {}
    for row in ad_groups:
        seen.setdefault(_day(row), set()).add(str(row["adGroup"]["id"]))
    claimed = {(str(row["campaign"]["id"]), _day(row)): row["metrics"] for row in conversions}
    delivered = {(str(row["campaign"]["id"]), _day(row)): row["metrics"] for row in campaigns}
    reported = _groups_by_campaign(ad_groups)
    days = tuple(
        MetricsDay(
            campaign=campaign,
            day=day,
            currency=currency,
            spend_micros=micros_of(spent.get("costMicros", "0")),
            impressions=int(spent.get("impressions", 0)),
            clicks=int(spent.get("clicks", 0)),
            conversions=_number(counted.get("conversions", 0)),
            conversion_value_micros=micros_of_value(counted.get("conversionsValue", 0)),
            rows=reported.get((campaign, day), 0),
        )
        for campaign, day in sorted({*delivered, *claimed})
        for spent in (delivered.get((campaign, day), {}),)
        for counted in (claimed.get((campaign, day), {}),)
    )
    return MetricsReading(days, {day: frozenset(ids) for day, ids in seen.items()})


def edits(
    rows: Iterable[Row], campaigns_on: Mapping[str, Sequence[str]], us: tuple[str, str | None], timezone: str
) -> list[RemoteEdit]:
    """An edit of a budget is one of each campaign on it.

    `us` are our person's address and our app: Google names no app, so ours are the edits that came by the API
    from our own person.
    """
    return [found for row in rows for found in _edits(row["changeEvent"], campaigns_on, us, timezone)]


def budgets_edited(rows: Iterable[Row]) -> bool:
    return any(row["changeEvent"].get("changeResourceType") == "CAMPAIGN_BUDGET" for row in rows)


def by_a_program(rows: Iterable[Row]) -> bool:
    return any(row["changeEvent"].get("clientType") == _PROGRAM for row in rows)


def campaigns_by_budget(rows: Iterable[Row]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(str(row["campaign"].get("campaignBudget")), []).append(str(row["campaign"]["id"]))
    return found


def changed_at(row: Row, timezone: str) -> datetime:
    return _required_time(row["changeEvent"]["changeDateTime"], timezone)


_NAMED = frozenset({"campaign", "ad_set"})


def _edits(
    change: Row, campaigns_on: Mapping[str, Sequence[str]], us: tuple[str, str | None], timezone: str
) -> Iterable[RemoteEdit]:
    kind, name = str(change.get("changeResourceType")), str(change.get("changeResourceName", ""))
    by_us = change.get("clientType") == _PROGRAM and change.get("userEmail") == us[0]
    entity_type = "campaign" if kind == "CAMPAIGN_BUDGET" else _EDITED.get(kind, "other")
    entities = campaigns_on.get(name, ()) if kind == "CAMPAIGN_BUDGET" else (name.rpartition("/")[2],)
    for one in entities:
        told = f"{change['resourceName']}|{one}"
        yield RemoteEdit(
            fingerprint=hashlib.sha256(told.encode()).hexdigest(),
            at=_required_time(change["changeDateTime"], timezone),
            entity_type=entity_type,
            entity=one,
            event_type=f"{str(change.get('resourceChangeOperation')).lower()}_{kind.lower()}",
            actor_name=change.get("userEmail"),
            application_id=us[1] if by_us else None,
            detail={
                "resource": name,
                "client": change.get("clientType"),
                "fields": change.get("changedFields"),
                "old": change.get("oldResource"),
                "new": change.get("newResource"),
            },
            renames=entity_type in _NAMED and change.get("changedFields") == "name",
        )


def _ad_group(row: Row, *, account_id: str, currency: str) -> EntityState:
    found = row["adGroup"]
    return EntityState(
        entity_type="ad_set",
        external_id=str(found["id"]),
        account=account_id,
        name=str(found.get("name", "")),
        status=status(found["status"]),
        effective_status=effective(found),
        daily_budget_micros=None,
        lifetime_budget_micros=None,
        currency=currency,
        campaign=str(row["campaign"]["id"]),
        learning=_learning(row["campaign"]),
    )


def _groups_by_campaign(rows: Iterable[Row]) -> dict[tuple[str, date], int]:
    found: dict[tuple[str, date], set[str]] = {}
    for row in rows:
        found.setdefault((str(row["campaign"]["id"]), _day(row)), set()).add(str(row["adGroup"]["id"]))
    return {key: len(ids) for key, ids in found.items()}


def status(word: Any) -> str:
    return _STATUS.get(str(word), str(word).lower())


def effective(found: Row) -> str:
    shown = str(found.get("primaryStatus", "UNKNOWN"))
    return _EFFECTIVE.get(shown, shown.lower())


def _learning(campaign: Row) -> bool | None:
    """The bidding strategy's own word; None where it has none to say."""
    word = str(campaign.get("biddingStrategySystemStatus", "UNKNOWN"))
    return None if word in _NO_LEARNING else word.startswith(("LEARNING", "MULTIPLE_LEARNING"))


def _lower(word: Any) -> str | None:
    return None if word is None else str(word).lower()


def _day(row: Row) -> date:
    return date.fromisoformat(str(row["segments"]["date"]))


def _number(value: Any) -> Decimal:
    try:
        found = Decimal(str(value))
    except InvalidOperation as error:
        raise ValueError(f"{value!r} is no number") from error
    if not found.is_finite():
        raise ValueError(f"{value!r} is no number")
    return found


def _time(text: Any, timezone: str) -> datetime | None:
    return None if not text else _required_time(text, timezone)


def _required_time(text: Any, timezone: str) -> datetime:
    """Google writes times in the account's zone, without saying so."""
    return datetime.fromisoformat(str(text)).replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)
