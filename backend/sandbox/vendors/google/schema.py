"""What may be written to each resource, of which form, and the rules that Google holds it to."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.vendors.google import assets, creations, demand_gen
from sandbox.vendors.google.book import Entity
from sandbox.vendors.google.constants import BILLABLE_UNITS
from sandbox.vendors.google.errors import AdsError, Fault, Path, fault, request_fault
from sandbox.vendors.google.state import GoogleState, camel
from sandbox.vendors.google.times import seconds

_NAME_BYTES = 255
_ENABLED = ("ENABLED", "PAUSED")
_INT64 = re.compile(r"-?\d{1,19}")
Reader = Callable[[str, Any], Any]


def _int64(name: str, value: Any) -> int:
    """JSON's int64 is a text; a number is taken too."""
    if isinstance(value, bool) or not (isinstance(value, int) or _INT64.fullmatch(str(value))):
        raise _invalid_type(name, value)
    return int(value)


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _invalid_type(name, value)
    return value


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _invalid_type(name, value)
    return value


def _one_of(*values: str) -> Reader:
    def read(name: str, value: Any) -> str:
        if value not in values:
            raise fault(
                "requestError", "INVALID_ENUM_VALUE", f"Enum value is not permitted: {value!r}.", name
            )
        return str(value)

    return read


def _anything(_name: str, value: Any) -> Any:
    return value


def _invalid_type(name: str, value: Any) -> AdsError:
    """The JSON itself does not fit the message: refused before the API looks at it."""
    return AdsError(
        "INVALID_ARGUMENT",
        Fault("requestError", "UNKNOWN", f"Invalid value at '{name}': {value!r}.", path=[(name, None)]),
    )


_WRITABLE: dict[str, dict[str, Reader]] = {
    "campaign_budget": {
        "name": _text,
        "amount_micros": _int64,
        "total_amount_micros": _int64,
        "explicitly_shared": _flag,
        "delivery_method": _one_of("STANDARD"),
        "period": _one_of("DAILY", "CUSTOM_PERIOD"),
    },
    "campaign": {
        "name": _text,
        "status": _one_of(*_ENABLED),
        "campaign_budget": _text,
        "advertising_channel_type": _one_of("SEARCH", "DISPLAY", "PERFORMANCE_MAX", "DEMAND_GEN", "SHOPPING"),
        "start_date_time": _text,
        "end_date_time": _text,
        "contains_eu_political_advertising": _one_of(
            "CONTAINS_EU_POLITICAL_ADVERTISING", "DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING"
        ),
        "demand_gen_campaign_settings": _anything,
        **dict.fromkeys(creations.BIDDING, _anything),
    },
    "ad_group": {
        "name": _text,
        "campaign": _text,
        "status": _one_of(*_ENABLED),
        "cpc_bid_micros": _int64,
        "type": _one_of("SEARCH_STANDARD", "DISPLAY_STANDARD"),
    },
    "ad_group_ad": {"ad_group": _text, "status": _one_of(*_ENABLED), "ad": _anything},
    "ad_group_criterion": {
        "ad_group": _text,
        "status": _one_of(*_ENABLED),
        "negative": _flag,
        "location": _anything,
    },
    "campaign_conversion_goal": {"biddable": _flag},
    "asset": {"name": _text, "type": _one_of("IMAGE"), "image_asset": _anything},
}
_IMMUTABLE = {
    "campaign_budget": {"period"},
    "campaign": {"advertising_channel_type", "demand_gen_campaign_settings"},
    "ad_group": {"campaign", "type"},
    "ad_group_ad": {"ad_group", "ad"},
    "ad_group_criterion": {"ad_group", "negative", "location"},
    "campaign_conversion_goal": {"campaign", "category", "origin"},
    "asset": {"name", "type", "image_asset"},
}
_REQUIRED = {
    "campaign_budget": (),
    "campaign": ("name", "campaign_budget", "advertising_channel_type"),
    "ad_group": ("name", "campaign"),
    "ad_group_ad": ("ad_group", "ad"),
    "ad_group_criterion": ("ad_group",),
    "asset": (),
}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "campaign_budget": {
        "status": "ENABLED",
        "period": "DAILY",
        "delivery_method": "STANDARD",
        "explicitly_shared": True,
    },
    "campaign": {"status": "ENABLED", "bidding_strategy_type": "MANUAL_CPC"},
    "ad_group": {"status": "ENABLED"},
    "ad_group_ad": {"status": "ENABLED"},
    "ad_group_criterion": {"status": "ENABLED", "negative": False},
    "asset": {},
}
_REFERENCES = {
    "campaign": ("campaign_budget",),
    "ad_group": ("campaign",),
    "ad_group_ad": ("ad_group",),
    "ad_group_criterion": ("ad_group",),
}


