"""Media, creatives and ads, as Snapchat wants them told and as it tells them (Ads API: Media, Creatives, Ads).

A picture is a media entity that is named first and filled afterwards. What it leads to is a web view of a creative, in
the name of a public profile; a snap has a brand and a headline, and no other text. Ads can be deleted there; of
creatives no deletion is documented.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from app.services.integrations.campaigns.ports import (
    CREATED_STATUS,
    REMOVED_STATUS,
    AdOffer,
    Made,
    MadeType,
)

_BUTTONS = {
    "shop_now": "SHOP_NOW",
    "learn_more": "MORE",
    "sign_up": "SIGN_UP",
    "book_now": "BOOK_NOW",
    "apply_now": "APPLY_NOW",
    "order_now": "ORDER_NOW",
}
_OURS = {theirs: ours for ours, theirs in _BUTTONS.items()}
_PROFILE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_READY = "READY"

AD_OFFER = AdOffer(
    calls_to_action=tuple(_BUTTONS),
    longest_name=375,
    longest_headline=34,
    longest_body=0,
    longest_brand=32,
    identity="the public profile's id",
    is_identity=lambda text: _PROFILE.fullmatch(text) is not None,
    removes_creatives=False,
)


def media(after: Mapping[str, Any], account: str) -> dict[str, Any]:
    """One row of `POST adaccounts/…/media`; KeyError or ValueError for what Snapchat has no word for."""
    _demand_paused(after)
    return {"ad_account_id": account, "name": str(after["name"]), "type": "IMAGE"}


def creative(after: Mapping[str, Any], account: str) -> dict[str, Any]:
    """One row of `POST adaccounts/…/creatives`."""
    _demand_paused(after)
    return {
        "ad_account_id": account,
        "name": str(after["name"]),
        "type": "WEB_VIEW",
        "brand_name": str(after["brand"]),
        "headline": str(after["headline"]),
        "call_to_action": _BUTTONS[str(after["call_to_action"])],
        "shareable": True,
        "top_snap_media_id": str(after["image"]),
        "web_view_properties": {"url": str(after["landing_url"])},
        "profile_properties": {"profile_id": str(after["page"])},
    }


def ad(after: Mapping[str, Any]) -> dict[str, Any]:
    """One row of `POST adsquads/…/ads`."""
    _demand_paused(after)
    return {
        "ad_squad_id": str(after["ad_set"]),
        "creative_id": str(after["creative"]),
        "name": str(after["name"]),
        "type": "REMOTE_WEBPAGE",
        "status": "PAUSED",
    }


def made(kind: MadeType, row: Mapping[str, Any]) -> Made:
    status = REMOVED_STATUS if row.get("deleted") is True else _STATUS[kind](row)
    return Made(
        external_id=str(row["id"]), name=str(row.get("name", "")), status=status, facts=_FACTS[kind](row)
    )


def is_filled(row: Mapping[str, Any]) -> bool:
    """Whether a media entity has its file."""
    return row.get("media_status") == _READY


def _media_status(row: Mapping[str, Any]) -> str:
    return CREATED_STATUS if is_filled(row) else str(row.get("media_status")).lower()


_STATUS: Mapping[MadeType, Callable[[Mapping[str, Any]], str]] = {
    "image": _media_status,
    "creative": lambda _: CREATED_STATUS,
    "ad": lambda row: str(row["status"]).lower(),
}


def _creative_facts(row: Mapping[str, Any]) -> dict[str, Any]:
    button = str(row["call_to_action"])
    return {
        "name": str(row["name"]),
        "page": str(row["profile_properties"]["profile_id"]),
        "brand": str(row["brand_name"]),
        "image": str(row["top_snap_media_id"]),
        "landing_url": str(row["web_view_properties"]["url"]),
        "headline": str(row["headline"]),
        "call_to_action": _OURS.get(button, button),
    }


_FACTS: Mapping[MadeType, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "image": lambda row: {"name": str(row["name"]), "status": _media_status(row)},
    "creative": _creative_facts,
    "ad": lambda row: {
        "name": str(row["name"]),
        "ad_set": str(row["ad_squad_id"]),
        "creative": str(row["creative_id"]),
    },
}


def _demand_paused(after: Mapping[str, Any]) -> None:
    if after["status"] != CREATED_STATUS:
        raise ValueError("whatever is created here is created paused")
