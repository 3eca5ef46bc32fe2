"""The way out: one pooled HTTP client per process, which connects to public addresses alone.

Names are resolved here and the address that was checked is the one connected to, so that a name cannot
change its mind in between. Redirects are not followed, proxies of the environment are not used.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable
from functools import cache
from typing import Any

import httpcore2
import httpx2

from app.core.errors import StratumError

_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 30.0
_MAX_CONNECTIONS = 40
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


class AddressRefused(StratumError):
    """This address does not lead to a public host."""

    status = 422
    code = "integrations.address_refused"


def is_public(address: str) -> bool:
    """Whether an IP address is out on the internet, also when it is wrapped into another.

    >>> is_public("127.0.0.1"), is_public("::ffff:10.0.0.1"), is_public("8.8.8.8")
    (False, False, True)
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is None and found in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast


async def resolve(host: str, port: int, *, allow_private: bool) -> list[str]:
    """The addresses of `host`; `AddressRefused` when any of them is private and that is not allowed."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not allow_private and not all(map(is_public, addresses)):
        raise AddressRefused(host=host)
    return addresses


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Resolves, checks, and connects to what was checked."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._backend = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  (the interface's own parameter)
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            addresses = await asyncio.wait_for(
                resolve(host, port, allow_private=self._allow_private), timeout
            )
        except OSError as error:
            raise httpcore2.ConnectError(str(error)) from error
        refusal: Exception = httpcore2.ConnectError(f"{host} has no address")
        for address in addresses:
            try:
                return await self._backend.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                refusal = error
        raise refusal

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@cache
def _trusted() -> ssl.SSLContext:
    """The machine's authorities, read once: a client that reads them for itself is 25 ms in the making."""
    return httpx2.create_ssl_context(trust_env=False)


class _GuardedTransport(httpx2.AsyncHTTPTransport):
    def __init__(self, *, allow_private: bool) -> None:
        super().__init__(verify=_trusted(), trust_env=False)
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=_trusted(),
            max_connections=_MAX_CONNECTIONS,
            max_keepalive_connections=_MAX_CONNECTIONS,
            keepalive_expiry=30.0,
            network_backend=GuardedBackend(allow_private=allow_private),
        )


def make_client(*, allow_private: bool) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        transport=_GuardedTransport(allow_private=allow_private),
        timeout=httpx2.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS),
        follow_redirects=False,
        trust_env=False,
    )
