"""What questions have in common: what they ask of a value and of an event, over which days, for how long."""

from app.services.cdp.conditions.naming import ERASED_TEXT, Named, told
from app.services.cdp.conditions.repository import (
    PATIENCE,
    answered_within,
    events_by_profile,
    happened,
    received_for,
    spoken,
)
from app.services.cdp.conditions.rules import Span, reaches_back, span_of, starts_at
from app.services.cdp.conditions.values_repository import (
    Time,
    Truth,
    certain,
    compared,
    inside,
    is_a,
    tested,
    text_of,
)

__all__ = [
    "ERASED_TEXT",
    "PATIENCE",
    "Named",
    "Span",
    "Time",
    "Truth",
    "answered_within",
    "certain",
    "compared",
    "events_by_profile",
    "happened",
    "inside",
    "is_a",
    "reaches_back",
    "received_for",
    "span_of",
    "spoken",
    "starts_at",
    "tested",
    "text_of",
    "told",
]
