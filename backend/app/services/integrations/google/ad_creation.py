"""Images and Demand Gen ads, as Google wants them told and as it tells them (`DemandGenMultiAssetAdInfo`).

An image is an asset of the account, known by its content; it can be neither changed nor removed. An ad holds its
pictures and words itself: there is no creative beside it. Its one picture goes to the place that its ratio is for.
"""

import base64
from collections.abc import Mapping
from typing import Any

from app.services.integrations.campaigns.ports import CREATED_STATUS, AdOffer, Made
from app.services.integrations.google.errors import PLATFORM
from app.services.integrations.google.mapping import status
from app.services.integrations.ports import PlatformError, PlatformErrorKind

_BUTTONS = {
    "shop_now": "Shop Now",
    "learn_more": "Learn More",
    "sign_up": "Sign Up",
    "subscribe": "Subscribe",
    "book_now": "Book Now",
    "contact_us": "Contact Us",
    "download": "Download",
    "get_quote": "Get Quote",
    "apply_now": "Apply Now",
}
"""English words are shown in English: Google takes translations of them too, each language's own."""
_OURS = {theirs: ours for ours, theirs in _BUTTONS.items()}
_WIDE, _SQUARE = "marketingImages", "squareMarketingImages"
_LONGEST_NAME = 73
"""None is published: sixty characters and our marker are less than the 255 bytes that a campaign's name may have."""
Operation = dict[str, Any]

AD_OFFER = AdOffer(
    calls_to_action=tuple(_BUTTONS),
    longest_name=_LONGEST_NAME,
    longest_headline=30,
    longest_body=90,
    longest_brand=25,
    has_creatives=False,
    has_logo=True,
    counts_width=True,
    one_line=True,
)


def image(after: Mapping[str, Any], content: bytes) -> Operation:
    """KeyError or ValueError for what Google has no word for."""
    _demand_paused(after)
    made = {
        "name": str(after["name"]),
        "type": "IMAGE",
        "imageAsset": {"data": base64.b64encode(content).decode()},
    }
    return {"assetOperation": {"create": made}}


def without_data(operation: Operation) -> Operation:
    """What the log of calls keeps of a new image."""
    made = operation["assetOperation"]["create"]
    return {"assetOperation": {"create": {name: made[name] for name in ("name", "type")}}}


def ad(after: Mapping[str, Any], account: str) -> Operation:
    _demand_paused(after)
    shown = {
        place_of(int(after["width"]), int(after["height"])): [{"asset": _asset(account, after["image"])}],
        "logoImages": [{"asset": _asset(account, after["logo"])}],
        "headlines": [{"text": str(after["headline"])}],
        "descriptions": [{"text": str(after["body"])}],
        "businessName": str(after["brand"]),
        "callToActionText": _BUTTONS[str(after["call_to_action"])],
    }
    made = {
        "adGroup": f"customers/{account}/adGroups/{_number(after['ad_set'])}",
        "status": "PAUSED",
        "ad": {
            "name": str(after["name"]),
            "finalUrls": [str(after["landing_url"])],
            "demandGenMultiAssetAd": shown,
        },
    }
    return {"adGroupAdOperation": {"create": made}}


def removal(name: str) -> Operation:
    return {"adGroupAdOperation": {"remove": name}}


def place_of(width: int, height: int) -> str:
    """Where an ad's one picture goes: it has to be wide or square.

    >>> place_of(1200, 628), place_of(1080, 1080)
    ('marketingImages', 'squareMarketingImages')
    """
    if width <= 0 or height <= 0:
        raise ValueError("a picture's size")
    ratio = width / height
    if _near(ratio, 1.91):
        return _WIDE
    if _near(ratio, 1.0):
        return _SQUARE
    raise ValueError("an ad whose one picture is neither 1.91:1 nor 1:1")


def made_image(row: Mapping[str, Any]) -> Made:
    """Its name is not told as a fact: content that the account has already keeps the name that it had."""
    found = row["asset"]
    size = found["imageAsset"]["fullSize"]
    return Made(
        external_id=str(found["id"]),
        name=str(found.get("name", "")),
        status=CREATED_STATUS,
        facts={"width": int(size["widthPixels"]), "height": int(size["heightPixels"])},
    )


def made_ad(row: Mapping[str, Any]) -> Made:
    """One that is no Demand Gen ad of one picture tells its name and its ad group alone."""
    found, group = row["adGroupAd"], str(row["adGroup"]["id"])
    shown = found["ad"]
    facts: dict[str, Any] = {"name": str(shown.get("name", "")), "ad_set": group}
    info = shown.get("demandGenMultiAssetAd")
    if isinstance(info, dict):
        button = str(info.get("callToActionText", ""))
        facts |= {
            "image": _only([*info.get(_WIDE, ()), *info.get(_SQUARE, ())], "asset").rpartition("/")[2],
            "logo": _only(info.get("logoImages", ()), "asset").rpartition("/")[2],
            "headline": _only(info.get("headlines", ()), "text"),
            "body": _only(info.get("descriptions", ()), "text"),
            "brand": str(info.get("businessName", "")),
            "call_to_action": _OURS.get(button, button),
            "landing_url": ", ".join(str(each) for each in shown.get("finalUrls", ())),
        }
    return Made(
        external_id=f"{group}~{shown['id']}",
        name=facts["name"],
        status=status(found["status"]),
        facts=facts,
    )


def created(body: Mapping[str, Any], result: str, prefix: str) -> str:
    """The id behind the prefix, of the one thing that was made."""
    answers = body.get("mutateOperationResponses")
    told = answers[0].get(result) if isinstance(answers, list) and len(answers) == 1 else None
    name = str(told.get("resourceName")) if isinstance(told, dict) else ""
    found = name.removeprefix(prefix)
    if not name.startswith(prefix) or not found.replace("~", "", 1).isdecimal() or not found.isascii():
        raise PlatformError(
            PlatformErrorKind.AMBIGUOUS, f"{PLATFORM}.no_result", "Google did not say what it had created."
        )
    return found


def _near(ratio: float, wanted: float) -> bool:
    return abs(ratio - wanted) <= wanted / 100


def _only(parts: Any, key: str) -> str:
    """Of the one that we made; of several, all, so that it is no longer what was asked for."""
    return ", ".join(str(one.get(key, "")) for one in parts)


def _asset(account: str, number: object) -> str:
    return f"customers/{account}/assets/{_number(number)}"


def _number(told: object) -> str:
    text = str(told)
    if not text.isascii() or not text.isdecimal():
        raise ValueError("an id")
    return text


def _demand_paused(after: Mapping[str, Any]) -> None:
    if after["status"] != CREATED_STATUS:
        raise ValueError("whatever is created here is created paused")
