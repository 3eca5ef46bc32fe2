"""Redis dies under open streams: their clients are told, and miss nothing that was committed meanwhile."""

import asyncio
import tempfile
from pathlib import Path

from launcher.redis import start_redis
from launcher.system import free_port
from tests.api.events.listening import sse, told, ws
from tests.factories.access import Company
from tests.workers.processes import api, relay


async def test_open_streams_are_told_that_redis_is_down_and_go_on_when_it_is_back(acme: Company) -> None:
    with tempfile.TemporaryDirectory(prefix="stratum-redis-") as name:
        folder, port = Path(name) / "data", free_port()
        redis = start_redis(folder, port)
        try:
            environment = {"REDIS_URL": redis.url}
            token = acme.person().token
            with relay(**environment):
                async with (
                    api(**environment) as (_, url),
                    ws(url, tenant_id=acme.id, token=token) as socket,
                    sse(url, token) as stream,
                    asyncio.timeout(90),
                ):
                    assert (await told(socket))["type"] == "connected"
                    await _announce(acme, 1)
                    assert [(await told(socket))["payload"], (await stream.told())["payload"]] == [
                        {"n": 1}
                    ] * 2
                    last_id = stream.last_id
                    await asyncio.to_thread(redis.stop)
                    said = [await told(socket), await stream.told()]
                    assert [(each["type"], each["payload"]["status"]) for each in said] == [
                        ("platform_status", "unavailable")
                    ] * 2
                    await _announce(acme, 2)
                    redis = await asyncio.to_thread(start_redis, folder, port)
                    heard = [
                        [await told(socket), await told(socket)],
                        [await stream.told(), await stream.told()],
                    ]
                    for each in heard:
                        assert {message["payload"].get("status") for message in each} == {"available", None}
                        assert {"n": 2} in [message["payload"] for message in each]
                    assert last_id is not None
                    async with sse(url, token, last_event_id=last_id) as resumed:
                        assert (await resumed.told())["payload"] == {"n": 2}
        finally:
            redis.stop()


async def _announce(company: Company, number: int) -> None:
    async with company.scopes() as scope:
        await scope.announce("emq_update", {"n": number})
