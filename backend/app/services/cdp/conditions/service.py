"""What questions about events have in common: which events they speak of, over which days, for how long."""

from app.services.cdp.conditions.repository import (
    PATIENCE,
    answered_within,
    happened,
    spoken,
    text_of,
    value_at,
)
from app.services.cdp.conditions.rules import Span, span_of, starts_at

__all__ = [
    "PATIENCE",
    "Span",
    "answered_within",
    "happened",
    "span_of",
    "spoken",
    "starts_at",
    "text_of",
    "value_at",
]
