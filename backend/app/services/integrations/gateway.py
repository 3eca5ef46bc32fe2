"""What one process needs to reach the platforms: a pooled client, the breaker, and where the platforms are."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import httpx2
from redis.asyncio import Redis

from app.core.config import Settings, get_settings
from app.core.redis import make_redis
from app.services.integrations.breaker import Breaker
from app.services.integrations.outgoing import make_client


@dataclass(frozen=True, slots=True)
class Gateway:
    settings: Settings
    http: httpx2.AsyncClient
    receivers: httpx2.AsyncClient
    """For webhooks: customers' addresses, whose slowness must not keep a platform's call waiting."""
    redis: Redis
    breaker: Breaker

    async def aclose(self) -> None:
        await self.http.aclose()
        await self.receivers.aclose()
        await self.redis.aclose()


_gateways: WeakKeyDictionary[asyncio.AbstractEventLoop, Gateway] = WeakKeyDictionary()


def gateway() -> Gateway:
    """The running loop's gateway, opened when it is first needed."""
    loop = asyncio.get_running_loop()
    found = _gateways.get(loop)
    if found is None:
        found = _gateways[loop] = _open(get_settings())
    return found


@asynccontextmanager
async def gateway_by(settings: Settings) -> AsyncIterator[Gateway]:
    """Within the block the running loop reaches the platforms by other settings than the process's own."""
    loop = asyncio.get_running_loop()
    before = _gateways.get(loop)
    opened = _gateways[loop] = _open(settings)
    try:
        yield opened
    finally:
        if before is None:
            del _gateways[loop]
        else:
            _gateways[loop] = before
        await opened.aclose()


def _open(settings: Settings) -> Gateway:
    redis = make_redis(settings)
    private = settings.allow_private_addresses
    return Gateway(
        settings,
        make_client(allow_private=private),
        make_client(allow_private=private),
        redis,
        Breaker(redis),
    )


async def close_gateway() -> None:
    """At the end of a loop; without a gateway there is nothing to do."""
    if opened := _gateways.pop(asyncio.get_running_loop(), None):
        await opened.aclose()
