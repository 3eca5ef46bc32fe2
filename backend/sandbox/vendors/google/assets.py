"""Images of an account, known by their content: one that is sent twice is one, and keeps the name that it first had.

What Google's reference says of names: an image's is its own, and one that another image has gets something behind it.
"""

import base64
import binascii
import hashlib
import io
from typing import Any

from PIL import Image, UnidentifiedImageError

from sandbox.vendors.google.book import Book, Entity
from sandbox.vendors.google.errors import fault

_MOST_BYTES = 5_120 * 1_024
_MIMES = {"JPEG": "IMAGE_JPEG", "PNG": "IMAGE_PNG", "GIF": "IMAGE_GIF"}
DIGEST = "digest"
"""Of the content: what `told` answers beside the fields, and an asset keeps hidden."""


def told(found: dict[str, Any]) -> dict[str, Any]:
    """A new asset's fields as we keep them, its picture by its sizes."""
    found.pop("type", None)
    image = found.pop("image_asset", None)
    data = image.get("data") if isinstance(image, dict) else None
    if not isinstance(data, str) or not data:
        raise fault("assetError", "ASSET_DATA_IS_MISSING", "The asset data is missing.", "create")
    if not str(found.get("name") or "").strip():
        raise fault("assetError", "NAME_REQUIRED_FOR_ASSET_TYPE", "An image needs a name.", "create", "name")
    return {**found, "type": "IMAGE", **_picture(data)}


def known(book: Book, customer: str, digest: str) -> Entity | None:
    return next((one for one in book.of(customer, "asset") if one.hidden.get(DIGEST) == digest), None)


def name_apart(book: Book, asset: Entity) -> None:
    """A name that another image of the account has is told apart from it."""
    if any(one.data["name"] == asset.data["name"] for one in book.of(asset.customer, "asset")):
        asset.data["name"] = f"{asset.data['name']} {asset.id}"


def _picture(data: str) -> dict[str, Any]:
    try:
        # JSON's bytes may be in either alphabet.
        content = base64.b64decode(data.replace("-", "+").replace("_", "/"), validate=True)
        with Image.open(io.BytesIO(content)) as image:
            image.load()
            width, height, kind = image.width, image.height, str(image.format)
    except (
        binascii.Error,
        UnidentifiedImageError,
        OSError,
        ValueError,
        Image.DecompressionBombError,
    ) as error:
        raise _refused("INVALID_IMAGE", "The image is not valid.") from error
    if kind not in _MIMES:
        raise _refused("FORMAT_NOT_ALLOWED", "The format of the image is not allowed.")
    if len(content) > _MOST_BYTES:
        raise _refused("FILE_TOO_LARGE", "The image's file is too large.")
    return {
        "image_asset.file_size": len(content),
        "image_asset.mime_type": _MIMES[kind],
        "image_asset.full_size.width_pixels": width,
        "image_asset.full_size.height_pixels": height,
        DIGEST: hashlib.sha256(content).hexdigest(),
    }


def _refused(code: str, message: str) -> Exception:
    return fault("imageError", code, message, "create", "image_asset", "data")
