"""Insights: rows per level and time increment, with Meta's action types, windows and number formats."""

from calendar import monthrange
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from math import exp
from typing import Any

from sandbox.vendors.meta.calls import Call
from sandbox.vendors.meta.errors import GraphError, invalid
from sandbox.vendors.meta.fields import parse as parse_fields
from sandbox.vendors.meta.nodes import Node
from sandbox.vendors.meta.state import MetaState
from sandbox.world.reporting import ALL, Totals
from sandbox.world.seasons import DAY, HOUR, local

WINDOWS = ("7d_click", "1d_view", "1d_click")
DEFAULT_WINDOWS = ("7d_click", "1d_view")
# Views count to the day, whatever their hour.
_CUTS = {"7d_click": {"click": 7.0 * DAY}, "1d_view": {"view": ALL}, "1d_click": {"click": 1.0 * DAY}}
_LEVELS = ("account", "campaign", "adset")
_HOURLY = "hourly_stats_aggregated_by_advertiser_time_zone"
_ACTION_TYPES = ("purchase", "omni_purchase", "offsite_conversion.fb_pixel_purchase")
_DEFAULT_FIELDS = ("date_start", "date_stop", "impressions", "spend", "account_id")
_PARAMS = frozenset(
    {
        "level",
        "time_range",
        "time_increment",
        "date_preset",
        "filtering",
        "action_attribution_windows",
        "limit",
        "after",
        "before",
        "action_report_time",
        "breakdowns",
        "use_unified_attribution_setting",
        "use_account_attribution_setting",
        "default_summary",
        "sort",
    }
)
_AUDIENCE = 400_000.0
_LONGEST_STEP = 90


@dataclass(frozen=True, slots=True)
class Query:
    level: str
    since: date
    until: date
    step: int | str
    fields: tuple[str, ...]
    windows: tuple[str, ...]
    named_windows: bool
    hourly: bool
    by_conversion: bool
    only: frozenset[str] | None


def parse(meta: MetaState, node: Node, call: Call) -> Query:
    unknown = [
        n
        for n in call.params
        if n not in _PARAMS
        and n
        not in {
            "access_token",
            "appsecret_proof",
            "fields",
            "summary",
            "pretty",
            "format",
            "locale",
            "method",
            "is_async",
            "async",
        }
    ]
    if unknown:
        raise invalid(f"(#100) Param {unknown[0]} is not supported on insights by this sandbox")
    level = call.params.get("level", {"adaccount": "account"}.get(node.kind, node.kind))
    if level not in _LEVELS:
        raise invalid(f"(#100) level must be one of the following values: {', '.join(_LEVELS)}")
    since, until = _range(meta, node, call)
    breakdowns = call.words("breakdowns")
    if breakdowns not in ([], [_HOURLY]):
        raise invalid(f"(#100) breakdowns[0] must be one of the following values: {_HOURLY}")
    named = tuple(call.words("action_attribution_windows"))
    if any(w not in WINDOWS for w in named):
        raise invalid(
            f"(#100) action_attribution_windows[0] must be one of the following values: {', '.join(WINDOWS)}"
        )
    report_time = call.params.get("action_report_time", "impression")
    if report_time not in {"impression", "conversion"}:
        raise invalid("(#100) action_report_time must be one of the following values: impression, conversion")
    fields = tuple(one.name for one in parse_fields(call.params.get("fields", "")))
    _check_fields(fields)
    return Query(
        level,
        since,
        until,
        _step(call),
        fields or _DEFAULT_FIELDS,
        named or DEFAULT_WINDOWS,
        bool(named),
        bool(breakdowns),
        report_time == "conversion",
        _only(call),
    )


def _check_fields(fields: Iterable[str]) -> None:
    for name in fields:
        if name not in METRICS and name not in _NAMES:
            raise invalid(
                f"(#100) {name} is not valid for fields param. please check https://developers.facebook.com/docs/"
                "marketing-api/reference/ads-insights/ for all valid values"
            )


def _step(call: Call) -> int | str:
    text = call.params.get("time_increment", "all_days")
    if text in {"all_days", "monthly"}:
        return text
    if not text.isdecimal() or not 1 <= int(text) <= _LONGEST_STEP:
        raise invalid("(#100) time_increment must be an integer from 1 to 90, monthly or all_days")
    return int(text)


def _only(call: Call) -> frozenset[str] | None:
    """`filtering` by ids, all rules together."""
    chosen: frozenset[str] | None = None
    for _, ids in call.filters("campaign.id", "adset.id"):
        chosen = frozenset(ids) if chosen is None else chosen & ids
    return chosen


