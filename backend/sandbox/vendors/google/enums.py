"""Enums of the Data Manager API: a request may give them by name or, as Google's own clients do, by number."""

from typing import Any

_CONSENT = {1: "CONSENT_GRANTED", 2: "CONSENT_DENIED"}
_NAMES: dict[str, dict[int, str]] = {
    "encoding": {1: "HEX", 2: "BASE64"},
    "adUserData": _CONSENT,
    "adPersonalization": _CONSENT,
    "accountType": {1: "GOOGLE_ADS"},
    "uploadKeyTypes": {1: "CONTACT_ID", 2: "MOBILE_ID", 3: "USER_ID", 4: "PAIR_ID", 5: "PSEUDONYMOUS_ID"},
    "membershipStatus": {1: "OPEN", 2: "CLOSED"},
    "dataSourceType": {1: "DATA_SOURCE_TYPE_FIRST_PARTY"},
}


def named(value: Any, field: str = "") -> Any:
    """The same body, its enums by their names; a number that is none of them stays as it is.

    >>> named({"encoding": 1, "a": [{"adUserData": 2}], "uploadKeyTypes": [1]})
    {'encoding': 'HEX', 'a': [{'adUserData': 'CONSENT_DENIED'}], 'uploadKeyTypes': ['CONTACT_ID']}
    """
    if isinstance(value, dict):
        return {name: named(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [named(one, field) for one in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return _NAMES.get(field, {}).get(value, value)
    return value
