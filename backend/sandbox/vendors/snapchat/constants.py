"""Ids that are the same in every sandbox; only what the seed decides differs (tokens, the world)."""

PLATFORM = "snapchat"
APP_ID = "5a9c0009-0000-4000-8000-000000000001"
APP_NAME = "Stratum (sandbox)"
USER_NAME = "Robin Vance"
USER_EMAIL = "robin.vance@northwind.example"
ORGANIZATION_NAME = "Northwind Outfitters"
MARKETING = "snapchat-marketing-api"
OFFLINE = "snapchat-offline-conversions-api"
PROFILE = "snapchat-profile-api"
SCOPES = (MARKETING, OFFLINE, PROFILE)


def uid(kind: int, account: int, number: int) -> str:
    """Snapchat's ids are UUIDs that do not say what they are."""
    return f"5a9c{kind:04d}-{account:04d}-4000-8000-{number:012d}"


ORGANIZATION_ID = uid(0, 0, 1)
US_ACCOUNT = uid(1, 1, 1)
KW_ACCOUNT = uid(1, 2, 1)
US_PIXEL = uid(5, 1, 1)
KW_PIXEL = uid(5, 2, 1)
USER_ID = uid(8, 0, 1)
PROFILE_ID = uid(8, 0, 7)
"""The one public profile that creatives may speak as."""


def campaign_id(account: int, number: int) -> str:
    return uid(2, account, number)


def squad_id(account: int, number: int) -> str:
    return uid(3, account, number)


def ad_id(account: int, number: int) -> str:
    return uid(4, account, number)


def creative_id(account: int, number: int) -> str:
    return uid(6, account, number)


def media_id(account: int, number: int) -> str:
    return uid(9, account, number)