def defaults(kind: str) -> dict[str, Any]:
    return dict(_DEFAULTS[kind])


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])[A-Z]", lambda found: f"_{found[0].lower()}", name)


def mask(kind: str, text: Any) -> list[str]:
    """The fields of an `updateMask`, in either spelling."""
    if not isinstance(text, str) or not text.strip():
        raise fault("fieldMaskError", "FIELD_MASK_MISSING", "The field mask must be provided.", "update_mask")
    names = [snake(part.strip()) for part in text.split(",")]
    for name in names:
        if name in _IMMUTABLE[kind]:
            raise request_fault("IMMUTABLE_FIELD", "The field cannot be modified.", path=[(name, None)])
        if name not in _WRITABLE[kind]:
            raise fault(
                "fieldMaskError",
                "FIELD_NOT_FOUND",
                f"The field mask contained an invalid field: '{name}'.",
                "update_mask",
            )
    return names


def read(kind: str, body: Any, *, temporary: Mapping[str, str], creating: bool) -> dict[str, Any]:
    """A resource's fields as we keep them; one that may not be written is refused."""
    if not isinstance(body, dict):
        raise request_fault("REQUIRED_FIELD_MISSING", "The resource is required.")
    found: dict[str, Any] = {}
    for given, value in body.items():
        name = snake(given)
        if name == "resource_name":
            found[name] = value
            continue
        reader = _WRITABLE[kind].get(name)
        if reader is None:
            raise _unknown(kind, given)
        found[name] = reader(name, value)
    for name in _REFERENCES.get(kind, ()):
        if name in found:
            found[name] = temporary.get(found[name], found[name])
    return _created(kind, found, temporary) if creating else found


def _unknown(kind: str, given: str) -> AdsError:
    return AdsError(
        "INVALID_ARGUMENT",
        Fault(
            "requestError",
            "CANNOT_MODIFY_FOREIGN_FIELD",
            f"{camel(kind)}.{given} is not written here.",
            path=[(snake(given), None)],
        ),
    )


def _created(kind: str, found: dict[str, Any], temporary: Mapping[str, str]) -> dict[str, Any]:
    for name in _REQUIRED[kind]:
        if not found.get(name):
            raise fault("fieldError", "REQUIRED", "The required field was not present.", "create", name)
    if kind == "campaign":
        creations.bidding(found)
        creations.targeting(found)
    if kind == "ad_group_criterion":
        creations.criterion(found)
    if kind == "ad_group_ad":
        found |= demand_gen.told(found.pop("ad"), temporary)
    if kind == "asset":
        return assets.told(found)
    return found


def check(google: GoogleState, entity: Entity, before: Mapping[str, Any] | None) -> None:
    """The rules of the resource as it would be; `before` is None for a new one."""
    verb = "create" if before is None else "update"
    _check_name(entity, verb)
    if entity.kind == "campaign_budget":
        _check_budget(google, entity, before, verb)
    elif entity.kind == "campaign":
        _check_campaign(google, entity, before, verb)
    elif entity.kind in _REFERENCES:
        _check_references(google, entity, verb)
    if entity.kind == "ad_group_ad" and before is None:
        demand_gen.check(google, entity)
    creations.check(google, entity, before)


def _check_name(entity: Entity, verb: str) -> None:
    name = entity.data.get("name")
    if name is None:
        return
    if not name.strip() or len(name.encode()) > _NAME_BYTES or re.search(r"[\x00\n\r]", name):
        raise fault(
            "stringLengthError", "TOO_LONG" if name.strip() else "EMPTY", "Invalid length.", verb, "name"
        )


