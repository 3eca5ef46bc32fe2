"""People's identifiers in Snapchat's form: what is normalised how, and what leaves as SHA-256.

The rules and examples stand under Conversions API, Parameters, and Best Practices. These hashes are never shared
with another platform. A value that cannot be brought into form is left out: a wrong hash matches nobody.
"""

import hashlib
import ipaddress
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.core.countries import alpha_2
from app.core.phones import e164

_HASHED = re.compile(r"[0-9a-f]{64}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_US_ZIP = re.compile(r"\d{5}")
_ZIP_PLUS_4 = re.compile(r"\d{5}-\d{4}")
_CLICK = re.compile(r"[\x21-\x7e]{1,500}")
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
    """Snapchat's key, the form of its value, and whether it leaves as SHA-256."""

    key: str
    form: Callable[[str, str | None], str | None]
    hashed: bool


def email(value: str, _country: str | None = None) -> str | None:
    """Trimmed, in lower case; dots and tags stay.

    >>> email(" Person@Example.com "), email("person")
    ('person@example.com', None)
    """
    found = value.strip().lower()
    return found if _EMAIL.fullmatch(found) else None


def phone(value: str, country: str | None = None) -> str | None:
    """Digits with the country's code: no `+`, no double zero before it, no zero that begins the number itself.

    >>> phone("+44 844 412 4653"), phone("0044 (0)844 412 4653"), phone("06 20 123 4567", "hu"), phone("123 45")
    ('448444124653', '448444124653', '36201234567', None)
    """
    number = e164(value, country)
    return number.removeprefix("+") if number else None


def name(value: str, _country: str | None = None) -> str | None:
    """Lower case without punctuation; letters of every script stay.

    >>> name(" John "), name("Raphaël"), name("O'Brien-Smith")
    ('john', 'raphaël', 'obriensmith')
    """
    return " ".join(_plain(value).split()) or None


def city(value: str, _country: str | None = None) -> str | None:
    """No punctuation and no spaces.

    >>> city("Los Angeles"), city("St. John's")
    ('losangeles', 'stjohns')
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


def external_id(value: str, _country: str | None = None) -> str | None:
    """The shop's own id as it stands: it is an opaque word, and case may tell two apart."""
    return value.strip() or None


def click_id(value: str, _country: str | None = None) -> str | None:
    """Byte for byte as the landing address had it."""
    return value if _CLICK.fullmatch(value) else None


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
    "city": Field("ct", city, hashed=True),
    "state": Field("st", state, hashed=True),
    "zip": Field("zp", postal_code, hashed=True),
    "country": Field("country", country_code, hashed=True),
    "external_id": Field("external_id", external_id, hashed=True),
    "sc_click_id": Field("sc_click_id", click_id, hashed=False),
    "sc_cookie": Field("sc_cookie1", click_id, hashed=False),
    "ip": Field("client_ip_address", ip_address, hashed=False),
    "user_agent": Field("client_user_agent", user_agent, hashed=False),
}


def user_data(identifiers: Mapping[str, str]) -> dict[str, str]:
    """Snapchat's `user_data`; a value that arrives as a SHA-256 already is passed on as it is."""
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
