"""Images, creatives and ads, as Meta wants them told and as it tells them.

An image is known by its hash, which follows from its content: the same file sent again is the same image. A creative
is a link ad of a page (`object_story_spec.link_data`). Meta publishes no lengths of a link ad's own words; those here
are of the same texts in an asset feed (255 of a title, 1,024 of a body). Of a creative's name it keeps a hundred.
"""

import json
from collections.abc import Mapping
from typing import Any

from app.services.integrations.campaigns.ports import CREATED_STATUS, AdOffer, Made, MadeType

_BUTTONS = {
    "shop_now": "SHOP_NOW",
    "learn_more": "LEARN_MORE",
    "sign_up": "SIGN_UP",
    "subscribe": "SUBSCRIBE",
    "book_now": "BOOK_TRAVEL",
    "contact_us": "CONTACT_US",
    "download": "DOWNLOAD",
    "get_offer": "GET_OFFER",
    "get_quote": "GET_QUOTE",
    "apply_now": "APPLY_NOW",
    "order_now": "ORDER_NOW",
}
"""Meta shows "Book now" for BOOK_TRAVEL."""
_OURS = {theirs: ours for ours, theirs in _BUTTONS.items()}
FIELDS: Mapping[MadeType, str] = {
    "image": "hash,name,status,original_width,original_height",
    "creative": "name,status,account_id,object_story_spec",
    "ad": "name,status,account_id,adset_id,creative{id}",
}
EDGES: Mapping[MadeType, str] = {"image": "adimages", "creative": "adcreatives", "ad": "ads"}


def _is_page(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 20  # noqa: PLR2004  (a number of 64 bits)


AD_OFFER = AdOffer(
    calls_to_action=tuple(_BUTTONS),
    longest_name=400,
    longest_headline=255,
    longest_body=1_024,
    identity="the Facebook page's number",
    is_identity=_is_page,
)


def creative(after: Mapping[str, Any]) -> dict[str, str]:
    """The parameters of `POST /act_…/adcreatives`; KeyError or ValueError for what Meta has no word for."""
    _demand_paused(after)
    page, link = str(after["page"]), str(after["landing_url"])
    if not _is_page(page):
        raise ValueError("a page")
    shown = {
        "image_hash": str(after["image"]),
        "link": link,
        "message": str(after["body"]),
        "name": str(after["headline"]),
        "call_to_action": {"type": _BUTTONS[str(after["call_to_action"])], "value": {"link": link}},
    }
    return {
        "name": str(after["name"]),
        "object_story_spec": json.dumps({"page_id": page, "link_data": shown}),
    }


def ad(after: Mapping[str, Any]) -> dict[str, str]:
    """The parameters of `POST /act_…/ads`."""
    _demand_paused(after)
    return {
        "name": str(after["name"]),
        "adset_id": str(after["ad_set"]),
        "creative": json.dumps({"creative_id": str(after["creative"])}),
        "status": "PAUSED",
    }


def file_name(after: Mapping[str, Any]) -> str:
    """Under which an image is uploaded; Meta tells a file's kind by its ending."""
    _demand_paused(after)
    return str(after["name"])


def uploaded(body: Mapping[str, Any]) -> str | None:
    """The hash of the one image that was sent."""
    images = body.get("images")
    found = list(images.values()) if isinstance(images, dict) else []
    one = found[0] if len(found) == 1 else None
    told = one.get("hash") if isinstance(one, dict) else None
    return told if isinstance(told, str) and told.isalnum() else None


def made(kind: MadeType, row: Mapping[str, Any]) -> Made:
    return Made(
        external_id=str(row["hash" if kind == "image" else "id"]),
        name=str(row.get("name", "")),
        status=str(row["status"]).lower(),
        facts=_FACTS[kind](row),
    )


def _image_facts(row: Mapping[str, Any]) -> dict[str, Any]:
    sizes = {"width": row.get("original_width"), "height": row.get("original_height")}
    return {name: size for name, size in sizes.items() if size is not None}


def _creative_facts(row: Mapping[str, Any]) -> dict[str, Any]:
    story = row["object_story_spec"]
    link = story["link_data"]
    button = str(link["call_to_action"]["type"])
    return {
        "page": str(story["page_id"]),
        "image": str(link["image_hash"]),
        "landing_url": str(link["link"]),
        "body": str(link["message"]),
        "headline": str(link["name"]),
        "call_to_action": _OURS.get(button, button),
    }


def _ad_facts(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": str(row["name"]),
        "ad_set": str(row["adset_id"]),
        "creative": str(row["creative"]["id"]),
    }


_FACTS = {"image": _image_facts, "creative": _creative_facts, "ad": _ad_facts}


def _demand_paused(after: Mapping[str, Any]) -> None:
    if after["status"] != CREATED_STATUS:
        raise ValueError("whatever is created here is created paused")