def _check_budget(google: GoogleState, budget: Entity, before: Mapping[str, Any] | None, verb: str) -> None:
    data = budget.data
    total = data["period"] == "CUSTOM_PERIOD"
    wanted, other = (
        ("total_amount_micros", "amount_micros") if total else ("amount_micros", "total_amount_micros")
    )
    if data.get(other) is not None:
        code = (
            "BUDGET_AMOUNT_MUST_BE_UNSET_FOR_CUSTOM_BUDGET_PERIOD"
            if total
            else "TOTAL_BUDGET_AMOUNT_MUST_BE_UNSET_FOR_BUDGET_PERIOD_DAILY"
        )
        raise fault("campaignBudgetError", code, "The amount does not fit the period.", verb, other)
    amount = data.get(wanted)
    if amount is None:
        raise fault("fieldError", "REQUIRED", "The required field was not present.", verb, wanted)
    _check_amount(google, budget.customer, int(amount), (verb, wanted))
    if before is not None and before["explicitly_shared"] and not data["explicitly_shared"]:
        raise fault(
            "campaignBudgetError",
            "CANNOT_UPDATE_CAMPAIGN_BUDGET_TO_IMPLICITLY_SHARED",
            "A shared campaign budget cannot become non-shared.",
            verb,
            "explicitly_shared",
        )
    if data["explicitly_shared"] and not data.get("name"):
        raise fault("fieldError", "REQUIRED", "A shared budget needs a name.", verb, "name")


def _check_amount(google: GoogleState, customer: str, amount: int, place: tuple[str, str]) -> None:
    unit = BILLABLE_UNITS[google.customers[customer].currency]
    path: Path = [(name, None) for name in place]
    if amount <= 0:
        code = "NEGATIVE_MONEY_AMOUNT" if amount < 0 else "MONEY_AMOUNT_LESS_THAN_CURRENCY_MINIMUM_CPC"
        raise AdsError(
            "INVALID_ARGUMENT", Fault("campaignBudgetError", code, "The amount is too low.", amount, path)
        )
    if amount % unit:
        raise AdsError(
            "INVALID_ARGUMENT",
            Fault(
                "campaignBudgetError",
                "NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT",
                "A money amount was not a multiple of a minimum unit.",
                amount,
                path,
            ),
        )


def _check_campaign(
    google: GoogleState, campaign: Entity, before: Mapping[str, Any] | None, verb: str
) -> None:
    _check_references(google, campaign, verb)
    budget = google.book.get(campaign.data["campaign_budget"])
    others = [one for one in google.book.campaigns_on(budget.name) if one.name != campaign.name]
    if others and not budget.data["explicitly_shared"]:
        raise fault(
            "campaignBudgetError",
            "CANNOT_USE_IMPLICITLY_SHARED_CAMPAIGN_BUDGET_WITH_MULTIPLE_CAMPAIGNS",
            "Only explicitly shared campaign budgets can be used with multiple campaigns.",
            verb,
            "campaign_budget",
        )
    name = campaign.data["name"]
    same = (one for one in google.book.of(campaign.customer, "campaign") if one.lives)
    if any(one.data["name"] == name and one.name != campaign.name for one in same):
        raise fault(
            "campaignError", "DUPLICATE_CAMPAIGN_NAME", "The campaign name is already assigned.", verb, "name"
        )
    if before is None and "contains_eu_political_advertising" not in campaign.data:
        raise fault(
            "fieldError",
            "REQUIRED",
            "The required field was not present.",
            verb,
            "contains_eu_political_advertising",
        )
    for field in ("start_date_time", "end_date_time"):
        _check_moment(google, campaign, field, verb)


def _check_moment(google: GoogleState, campaign: Entity, field: str, verb: str) -> None:
    text = campaign.data.get(field)
    if text is None:
        return
    try:
        seconds(text, google.timezone(campaign.customer))
    except ValueError as error:
        raise fault("dateError", "INVALID_STRING_DATE_TIME_SECONDS", "Invalid date.", verb, field) from error


def _check_references(google: GoogleState, entity: Entity, verb: str) -> None:
    for name in _REFERENCES[entity.kind]:
        found = google.book.find(str(entity.data.get(name)))
        if found is None or found.customer != entity.customer or not found.lives or found.kind != name:
            raise fault(
                "mutateError",
                "RESOURCE_NOT_FOUND",
                "Resource was not found.",
                verb,
                name,
                trigger=str(entity.data.get(name)),
            )
