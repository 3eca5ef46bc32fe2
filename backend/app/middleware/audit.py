"""Says who asks and from where; the service that changes something writes the audit row, in its transaction."""

import ipaddress
from collections.abc import Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.context import Origin, origin
from app.middleware.headers import header, headers

_AGENT_LENGTH = 300

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def client_address(peer: str | None, forwarded: str | None, trusted: Sequence[Network]) -> str | None:
    """The caller's address: `X-Forwarded-For` counts only as far as configured proxies vouch for it."""
    hops = [*(part.strip() for part in (forwarded or "").split(",") if part.strip())]
    address = peer
    while hops and address is not None and _is_trusted(address, trusted):
        address = hops.pop()
    return address


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in trusted)


class ClientAddress:
    """Finds the caller's address in a request, given the proxies that may say it."""

    def __init__(self, trusted_proxies: Sequence[str]) -> None:
        self._trusted = [ipaddress.ip_network(each, strict=False) for each in trusted_proxies]

    def of(self, scope: Scope) -> str | None:
        peer = scope["client"][0] if scope.get("client") else None
        # Several headers are one list; only a proxy's own additions, at its end, are ever believed.
        forwarded = ",".join(headers(scope, b"x-forwarded-for"))
        return client_address(peer, forwarded, self._trusted) if forwarded else peer


class AuditMiddleware:
    def __init__(self, app: ASGIApp, *, trusted_proxies: Sequence[str]) -> None:
        self.app = app
        self._address = ClientAddress(trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        token = origin.set(
            Origin(
                request_id=scope.get("state", {}).get("request_id"),
                ip=self._address.of(scope),
                user_agent=header(scope, b"user-agent")[:_AGENT_LENGTH] or None,
            )
        )
        try:
            await self.app(scope, receive, send)
        finally:
            origin.reset(token)
