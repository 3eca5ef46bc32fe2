"""Demand Gen ads of several assets: what Google's reference demands of one (`DemandGenMultiAssetAdInfo`).

Which code Google refuses each lack with is not published: the nearest of its own is answered.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from urllib.parse import urlsplit

from sandbox.vendors.google.book import Entity
from sandbox.vendors.google.errors import AdsError, fault, request_fault
from sandbox.vendors.google.state import GoogleState, camel

TYPE = "DEMAND_GEN_MULTI_ASSET_AD"
PREFIX = "ad.demand_gen_multi_asset_ad"
REVIEW_SECONDS = 3_600.0
"""How long a new ad waits for its review, in simulated time."""
_MOST_IMAGES, _MOST_LOGOS, _MOST_TEXTS = 20, 5, 5
_SLACK = Fraction(1, 100)
_NAME_BYTES = 255


@dataclass(frozen=True, slots=True)
class Shape:
    """Width to height, and the smallest size in pixels."""

    ratio: Fraction
    least: tuple[int, int]


_PICTURES = {
    "marketing_images": Shape(Fraction(191, 100), (600, 314)),
    "square_marketing_images": Shape(Fraction(1), (300, 300)),
    "portrait_marketing_images": Shape(Fraction(4, 5), (480, 600)),
    "tall_portrait_marketing_images": Shape(Fraction(9, 16), (600, 1067)),
}
_IMAGES = {**_PICTURES, "logo_images": Shape(Fraction(1), (128, 128))}
_TEXTS = {"headlines": 30, "descriptions": 90}
_WORDS = {"business_name": 25, "call_to_action_text": 30}
_BUTTONS = frozenset(
    {
        *(
            "Apply Now",
            "Book Now",
            "Contact Us",
            "Download",
            "Learn More",
            "Install",
            "Visit Site",
            "Shop Now",
        ),
        *("Sign Up", "Get Quote", "Subscribe", "See More", "Visit Store", "Call Now", "View Menu"),
        *("Get Offer", "Test Drive", "Schedule Now"),
    }
)
"""As published of responsive display ads, whose field is of the same kind."""
_FIELDS = {camel(name): name for name in (*_IMAGES, *_TEXTS, *_WORDS)}
_AD = frozenset({"name", "finalUrls", "demandGenMultiAssetAd"})
_AN_ASSET = 4


def told(ad: Any, temporary: Mapping[str, str]) -> dict[str, Any]:
    """An ad's fields as we keep them; one of another kind is not emulated further than its name."""
    given = ad if isinstance(ad, dict) else {}
    if unknown := given.keys() - _AD:
        raise _foreign(f"ad.{min(unknown)}")
    found: dict[str, Any] = {"ad.name": str(given.get("name", "")), "ad.type": "UNKNOWN"}
    info = given.get("demandGenMultiAssetAd")
    if info is None:
        return found
    if not isinstance(info, dict):
        raise request_fault("REQUIRED_FIELD_MISSING", "The ad's data is required.", path=[("ad", None)])
    urls = given.get("finalUrls", [])
    if not isinstance(urls, list) or not all(isinstance(one, str) for one in urls):
        raise _odd("final_urls")
    found |= {"ad.type": TYPE, "ad.final_urls": urls}
    for name, value in info.items():
        if name not in _FIELDS:
            raise _foreign(f"ad.demandGenMultiAssetAd.{name}")
        found[f"{PREFIX}.{_FIELDS[name]}"] = _value(_FIELDS[name], value, temporary)
    return found


def check(google: GoogleState, ad: Entity) -> None:
    """A new one, whose ad group there is."""
    group = google.book.get(ad.data["ad_group"])
    channel = google.book.get(group.data["campaign"]).data["advertising_channel_type"]
    if ad.data["ad.type"] != TYPE:
        if channel == "DEMAND_GEN":
            raise _refused("adError", "INVALID_AD_TYPE", "The ad type is not valid here.")
        return
    if channel != "DEMAND_GEN":
        raise _refused("adError", "INVALID_AD_TYPE", "The ad type is not valid here.")
    if len(ad.data["ad.name"].encode()) > _NAME_BYTES:
        raise _refused("stringLengthError", "TOO_LONG", "Too long.", "name")
    _addresses(ad.data["ad.final_urls"])
    _words(ad)
    for name in _TEXTS:
        _texts(ad, name)
    _pictures(google, ad)


def _addresses(urls: list[str]) -> None:
    if not urls:
        raise _refused("fieldError", "REQUIRED", "The required field was not present.", "final_urls")
    for each in urls:
        try:
            parts = urlsplit(each)
        except ValueError as error:
            raise _refused("urlFieldError", "INVALID_FINAL_URL", "Invalid URL.", "final_urls") from error
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise _refused("urlFieldError", "INVALID_FINAL_URL", "The final URL is not valid.", "final_urls")


