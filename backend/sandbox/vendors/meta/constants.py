"""Ids that are the same in every sandbox; only what the seed decides differs (tokens, the world)."""

PLATFORM = "meta"
USER_ID = "100000000000017"
USER_NAME = "Robin Vance"
BUSINESS_ID = "300000000000009"
BUSINESS_NAME = "Northwind Outfitters"
APP_ID = "190000000000001"
APP_NAME = "Stratum (sandbox)"
US_ACCOUNT = "102030405060701"
HU_ACCOUNT = "102030405060702"
US_PIXEL = "880000000000001"
HU_PIXEL = "880000000000002"
PAGE_ID = "770000000000001"
"""The one Facebook page that the token's user may advertise for."""
OLDEST_VERSION = 20
NEWEST_VERSION = 27
SCOPES = ("ads_management", "ads_read", "business_management", "public_profile")
READ_SCOPES = ("ads_read", "public_profile")


def campaign_id(account: int, number: int) -> str:
    return f"1202100000{account}01{number:05d}"


def ad_set_id(account: int, number: int) -> str:
    return f"1202100000{account}02{number:05d}"


def ad_id(account: int, number: int) -> str:
    return f"1202100000{account}03{number:05d}"
