"""The integrated report: an id and a time to group by, metrics as texts, each ad group by its own windows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from math import exp
from typing import Any

from sandbox.vendors.tiktok.calls import Call, parsed
from sandbox.vendors.tiktok.entities import Entity
from sandbox.vendors.tiktok.errors import missing, wrong
from sandbox.vendors.tiktok.reading import STATUSES, advertiser_of
from sandbox.vendors.tiktok.state import TikTokState
from sandbox.world.reporting import Totals
from sandbox.world.seasons import DAY

_LEVELS = {
    "AUCTION_ADVERTISER": "advertiser_id",
    "AUCTION_CAMPAIGN": "campaign_id",
    "AUCTION_ADGROUP": "adgroup_id",
}
_TIMES = {"": 365, "stat_time_day": 30, "stat_time_hour": 1}
"""How many days a report may cover at most, by what it groups by."""
_PARAMS = frozenset(
    {
        "advertiser_id",
        "report_type",
        "service_type",
        "data_level",
        "dimensions",
        "metrics",
        "start_date",
        "end_date",
        "filtering",
        "page",
        "page_size",
        "output_format",
        "file_name",
    }
)
_DAYS = {"OFF": 0, "ONE_DAY": 1, "SEVEN_DAYS": 7, "FOURTEEN_DAYS": 14, "TWENTY_EIGHT_DAYS": 28}
_AUDIENCE = 400_000.0


@dataclass(slots=True)
class Sums:
    """An ad group's totals are cut by its own windows before they are added up."""

    spend: float = 0.0
    impressions: int = 0
    clicks: int = 0
    purchases: int = 0
    value: float = 0.0
    viewed: int = 0
    viewed_value: float = 0.0

    def add(self, totals: Totals, group: Entity) -> None:
        click = _DAYS[group.data["click_attribution_window"]] * DAY
        view = _DAYS[group.data["view_attribution_window"]] * DAY
        clicked, clicked_value = totals.within(click=click)
        viewed, viewed_value = totals.within(view=view)
        self.spend += totals.spend
        self.impressions += totals.impressions
        self.clicks += totals.clicks
        self.purchases += clicked + viewed
        self.value += clicked_value + viewed_value
        self.viewed += viewed
        self.viewed_value += viewed_value


@dataclass(frozen=True, slots=True)
class Query:
    advertiser: str
    id_name: str
    time_name: str
    metrics: tuple[str, ...]
    since: date
    until: date
    keep: Callable[[Mapping[str, Any], Mapping[str, Any]], bool]
    """Of an ad group and its campaign, as they are shown: whether they are wanted."""


def parse(state: TikTokState, call: Call) -> Query:
    if unknown := call.params.keys() - _PARAMS:
        raise wrong(f"{min(unknown)}: It is not emulated by this sandbox.")
    advertiser = advertiser_of(state, call)
    if call.text("report_type") != "BASIC":
        raise wrong("report_type: Only BASIC is emulated by this sandbox.")
    if call.text("service_type", "AUCTION") != "AUCTION":
        raise wrong("service_type: Only AUCTION is emulated by this sandbox.")
    level = call.text("data_level")
    if level not in _LEVELS:
        raise wrong(f"data_level: It must be one of {', '.join(_LEVELS)} in this sandbox.")
    id_name, time_name = _LEVELS[level], _grouped(call, _LEVELS[level])
    since, until = _range(call, _TIMES[time_name])
    metrics = tuple(call.words("metrics", ["spend", "impressions"]))
    for name in metrics:
        if name not in METRICS and name not in _attributes(id_name):
            raise wrong(f"metrics: Invalid metric {name}, or it is not emulated by this sandbox.")
    return Query(advertiser, id_name, time_name, metrics, since, until, _filter(call))


def _grouped(call: Call, id_name: str) -> str:
    dimensions = call.words("dimensions")
    times = [name for name in dimensions if name != id_name]
    if dimensions.count(id_name) != 1 or len(times) > 1 or any(name not in _TIMES for name in times):
        raise wrong(f"dimensions: It must be {id_name}, with stat_time_day, stat_time_hour or neither.")
    return times[0] if times else ""


def _range(call: Call, most: int) -> tuple[date, date]:
    try:
        since, until = date.fromisoformat(call.text("start_date")), date.fromisoformat(call.text("end_date"))
    except ValueError as error:
        raise wrong("start_date, end_date: They must be written YYYY-MM-DD.") from error
    if not 0 <= (until - since).days < most:
        raise wrong(f"end_date: The range must have at least one day and at most {most}.")
    if not _FIRST <= since <= until <= _LAST:
        raise wrong("start_date: It is out of range.")
    return since, until


_FIRST, _LAST = date(2015, 1, 1), date(2100, 1, 1)


def _filter(call: Call) -> Callable[[Mapping[str, Any], Mapping[str, Any]], bool]:
    """All rules together; without one about status, the deleted are left out."""
    by_id: dict[str, set[str]] = {}
    status = {"adgroup_status": "STATUS_NOT_DELETE", "campaign_status": "STATUS_ALL"}
    for rule in call.objects("filtering"):
        name, values = rule.get("field_name"), _values(rule)
        if name in ("campaign_ids", "adgroup_ids"):
            by_id[name.removesuffix("s")] = set(values)
        elif name in ("adgroup_status", "campaign_status") and len(values) == 1 and values[0] in STATUSES:
            status[name] = values[0]
        else:
            raise wrong(f"filtering: {name} with {values} is not emulated by this sandbox.")

    def keep(group: Mapping[str, Any], campaign: Mapping[str, Any]) -> bool:
        return (
            all(group[key] in wanted for key, wanted in by_id.items())
            and STATUSES[status["adgroup_status"]](group["secondary_status"])
            and STATUSES[status["campaign_status"]](campaign["secondary_status"])
        )

    return keep


