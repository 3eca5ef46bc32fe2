"""Measurement: totals, days or hours of a campaign, an ad squad or an account, in micro-currency."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.vendors.snapchat.calls import Call, success
from sandbox.vendors.snapchat.entities import Entity
from sandbox.vendors.snapchat.errors import not_found, unsupported_stats
from sandbox.vendors.snapchat.state import MICROS, SnapState
from sandbox.world.reporting import Totals
from sandbox.world.seasons import DAY, HOUR, day_start, local

_PARAMS = (
    *("granularity", "fields", "start_time", "end_time", "breakdown", "swipe_up_attribution_window"),
    *("view_attribution_window", "action_report_time", "omit_empty", "limit"),
)
_LONGEST = {"DAY": 31, "HOUR": 7}
_SWIPE = {"1_DAY": DAY, "7_DAY": 7 * DAY, "28_DAY": 28 * DAY}
_VIEW = {
    "none": 0,
    "1_HOUR": HOUR,
    "3_HOUR": 3 * HOUR,
    "6_HOUR": 6 * HOUR,
    "1_DAY": DAY,
    "7_DAY": 7 * DAY,
    "28_DAY": 28 * DAY,
}
_TYPES = {"adaccount": "AD_ACCOUNT", "campaign": "CAMPAIGN", "adsquad": "AD_SQUAD"}
_BREAKDOWNS = {"adaccount": "campaign", "campaign": "adsquad"}
FIELDS = (
    *("impressions", "swipes", "spend", "conversion_purchases", "conversion_purchases_value"),
    *("conversion_purchases_swipe_up", "conversion_purchases_value_swipe_up"),
    *("conversion_purchases_view", "conversion_purchases_value_view"),
)
_SETTLED_DAYS = 2
_YEARS = range(2000, 2101)
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Query:
    granularity: str
    fields: tuple[str, ...]
    span: Span
    breakdown: str | None
    swipe: str
    view: str
    by_conversion: bool
    omit_empty: bool

    def cut(self, totals: Totals) -> dict[str, int]:
        """The asked-for metrics of what was totalled."""
        swiped = totals.within(click=_SWIPE[self.swipe])
        viewed = totals.within(view=_VIEW[self.view])
        every = {
            "impressions": totals.impressions,
            "swipes": totals.clicks,
            "spend": round(totals.spend * MICROS),
            "conversion_purchases": swiped[0] + viewed[0],
            "conversion_purchases_value": round((swiped[1] + viewed[1]) * MICROS),
            "conversion_purchases_swipe_up": swiped[0],
            "conversion_purchases_value_swipe_up": round(swiped[1] * MICROS),
            "conversion_purchases_view": viewed[0],
            "conversion_purchases_value_view": round(viewed[1] * MICROS),
        }
        return {name: every[name] for name in self.fields}


def answer(snap: SnapState, entity: Entity, call: Call) -> dict[str, Any]:
    if entity.kind not in _TYPES:
        raise not_found()
    query = parse(snap, entity, call)
    zone = ZoneInfo(snap.timezone(entity.owner))
    cells = _cells(snap, entity, query)
    facts = _facts(snap, entity, query, zone)
    if query.breakdown is None:
        lines = _lines(snap, entity)
        facts |= _series(query, [(at, t) for line, at, t in cells if line in lines], zone)
    else:
        facts["breakdown_stats"] = {query.breakdown: _broken_down(snap, entity, query, cells, zone)}
    kind = "total" if query.granularity in {"TOTAL", "LIFETIME"} else "timeseries"
    return success(f"{kind}_stats", [{"sub_request_status": "SUCCESS", f"{kind}_stat": facts}])


def parse(snap: SnapState, entity: Entity, call: Call) -> Query:
    unknown = sorted(set(call.query) - set(_PARAMS))
    if unknown:
        raise unsupported_stats(f"The parameter {unknown[0]} is not supported.")
    granularity = _one_of(call, "granularity", ("TOTAL", "DAY", "HOUR", "LIFETIME"), "TOTAL")
    breakdown = call.query.get("breakdown")
    if breakdown is not None and breakdown != _BREAKDOWNS.get(entity.kind):
        raise unsupported_stats(f"The breakdown {breakdown} is not supported for this entity.")
    fields = tuple(name for name in call.query.get("fields", "spend").split(",") if name)
    for name in fields:
        if name not in FIELDS:
            raise unsupported_stats(f"The field {name} is not supported.")
    if entity.kind == "adaccount" and breakdown is None and set(fields) != {"spend"}:
        raise unsupported_stats("Only field 'spend' should be used when querying AdAccount stats.")
    return Query(
        granularity,
        fields,
        _span(snap, entity, call, granularity),
        breakdown,
        _one_of(call, "swipe_up_attribution_window", tuple(_SWIPE), "28_DAY"),
        _one_of(call, "view_attribution_window", tuple(_VIEW), "1_DAY"),
        _one_of(call, "action_report_time", ("conversion", "impression"), "conversion") == "conversion",
        call.flag("omit_empty"),
    )


def _one_of(call: Call, name: str, allowed: tuple[str, ...], default: str) -> str:
    value = call.query.get(name, default)
    if value not in allowed:
        raise unsupported_stats(f"{name} must be one of {', '.join(allowed)}.")
    return value


def _span(snap: SnapState, entity: Entity, call: Call, granularity: str) -> Span:
    if granularity == "LIFETIME":
        return snap.ground.world.epoch, snap.now
    texts = [call.query.get(name) for name in ("start_time", "end_time")]
    if granularity == "TOTAL" and texts == [None, None]:
        return snap.ground.world.epoch, snap.now
    try:
        start, end = (_moment(text, snap.timezone(entity.owner)) for text in texts)
    except ValueError as error:
        raise unsupported_stats("start_time and end_time must be ISO 8601 times.") from error
    if end <= start:
        raise unsupported_stats("End time should be after start time.")
    for word, at in (("Start", start), ("End", end)):
        if at % HOUR:
            raise unsupported_stats(f"{word} time should end at the beginning of an hour.")
    if granularity in _LONGEST:
        _check_series(snap.timezone(entity.owner), (start, end), granularity)
    return start, end


def _moment(text: str | None, timezone: str) -> float:
    """A time without a zone is the account's own."""
    if text is None:
        raise ValueError("no time")
    moment = datetime.fromisoformat(text)
    if moment.year not in _YEARS:
        raise ValueError("no year of any report")
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))).timestamp()


