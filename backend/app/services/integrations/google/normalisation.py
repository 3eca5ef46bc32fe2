"""People's identifiers in Google's form: what is normalised how, what is hashed and what is not.

The rules are the Data Manager API's (Format user data) and those of Google's own formatter. They differ from the
other platforms': dots and a `+tag` go from a Gmail address, a phone number keeps its `+`, names keep their
punctuation, and region and postal code leave in the clear. A value that cannot be brought into form is left out: a
wrong hash matches nobody and only looks like coverage.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.core.countries import alpha_2
from app.core.phones import e164

_HASHED = re.compile(r"[0-9a-f]{64}")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_GMAIL = frozenset({"gmail.com", "googlemail.com"})
_PREFIX = re.compile(r"^(?:mr|mrs|ms|miss|dr|prof)\.?\s+", re.IGNORECASE)
_SUFFIX = re.compile(r",?\s+(?:jr|sr|ii|iii|iv|phd|md)\.?", re.IGNORECASE)
_CLICK_ID = re.compile(r"[A-Za-z0-9_-]{1,512}")
_ADDRESS_PARTS = {
    "givenName": "first_name",
    "familyName": "last_name",
    "regionCode": "country",
    "postalCode": "zip",
}
CLICK_IDS = ("gclid", "gbraid", "wbraid")


def email(value: str, _country: str | None = None) -> str | None:
    """Lower case; of a Gmail address neither dots nor a tag.

    >>> email(" Cloudy.SanFrancisco+shopping@gmail.com "), email("user.name+NYC@Example.com"), email("...@gmail.com")
    ('cloudysanfrancisco@gmail.com', 'user.name+nyc@example.com', None)
    """
    found = value.strip().lower()
    if not _ADDRESS.fullmatch(found):
        return None
    user, _, domain = found.partition("@")
    if domain in _GMAIL:
        user = user.partition("+")[0].replace(".", "")
    return f"{user}@{domain}" if user else None


def phone(value: str, country: str | None = None) -> str | None:
    """E.164 with its `+`; a national number needs its country.

    >>> phone("(800) 555-0100", "US"), phone("+44-113-496-0987"), phone("1 800 555 0100")
    ('+18005550100', '+441134960987', None)
    """
    return e164(value, country)


def given_name(value: str, _country: str | None = None) -> str | None:
    """Lower case, without a title such as Mrs.

    >>> given_name("  Mrs. Anne-Marie "), given_name("GivenName")
    ('anne-marie', 'givenname')
    """
    return _PREFIX.sub("", value.strip(), count=1).strip().lower() or None


def family_name(value: str, _country: str | None = None) -> str | None:
    """Lower case, without a suffix such as Jr.

    >>> family_name("O'Brien Jr."), family_name(" FamilyName ")
    ("o'brien", 'familyname')
    """
    text = value.strip()
    found = _SUFFIX.search(text)
    if found is not None and found.end() == len(text):
        text = text[: found.start()]
    return text.strip().lower() or None


def postal_code(value: str, _country: str | None = None) -> str | None:
    """As it is written.

    >>> postal_code(" 1229-076  ")
    '1229-076'
    """
    return value.strip() or None


def region(value: str, _country: str | None = None) -> str | None:
    """The country's two letters.

    >>> region(" uS "), region("usa"), region("Elbonia")
    ('US', 'US', None)
    """
    return alpha_2(value)


@dataclass(frozen=True, slots=True)
class Field:
    """The form of a value, and whether it leaves as SHA-256."""

    form: Callable[[str, str | None], str | None]
    hashed: bool


MEMBER_FIELDS: dict[str, Field] = {
    "email": Field(email, hashed=True),
    "phone": Field(phone, hashed=True),
    "first_name": Field(given_name, hashed=True),
    "last_name": Field(family_name, hashed=True),
    "zip": Field(postal_code, hashed=False),
    "country": Field(region, hashed=False),
}
"""Of members of a list, whose values are kept in this form until they leave."""


def member_identifiers(values: Mapping[str, str]) -> list[dict[str, Any]]:
    """Google's `userIdentifiers` of values that are in `MEMBER_FIELDS`' form already; empty ones are left out."""
    found: list[dict[str, Any]] = []
    if values.get("email"):
        found.append({"emailAddress": values["email"]})
    if values.get("phone"):
        found.append({"phoneNumber": values["phone"]})
    parts = {theirs: values.get(ours, "") for theirs, ours in _ADDRESS_PARTS.items()}
    if all(parts.values()):
        found.append({"address": parts})
    return found


def user_identifiers(identifiers: Mapping[str, str]) -> list[dict[str, Any]]:
    """Google's `userIdentifiers`; a value that arrives as a SHA-256 already is passed on as it is."""
    country = region(identifiers.get("country", ""))
    found: list[dict[str, Any]] = []
    if digest := _digest(identifiers.get("email"), email, country):
        found.append({"emailAddress": digest})
    if digest := _digest(identifiers.get("phone"), phone, country):
        found.append({"phoneNumber": digest})
    if address := _address(identifiers, country):
        found.append({"address": address})
    return found


def click_ids(identifiers: Mapping[str, str]) -> dict[str, str]:
    """Which ad was clicked, in the clear."""
    return {name: identifiers[name] for name in CLICK_IDS if _CLICK_ID.fullmatch(identifiers.get(name, ""))}


def _address(identifiers: Mapping[str, str], country: str | None) -> dict[str, str] | None:
    """All four parts, or none: they are matched together."""
    given = _digest(identifiers.get("first_name"), given_name, country)
    family = _digest(identifiers.get("last_name"), family_name, country)
    postal = postal_code(identifiers.get("zip", ""))
    if given is None or family is None or postal is None or country is None:
        return None
    return {"givenName": given, "familyName": family, "regionCode": country, "postalCode": postal}


def _digest(
    value: str | None, form: Callable[[str, str | None], str | None], country: str | None
) -> str | None:
    if not value:
        return None
    if _HASHED.fullmatch(value.strip().lower()):
        return value.strip().lower()
    normal = form(value, country)
    return None if normal is None else hashlib.sha256(normal.encode()).hexdigest()
