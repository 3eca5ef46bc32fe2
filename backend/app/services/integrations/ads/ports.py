"""Ads as a platform tells of them: what they show, and what it thinks of them. What it does not tell is None."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from app.models.integrations.kinds import AdReview

_LONGEST = 5_000
_MOST_REASONS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class AdCreative:
    """What an ad shows. `kind` is `image`, `video`, `carousel`, `text`, or the platform's own word in lower case."""

    external_id: str | None = None
    kind: str | None = None
    headline: str | None = None
    body: str | None = None
    call_to_action: str | None = None
    landing_url: str | None = None
    image_url: str | None = None
    media: str | None = None
    """The platform's id of its video or picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdState:
    """An ad as the platform holds it now. A campaign of None is its ad set's."""

    external_id: str
    ad_set: str | None
    campaign: str | None
    name: str
    status: str
    """`active`, `paused`, `archived`, `deleted`, or the platform's own word in lower case."""
    effective_status: str
    review: AdReview | None
    reasons: tuple[str, ...] = ()
    """The platform's own, in words."""
    creative: AdCreative = AdCreative()
    updated_at: datetime | None = None


@runtime_checkable
class TellsChangedAds(Protocol):
    """A platform that can be asked for those ads alone that were changed of late."""

    async def ads_changed_since(self, since: datetime) -> list[AdState]:
        """A verdict may move without the ad being changed: the whole list alone tells every verdict."""
        ...


def text(told: object) -> str | None:
    """A platform's words as they are kept: None for what is no text, or an empty one.

    >>> text(" Shop now "), text(""), text(7)
    ('Shop now', None, None)
    """
    return (told.strip()[:_LONGEST] or None) if isinstance(told, str) else None


def words(told: object) -> str | None:
    """A platform's constant in words.

    >>> words("SHOP_NOW"), words(None)
    ('Shop now', None)
    """
    found = text(told)
    return found.replace("_", " ").capitalize() if found and found.isupper() else found


def reasons(told: Iterable[str | None]) -> tuple[str, ...]:
    """Each once, in their order, as many as a person reads."""
    return tuple(dict.fromkeys(one for each in told if (one := text(each))))[:_MOST_REASONS]
