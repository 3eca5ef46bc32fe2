"""People's identifiers in Meta's form: what is normalised how, what is hashed and what is not.

Meta's rules and examples stand under Conversions API, Customer Information Parameters. These hashes are never
shared with another platform, whose forms differ. A value that cannot be brought into form is left out: a wrong
hash matches nobody and only looks like coverage.
"""

import hashlib
import ipaddress
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from app.core.countries import alpha_2
from app.core.phones import e164

_HASHED = re.compile(r"[0-9a-f]{64}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s_]+\.[^@\s_.]+")
_BROWSER_ID = re.compile(r"fb\.[0-9]+\.[0-9]+\..+")
_DATE = re.compile(r"(\d{4})\D?(\d{2})\D?(\d{2})")
_US_ZIP = re.compile(r"\d{5}")
_ZIP_PLUS_4 = re.compile(r"\d{5}-\d{4}")
_GENDERS = {"f": "f", "female": "f", "woman": "f", "m": "m", "male": "m", "man": "m"}
_STATES = {
    "alabama": "al", "alaska": "ak", "arizona": "az", "arkansas": "ar", "california": "ca", "colorado": "co",
    "connecticut": "ct", "delaware": "de", "districtofcolumbia": "dc", "florida": "fl", "georgia": "ga", "hawaii": "hi",
    "idaho": "id", "illinois": "il", "indiana": "in", "iowa": "ia", "kansas": "ks", "kentucky": "ky", "louisiana": "la",
    "maine": "me", "maryland": "md", "massachusetts": "ma", "michigan": "mi", "minnesota": "mn", "mississippi": "ms",
    "missouri": "mo", "montana": "mt", "nebraska": "ne", "nevada": "nv", "newhampshire": "nh", "newjersey": "nj",
    "newmexico": "nm", "newyork": "ny", "northcarolina": "nc", "northdakota": "nd", "ohio": "oh", "oklahoma": "ok",
    "oregon": "or", "pennsylvania": "pa", "rhodeisland": "ri", "southcarolina": "sc", "southdakota": "sd",
    "tennessee": "tn", "texas": "tx", "utah": "ut", "vermont": "vt", "virginia": "va", "washington": "wa",
    "westvirginia": "wv", "wisconsin": "wi", "wyoming": "wy",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """Meta's key, the form of its value, and whether it leaves as SHA-256."""

    key: str
    form: Callable[[str, str | None], str | None]
    hashed: bool


def email(value: str, _country: str | None = None) -> str | None:
    found = value.strip().lower()
    return found if _EMAIL.fullmatch(found) else None


def phone(value: str, country: str | None = None) -> str | None:
    """Digits with the country's code and without `+`; a national number needs its country.

    >>> phone("(650)555-1212", "us"), phone("+36 20 123 4567"), phone("650 555 1212")
    ('16505551212', '36201234567', None)
    """
    number = e164(value, country)
    return number.removeprefix("+") if number else None


def name(value: str, _country: str | None = None) -> str | None:
    """Lower case, no punctuation; letters of every script stay.

    >>> name(" O'Brien-Smith "), name("정"), name("Valéry")
    ('obriensmith', '정', 'valéry')
    """
    return " ".join(_plain(value).split()) or None


def city(value: str, _country: str | None = None) -> str | None:
    """No punctuation and no spaces.

    >>> city("St. John's"), city("New York")
    ('stjohns', 'newyork')
    """
    return _plain(value).replace(" ", "") or None


def state(value: str, _country: str | None = None) -> str | None:
    """A state of the US by its two letters.

    >>> state("California"), state("CA"), state("Bayern")
    ('ca', 'ca', 'bayern')
    """
    found = city(value)
    return None if found is None else _STATES.get(found, found)


def postal_code(value: str, country: str | None = None) -> str | None:
    """No spaces and no dash; of a US code, which ZIP+4 is of whatever country, the first five digits.

    >>> postal_code("94035-1234"), postal_code("M1 1AE", "gb"), postal_code("9403", "us")
    ('94035', 'm11ae', None)
    """
    found = value.strip().lower().replace(" ", "")
    if country == "us" or (not country and _ZIP_PLUS_4.fullmatch(found)):
        digits = _US_ZIP.match(found)
        return digits[0] if digits else None
    return found.replace("-", "") or None


def country_code(value: str, _country: str | None = None) -> str | None:
    """Two letters of ISO 3166.

    >>> country_code("US"), country_code("usa"), country_code("Elbonia")
    ('us', 'us', None)
    """
    code = alpha_2(value)
    return code.lower() if code else None


def gender(value: str, _country: str | None = None) -> str | None:
    return _GENDERS.get(value.strip().lower())


def date_of_birth(value: str, _country: str | None = None) -> str | None:
    """YYYYMMDD, of a date that begins with its year.

    >>> date_of_birth("1997-02-16"), date_of_birth("16.02.1997"), date_of_birth("1997-02-30")
    ('19970216', None, None)
    """
    found = _DATE.fullmatch(value.strip()[:10])
    if not found:
        return None
    try:
        born = date(*(int(part) for part in found.groups()))
    except ValueError:
        return None
    return born.strftime("%Y%m%d") if born.year >= 1900 else None  # noqa: PLR2004  (Meta's own bound)


def external_id(value: str, _country: str | None = None) -> str | None:
    """The shop's own id, in the clear; one that is an e-mail address is not sent so."""
    found = value.strip()
    return found if found and "@" not in found else None


def browser_id(value: str, _country: str | None = None) -> str | None:
    return value if _BROWSER_ID.fullmatch(value) else None


def ip_address(value: str, _country: str | None = None) -> str | None:
    try:
        found = ipaddress.ip_address(value.strip())
    except ValueError:
        return None
    return str(found) if found.is_global else None


def user_agent(value: str, _country: str | None = None) -> str | None:
    return value.strip() or None


FIELDS: dict[str, Field] = {
    "email": Field("em", email, hashed=True),
    "phone": Field("ph", phone, hashed=True),
    "first_name": Field("fn", name, hashed=True),
    "last_name": Field("ln", name, hashed=True),
    "gender": Field("ge", gender, hashed=True),
    "date_of_birth": Field("db", date_of_birth, hashed=True),
    "city": Field("ct", city, hashed=True),
    "state": Field("st", state, hashed=True),
    "zip": Field("zp", postal_code, hashed=True),
    "country": Field("country", country_code, hashed=True),
    "external_id": Field("external_id", external_id, hashed=False),
    "fbc": Field("fbc", browser_id, hashed=False),
    "fbp": Field("fbp", browser_id, hashed=False),
    "ip": Field("client_ip_address", ip_address, hashed=False),
    "user_agent": Field("client_user_agent", user_agent, hashed=False),
}


def user_data(identifiers: Mapping[str, str]) -> dict[str, str]:
    """Meta's `user_data`; a value that arrives as a SHA-256 already is passed on as it is."""
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


def _plain(value: str) -> str:
    """Lower case; letters, marks, digits and spaces alone, composed."""
    text = unicodedata.normalize("NFC", value).lower()
    return "".join(
        character if unicodedata.category(character)[0] in "LMN" else " " if character.isspace() else ""
        for character in text
    ).strip()
