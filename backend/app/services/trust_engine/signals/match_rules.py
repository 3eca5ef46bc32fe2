"""What of an account's match quality fell: which identifier, on which events of which source, and since when."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from app.services.trust_engine.signals.history_rules import MINIMUM_EVENTS
from app.services.trust_engine.signals.measurements import Fact
from app.services.trust_engine.signals.rules import IDENTIFIER_WEIGHTS

LEAST_FALL = 5.0
"""Points of 100 under the usual, from which a fall is told of."""
_LEAST_LACK = 0.1
"""More of the events than usual that lack it, from which a group of them is named."""
_SURE = 10.0
"""How much likelier two shares have to be than one (logarithm) for a beginning to be told."""
_LABELS = {
    "email": "e-mail",
    "phone": "phone",
    "click_id": "click id",
    "external_id": "external id",
    "ip_user_agent": "user agent",
    "browser_id": "browser id",
    "address": "address",
}


@dataclass(frozen=True, slots=True)
class Usual:
    """What was measured on most of the last days: points of 100, and of each identifier the share that carried it."""

    score: float
    shares: Mapping[str, float]

    def fell_by(self, now: Mapping[str, Fact]) -> float:
        """Points of 100, of what we can tell ourselves."""
        return self.score - _number(now, "local_score")


@dataclass(frozen=True, slots=True)
class Sent:
    """Events of one name and source that were sent in one hour, and those of them without the identifier."""

    event: str
    source: str | None
    """None where the event is not known any more, or came without one."""
    hour: datetime
    sent: int
    lacking: int


@dataclass(frozen=True, slots=True)
class Lack:
    """Shares are of 1. `since` is None where it was so for as long as was looked."""

    identifier: str
    event: str
    source: str | None
    since: datetime | None
    share: float
    usual: float


def usual_of(past: Sequence[Mapping[str, Fact]]) -> Usual | None:
    """From earlier evidence, one of each day; None where there is none."""
    if not past:
        return None
    shares = {name: median(_number(each, f"{name}_share") for each in past) for name in IDENTIFIER_WEIGHTS}
    return Usual(median(_number(each, "local_score") for each in past), shares)


def fell_most(usual: Usual, now: Mapping[str, Fact]) -> str | None:
    """The identifier whose loss costs most points; None where all of them together fell by too little."""
    if usual.fell_by(now) < LEAST_FALL:
        return None
    losses = {
        name: weight * (usual.shares[name] - _number(now, f"{name}_share"))
        for name, weight in IDENTIFIER_WEIGHTS.items()
    }
    return max(losses, key=lambda name: losses[name])


def lack(identifier: str, usual: float, hours: Sequence[Sent]) -> Lack | None:
    """Where most of it is missing beyond the usual, as it is since it began; `usual` is the share that lacks it."""
    groups: dict[tuple[str, str | None], list[Sent]] = defaultdict(list)
    for each in sorted(hours, key=lambda each: each.hour):
        groups[each.event, each.source].append(each)
    found = [
        Lack(identifier, *name, since, _share(rest), usual)
        for name, mine in groups.items()
        for since, rest in [_begun(mine)]
        if sum(each.sent for each in rest) >= MINIMUM_EVENTS
    ]
    beyond = {
        each: (each.share - usual) * sum(one.sent for one in groups[each.event, each.source])
        for each in found
        if each.share - usual >= _LEAST_LACK
    }
    return max(beyond, key=lambda each: beyond[each]) if beyond else None


def _begun(hours: Sequence[Sent]) -> tuple[datetime | None, Sequence[Sent]]:
    """The hour from which on they lack it most unlike before, by likelihood, and what was sent since."""
    whole = _likelihood(hours)
    best, at = 0.0, 0
    for place in range(1, len(hours)):
        before, after = hours[:place], hours[place:]
        gain = _likelihood(before) + _likelihood(after) - whole
        if gain > best and _share(after) > _share(before):
            best, at = gain, place
    return (hours[at].hour, hours[at:]) if best >= _SURE else (None, hours)


def _likelihood(hours: Sequence[Sent]) -> float:
    """The greatest log-likelihood of one share (Bernoulli's)."""
    sent, lacking = sum(each.sent for each in hours), sum(each.lacking for each in hours)
    return sum(count * math.log(count / sent) for count in (lacking, sent - lacking) if count)


def _share(hours: Sequence[Sent]) -> float:
    return sum(each.lacking for each in hours) / sum(each.sent for each in hours)


def _number(evidence: Mapping[str, Fact], name: str) -> float:
    value = evidence.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def told(fell_by: float, found: Lack) -> str:
    """`fell_by` in points of 100."""
    since = "" if found.since is None else f" since {found.since:%Y-%m-%d %H:%M} UTC"
    return (
        f"It fell by {fell_by / 10:.1f} of 10{since}: the {_LABELS[found.identifier]} is missing on "
        f"{found.share * 100:.0f} % of {_what(found.event, found.source)}, usually on {found.usual * 100:.0f} %."
    )


def facts(fell_by: float, found: Lack) -> dict[str, Fact]:
    """The same, as evidence."""
    return {
        "fell_by": round(fell_by, 1),
        "lacking": found.identifier,
        "lacking_event": found.event,
        "lacking_source": found.source,
        "lacking_since": found.since.isoformat() if found.since else None,
        "lacking_share": round(found.share, 4),
        "lacking_usual": round(found.usual, 4),
    }


def names(evidence: Mapping[str, Fact]) -> bool:
    """Whether that evidence says already what fell, and since when."""
    return "lacking" in evidence


def mend(evidence: Mapping[str, Fact]) -> str | None:
    """What to do about it, from that evidence; None where it names nothing."""
    identifier, event = evidence.get("lacking"), evidence.get("lacking_event")
    if not isinstance(identifier, str) or not isinstance(event, str):
        return None
    source, since = evidence.get("lacking_source"), evidence.get("lacking_since")
    when = f" at {datetime.fromisoformat(since):%Y-%m-%d %H:%M} UTC" if isinstance(since, str) else ""
    what = _what(event, source if isinstance(source, str) else None)
    return f"Send the {_LABELS[identifier]} with {what} again: see what changed there{when}."


def _what(event: str, source: str | None) -> str:
    return f"{event} from source {source}" if source else event
