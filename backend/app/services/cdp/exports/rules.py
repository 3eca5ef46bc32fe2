"""What can be in an export, and what each column holds. Pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from app.schemas.cdp.exports import Holds, What
from app.services.cdp.consents.rules import Purpose


class ExportStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    EXPIRED = "expired"
    ENDED = "ended"


WAITING = (ExportStatus.QUEUED, ExportStatus.RUNNING)
GONE = frozenset({ExportStatus.CANCELLED, ExportStatus.FAILED, ExportStatus.EXPIRED, ExportStatus.ENDED})


@dataclass(frozen=True, slots=True)
class Column:
    """What a column is; `hashed` says how its personal value is made a hash, None for what names nobody."""

    name: str
    description: str
    hashed: str | None = None

    def holds(self, *, raw: bool) -> Holds:
        if self.hashed is None:
            return "plain"
        return "clear" if raw else "sha256"

    def told(self, *, raw: bool) -> str:
        return f"{self.description}; {self.hashed}" if self.hashed and not raw else self.description


_LAST = "the newest that they have"
_EMAIL = "SHA-256 of the address in lower case"
_PHONE = "SHA-256 of the number in E.164, with its +, as Google and TikTok match it"
_ID = "SHA-256 of the id as it was sent"
_TRAIT = "SHA-256 of the text in lower case where it names the person"

_PEOPLE = (
    Column("profile_id", "The profile's id here"),
    Column("lifecycle", "Anonymous, known, customer or churned"),
    Column("user_id", f"User id, {_LAST}", _ID),
    Column("email", f"E-mail address, {_LAST}", _EMAIL),
    Column(
        "email_google",
        f"E-mail address, {_LAST}, as Google matches it",
        "SHA-256 in lower case, of gmail.com without dots and +tags",
    ),
    Column("phone", f"Phone number, {_LAST}", _PHONE),
    Column(
        "phone_digits",
        f"Phone number, {_LAST}, its digits",
        "SHA-256 of the digits with the country's, as Meta and Snapchat match it",
    ),
    Column("device_id", f"Device id, {_LAST}", _ID),
    Column("anonymous_id", f"Anonymous id, {_LAST}", _ID),
    Column("identifiers", "All identifiers, each with its type", "SHA-256 of each, as in its own column"),
    Column("first_seen_at", "First seen, UTC"),
    Column("last_seen_at", "Last seen, UTC"),
    Column("first_order_at", "First order, UTC"),
    Column("last_order_at", "Last order, UTC"),
    Column("event_count", "Events"),
    Column("order_count", "Orders"),
    Column("refund_count", "Refunds"),
    Column("revenue", "Revenue in millionths, by currency"),
    Column("refunded", "Refunds in millionths, by currency"),
    Column("traits", "All traits that name nobody, and in the clear the others too"),
    Column("computed", "Computed traits"),
    *(
        Column(f"consent:{each}", f"Whether they allow {each}, by the rules of consent (true or false)")
        for each in Purpose
    ),
)
_EVENTS = (
    Column("event", "The event's name"),
    Column("event_type", "Its type"),
    Column("time", "When it happened, UTC"),
    Column("received_at", "When it was received, UTC"),
    Column("message_id", "Its id"),
    Column("source_id", "The source that sent it"),
    Column("profile_id", "Whose it is now"),
    Column("user_id", "User id that it names", _ID),
    Column("email", "E-mail address that it names", _EMAIL),
    Column("phone", "Phone number that it names", _PHONE),
    Column("anonymous_id", "Anonymous id that it names", _ID),
    Column("order_id", "The order's id"),
    Column("value_micros", "Its value in millionths"),
    Column("currency", "Of the value"),
    Column("properties", "All properties; in the clear, those too that name somebody"),
)
COLUMNS: Mapping[What, Mapping[str, Column]] = MappingProxyType(
    {
        "people": {each.name: each for each in _PEOPLE},
        "events": {each.name: each for each in _EVENTS},
    }
)
_OPEN: Mapping[What, Mapping[str, tuple[str, str | None]]] = MappingProxyType(
    {
        "people": {"trait": ("Trait", _TRAIT), "computed": ("Computed trait", None)},
        "events": {"property": ("Property", None)},
    }
)


def column(what: What, name: str) -> Column | None:
    """The column of this name; None where there is none."""
    known = COLUMNS[what].get(name)
    if known is not None:
        return known
    prefix, _, rest = name.partition(":")
    found = _OPEN[what].get(prefix)
    if found is None or not rest:
        return None
    return Column(name, f"{found[0]} {rest}", found[1])


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def for_google(email: str) -> str:
    """Google's own normal form of an address."""
    name, _, host = email.strip().lower().partition("@")
    if host in ("gmail.com", "googlemail.com"):
        name = name.partition("+")[0].replace(".", "")
    return f"{name}@{host}"


def digits(phone: str) -> str:
    return "".join(each for each in phone if each.isdecimal())
