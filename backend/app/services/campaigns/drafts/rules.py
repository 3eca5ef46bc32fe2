"""What a draft may do next, and what a platform would not take of its plan."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.models.campaigns.kinds import DraftStatus
from app.schemas.campaigns.drafts import CampaignPlan, PlanAdSet, PlanSchedule
from app.services.integrations.campaigns.ports import CampaignOffer
from app.services.trust_engine.gate.permits import canonical_bytes

S = DraftStatus

EDITABLE = frozenset({S.DRAFT, S.SUBMITTED, S.REJECTED, S.APPROVED, S.FAILED})
"""An edit leads back to `draft`: whatever was asked or approved was so of another plan."""
SUBMITTABLE = frozenset({S.DRAFT, S.REJECTED})
DECIDABLE = frozenset({S.SUBMITTED})
PUBLISHABLE = frozenset({S.APPROVED, S.FAILED})
"""A failed publication goes on where it broke off, while its approval holds."""
DELETABLE = EDITABLE

MARKER_LENGTH = 10
_DOMAIN = b"stratum.draft.1\x00"
_SUFFIX = len(" [") + MARKER_LENGTH + len("]")
_PAST = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Fault:
    """What stands in the way: a dotted path below the draft, a stable code, and how to mend it."""

    field: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The ad account that a plan is meant for."""

    platform: str
    currency: str
    timezone: str
    enabled: bool
    writable: bool
    """We hold the lease to write, and the connection is not read-only."""
    pixel: str | None
    conversion: str
    least_campaign_micros: int | None = None
    """The smallest daily budget of a campaign; None while the platform does not tell."""
    least_ad_set_micros: int | None = None


def digest(ad_account_id: object, plan: CampaignPlan) -> str:
    """SHA-256, in hex: two plans have one digest only where they are the same plan for the same account."""
    told = {"ad_account_id": str(ad_account_id), "plan": _told(plan)}
    return hashlib.sha256(_DOMAIN + canonical_bytes(told)).hexdigest()


def _told(plan: CampaignPlan) -> dict[str, Any]:
    """A plan without images, ads or a logo is told as it was before there were any: approvals of then hold."""
    told = plan.model_dump(mode="json")
    for part in (told, *told["ad_sets"]):
        for name in ("assets", "ads"):
            if not part.get(name):
                part.pop(name, None)
    if told["identity"]["logo"] is None:
        del told["identity"]["logo"]
    if not any(told["identity"].values()):
        del told["identity"]
    return told


def moment(local: datetime, timezone: str) -> datetime:
    """The moment at which the account's clock shows `local`; the earlier one where it shows it twice."""
    return local.replace(tzinfo=ZoneInfo(timezone), fold=0)


def longest_name(offer: CampaignOffer) -> int:
    """Characters that are left for people, beside our marker."""
    return longest_marked(offer.longest_name)


def longest_marked(most: int) -> int:
    return most - _SUFFIX


def faults(plan: CampaignPlan, place: Place, offer: CampaignOffer | None, now: datetime) -> Iterator[Fault]:
    """Everything that the platform would not take, in the order of the plan."""
    if offer is None:
        yield Fault(
            "ad_account_id",
            "not_offered",
            f"Campaigns are not created at {place.platform} from here yet: create this one there.",
        )
        return
    yield from _account(plan, place, offer)
    yield from _name("plan.name", plan.name, offer)
    if plan.objective is None:
        yield Fault("plan.objective", "missing", "Choose what the campaign is for.")
    elif plan.objective not in offer.objectives:
        yield Fault(
            "plan.objective",
            "not_taken",
            f"Choose one of these for {place.platform}: {', '.join(offer.objectives)}.",
        )
    yield from _budget(plan, place, offer)
    yield from _schedule(plan, place, now)
    if offer.whole_days:
        yield from _whole_days(plan.schedule, place.timezone)
    yield from _bid(plan, offer, place.currency)
    yield from _ad_sets(plan, place, offer)


