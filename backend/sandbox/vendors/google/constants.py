"""Who and what there is at Google: fixed, so that a client may be configured once."""

import pycountry

PLATFORM = "google"
OLDEST_VERSION = 23
NEWEST_VERSION = 26

MANAGER = "4441115550"
"""A manager account, which the person may use and which has no campaigns of its own."""
US_ACCOUNT = "4441115551"
"""The person reaches it directly and through the manager."""
JP_ACCOUNT = "4441115552"
"""Yen and Tokyo's days, for the Hungarian shop. Reached through the manager alone: calls need `login-customer-id`."""

US_PURCHASE, JP_PURCHASE = "7010000001", "7010000002"
"""Conversion actions that take uploads: what an event's destination names."""

PROJECT = "stratum-sandbox"
CLIENT_ID = "407040704070-stratum.apps.googleusercontent.com"
USER_ID = "110000000000000000042"
USER_EMAIL = "robin@northwind.example"
PERSON_EMAIL = "dana@northwind.example"
"""Who edits in the Ads interface."""

ADS_SCOPE = "https://www.googleapis.com/auth/adwords"
EVENTS_SCOPE = "https://www.googleapis.com/auth/datamanager"
SCOPES = (
    ADS_SCOPE,
    EVENTS_SCOPE,
    "openid",
    "email",
    "profile",
    "https://www.googleapis.com/auth/userinfo.email",
    "https://www.googleapis.com/auth/userinfo.profile",
)

BILLABLE_UNITS = {
    "USD": 10_000,
    "EUR": 10_000,
    "GBP": 10_000,
    "CAD": 10_000,
    "CHF": 10_000,
    "HUF": 1_000_000,
    "JPY": 1_000_000,
    "KRW": 1_000_000,
    "KWD": 1_000,
}
"""`currency_constant.billable_unit_micros`. Only the dollar's was found in public; the others follow their coins."""

DEMAND_GEN_MINIMUMS = {
    "USD": 5_000_000,
    "EUR": 5_000_000,
    "GBP": 4_000_000,
    "CAD": 7_000_000,
    "CHF": 5_000_000,
    "HUF": 1_800_000_000,
    "JPY": 750_000_000,
    "KRW": 7_000_000_000,
    "KWD": 1_500_000,
}
"""What a Demand Gen campaign needs for a day. The dollar's is Google's own; the others follow what they are worth."""

_NOT_TARGETED = frozenset({"CU", "IR", "KP", "SY"})
COUNTRY_TARGETS = {
    str(2000 + int(country.numeric)): country.alpha_2
    for country in pycountry.countries
    if country.alpha_2 not in _NOT_TARGETED
}
"""Geo target constants of countries: ISO's number and 2000."""
