"""Webhooks: who subscribed to what, and deliveries, each signed over its body with the app's secret."""

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from time import time
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2

from sandbox.store import Store
from sandbox.vendors.shopify import constants as ids
from sandbox.vendors.shopify.rendering import told
from sandbox.vendors.shopify.tokens import Tokens

_DOCUMENT = "shopify_webhooks"
_SECONDS = 5.0
_LOOPBACK = {"127.0.0.1", "localhost"}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message, ready to be posted as often as one likes."""

    headers: Mapping[str, str]
    body: str


class Hooks:
    def __init__(self, store: Store, tokens: Tokens) -> None:
        self._store = store
        self._tokens = tokens
        self._rows: list[dict[str, Any]] = store.document(_DOCUMENT) or []

    def subscribed(self, topic: str | None = None) -> list[dict[str, Any]]:
        return [row for row in self._rows if topic in {None, row["topic"]}]

    def fault(self, topic: str, uri: Any) -> str | None:
        """Shopify takes encrypted addresses alone; the sandbox this machine's too."""
        try:
            parts = urlsplit(uri if isinstance(uri, str) else "")
        except ValueError:
            return "Address is invalid"
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            return "Address protocol http:// is not supported"
        if any(row["topic"] == topic and row["uri"] == uri for row in self._rows):
            return "Address for this topic has already been taken"
        return None

    def subscribe(self, topic: str, uri: str, at: int, fields: list[str]) -> dict[str, Any]:
        """`fields` are those of the body that are sent; all of them where none is named."""
        number = 1 + max((each["id"] for each in self._rows), default=0)
        row = {"id": number, "topic": topic, "uri": uri, "at": at, "fields": fields}
        self._keep([*self._rows, row])
        return row

    def drop(self, number: int) -> bool:
        left = [row for row in self._rows if row["id"] != number]
        found = len(left) < len(self._rows)
        self._keep(left)
        return found

    def clear(self) -> None:
        """As when the app is uninstalled."""
        self._keep([])

    def delivery(
        self,
        topic: str,
        body: Mapping[str, Any],
        *,
        shop: str = ids.SHOP,
        secret: str | None = None,
        age_seconds: float = 0.0,
        webhook_id: str | None = None,
    ) -> Delivery:
        """Signed with `secret`, the app's unless another is given; triggered that many (real) seconds ago."""
        text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
        key = (secret or self._tokens.client_secret).encode()
        signature = base64.b64encode(hmac.digest(key, text.encode(), "sha256")).decode()
        triggered = told(int(time() - age_seconds)) or ""
        headers = {
            "Content-Type": "application/json",
            "X-Shopify-Topic": topic,
            "X-Shopify-Hmac-Sha256": signature,
            "X-Shopify-Shop-Domain": shop,
            "X-Shopify-API-Version": ids.VERSION,
            "X-Shopify-Webhook-Id": webhook_id or str(uuid4()),
            "X-Shopify-Event-Id": str(uuid4()),
            "X-Shopify-Triggered-At": triggered,
        }
        return Delivery(headers, text)

    async def send(self, uri: str, delivery: Delivery) -> int:
        """The status that came back; 0 where nobody answered in five seconds."""
        try:
            async with httpx2.AsyncClient(timeout=_SECONDS, trust_env=False) as client:
                answer = await client.post(
                    uri, content=delivery.body.encode(), headers=dict(delivery.headers)
                )
        except httpx2.HTTPError:
            return 0
        return answer.status_code

    def _keep(self, rows: list[dict[str, Any]]) -> None:
        self._rows = rows
        self._store.keep(_DOCUMENT, rows)
