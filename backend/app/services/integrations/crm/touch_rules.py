"""What an event says of how its person came: the campaign of the link, and the ad platform of the click. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from app.schemas.integrations.crm import CrmTouchPart
from app.services.integrations.crm.rules import clean

CLICKS: Mapping[str, str] = {
    **dict.fromkeys(("gclid", "gbraid", "wbraid"), "google"),
    "fbclid": "meta",
    "ttclid": "tiktok",
    "ScCid": "snapchat",
}
"""By the ids that a platform puts into its links. What its scripts keep in cookies is no click."""
_MEMBERS: Mapping[CrmTouchPart, str] = {"source": "source", "medium": "medium", "campaign": "name"}


@dataclass(frozen=True, slots=True)
class Touch:
    at: datetime
    values: Mapping[CrmTouchPart, str]
    """Of those that are known."""


def touch_of(at: datetime, said: Any, addresses: Sequence[str | None], clicks: Collection[str]) -> Touch:
    """`said` is the event's `context.campaign`; what it lacks is taken from the page's address."""
    campaign = said if isinstance(said, dict) else {}
    query = _query(addresses)
    found: dict[CrmTouchPart, str | None] = {
        part: _text(campaign.get(member)) or _text(query.get(f"utm_{part}"))
        for part, member in _MEMBERS.items()
    }
    platforms = {CLICKS[each] for each in clicks if each in CLICKS}
    # Two platforms' ids in one address: nobody says whose click it was.
    found["platform"] = next(iter(platforms)) if len(platforms) == 1 else None
    return Touch(at, {part: value for part, value in found.items() if value is not None})


def _query(addresses: Sequence[str | None]) -> dict[str, str]:
    for each in addresses:
        try:
            found = {name.lower(): value for name, value in parse_qsl(urlsplit(each or "").query)}
        except ValueError:
            continue
        if any(name.startswith("utm_") for name in found):
            return found
    return {}


def _text(value: Any) -> str | None:
    return clean(value) if isinstance(value, str) else None
