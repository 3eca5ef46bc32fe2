"""What leaves for a platform, told in the clear: a digest is known again by the form that it was made of."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from app.services.integrations.google import normalisation as google
from app.services.integrations.meta import normalisation as meta
from app.services.integrations.snapchat import normalisation as snapchat
from app.services.integrations.tiktok import normalisation as tiktok

_ADDRESS = {"first_name": "Ann", "last_name": "Other", "zip": "1", "country": "US"}
_GOOGLES = {
    "email": "emailAddress",
    "phone": "phoneNumber",
    "first_name": "givenName",
    "last_name": "familyName",
    "zip": "postalCode",
    "country": "regionCode",
}


def _google(told: Mapping[str, str], field: str) -> str | None:
    """An address leaves whole or not at all, so that the other parts of it are given."""
    whole = told if field in {"email", "phone"} else {**_ADDRESS, **told}
    found: dict[str, Any] = {}
    for one in google.user_identifiers(whole):
        found |= one.get("address", one)
    return found.get(_GOOGLES[field])


_FORMS: Mapping[str, Mapping[str, Any]] = {
    "meta": meta.FIELDS,
    "google": google.MEMBER_FIELDS,
    "tiktok": tiktok.FIELDS,
    "snapchat": snapchat.FIELDS,
}
_TELL: Mapping[str, Callable[[Mapping[str, str], str], str | None]] = {
    "meta": lambda told, field: meta.user_data(told).get(meta.FIELDS[field].key),
    "google": _google,
    "tiktok": lambda told, field: tiktok.user(told).get(tiktok.FIELDS[field].key),
    "snapchat": lambda told, field: snapchat.user_data(told).get(snapchat.FIELDS[field].key),
}


def sent(platform: str, field: str, written: str, country: str) -> str | None:
    """The form that `written` left in, None where it stayed; what left has to be that form, or its SHA-256."""
    told = {field: written} | ({"country": country} if country and field != "country" else {})
    left = _TELL[platform](told, field)
    if left is None:
        return None
    column = _FORMS[platform][field]
    form: str | None = column.form(written, _country(platform, country))
    assert form is not None
    assert left == (hashlib.sha256(form.encode()).hexdigest() if column.hashed else form)
    return form


def _country(platform: str, country: str) -> str | None:
    if platform == "google":
        return google.region(country)
    lower = {"meta": meta.country_code, "tiktok": tiktok.country_code, "snapchat": snapchat.country_code}
    return lower[platform](country)
