"""Shopify's webhooks: how they are signed, and what they are about. Pure.

https://shopify.dev/docs/apps/build/webhooks/verify-deliveries: `X-Shopify-Hmac-Sha256` is the base64 of the
HMAC-SHA256 of the body under the app's secret. What was not taken is sent again eight times within four hours. The
headers are not signed: what is taken from them (the topic, the shop) is held against the body, or against the shop.
"""

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

OLDEST = timedelta(days=2)
"""Far longer than Shopify goes on trying: what is older comes from nobody who is owed an answer."""
EARLIEST = timedelta(minutes=10)
"""By how much a shop's clock may be ahead of ours."""


class Unreadable(ValueError):
    """What is wrong with the message, in a sentence that says what it should be."""


class About(StrEnum):
    ORDER = "order"
    REMOVAL = "removal"
    EXPORT = "export"
    ERASURE = "erasure"
    END = "end"


_ABOUT = {
    "orders/create": About.ORDER,
    "orders/updated": About.ORDER,
    "refunds/create": About.ORDER,
    "app/uninstalled": About.REMOVAL,
    "customers/data_request": About.EXPORT,
    "customers/redact": About.ERASURE,
    "shop/redact": About.END,
}
PERSONAL = frozenset({About.EXPORT, About.ERASURE, About.END})


@dataclass(frozen=True, slots=True)
class Message:
    """`order` is an order's id. `person` holds the customer's identifiers, by our words; it is logged nowhere."""

    about: About
    topic: str
    order: str | None = None
    person: Mapping[str, str] | None = None


def is_signed(header: str | None, body: bytes, secret: str) -> bool:
    """Compared in constant time; an absent header is no signature."""
    mine = base64.b64encode(hmac.digest(secret.encode(), body, "sha256"))
    return header is not None and hmac.compare_digest(mine, header.encode())


def demand_fresh(triggered_at: str | None, now: datetime) -> None:
    """`Unreadable` for what was triggered too long ago, in the future, or at no time."""
    try:
        at = datetime.fromisoformat(triggered_at or "")
    except ValueError as error:
        raise Unreadable("`X-Shopify-Triggered-At` is a time, in ISO 8601.") from error
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    if not now - OLDEST <= at <= now + EARLIEST:
        raise Unreadable(f"It was triggered within the last {OLDEST.days} days.")


def read(topic: str, domain: str, body: Any) -> Message | None:
    """None for a topic that is nothing to us."""
    about = _ABOUT.get(topic)
    if about is None:
        return None
    if not isinstance(body, Mapping):
        raise Unreadable("Send an object.")
    if about is About.ORDER:
        return Message(about, topic, order=_order(topic, body))
    named = body.get("myshopify_domain") if about is About.REMOVAL else body.get("shop_domain")
    if named != domain:
        raise Unreadable("The shop that the message names is the one of its header.")
    if about in {About.REMOVAL, About.END}:
        return Message(about, topic)
    if about is About.ERASURE and "orders_to_redact" not in body:
        raise Unreadable("A redaction names `orders_to_redact`.")
    if about is About.EXPORT and "data_request" not in body:
        raise Unreadable("A request names its `data_request`.")
    return Message(about, topic, person=_person(body.get("customer")))


def _order(topic: str, body: Mapping[str, Any]) -> str:
    found = body.get("order_id" if topic == "refunds/create" else "id")
    if isinstance(found, bool) or not isinstance(found, int) or found <= 0:
        raise Unreadable("An order is named by its number.")
    return str(found)


def _person(customer: Any) -> dict[str, str]:
    if not isinstance(customer, Mapping):
        raise Unreadable("`customer` is an object.")
    names = {"email": "email", "phone": "phone", "id": "user_id"}
    return {
        ours: str(value)
        for theirs, ours in names.items()
        if isinstance(value := customer.get(theirs), str | int) and str(value).strip()
    }
