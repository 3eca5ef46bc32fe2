"""The Segment HTTP tracking API, so that the SDKs that people already run work by changing only the host."""

import base64
import binascii
import ipaddress
from dataclasses import dataclass
from typing import Any

from app.services.cdp.events.service import Envelope, Ingestion, Outcome, decompressed, open_envelope
from app.services.cdp.sources.errors import UnknownWriteKey
from app.services.cdp.sources.service import Sender

__all__ = ["BATCH", "CALLS", "JITSU_CALLS", "Sent", "TrackingApi", "presented_key"]

_KEPT_BITS = {4: 24, 6: 48}

DIALECT = "segment"
BATCH = "batch"
CALLS = {
    "track": "track",
    "identify": "identify",
    "page": "page",
    "screen": "screen",
    "group": "group",
    "alias": "alias",
    "batch": BATCH,
    "t": "track",
    "i": "identify",
    "p": "page",
    "s": "screen",
    "g": "group",
    "a": "alias",
    "b": BATCH,
}
"""Every call by its address, the browsers' short forms too, and what kind of event it sends."""
JITSU_CALLS = tuple(call for call, kind in CALLS.items() if call == kind and kind != BATCH)
"""Jitsu's: one event each, and the same again for its clients on servers."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it came; its `Content-Type` is not asked for, since clients send any."""

    body: bytes
    encoding: str = ""
    authorization: str = ""
    x_write_key: str = ""
    ip: str | None = None
    user_agent: str | None = None
    gpc: bool = False
    ip_policy: str = ""
    """Jitsu's `X-IP-Policy`: what its pages let us keep of a visitor's address."""

    @property
    def kept_ip(self) -> str | None:
        if self.ip_policy == "remove":
            return None
        return without_last_octet(self.ip) if self.ip_policy == "stripLastOctet" else self.ip


class TrackingApi:
    def __init__(self, ingestion: Ingestion) -> None:
        self._ingestion = ingestion

    async def receive(self, call: str, sent: Sent) -> Outcome:
        """Store what one call sends; `call` is one of `CALLS`' values."""
        body = decompressed(sent.body, sent.encoding)
        envelope = open_envelope(body, BATCH, required=call == BATCH)
        sender = await self._sender(sent, envelope)
        return await self._ingestion.receive(
            sender,
            envelope if call == BATCH else Envelope([body]),
            dialect=DIALECT,
            event_type=None if call == BATCH else call,
            ip=sent.kept_ip,
            user_agent=sent.user_agent,
            gpc=sent.gpc,
        )

    async def _sender(self, sent: Sent, envelope: Envelope) -> Sender:
        key = presented_key(sent.authorization, sent.x_write_key) or envelope.write_key
        if not key:
            raise UnknownWriteKey
        return await self._ingestion.keys.sender(key, sent.ip)

    async def settings(self, write_key: str, scheme: str, host: str, address: str | None) -> dict[str, Any]:
        """What the browser SDK asks for before it sends: where to, and that nothing else is to be loaded."""
        await self._ingestion.keys.sender(write_key, address)
        return {
            "integrations": {
                "Segment.io": {
                    "apiKey": write_key,
                    "apiHost": f"{host}/v1",
                    "protocol": scheme,
                    "unbundledIntegrations": [],
                    "addBundledMetadata": True,
                    "maybeBundledConfigIds": {},
                    "versionSettings": {"version": "4.4.7", "componentTypes": ["browser"]},
                }
            },
            "plan": {"track": {"__default": {"enabled": True, "integrations": {}}}},
            "edgeFunction": {},
            "analyticsNextEnabled": True,
            "middlewareSettings": {},
            "enabledMiddleware": {},
            "metrics": {"sampleRate": 0},
            "legacyVideoPluginsEnabled": False,
            "remotePlugins": [],
        }


def presented_key(authorization: str, x_write_key: str) -> str | None:
    """The write key that a request's headers carry: `X-Write-Key`, or the user of HTTP Basic, colon or not.

    Jitsu's clients take no key but one of the form `id:secret`: there the last `_` of ours is a colon.
    """
    if x_write_key.strip():
        return x_write_key.strip().replace(":", "_", 1)
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(credentials.strip() + "=" * (-len(credentials.strip()) % 4)).decode()
    except (binascii.Error, ValueError):
        return None
    return decoded.partition(":")[0].strip() or None


def without_last_octet(ip: str | None) -> str | None:
    """An address without what tells one machine of its network from another: `203.0.113.7` is `203.0.113.0`."""
    if ip is None:
        return None
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return None
    kept = _KEPT_BITS[address.version]
    return str(ipaddress.ip_network((address, kept), strict=False).network_address)