def _range(meta: MetaState, node: Node, call: Call) -> tuple[date, date]:
    today = local(int(meta.clock.now() // HOUR), meta.timezone(node.owner))[0]
    given = call.json("time_range")
    if given is None:
        return _preset(call.params.get("date_preset", "last_30d"), today, meta)
    try:
        since, until = date.fromisoformat(given["since"]), date.fromisoformat(given["until"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise invalid("(#100) time_range must have since and until as YYYY-MM-DD") from error
    if since > until:
        raise invalid("(#100) since must be before until in time_range", subcode=1487534)
    if since < today - timedelta(days=37 * 30):
        raise GraphError(
            "(#3018) The start date of the time range cannot be beyond 37 months from the current date", 3018
        )
    return since, until


def _preset(name: str, today: date, meta: MetaState) -> tuple[date, date]:
    yesterday = today - timedelta(days=1)
    last_month = today.replace(day=1) - timedelta(days=1)
    born = local(int(meta.world.epoch // HOUR), "UTC")[0]
    known = {
        "today": (today, today),
        "yesterday": (yesterday, yesterday),
        "this_month": (today.replace(day=1), today),
        "last_month": (last_month.replace(day=1), last_month),
        "maximum": (born - timedelta(days=1), today),
    }
    for days in (3, 7, 14, 28, 30, 90):
        known[f"last_{days}d"] = (today - timedelta(days=days), yesterday)
    if name not in known:
        raise invalid(f"(#100) date_preset must be one of the following values: {', '.join(known)}")
    return known[name]


def rows(meta: MetaState, node: Node, query: Query) -> list[tuple[str, Callable[[], dict[str, Any]]]]:
    """Rows with keys for paging, each made when its page is; what was never shown has no row."""
    cells = meta.reporter(node.owner).cells(query.since, query.until, by_conversion=query.by_conversion)
    groups: dict[tuple[str, date, int], Totals] = {}
    for (line, day, hour), totals in cells.items():
        entity = _entity(meta, node, line, query)
        if entity is not None and query.since <= day <= query.until:
            key = (entity, _bucket(query, day), hour if query.hourly else 0)
            groups.setdefault(key, Totals()).add(totals)
    found: list[tuple[str, Callable[[], dict[str, Any]]]] = []
    for number, (entity, start, hour) in enumerate(sorted(groups, key=lambda k: (k[1], k[2], k[0]))):
        totals = groups[(entity, start, hour)]
        row = partial(_row, meta, meta.nodes.get(entity), (start, hour), totals, query)
        found.append((f"{number:08d}", row))
    return found


def _entity(meta: MetaState, node: Node, line: str, query: Query) -> str | None:
    ad_set = meta.nodes.get(line)
    campaign = str(ad_set.data["campaign_id"])
    if not node.covers(line, campaign):
        return None
    if query.only is not None and not query.only & {line, campaign}:
        return None
    return {"account": node.owner, "campaign": campaign, "adset": line}[query.level]


def _bucket(query: Query, day: date) -> date:
    """The first day of the increment that this day falls into."""
    if query.step == "all_days":
        return query.since
    if query.step == "monthly":
        return max(query.since, day.replace(day=1))
    width = int(query.step)
    return query.since + timedelta(days=(day - query.since).days // width * width)


def _stop(query: Query, start: date) -> date:
    if query.step == "all_days":
        return query.until
    if query.step == "monthly":
        return min(query.until, start.replace(day=monthrange(start.year, start.month)[1]))
    return min(query.until, start + timedelta(days=int(query.step) - 1))


def _row(
    meta: MetaState, entity: Node, when: tuple[date, int], totals: Totals, query: Query
) -> dict[str, Any]:
    start, hour = when
    figures = Figures.of(totals)
    body: dict[str, Any] = {}
    for name in query.fields:
        value = METRICS[name](figures, query) if name in METRICS else _name(meta, entity, name)
        if value is not None:
            body[name] = value
    body["date_start"], body["date_stop"] = start.isoformat(), _stop(query, start).isoformat()
    if query.hourly:
        body[_HOURLY] = f"{hour:02d}:00:00 - {hour:02d}:59:59"
    return body


_NAMES = (
    "account_id",
    "account_name",
    "account_currency",
    "campaign_id",
    "campaign_name",
    "adset_id",
    "adset_name",
    "objective",
    "date_start",
    "date_stop",
)


def _name(meta: MetaState, entity: Node, name: str) -> Any:
    account = meta.nodes.get(entity.owner)
    campaign = None if entity.kind == "adaccount" else meta.nodes.campaign_of(entity)
    ad_set = entity if entity.kind == "adset" else None
    values = {
        "account_id": account.id,
        "account_name": account.data["name"],
        "account_currency": account.data["currency"],
        "campaign_id": campaign and campaign.id,
        "campaign_name": campaign and campaign.data["name"],
        "objective": campaign and campaign.data["objective"],
        "adset_id": ad_set and ad_set.id,
        "adset_name": ad_set and ad_set.data["name"],
    }
    return values.get(name)


def _decimal(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _action(query: Query, kind: str, per_window: dict[str, float], total: float) -> dict[str, str]:
    entry = {"action_type": kind, "value": _decimal(total)}
    if query.named_windows:
        entry |= {w: _decimal(per_window[w]) for w in query.windows if per_window.get(w)}
    return entry


Cuts = dict[str, tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Figures:
    """A row's totals; `cuts` are the purchases and their value in each window that has any."""

    spend: float
    impressions: int
    clicks: int
    cuts: Cuts

    @classmethod
    def of(cls, totals: Totals) -> "Figures":
        cuts: Cuts = {}
        if totals.conversions:
            every = {window: totals.within(**cut) for window, cut in _CUTS.items()}
            cuts = {window: cut for window, cut in every.items() if cut[0]}
        return cls(totals.spend, totals.impressions, totals.clicks, cuts)

    def bought(self, windows: Sequence[str]) -> tuple[int, float]:
        """1d_click lies within 7d_click: it is not counted again."""
        distinct = [w for w in windows if w != "1d_click" or "7d_click" not in windows]
        found = [self.cuts[w] for w in distinct if w in self.cuts]
        return sum(count for count, _ in found), sum(value for _, value in found)


def _actions(figures: Figures, query: Query) -> list[dict[str, str]] | None:
    """Link clicks and landing pages come from delivery, purchases from attribution."""
    found = []
    if figures.clicks:
        found.append({"action_type": "link_click", "value": str(figures.clicks)})
    purchases, _ = figures.bought(query.windows)
    if purchases:
        counts = {w: float(count) for w, (count, _) in figures.cuts.items()}
        found += [_action(query, kind, counts, purchases) for kind in _ACTION_TYPES]
    return found or None


def _action_values(figures: Figures, query: Query) -> list[dict[str, str]] | None:
    _, value = figures.bought(query.windows)
    values = {w: value for w, (_, value) in figures.cuts.items()}
    return [_action(query, kind, values, round(value, 2)) for kind in _ACTION_TYPES] if value else None


def _roas(figures: Figures, query: Query) -> list[dict[str, str]] | None:
    _, value = figures.bought(query.windows)
    if not value or not figures.spend:
        return None
    shares = {w: value / figures.spend for w, (_, value) in figures.cuts.items()}
    return [_action(query, "omni_purchase", shares, value / figures.spend)]


def _cost_per_action(figures: Figures, query: Query) -> list[dict[str, str]] | None:
    purchases, _ = figures.bought(query.windows)
    if not purchases:
        return None
    costs = {w: figures.spend / count for w, (count, _) in figures.cuts.items()}
    return [_action(query, kind, costs, figures.spend / purchases) for kind in _ACTION_TYPES]


def _reach(figures: Figures) -> int:
    """How many people so many impressions reach: ever fewer new ones."""
    return round(_AUDIENCE * (1 - exp(-figures.impressions / _AUDIENCE)))


def _ratio(above: float, below: float) -> str | None:
    return _decimal(above / below) if below else None


METRICS: dict[str, Callable[[Figures, Query], Any]] = {
    "spend": lambda t, _: f"{t.spend:.2f}",
    "impressions": lambda t, _: str(t.impressions),
    "clicks": lambda t, _: str(t.clicks),
    "inline_link_clicks": lambda t, _: str(t.clicks),
    "reach": lambda t, _: str(_reach(t)),
    "frequency": lambda t, _: _ratio(t.impressions, _reach(t)),
    "ctr": lambda t, _: _ratio(100 * t.clicks, t.impressions),
    "cpc": lambda t, _: _ratio(t.spend, t.clicks),
    "cpm": lambda t, _: _ratio(1000 * t.spend, t.impressions),
    "actions": _actions,
    "action_values": _action_values,
    "purchase_roas": _roas,
    "cost_per_action_type": _cost_per_action,
}