def _check_series(timezone: str, span: Span, granularity: str) -> None:
    days = [datetime.fromtimestamp(at, ZoneInfo(timezone)) for at in span]
    if granularity == "DAY":
        for word, day in zip(("start", "end"), days, strict=True):
            if day.hour:
                raise unsupported_stats(
                    f"Timeseries queries with DAY granularity must have a {word} time that is the start of day "
                    f"(00:00:00) for the account's timezone. This account's timezone is: {timezone}"
                )
    longest = _LONGEST[granularity]
    if (days[1].date() - days[0].date()).days > longest:
        raise unsupported_stats(
            f"Timeseries queries with {granularity} granularity cannot query time intervals of more than "
            f"{longest + 1 if granularity == 'DAY' else longest} days"
        )


def _lines(snap: SnapState, entity: Entity) -> set[str]:
    return {entity.id} if entity.kind == "adsquad" else {s.id for s in snap.entities.of(entity, "adsquad")}


def _cells(snap: SnapState, entity: Entity, query: Query) -> list[tuple[str, float, Totals]]:
    """(ad squad, the start of its hour, what happened in it) within the span; spent in whole micros.

    So that what is summed up by campaign and day equals the sum of its parts.
    """
    timezone = snap.timezone(entity.owner)
    first, _ = local(int(query.span[0] // HOUR), timezone)
    last, _ = local(int((query.span[1] - 1) // HOUR), timezone)
    reporter = snap.ground.reporter(entity.owner)
    found = reporter.cells(first, last, by_conversion=query.by_conversion)
    rows = [
        (line, _hour_start(day, hour, timezone), replace(totals, spend=round(totals.spend * MICROS) / MICROS))
        for (line, day, hour), totals in found.items()
    ]
    return [(line, at, totals) for line, at, totals in rows if query.span[0] <= at < query.span[1]]


def _hour_start(day: date, hour: int, timezone: str) -> float:
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(timezone)).timestamp()


def _broken_down(
    snap: SnapState,
    entity: Entity,
    query: Query,
    cells: list[tuple[str, float, Totals]],
    zone: ZoneInfo,
) -> list[dict[str, Any]]:
    rows = []
    for child in snap.entities.of(entity, str(query.breakdown)):
        lines = _lines(snap, child)
        mine = [(at, totals) for line, at, totals in cells if line in lines]
        if query.omit_empty and not mine:
            continue
        row = {"id": child.id, "type": _TYPES[child.kind], "granularity": query.granularity}
        rows.append(row | _times(query.span, zone) | _series(query, mine, zone))
    return rows


def _facts(snap: SnapState, entity: Entity, query: Query, zone: ZoneInfo) -> dict[str, Any]:
    today = datetime.fromtimestamp(snap.now, zone).date()
    settled = day_start(today - timedelta(days=_SETTLED_DAYS), str(zone))
    return {
        "id": entity.id,
        "type": _TYPES[entity.kind],
        "granularity": query.granularity,
        "swipe_up_attribution_window": query.swipe,
        "view_attribution_window": query.view,
        **_times(query.span, zone),
        "finalized_data_end_time": _told(settled, zone),
        "conversion_data_processed_end_time": _told(snap.now // HOUR * HOUR, zone),
    }


def _series(query: Query, cells: Iterable[tuple[float, Totals]], zone: ZoneInfo) -> dict[str, Any]:
    """One sum, or one for each day or hour of the span."""
    if query.granularity in {"TOTAL", "LIFETIME"}:
        total = Totals()
        for _, totals in cells:
            total.add(totals)
        return {"stats": query.cut(total)}
    buckets = {span: Totals() for span in _buckets(query, zone)}
    starts = {start: (start, end) for start, end in buckets}
    for at, totals in cells:
        start = at if query.granularity == "HOUR" else _midnight(at, zone)
        if start in starts:
            buckets[starts[start]].add(totals)
    rows = [
        {**_times(span, zone), "stats": query.cut(totals)}
        for span, totals in buckets.items()
        if not query.omit_empty or totals.impressions or totals.conversions
    ]
    return {"timeseries": rows}


def _midnight(at: float, zone: ZoneInfo) -> float:
    return day_start(datetime.fromtimestamp(at, zone).date(), str(zone))


def _buckets(query: Query, zone: ZoneInfo) -> list[Span]:
    start, end = query.span
    found = []
    while start < end:
        if query.granularity == "HOUR":
            after = start + HOUR
        else:
            day = datetime.fromtimestamp(start, zone).date()
            after = day_start(day + timedelta(days=1), str(zone))
        found.append((start, after))
        start = after
    return found


def _times(span: Span, zone: ZoneInfo) -> dict[str, str]:
    return {"start_time": _told(span[0], zone), "end_time": _told(span[1], zone)}


def _told(seconds: float, zone: ZoneInfo) -> str:
    moment = datetime.fromtimestamp(seconds, UTC).astimezone(zone)
    return moment.isoformat(timespec="milliseconds")
