"""The Dataset Quality API: event match quality from the identifiers that really arrived."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sandbox.vendors.meta.calls import Call
from sandbox.vendors.meta.conversions import received
from sandbox.vendors.meta.errors import invalid, missing_parameter, unknown_field, unsupported
from sandbox.vendors.meta.fields import Field, parse
from sandbox.vendors.meta.nodes import Node, graph_time
from sandbox.vendors.meta.state import MetaState
from sandbox.world.orders import Order
from sandbox.world.seasons import DAY, HOUR

_ENOUGH = 10
_WINDOW = 2 * DAY
# How much of the ten points each identifier is worth at full coverage.
_POINTS = {
    "em": 3.0,
    "ph": 2.0,
    "external_id": 1.0,
    "fbc": 1.2,
    "fbp": 0.8,
    "client_ip_address": 0.6,
    "client_user_agent": 0.4,
    "fn": 0.25,
    "ln": 0.25,
    "ct": 0.1,
    "st": 0.1,
    "zp": 0.2,
    "country": 0.1,
}
_SHOWN = {
    "em": "email",
    "ph": "phone",
    "external_id": "external_id",
    "fbc": "fbc",
    "fbp": "fbp",
    "client_ip_address": "ip_address",
    "client_user_agent": "user_agent",
    "fn": "first_name",
    "ln": "last_name",
    "ct": "city",
    "st": "state",
    "zp": "zip_code",
    "country": "country",
}
# What the shop's browser pixel itself sends (advanced matching), before any server event.
_PIXEL = {
    "em": 0.82,
    "ph": 0.55,
    "external_id": 0.7,
    "fbc": 0.45,
    "fbp": 0.96,
    "client_ip_address": 1.0,
    "client_user_agent": 1.0,
    "country": 0.9,
}
_COLLAPSES = ("em", "ph", "external_id")


@dataclass(frozen=True, slots=True)
class Quality:
    name: str
    coverage: dict[str, float]
    browser: int
    server: int

    @property
    def score(self) -> float:
        return round(min(10.0, sum(_POINTS[key] * share for key, share in self.coverage.items())), 1)


def _browser_orders(meta: MetaState, pixel: Node) -> list[Order]:
    now = meta.clock.now()
    return meta.reporter(pixel.account).browser_events(now - _WINDOW, now)


def purchase_quality(meta: MetaState, pixel: Node) -> Quality:
    """Over the last 48 hours; server events count once there are at least ten."""
    now = meta.clock.now()
    bodies = [
        e["event"] for e in received(meta.store, pixel.id, now - _WINDOW) if e["event_name"] == "Purchase"
    ]
    orders = _browser_orders(meta, pixel)
    coverage = _covered(bodies) if len(bodies) >= _ENOUGH else _by_pixel(meta, pixel, orders)
    return Quality("Purchase", coverage, len(orders), len(bodies))


def _covered(bodies: Iterable[dict[str, Any]]) -> dict[str, float]:
    chosen = list(bodies)
    seen = Counter(
        key for body in chosen for key, value in body["user_data"].items() if key in _POINTS and value
    )
    return {key: seen[key] / len(chosen) for key in _POINTS}


def _by_pixel(meta: MetaState, pixel: Node, orders: list[Order]) -> dict[str, float]:
    reporter = meta.reporter(pixel.account)
    kept = sum(map(reporter.keyed, orders)) / len(orders) if orders else 0.0
    return {k: share * (kept if k in _COLLAPSES else bool(orders)) for k, share in _PIXEL.items()}


def answer(meta: MetaState, call: Call) -> dict[str, Any]:
    """`/dataset_quality?dataset_id=…&fields=web{event_name,event_match_quality,…}`."""
    dataset = call.params.get("dataset_id")
    if not dataset:
        raise missing_parameter("dataset_id")
    pixel = meta.nodes.find(dataset)
    if pixel is None or pixel.kind != "adspixel":
        raise unsupported("GET", dataset)
    wanted = parse(call.params.get("fields", "web"))
    body: dict[str, Any] = {}
    for one in wanted:
        if one.name != "web":
            raise unknown_field(one.name, "DatasetQuality")
        quality = purchase_quality(meta, pixel)
        body["web"] = [_web(quality, one.inner)] if quality.browser or quality.server else []
    return body


def _web(quality: Quality, inner: tuple[Field, ...]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "event_name": quality.name,
        "event_match_quality": {
            "composite_score": quality.score,
            "match_key_feedback": [
                {"identifier": _SHOWN[key], "coverage": {"percentage": round(100 * share, 1)}}
                for key, share in quality.coverage.items()
                if share
            ],
        },
        "event_coverage": {"percentage": _coverage(quality), "goal_percentage": 75.0},
        "data_freshness": {"upload_frequency": "real_time" if quality.server else "none"},
    }
    for one in inner:
        if one.name not in shown:
            raise unknown_field(one.name, "DatasetQualityWeb")
    return shown if not inner else {one.name: shown[one.name] for one in inner}


def _coverage(quality: Quality) -> float:
    return round(100.0 * min(1.0, quality.server / quality.browser), 1) if quality.browser else 0.0


def _unix(call: Call, name: str, default: float) -> float:
    text = call.params.get(name)
    if text is None:
        return default
    if not text.isdecimal():
        raise invalid(f"(#100) Param {name} must be a UNIX time")
    return float(text)


def stats(meta: MetaState, pixel: Node, call: Call) -> list[tuple[str, dict[str, Any]]]:
    """`/{pixel}/stats`: purchases by hour; `event_source` may be WEB_ONLY or SERVER_ONLY."""
    now = meta.clock.now()
    since, until = _unix(call, "start_time", now - DAY), _unix(call, "end_time", now)
    source = call.params.get("event_source")
    counts: Counter[int] = Counter()
    if source != "SERVER_ONLY":
        orders = meta.reporter(pixel.account).browser_events(since, until)
        counts.update(int(o.at // HOUR) for o in orders)
    if source != "WEB_ONLY":
        rows = received(meta.store, pixel.id, since)
        counts.update(
            int(e["received_at"] // HOUR)
            for e in rows
            if e["event_name"] == "Purchase" and not e["duplicate"]
        )
    found = []
    for hour in sorted(counts):
        start = graph_time(hour * HOUR, meta.timezone(pixel.account))
        data = [{"value": "Purchase", "count": counts[hour]}]
        found.append((f"{hour:010d}", {"start_time": start, "aggregation": "event", "data": data}))
    return found
