"""What a new creative must bring: a page that may be advertised for, and a link with an image of the account."""

from typing import Any
from urllib.parse import urlsplit

from sandbox.vendors.meta import ad_images
from sandbox.vendors.meta.constants import PAGE_ID
from sandbox.vendors.meta.errors import GraphError, invalid
from sandbox.vendors.meta.nodes import Node
from sandbox.vendors.meta.state import MetaState

_LONGEST_NAME = 100
_BUTTONS = frozenset(
    {
        *(
            "SHOP_NOW",
            "LEARN_MORE",
            "SIGN_UP",
            "SUBSCRIBE",
            "BOOK_TRAVEL",
            "BOOK_NOW",
            "CONTACT_US",
            "DOWNLOAD",
        ),
        *(
            "GET_OFFER",
            "GET_QUOTE",
            "APPLY_NOW",
            "ORDER_NOW",
            "BUY_NOW",
            "WATCH_MORE",
            "SEE_MORE",
            "NO_BUTTON",
        ),
    }
)


def check(meta: MetaState, node: Node, values: dict[str, Any]) -> None:
    """Fills in what Meta derives of it; a GraphError says what is wrong."""
    if len(str(values.get("name", ""))) > _LONGEST_NAME:
        raise invalid(f"(#100) Param name must be at most {_LONGEST_NAME} characters long")
    story = values["object_story_spec"]
    link = story.get("link_data") if isinstance(story, dict) else None
    if not isinstance(link, dict):
        raise invalid("(#100) Param object_story_spec must hold link_data in this sandbox")
    if str(story.get("page_id", "")) != PAGE_ID:
        raise _worded("No access to the page", "You do not have permission to advertise for this page.")
    address = urlsplit(str(link.get("link", "")))
    if address.scheme not in {"http", "https"} or not address.netloc:
        raise _worded("Invalid link", "The link of the ad must be a URL.")
    image = ad_images.of_account(meta, node.account, str(link.get("image_hash", "")))
    if image is None:
        raise _worded("Image not found", "The image hash belongs to no image of this ad account.")
    action = link.get("call_to_action")
    if action is not None and (not isinstance(action, dict) or action.get("type") not in _BUTTONS):
        raise invalid("(#100) Param call_to_action[type] must be a call to action that links can have")
    values |= {"object_type": "SHARE", "image_url": image.data["url"], "thumbnail_url": image.data["url"]}
    if action is not None:
        values["call_to_action_type"] = action["type"]


def demand(meta: MetaState, ad: Node, told: Any) -> None:
    """An ad shows a creative of its own account."""
    creative = meta.nodes.find(str(told.get("creative_id", ""))) if isinstance(told, dict) else None
    if (
        creative is None
        or creative.kind != "adcreative"
        or creative.account != ad.account
        or creative.status == "DELETED"
    ):
        raise _worded("Invalid creative", "The creative does not exist in this ad account.")


def change(meta: MetaState, node: Node, changes: dict[str, Any]) -> None:
    """A new name, or its end: none while an ad shows it."""
    if changes.get("status") == "DELETED":
        shown = (ad for ad in meta.nodes.of(node.account, "ad") if ad.status != "DELETED")
        if any(node.id in (ad.data.get("creative") or {}).values() for ad in shown):
            raise _worded("Creative in use", "It can't be deleted while an ad uses it.")
    elif "status" in changes:
        raise invalid("(#100) Param status must be one of {DELETED} in this sandbox")
    node.data |= changes
    meta.nodes.save()


def _worded(title: str, text: str) -> GraphError:
    return invalid("Invalid parameter", title=title, text=text)