def _values(rule: Mapping[str, Any]) -> list[str]:
    """A filter's value is JSON in a text."""
    if rule.get("filter_type") != "IN":
        raise wrong("filtering.filter_type: Only IN is emulated by this sandbox.")
    text = rule.get("filter_value")
    if not isinstance(text, str):
        raise missing("filtering.filter_value")
    values = parsed("filtering.filter_value", text)
    if not isinstance(values, list):
        raise wrong("filtering.filter_value: Not a valid list.")
    return [str(one) for one in values]


def rows(state: TikTokState, query: Query) -> list[dict[str, Any]]:
    """What was never shown has no row."""
    sums: dict[tuple[str, str], Sums] = {}
    cells = state.ground.reporter(query.advertiser).cells(query.since, query.until)
    wanted: dict[str, bool] = {}
    for (line, day, hour), totals in cells.items():
        group = state.entities.get(line)
        campaign = state.entities.campaign_of(group)
        if line not in wanted:
            wanted[line] = query.keep(state.shown(group), state.shown(campaign))
        if wanted[line] and query.since <= day <= query.until:
            whole = {"adgroup_id": line, "campaign_id": campaign.id, "advertiser_id": query.advertiser}
            key = (whole[query.id_name], _moment(query.time_name, day, hour))
            sums.setdefault(key, Sums()).add(totals, group)
    return [_row(state, query, *key, sums[key]) for key in sorted(sums, key=lambda key: (key[1], key[0]))]


def _moment(time_name: str, day: date, hour: int) -> str:
    return f"{day} {hour if time_name == 'stat_time_hour' else 0:02d}:00:00" if time_name else ""


def _row(state: TikTokState, query: Query, entity_id: str, moment: str, sums: Sums) -> dict[str, Any]:
    about = {query.id_name: entity_id} | ({query.time_name: moment} if query.time_name else {})
    known = _attributes(query.id_name)
    facts = state.entities.get(entity_id)
    told = {}
    for name in query.metrics:
        told[name] = METRICS[name](sums) if name in METRICS else known[name](state, facts)
    return {"dimensions": about, "metrics": told}


def answer(state: TikTokState, call: Call) -> dict[str, Any]:
    return call.page(rows(state, parse(state, call)))


def _reach(sums: Sums) -> int:
    """How many people so many impressions reach: ever fewer new ones."""
    return round(_AUDIENCE * (1 - exp(-sums.impressions / _AUDIENCE)))


def _ratio(above: float, below: float) -> str:
    return f"{above / below:.2f}" if below else "0.00"


METRICS: dict[str, Callable[[Sums], str]] = {
    "spend": lambda s: f"{s.spend:.2f}",
    "impressions": lambda s: str(s.impressions),
    "clicks": lambda s: str(s.clicks),
    "ctr": lambda s: _ratio(100 * s.clicks, s.impressions),
    "cpc": lambda s: _ratio(s.spend, s.clicks),
    "cpm": lambda s: _ratio(1000 * s.spend, s.impressions),
    "reach": lambda s: str(_reach(s)),
    "frequency": lambda s: _ratio(s.impressions, _reach(s)),
    "conversion": lambda s: str(s.purchases),
    "cost_per_conversion": lambda s: _ratio(s.spend, s.purchases),
    "conversion_rate": lambda s: _ratio(100 * s.purchases, s.clicks),
    "complete_payment": lambda s: str(s.purchases),
    "total_complete_payment_rate": lambda s: f"{s.value:.2f}",
    "complete_payment_roas": lambda s: _ratio(s.value, s.spend),
    "cost_per_complete_payment": lambda s: _ratio(s.spend, s.purchases),
    "vta_complete_payment": lambda s: str(s.viewed),
}

Attribute = Callable[[TikTokState, Entity], Any]
_OF_CAMPAIGN: dict[str, Attribute] = {
    "campaign_name": lambda state, entity: state.entities.campaign_of(entity).name,
    "objective_type": lambda state, entity: state.entities.campaign_of(entity).data["objective_type"],
    "campaign_budget": lambda state, entity: str(state.entities.campaign_of(entity).data["budget"]),
}
_OF_GROUP: dict[str, Attribute] = _OF_CAMPAIGN | {
    "campaign_id": lambda _, entity: entity.data["campaign_id"],
    "adgroup_name": lambda _, entity: entity.name,
    "budget": lambda _, entity: str(entity.data["budget"]),
}
_OF_ADVERTISER: dict[str, Attribute] = {
    "advertiser_name": lambda _, entity: entity.data["name"],
    "currency": lambda _, entity: entity.data["currency"],
}


def _attributes(id_name: str) -> dict[str, Attribute]:
    """What a report tells of the objects themselves, by its level."""
    return {"advertiser_id": _OF_ADVERTISER, "campaign_id": _OF_CAMPAIGN}.get(id_name, _OF_GROUP)
