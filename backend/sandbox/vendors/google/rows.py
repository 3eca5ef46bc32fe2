"""The rows of each resource, flat: every field's full name and value. Fields that are not set are left out."""

from collections.abc import Callable, Iterator
from typing import Any

from sandbox.vendors.google import goals, review
from sandbox.vendors.google.book import Entity
from sandbox.vendors.google.constants import BILLABLE_UNITS, DEMAND_GEN_MINIMUMS
from sandbox.vendors.google.state import Customer, GoogleState

Row = dict[str, Any]


def rows(google: GoogleState, customer: str, resource: str) -> Iterator[Row]:
    return _READERS[resource](google, customer)


def _customer_row(google: GoogleState, customer: Customer) -> Row:
    return {
        "customer.resource_name": f"customers/{customer.id}",
        "customer.id": int(customer.id),
        "customer.descriptive_name": customer.name,
        "customer.currency_code": customer.currency,
        "customer.time_zone": customer.timezone,
        "customer.manager": customer.manager,
        "customer.test_account": False,
        "customer.auto_tagging_enabled": True,
        "customer.status": google.settings.standing.get(customer.id, "ENABLED"),
    }


def _customers(google: GoogleState, customer: str) -> Iterator[Row]:
    yield _customer_row(google, google.customers[customer])


def _clients(google: GoogleState, customer: str) -> Iterator[Row]:
    for level, ids in ((0, (customer,)), (1, google.children(customer))):
        for one in ids:
            found = google.customers[one]
            own = _customer_row(google, found)
            names = ("descriptive_name", "currency_code", "time_zone", "manager", "test_account", "status")
            yield _customer_row(google, google.customers[customer]) | {
                "customer_client.resource_name": f"customers/{customer}/customerClients/{one}",
                "customer_client.client_customer": f"customers/{one}",
                "customer_client.id": int(one),
                "customer_client.hidden": False,
                "customer_client.level": level,
                **{f"customer_client.{name}": own[f"customer.{name}"] for name in names},
            }


def budget_row(google: GoogleState, budget: Entity) -> Row:
    return _own(budget) | {
        "campaign_budget.id": int(budget.id),
        "campaign_budget.reference_count": len(google.book.campaigns_on(budget.name)),
    }


def campaign_row(google: GoogleState, campaign: Entity) -> Row:
    status, reasons = primary_status(google, campaign)
    return (
        _customer_row(google, google.customers[campaign.customer])
        | _own(campaign)
        | {
            "campaign.id": int(campaign.id),
            "campaign.serving_status": _serving_status(google, campaign),
            "campaign.primary_status": status,
            "campaign.primary_status_reasons": reasons,
            "campaign.bidding_strategy_system_status": google.learning(campaign),
        }
    )


def primary_status(google: GoogleState, campaign: Entity) -> tuple[str, list[str]]:
    status = campaign.data["status"]
    if status in {"PAUSED", "REMOVED"}:
        return status, [f"CAMPAIGN_{status}"]
    if google.has_ended(campaign):
        return "ENDED", ["CAMPAIGN_ENDED"]
    if not google.has_begun(campaign):
        return "PENDING", ["CAMPAIGN_PENDING"]
    if not google.lines(campaign):
        return "NOT_ELIGIBLE", ["NO_AD_GROUPS"]
    learning = google.learning(campaign).startswith("LEARNING")
    return ("LEARNING", ["BIDDING_STRATEGY_LEARNING"]) if learning else ("ELIGIBLE", [])


def _serving_status(google: GoogleState, campaign: Entity) -> str:
    if google.has_ended(campaign):
        return "ENDED"
    if not google.has_begun(campaign):
        return "PENDING"
    return "SERVING" if campaign.data["status"] == "ENABLED" else "NONE"


def _campaigns(google: GoogleState, customer: str) -> Iterator[Row]:
    for campaign in google.book.of(customer, "campaign"):
        budget = google.book.find(campaign.data["campaign_budget"])
        yield campaign_row(google, campaign) | (budget_row(google, budget) if budget else {})


def _budgets(google: GoogleState, customer: str) -> Iterator[Row]:
    for budget in google.book.of(customer, "campaign_budget"):
        yield _customer_row(google, google.customers[customer]) | budget_row(google, budget)


def ad_group_row(google: GoogleState, group: Entity) -> Row:
    campaign = google.book.get(group.data["campaign"])
    own = group.data["status"]
    above, _ = primary_status(google, campaign)
    served = any(ad.serves(google.now()) for ad in google.book.ads_of(group.name))
    may_serve = served and above in {"ELIGIBLE", "LEARNING"}
    shown = own if own in {"PAUSED", "REMOVED"} else "ELIGIBLE" if may_serve else "NOT_ELIGIBLE"
    return (
        campaign_row(google, campaign)
        | _own(group)
        | {"ad_group.id": int(group.id), "ad_group.primary_status": shown}
    )


