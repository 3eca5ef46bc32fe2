"""Media, and the creatives that show them: what each must bring, and what Snapchat adds."""

import io
from typing import Any
from urllib.parse import urlsplit

from PIL import Image, UnidentifiedImageError

from sandbox.vendors.snapchat.calls import Call
from sandbox.vendors.snapchat.constants import PROFILE_ID
from sandbox.vendors.snapchat.entities import Entity, snap_time
from sandbox.vendors.snapchat.errors import invalid, request_id
from sandbox.vendors.snapchat.state import SnapState

_LONGEST = {"brand_name": 32, "headline": 34}
_BUTTONS = frozenset(
    {
        *(
            "SHOP_NOW",
            "MORE",
            "SIGN_UP",
            "BOOK_NOW",
            "APPLY_NOW",
            "ORDER_NOW",
            "VIEW",
            "WATCH",
            "BUY_TICKETS",
        ),
        *("GET_NOW", "BUY_NOW", "READ", "PLAY", "SHOW", "VOTE"),
    }
)
_SNAP = (1080, 1920)
_MOST_BYTES = 5 * 1_048_576


def derived(kind: str) -> dict[str, Any]:
    """What a new one of its kind has beside what it was told."""
    if kind == "media":
        return {"media_status": "PENDING_UPLOAD"}
    return {"packaging_status": "SUCCESS", "review_status": "PENDING"}


def wrong(snap: SnapState, entity: Entity, row: dict[str, Any]) -> str | None:
    """Why a new media entity, creative or ad is not taken."""
    if entity.kind == "media":
        return None if row["type"] == "IMAGE" else "E2002: type must be IMAGE in this sandbox"
    if entity.kind == "creative":
        return _wrong_creative(snap, entity, row)
    creative = snap.entities.find(str(row["creative_id"]), "creative")
    if creative is None or creative.account != entity.account:
        return "E3003: the creative can not be found in this ad account"
    return None


def fill(snap: SnapState, media: Entity, call: Call) -> tuple[int, dict[str, Any]]:
    """The file of a media entity; it has one for ever."""
    call.only()
    if call.file is None:
        raise invalid("The form must hold a file")
    if media.data["media_status"] != "PENDING_UPLOAD":
        raise invalid("The media has its file already")
    if len(call.file) > _MOST_BYTES:
        raise invalid("The image is larger than 5 MB")
    try:
        with Image.open(io.BytesIO(call.file)) as image:
            image.load()
            size, kind = image.size, image.format
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise invalid("The file is no image that can be read") from error
    if kind not in {"JPEG", "PNG"}:
        raise invalid("An image must be a JPEG or a PNG")
    media.hidden["size"] = list(size)
    media.data |= {
        "media_status": "READY",
        "updated_at": snap_time(snap.now),
        "file_name": media.data["name"],
    }
    snap.entities.save()
    result = {"id": media.id, **media.data}
    return 200, {"request_status": "SUCCESS", "request_id": request_id(), "result": result}


def _wrong_creative(snap: SnapState, entity: Entity, row: dict[str, Any]) -> str | None:
    return next(filter(None, (_wrong_words(row), _wrong_links(row), _wrong_media(snap, entity, row))), None)


def _wrong_words(row: dict[str, Any]) -> str | None:
    if row["type"] != "WEB_VIEW":
        return "E2002: type must be WEB_VIEW in this sandbox"
    for name, most in _LONGEST.items():
        if not isinstance(row[name], str) or len(row[name]) > most:
            return f"E2002: {name} must be text of at most {most} characters"
    known = row.get("call_to_action", "MORE") in _BUTTONS
    return None if known else "E2002: call_to_action is not one that a web view can have"


def _wrong_links(row: dict[str, Any]) -> str | None:
    view, profile = row["web_view_properties"], row["profile_properties"]
    address = urlsplit(str(view.get("url", ""))) if isinstance(view, dict) else urlsplit("")
    if address.scheme not in {"http", "https"} or not address.netloc:
        return "E2002: web_view_properties.url must be a URL"
    if not isinstance(profile, dict) or profile.get("profile_id") != PROFILE_ID:
        return "E3002: the profile is not one that this ad account may use"
    return None


def _wrong_media(snap: SnapState, entity: Entity, row: dict[str, Any]) -> str | None:
    media = snap.entities.find(str(row["top_snap_media_id"]), "media")
    if media is None or media.account != entity.account:
        return "E3003: the media can not be found in this ad account"
    if media.data["media_status"] != "READY":
        return "E2002: the media has no file yet"
    return None if tuple(media.hidden["size"]) == _SNAP else "E2002: a top snap is 1080 x 1920"
