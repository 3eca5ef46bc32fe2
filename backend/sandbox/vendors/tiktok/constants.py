"""Ids that are the same in every sandbox; only what the seed decides differs (tokens, the world)."""

PLATFORM = "tiktok"
USER_ID = "7100000000000000017"
USER_NAME = "Robin Vance"
USER_EMAIL = "r***********e@northwind.example"
APP_ID = "7300000000000000001"
APP_NAME = "Stratum (sandbox)"
US_ADVERTISER = "7400000000000000701"
HU_ADVERTISER = "7400000000000000702"
US_PIXEL = "CNWUS0000000000001AA"
HU_PIXEL = "CNWHU0000000000002AA"
PIXEL_IDS = {US_PIXEL: "7500000000000000001", HU_PIXEL: "7500000000000000002"}
VERSION = "v1.3"
MANAGE, REPORT = 4, 15
"""What a token may do, as this sandbox numbers it: change ads and send events; read reports and settings."""
SCOPES = (MANAGE, REPORT)
READ_SCOPES = (REPORT,)


def campaign_id(advertiser: int, number: int) -> str:
    return f"18000000000{advertiser}1{number:05d}"


def ad_group_id(advertiser: int, number: int) -> str:
    return f"18000000000{advertiser}2{number:05d}"


def ad_id(advertiser: int, number: int) -> str:
    return f"18000000000{advertiser}3{number:05d}"
