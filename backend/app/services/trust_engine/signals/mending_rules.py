"""What to do about a component that is bad: the mend of the very fault that its evidence shows."""

from collections.abc import Callable, Mapping

from app.models.integrations.kinds import CallOutcome
from app.models.trust_engine.kinds import Component
from app.services.trust_engine.signals import match_rules
from app.services.trust_engine.signals.measurements import Fact, Signal

Evidence = Mapping[str, Fact]
_USUAL = 100.0

_TAG = "See that the tag still fires on the order page, in every browser and with consent given."
_SERVER = "See that the server's source still sends its orders, in the live view of events."
_VALUE = "Hold a few conversions' value and currency against their orders: another currency, or cents, show at once."
_WINDOW = "See whether the attribution window was shortened in the platform's settings."
_WHO = "Send e-mail, phone or customer id with each order again: see what changed at the checkout."
_TOGETHER = (
    "Give the browser's and the server's telling of an order one event id, and send each of them once."
)
_RESTATED = (
    "Ask the platform what it restated; until its days stand still, no return of theirs can be trusted."
)

OF_BROKEN: Mapping[str, str] = {
    "spend_unit": "Hold the account's currency and the unit of its spend against the platform's own pages.",
    "rows": "Synchronise again: ad sets are missing from what the platform answered; the call log says which calls.",
    "duplicates": _TOGETHER,
    "value_per_conversion": _VALUE,
    "value_unit": _VALUE,
    "days_cut": "Hold the account's time zone here against the platform's: its days are cut at another hour.",
    "restatements": _RESTATED,
    "restated_days": _RESTATED,
    "late_conversions": _WINDOW,
    "named_orders": _WHO,
    "sessions_per_click": (
        "See that the advertised pages still load the tag; if they do, the clicks may not come from people."
    ),
}
"""By the invariant; where several are broken, the first of these that explains the others."""


def mend(signal: Signal) -> str:
    """One sentence or two, for a person who is to make it right."""
    return _FINDERS[signal.component](signal.evidence)


def _emq(evidence: Evidence) -> str:
    named = match_rules.mend(evidence)
    return named or "Send e-mail, phone and click ids with every conversion again."


def _freshness(evidence: Evidence) -> str:
    if evidence.get("shown_by") == "events":
        return "See that the shop still sends events: its source's live view tells of the last one."
    return "Synchronise the account; the call log says why its figures have not come."


def _variance(evidence: Evidence) -> str:
    shown_by = evidence.get("shown_by")
    if shown_by == "fall":
        days = _number(evidence, "fall_days")
        return f"Look for a page, a browser or a consent banner that lost the tag about {days:.0f} days ago."
    if shown_by == "late":
        return _WINDOW
    return _TAG if _number(evidence, "percent_of_usual") < _USUAL else f"{_TOGETHER} {_VALUE}"


def _invariants(evidence: Evidence) -> str:
    broken = [name for name in OF_BROKEN if evidence.get(name) == "broken"]
    return OF_BROKEN[broken[0]] if broken else "Look for what changed: currency, units, tags, bots."


def _event_loss(evidence: Evidence) -> str:
    if evidence.get("shown_by") == "browsers":
        return _TAG if _number(evidence, "browser_percent_of_usual") < _USUAL else _SERVER
    code = evidence.get("failed_with")
    if isinstance(code, str):
        return f"The delivery log has the platform's own words for {code}: mend it, and send those conversions again."
    return "See the delivery log for what waits, and whether the platform answers."


def _api_health(evidence: Evidence) -> str:
    if _number(evidence, "throttled") > _number(evidence, "failures"):
        return (
            "Wait: the platform limits our calls. Other tools of the same account spend the same allowance."
        )
    code, outcome = evidence.get("failed_with"), evidence.get("failed_as")
    if outcome == CallOutcome.AUTH:
        return f"Sign in at the platform again, under Connect: it refuses our access ({code})."
    if outcome == CallOutcome.PERMISSION:
        return f"Let the one who signed in have the rights that the call log names at the platform ({code})."
    if isinstance(code, str):
        return f"The call log has the platform's own words for {code}; a read can be made again from its line there."
    return "See the call log for what the platform answers."


def _anomaly(_: Evidence) -> str:
    return "Nothing: a forecast never vetoes."


def _cdp_quality(evidence: Evidence) -> str:
    resolved, complete = (_number(evidence, f"{name}_share", 1.0) for name in ("resolved", "complete"))
    return _WHO if resolved < complete else "Send an order id, a value and a currency with each order."


def _number(evidence: Evidence, name: str, otherwise: float = 0.0) -> float:
    value = evidence.get(name)
    return float(value) if isinstance(value, int | float) else otherwise


_FINDERS: Mapping[Component, Callable[[Evidence], str]] = {
    Component.EMQ: _emq,
    Component.FRESHNESS: _freshness,
    Component.VARIANCE: _variance,
    Component.INVARIANTS: _invariants,
    Component.EVENT_LOSS: _event_loss,
    Component.API_HEALTH: _api_health,
    Component.ANOMALY: _anomaly,
    Component.CDP_QUALITY: _cdp_quality,
}
