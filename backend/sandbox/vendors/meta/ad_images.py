"""`/act_…/adimages`: an account's images, known by a hash of their content, so that one sent twice is one."""

import base64
import binascii
import hashlib
import io
from typing import Any

from PIL import Image, UnidentifiedImageError

from sandbox.vendors.meta.calls import COMMON, Call
from sandbox.vendors.meta.errors import GraphError, invalid, missing_parameter
from sandbox.vendors.meta.nodes import Node, graph_time
from sandbox.vendors.meta.state import MetaState

KIND = "adimage"
_FORMATS = frozenset({"JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP"})
_ENDINGS = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".tif", ".tiff", ".webp")


def receive(meta: MetaState, account: str, call: Call) -> dict[str, Any]:
    """One image as a file of the form, or as `bytes` in base64; answered by the name that it came under."""
    for name in call.params:
        if name not in COMMON | {"bytes", "name"}:
            raise invalid(f"(#100) Param {name} is not supported on this adimage by this sandbox")
    sent = dict(call.files)
    if "bytes" in call.params:
        sent["bytes"] = _decoded(call.params["bytes"])
    if not sent:
        raise missing_parameter("filename")
    taken = {name: _kept(meta, account, call, name, content) for name, content in sent.items()}
    meta.nodes.save()
    return {"images": {name: {"hash": n.data["hash"], "url": n.data["url"]} for name, n in taken.items()}}


def listed(meta: MetaState, account: str, call: Call) -> list[Node]:
    """All, or those of `hashes` and of `name`."""
    hashes, name = call.words("hashes"), call.params.get("name")
    return [
        node
        for node in meta.nodes.of(account, KIND)
        if (not hashes or node.data["hash"] in hashes) and (name is None or node.data["name"] == name)
    ]


def of_account(meta: MetaState, account: str, digest: str) -> Node | None:
    return meta.nodes.find(f"{account}:{digest}")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid("(#100) Param bytes must be base64") from error


def _kept(meta: MetaState, account: str, call: Call, name: str, content: bytes) -> Node:
    if name != "bytes" and not name.lower().endswith(_ENDINGS):
        raise _refused("The file's name has no ending of an image, such as .jpg.")
    try:
        with Image.open(io.BytesIO(content)) as image:
            image.load()
            width, height, kind = image.width, image.height, image.format
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise _refused("The image could not be read. Save it as a JPEG or PNG and try again.") from error
    if kind not in _FORMATS:
        raise _refused("The image has a format that is not supported.")
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    known = of_account(meta, account, digest)
    if known is not None:
        return known
    node = Node(
        f"{account}:{digest}",
        KIND,
        account,
        {
            "hash": digest,
            "name": call.params.get("name", digest) if name == "bytes" else name,
            "status": "ACTIVE",
            "width": width,
            "height": height,
            "original_width": width,
            "original_height": height,
            "url": f"https://scontent.example/{digest}.jpg",
            "created_time": graph_time(meta.clock.now(), meta.timezone(account)),
        },
    )
    meta.nodes.put(node)
    return node


def _refused(text: str) -> GraphError:
    return invalid("Invalid parameter", title="Invalid image", text=text)