def _account(plan: CampaignPlan, place: Place, offer: CampaignOffer) -> Iterator[Fault]:
    if not place.enabled:
        yield Fault("ad_account_id", "not_enabled", "Enable the ad account under Connections.")
    if not place.writable:
        yield Fault(
            "ad_account_id",
            "read_only",
            "The account may only be read: connect it with the right to write, and take its lease.",
        )
    if plan.objective in offer.counts_conversions:
        if place.pixel is None:
            yield Fault(
                "ad_account_id", "no_pixel", "Choose the account's pixel: this objective counts conversions."
            )
        if place.conversion not in offer.conversions:
            yield Fault(
                "plan.objective",
                "conversion_not_taken",
                f"{place.platform} optimises for none of the account's {place.conversion} conversions: "
                "choose another objective, or another primary conversion of the account.",
            )


def _name(field: str, name: str, offer: CampaignOffer) -> Iterator[Fault]:
    most = longest_name(offer)
    size, unit = (len(name.encode()), "bytes") if offer.name_in_bytes else (len(name), "characters")
    if not name:
        yield Fault(field, "missing", "Give it a name.")
    elif size > most:
        yield Fault(field, "too_long", f"Shorten the name to {most} {unit}: it has {size}.")


def _budget(plan: CampaignPlan, place: Place, offer: CampaignOffer) -> Iterator[Fault]:
    field, budget = "plan.budget.amount_micros", plan.budget
    if offer.step(place.currency) is None:
        yield Fault(field, "currency_unknown", f"{place.platform} takes no budgets in {place.currency}.")
        return
    if budget.level not in offer.budget_levels:
        yield Fault(
            "plan.budget.level", "not_taken", "Set it for the campaign: only that has a budget there."
        )
        return
    if budget.level == "ad_set":
        if budget.amount_micros is not None:
            yield Fault(field, "not_here", "Leave it empty: each ad set has its own budget.")
        return
    if budget.amount_micros is None:
        yield Fault(field, "missing", "Say how much the campaign may spend.")
        return
    yield from _amount(field, budget.amount_micros, plan, place, offer)


def _amount(
    field: str, micros: int, plan: CampaignPlan, place: Place, offer: CampaignOffer
) -> Iterator[Fault]:
    step = offer.step(place.currency) or 1
    if micros % step:
        yield Fault(
            field,
            "too_fine",
            f"Use whole steps of {_money(step, place.currency)}: the platform has no finer.",
        )
    own = plan.budget.level == "ad_set"
    least = place.least_ad_set_micros if own else place.least_campaign_micros
    if least is None:
        return
    needed = least * (_days(plan) if plan.budget.kind == "lifetime" else 1)
    if micros < needed:
        yield Fault(field, "too_small", f"The platform takes {_money(needed, place.currency)} or more here.")


