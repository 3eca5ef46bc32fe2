"""People's identifiers in TikTok's form: what is normalised how, what is hashed and what is not.

TikTok's rules and examples stand under Events API 2.0, Parameters. These hashes are never shared with another
platform, whose forms differ. A value that cannot be brought into form is left out: a wrong hash matches nobody.
"""

import hashlib
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.core.countries import alpha_2
from app.core.phones import e164

_HASHED = re.compile(r"[0-9a-f]{64}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_PLAIN = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Field:
    """TikTok's key, the form of its value, and whether it leaves as SHA-256."""

    key: str
    form: Callable[[str, str | None], str | None]
    hashed: bool


def email(value: str, _country: str | None = None) -> str | None:
    """Trimmed and in lower case; dots and tags stay.

    >>> email(" ALICE_abc@gmail.com "), email("alice"), email("a.l+x@gmail.com")
    ('alice_abc@gmail.com', None, 'a.l+x@gmail.com')
    """
    found = value.strip().lower()
    return found if _EMAIL.fullmatch(found) else None


def phone(value: str, country: str | None = None) -> str | None:
    """E.164 with its `+`; a national number needs its country.

    >>> phone("(+1)2133734253"), phone("06 20 123 4567", "hu"), phone("650 555 1212")
    ('+12133734253', '+36201234567', None)
    """
    return e164(value, country)


def external_id(value: str, _country: str | None = None) -> str | None:
    """The shop's own id, as it is but for the spaces around it."""
    return value.strip() or None


def name(value: str, _country: str | None = None) -> str | None:
    """Lower case, without spaces.

    >>> name(" Mary Ann "), name("Valéry")
    ('maryann', 'valéry')
    """
    return "".join(value.split()).lower() or None


def place(value: str, _country: str | None = None) -> str | None:
    """A city or a state: lower case letters and digits; TikTok takes no others, so one that has others stays out.

    >>> place("St. John's"), place("New York"), place("Győr")
    ('stjohns', 'newyork', None)
    """
    found = "".join(character for character in value.lower() if character.isalnum())
    return found if _PLAIN.fullmatch(found) else None


def country_code(value: str, _country: str | None = None) -> str | None:
    """Two letters of ISO 3166."""
    code = alpha_2(value)
    return code.lower() if code else None


def ip_address(value: str, _country: str | None = None) -> str | None:
    try:
        found = ipaddress.ip_address(value.strip())
    except ValueError:
        return None
    return str(found) if found.is_global else None


def text(value: str, _country: str | None = None) -> str | None:
    return value.strip() or None


FIELDS: dict[str, Field] = {
    "email": Field("email", email, hashed=True),
    "phone": Field("phone", phone, hashed=True),
    "external_id": Field("external_id", external_id, hashed=True),
    "first_name": Field("first_name", name, hashed=True),
    "last_name": Field("last_name", name, hashed=True),
    "zip": Field("zip_code", name, hashed=True),
    "city": Field("city", place, hashed=False),
    "state": Field("state", place, hashed=False),
    "country": Field("country", country_code, hashed=False),
    "ttclid": Field("ttclid", text, hashed=False),
    "ttp": Field("ttp", text, hashed=False),
    "ip": Field("ip", ip_address, hashed=False),
    "user_agent": Field("user_agent", text, hashed=False),
}


def user(identifiers: Mapping[str, str]) -> dict[str, str]:
    """TikTok's `user`; a value that arrives as a SHA-256 already is passed on as it is."""
    country = country_code(identifiers.get("country", ""))
    found: dict[str, str] = {}
    for ours, field in FIELDS.items():
        value = identifiers.get(ours)
        if not value:
            continue
        if field.hashed and _HASHED.fullmatch(value.strip().lower()):
            found[field.key] = value.strip().lower()
        elif (form := field.form(value, country)) is not None:
            found[field.key] = hashlib.sha256(form.encode()).hexdigest() if field.hashed else form
    return found
