"""On what a condition was decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.models.cdp.profiles import CdpProfile
from app.schemas.cdp.segments_tree import (
    ComputedTrait,
    Counter,
    HasIdentifier,
    HasLifecycle,
    Money,
    Trait,
    When,
)
from app.services.cdp.segments.rules import Leaf
from app.services.cdp.traits.service import shown

SEALED = "[sealed]"


@dataclass(frozen=True, slots=True)
class Reason:
    """One condition: where it stands in the rule, whether it holds, and on what evidence.

    `value` is what the profile has; `events` are the newest of those that count, of `event_count` in all.
    """

    path: str
    condition: Mapping[str, Any]
    holds: bool
    value: Any
    events: Sequence[tuple[UUID, datetime]]
    event_count: int | None


def evidence_of(leaf: Leaf, profile: CdpProfile, now: datetime) -> Any:
    """What the profile has of what the condition asks for; sealed values stay so."""
    match leaf:
        case HasLifecycle():
            value: Any = profile.lifecycle
        case HasIdentifier():
            value = getattr(profile, f"has_{leaf.identifier}")
        case Counter() | When():
            value = getattr(profile, leaf.field)
        case Money():
            value = _micros(leaf, profile)
        case Trait():
            sealed = leaf.name in profile.sealed_traits
            value = SEALED if sealed else _inside(profile.traits, leaf.name)
        case ComputedTrait():
            value = _inside(shown(profile.computed, now), leaf.name)
        case _:
            value = None
    return value


def _micros(leaf: Money, profile: CdpProfile) -> int:
    paid, back = profile.revenue.get(leaf.currency, 0), profile.refunded.get(leaf.currency, 0)
    return {"revenue": paid, "refunded": back, "net": paid - back}[leaf.field]


def _inside(document: Mapping[str, Any], name: str) -> Any:
    value: Any = document
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