def _days(plan: CampaignPlan) -> int:
    """Days that a lifetime budget has to last for; one where its time is not known yet."""
    start, end = plan.schedule.starts_at, plan.schedule.ends_at
    if start is None or end is None or end <= start:
        return 1
    return max(1, -(-(end - start) // timedelta(days=1)))


def _schedule(plan: CampaignPlan, place: Place, now: datetime) -> Iterator[Fault]:
    start, end = plan.schedule.starts_at, plan.schedule.ends_at
    clock = f"on the account's clock ({place.timezone})"
    if start is not None and moment(start, place.timezone) < now - _PAST:
        yield Fault("plan.schedule.starts_at", "past", f"Choose a start that is still to come {clock}.")
    if end is None:
        if plan.budget.kind == "lifetime":
            yield Fault("plan.schedule.ends_at", "missing", "A lifetime budget needs an end: choose one.")
        return
    begins = now if start is None else moment(start, place.timezone)
    if moment(end, place.timezone) <= max(begins, now):
        yield Fault("plan.schedule.ends_at", "before_start", f"Choose an end after the start, {clock}.")


def _whole_days(schedule: PlanSchedule, timezone: str) -> Iterator[Fault]:
    if schedule.starts_at is not None and schedule.starts_at.time() != time():
        yield Fault(
            "plan.schedule.starts_at", "whole_days", "Choose 00:00: there a campaign begins with a day."
        )
    if schedule.ends_at is not None and schedule.ends_at.time() != time():
        yield Fault(
            "plan.schedule.ends_at",
            "whole_days",
            "Choose 00:00 of the day after the last: there a campaign ends with a day.",
        )
    for name, at in (("starts_at", schedule.starts_at), ("ends_at", schedule.ends_at)):
        if at is not None and at.time() == time() and not _exists(at, timezone):
            yield Fault(
                f"plan.schedule.{name}",
                "no_such_time",
                f"Choose another day: on the account's clock ({timezone}) that one does not begin at 00:00.",
            )


def _exists(local: datetime, timezone: str) -> bool:
    """False for what the clock skips when it goes forward."""
    shown = moment(local, timezone).astimezone(UTC).astimezone(ZoneInfo(timezone))
    return shown.replace(tzinfo=None) == local.replace(tzinfo=None)


def _bid(plan: CampaignPlan, offer: CampaignOffer, currency: str) -> Iterator[Fault]:
    bid = plan.bid
    if bid.strategy not in offer.bid_strategies:
        yield Fault(
            "plan.bid.strategy", "not_taken", f"Choose one of these: {', '.join(offer.bid_strategies)}."
        )
        return
    if bid.strategy == "lowest_cost":
        if bid.amount_micros is not None:
            yield Fault("plan.bid.amount_micros", "not_here", "Leave it empty: the lowest cost has no cap.")
    elif bid.amount_micros is None:
        yield Fault("plan.bid.amount_micros", "missing", "Say what the cap is.")
    elif bid.amount_micros % (offer.step(currency) or 1):
        yield Fault(
            "plan.bid.amount_micros", "too_fine", "The platform has no finer step than its currency's."
        )


def _ad_sets(plan: CampaignPlan, place: Place, offer: CampaignOffer) -> Iterator[Fault]:
    if not plan.ad_sets:
        yield Fault("plan.ad_sets", "missing", "Add an ad set: a campaign without one reaches nobody.")
    for number, one in enumerate(plan.ad_sets):
        yield from _ad_set(f"plan.ad_sets.{number}", one, plan, place, offer)


def _ad_set(
    field: str, one: PlanAdSet, plan: CampaignPlan, place: Place, offer: CampaignOffer
) -> Iterator[Fault]:
    yield from _name(f"{field}.name", one.name, offer)
    if not one.countries:
        yield Fault(f"{field}.countries", "missing", "Choose at least one country.")
    elif offer.countries is not None and (other := sorted(set(one.countries) - offer.countries)):
        yield Fault(
            f"{field}.countries", "not_taken", f"Leave out {', '.join(other)}: not offered there yet."
        )
    ages = (one.age_min, one.age_max)
    if not offer.takes_ages and ages != (None, None):
        yield Fault(f"{field}.age_min", "not_taken", "Leave the ages empty: they are not offered here yet.")
    elif one.age_min is not None and one.age_max is not None and one.age_min > one.age_max:
        yield Fault(
            f"{field}.age_max", "before_min", "The oldest is younger than the youngest: turn them round."
        )
    own = plan.budget.level == "ad_set"
    if own and one.budget_micros is None:
        yield Fault(f"{field}.budget_micros", "missing", "Say how much this ad set may spend.")
    elif own and one.budget_micros is not None:
        yield from _amount(f"{field}.budget_micros", one.budget_micros, plan, place, offer)
    elif one.budget_micros is not None:
        yield Fault(f"{field}.budget_micros", "not_here", "Leave it empty: the campaign has the budget.")


def _money(micros: int, currency: str) -> str:
    return f"{micros / 1_000_000:,.2f} {currency}"