def _ad_groups(google: GoogleState, customer: str) -> Iterator[Row]:
    for group in google.book.of(customer, "ad_group"):
        yield ad_group_row(google, group)


def _ads(google: GoogleState, customer: str) -> Iterator[Row]:
    for ad in google.book.of(customer, "ad_group_ad"):
        row = ad_group_row(google, google.book.get(ad.data["ad_group"])) | _own(ad)
        row["ad_group_ad.ad.id"] = int(ad.id.partition("~")[2])
        row["ad_group_ad.ad.resource_name"] = f"customers/{customer}/ads/{ad.id.partition('~')[2]}"
        own = ad.data["status"]
        shown = own if own != "ENABLED" else "ELIGIBLE" if ad.serves(google.now()) else _held(google, ad)
        row["ad_group_ad.primary_status"] = shown
        row |= {f"ad_group_ad.{name}": value for name, value in review.summary(ad, google.now()).items()}
        yield row


def _criteria(google: GoogleState, customer: str) -> Iterator[Row]:
    for one in google.book.of(customer, "ad_group_criterion"):
        row = ad_group_row(google, google.book.get(one.data["ad_group"])) | _own(one)
        yield row | {"ad_group_criterion.criterion_id": int(one.id.partition("~")[2])}


def _customer_goals(google: GoogleState, customer: str) -> Iterator[Row]:
    for category, biddable in goals.of_account(google.book, customer).items():
        yield _customer_row(google, google.customers[customer]) | {
            "customer_conversion_goal.resource_name": (
                f"customers/{customer}/customerConversionGoals/{category}~{goals.ORIGIN}"
            ),
            "customer_conversion_goal.category": category,
            "customer_conversion_goal.origin": goals.ORIGIN,
            "customer_conversion_goal.biddable": biddable,
        }


def _campaign_goals(google: GoogleState, customer: str) -> Iterator[Row]:
    for goal in google.book.of(customer, "campaign_conversion_goal"):
        yield campaign_row(google, google.book.get(goal.data["campaign"])) | _own(goal)


def _held(google: GoogleState, ad: Entity) -> str:
    return "PENDING" if ad.verdict(google.now()) == "pending" else "NOT_ELIGIBLE"


def _assets(google: GoogleState, customer: str) -> Iterator[Row]:
    for asset in google.book.of(customer, "asset"):
        yield _customer_row(google, google.customers[customer]) | _own(asset) | {"asset.id": int(asset.id)}


def _conversion_actions(google: GoogleState, customer: str) -> Iterator[Row]:
    for action in google.book.of(customer, "conversion_action"):
        yield (
            _customer_row(google, google.customers[customer])
            | _own(action)
            | {"conversion_action.id": int(action.id)}
        )


def _changes(google: GoogleState, customer: str) -> Iterator[Row]:
    for row in google.changes.seen(customer, google.now(), google.settings.change_delay):
        found = _customer_row(google, google.customers[customer])
        for name in ("campaign", "ad_group"):
            entity = google.book.find(row.get(f"change_event.{name}") or "")
            if entity is not None:
                found |= campaign_row(google, entity) if name == "campaign" else ad_group_row(google, entity)
        yield found | {
            name: value
            for name, value in row.items()
            if name.startswith("change_event.") and value is not None
        }


def _currencies(_google: GoogleState, _customer: str) -> Iterator[Row]:
    for code, unit in BILLABLE_UNITS.items():
        yield {
            "currency_constant.resource_name": f"currencyConstants/{code}",
            "currency_constant.code": code,
            "currency_constant.name": code,
            "currency_constant.symbol": code,
            "currency_constant.billable_unit_micros": unit,
            "currency_constant.demand_gen_info.minimum_budget_per_day_micros": DEMAND_GEN_MINIMUMS[code],
        }


def _own(entity: Entity) -> Row:
    found = {f"{entity.kind}.{name}": value for name, value in entity.data.items() if value is not None}
    return found | {f"{entity.kind}.resource_name": entity.name}


_READERS: dict[str, Callable[[GoogleState, str], Iterator[Row]]] = {
    "customer": _customers,
    "customer_client": _clients,
    "campaign": _campaigns,
    "campaign_budget": _budgets,
    "ad_group": _ad_groups,
    "ad_group_ad": _ads,
    "ad_group_criterion": _criteria,
    "asset": _assets,
    "customer_conversion_goal": _customer_goals,
    "campaign_conversion_goal": _campaign_goals,
    "conversion_action": _conversion_actions,
    "change_event": _changes,
    "currency_constant": _currencies,
}