def _words(ad: Entity) -> None:
    if not _of(ad, "business_name"):
        raise _refused("adError", "MISSING_BUSINESS_NAME", "The business name is missing.", "business_name")
    for name, most in _WORDS.items():
        if width(_of(ad, name) or "") > most:
            raise _refused("stringLengthError", "TOO_LONG", "Too long.", name)
    button = _of(ad, "call_to_action_text")
    if button is not None and button not in _BUTTONS:
        raise _refused(
            "adError",
            "INVALID_CALL_TO_ACTION_TEXT",
            "The call to action must come from the list of supported values.",
            "call_to_action_text",
        )


def _texts(ad: Entity, name: str) -> None:
    texts = _of(ad, name) or []
    _counted(name, len(texts), _MOST_TEXTS)
    for one in texts:
        if not one["text"].strip() or width(one["text"]) > _TEXTS[name]:
            code = "TOO_LONG" if one["text"].strip() else "EMPTY"
            raise _refused("stringLengthError", code, "Invalid length.", name)


def _pictures(google: GoogleState, ad: Entity) -> None:
    _counted("logo_images", len(_of(ad, "logo_images") or []), _MOST_LOGOS)
    if not any(_of(ad, name) for name in ("marketing_images", "square_marketing_images")):
        raise _refused("adError", "MISSING_IMAGE", "An image is missing.", "marketing_images")
    _counted("marketing_images", sum(len(_of(ad, name) or []) for name in _PICTURES), _MOST_IMAGES)
    for name, shape in _IMAGES.items():
        for one in _of(ad, name) or []:
            _fits(google, ad, name, shape, one["asset"])


def _fits(google: GoogleState, ad: Entity, name: str, shape: Shape, asset_name: str) -> None:
    if asset_name.count("/") != _AN_ASSET - 1:
        raise request_fault("RESOURCE_NAME_MALFORMED", "Resource name is malformed.", path=[(name, None)])
    asset = google.book.find(asset_name)
    if asset is None or asset.kind != "asset" or asset.customer != ad.customer:
        raise fault(
            "mutateError",
            "RESOURCE_NOT_FOUND",
            "Resource was not found.",
            *_place(name),
            trigger=asset_name,
        )
    width_, height = (asset.data[f"image_asset.full_size.{side}_pixels"] for side in ("width", "height"))
    ratio = Fraction(width_, height)
    if not shape.ratio * (1 - _SLACK) <= ratio <= shape.ratio * (1 + _SLACK):
        raise _refused("imageError", "ASPECT_RATIO_NOT_ALLOWED", "The aspect ratio is not allowed.", name)
    if width_ < shape.least[0] or height < shape.least[1]:
        raise _refused("imageError", "IMAGE_TOO_SMALL", "The image is too small.", name)


def width(text: str) -> int:
    """As it is shown: letters of Chinese, Japanese and Korean are two wide."""
    return sum(2 if unicodedata.east_asian_width(one) in {"W", "F"} else 1 for one in text)


def _counted(name: str, count: int, most: int) -> None:
    if not 0 < count <= most:
        code = "TOO_MANY" if count else "TOO_FEW"
        raise _refused("collectionSizeError", code, f"There are too {code[4:].lower()}.", name)


def _value(name: str, value: Any, temporary: Mapping[str, str]) -> Any:
    if name in _WORDS:
        if not isinstance(value, str):
            raise _odd(name)
        return value
    key = "asset" if name in _IMAGES else "text"
    if not isinstance(value, list) or not all(
        isinstance(one, dict) and set(one) == {key} and isinstance(one[key], str) for one in value
    ):
        raise _odd(name)
    return [{key: temporary.get(one[key], one[key]) if key == "asset" else one[key]} for one in value]


def _of(ad: Entity, name: str) -> Any:
    return ad.data.get(f"{PREFIX}.{name}")


def _place(name: str) -> tuple[str, ...]:
    inner = ("demand_gen_multi_asset_ad",) if name in {*_IMAGES, *_TEXTS, *_WORDS} else ()
    return ("create", "ad", *inner, name)


def _refused(kind: str, code: str, message: str, name: str | None = None) -> AdsError:
    return fault(kind, code, message, *(("create", "ad") if name is None else _place(name)))


def _odd(name: str) -> AdsError:
    return fault("requestError", "UNKNOWN", f"Invalid value at '{name}'.", *_place(name))


def _foreign(name: str) -> AdsError:
    return request_fault(
        "CANNOT_MODIFY_FOREIGN_FIELD", f"{name} is not written here.", path=[("create", None), ("ad", None)]
    )
