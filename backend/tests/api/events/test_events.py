"""Live messages reach every client of the tenant, in any process, and nobody else; none is lost on the way."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Hashable
from datetime import timedelta
from uuid import UUID

import pytest
import websockets
from fastapi import FastAPI
from httpx2 import AsyncClient
from redis.asyncio import Redis
from sqlalchemy import text

from app.auth.jwt import ACCESS, encode
from app.auth.permissions import Role
from app.core import websocket as manager
from app.core.clock import real_now
from app.core.live import STREAM_LENGTH, LiveStreams, StreamEntry
from app.db.session import live_stream, open_global
from tests.api.events.listening import Message, sse, told, ws
from tests.factories.access import Company
from tests.workers.processes import api, eventually, relay


@pytest.fixture(scope="module")
async def servers() -> AsyncIterator[tuple[str, str]]:
    """Two API processes and a relay."""
    async with api() as (_, one), api() as (_, two):
        with relay():
            yield one, two


async def announce(company: Company, *numbers: int) -> None:
    for number in numbers:
        async with company.scopes() as scope:
            await scope.announce("action_status_update", {"n": number})


def numbers(messages: list[Message]) -> list[int]:
    return [message["payload"]["n"] for message in messages]


async def test_a_message_reaches_clients_of_every_process_over_both_wires(
    servers: tuple[str, str], acme: Company
) -> None:
    token = acme.person().token
    async with contextlib.AsyncExitStack() as stack:
        sockets = [
            await stack.enter_async_context(ws(url, tenant_id=acme.id, token=token)) for url in servers
        ]
        streams = [await stack.enter_async_context(sse(url, token)) for url in servers]
        for socket in sockets:
            assert (await told(socket))["type"] == "connected"
        await announce(acme, 1, 2, 3)
        for receive in [*(lambda s=s: told(s) for s in sockets), *(s.told for s in streams)]:
            messages = [await receive() for _ in range(3)]
            assert numbers(messages) == [1, 2, 3]
            assert set(messages[0]) == {"type", "payload", "timestamp", "id"}


async def test_another_tenants_messages_are_not_heard(
    servers: tuple[str, str], acme: Company, globex: Company
) -> None:
    async with sse(servers[0], acme.person().token) as ours, sse(servers[0], globex.person().token) as theirs:
        await announce(globex, 1)
        assert numbers([await theirs.told()]) == [1]
        await announce(acme, 2)
        assert numbers([await ours.told()]) == [2]


async def test_reconnecting_with_the_last_id_loses_none(servers: tuple[str, str], acme: Company) -> None:
    token = acme.person().token
    heard: list[Message] = []

    async def talk() -> None:
        for number in range(60):
            await announce(acme, number)
            await asyncio.sleep(0.01)

    async with sse(servers[0], token) as stream:
        last = stream.last_id
    talking = asyncio.create_task(talk())
    for attempt in range(6):
        async with sse(servers[attempt % 2], token, last_event_id=str(last)) as stream:
            heard += [await stream.told() for _ in range(10)]
            last = stream.last_id
    await talking
    assert numbers(heard) == list(range(60))


async def test_a_websocket_goes_on_from_the_last_id_too(servers: tuple[str, str], acme: Company) -> None:
    token = acme.person().token
    async with ws(servers[0], tenant_id=acme.id, token=token) as socket:
        last = (await told(socket))["id"]
    await announce(acme, 1, 2)
    async with ws(servers[1], tenant_id=acme.id, token=token, last_event_id=last) as socket:
        await told(socket)
        assert numbers([await told(socket), await told(socket)]) == [1, 2]


@pytest.mark.parametrize("last", ["nonsense", "1-1", "99999999999999-0"])
async def test_an_id_that_is_gone_asks_for_a_resync(
    servers: tuple[str, str], acme: Company, redis: Redis, last: str
) -> None:
    await redis.xadd(live_stream(acme.id), StreamEntry("emq_update", real_now(), {}).fields())
    async with sse(servers[0], acme.person().token, last_event_id=last) as stream:
        assert (await stream.told())["type"] == "resync"
        await announce(acme, 1)
        assert numbers([await stream.told()]) == [1]


async def test_past_the_streams_length_a_resync_comes(
    servers: tuple[str, str], acme: Company, redis: Redis
) -> None:
    stream = live_stream(acme.id)
    fields = StreamEntry("emq_update", real_now(), {"n": 0}).fields()
    first = await redis.xadd(stream, fields)
    async with redis.pipeline(transaction=False) as pipe:
        for _ in range(STREAM_LENGTH + 500):
            pipe.xadd(stream, fields, maxlen=STREAM_LENGTH, approximate=True)
        await pipe.execute()
    assert isinstance(first, bytes)
    async with sse(servers[0], acme.person().token, last_event_id=first.decode()) as listening:
        assert (await listening.told())["type"] == "resync"


async def test_a_long_absence_is_replayed_whole(
    servers: tuple[str, str], acme: Company, redis: Redis
) -> None:
    stream = live_stream(acme.id)
    async with redis.pipeline(transaction=False) as pipe:
        for number in range(2_000):
            pipe.xadd(stream, StreamEntry("emq_update", real_now(), {"n": number}).fields())
        ids = await pipe.execute()
    async with sse(servers[0], acme.person().token, last_event_id=ids[0].decode()) as listening:
        heard = [await listening.told() for _ in range(1_999)]
    assert numbers(heard) == list(range(1, 2_000))


@pytest.mark.parametrize("query", [{}, {"token": "nonsense"}, {"ticket": "1.nonsense"}, {"ticket": "x"}])
async def test_without_a_valid_credential_a_websocket_is_closed(
    servers: tuple[str, str], query: dict[str, str]
) -> None:
    async with ws(servers[0], tenant_id=1, **query) as socket:
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


async def test_a_token_opens_no_other_tenants_stream(
    servers: tuple[str, str], acme: Company, globex: Company
) -> None:
    async with ws(servers[0], tenant_id=globex.id, token=acme.person().token) as socket:
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403


async def test_a_ticket_opens_one_stream_once(servers: tuple[str, str], acme: Company) -> None:
    answer = (await acme.client().post("/api/v1/events/ticket")).json()
    assert answer["expires_in"] == 30
    async with ws(servers[0], ticket=answer["ticket"]) as socket:
        assert (await told(socket))["type"] == "connected"
    async with ws(servers[1], ticket=answer["ticket"]) as socket:
        with pytest.raises(websockets.ConnectionClosed):
            await socket.recv()
    second = (await acme.client().post("/api/v1/events/ticket")).json()["ticket"]
    async with sse(servers[1], ticket=second) as stream:
        await announce(acme, 1)
        assert numbers([await stream.told()]) == [1]


async def test_the_stream_needs_a_credential(anonymous: AsyncClient) -> None:
    answer = await anonymous.get("/api/v1/events/stream")
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


async def _revoke(app: FastAPI, how: str, company: Company, session_id: UUID) -> None:
    async with open_global(app.state.engine) as session:
        if how == "session":
            await session.execute(
                text("update user_sessions set revoked_at = now() where id = :id"), {"id": session_id}
            )
        elif how == "account":
            await session.execute(
                text("update users set is_active = false where id = :id"),
                {"id": company.person(Role.VIEWER).id},
            )
    if how == "membership":
        async with company.scopes() as scope:
            await scope.session.execute(
                text("update memberships set is_active = false where user_id = :id"),
                {"id": company.person(Role.VIEWER).id},
            )


@pytest.mark.parametrize("how", ["session", "account", "membership"])
async def test_who_may_no_longer_listen_is_cut_off_within_seconds(
    servers: tuple[str, str], app: FastAPI, acme: Company, how: str
) -> None:
    person = acme.person(Role.VIEWER)
    async with (
        ws(servers[0], tenant_id=acme.id, token=person.token) as socket,
        sse(servers[1], person.token) as stream,
        sse(servers[1], acme.person(Role.ADMIN).token) as other,
    ):
        await told(socket)
        await _revoke(app, how, acme, person.session_id)
        async with asyncio.timeout(6):
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await socket.recv()
            with pytest.raises(EOFError):
                await stream.told()
        await announce(acme, 1)
        assert numbers([await other.told()]) == [1]
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


async def test_a_stream_ends_with_its_token(servers: tuple[str, str], acme: Company) -> None:
    person = acme.person()
    claims = {"sub": str(person.id), "tid": acme.id, "sid": str(person.session_id)}
    token = encode(claims, kind=ACCESS, lifetime=timedelta(seconds=1))
    async with ws(servers[0], tenant_id=acme.id, token=token) as socket:
        await told(socket)
        async with asyncio.timeout(6):
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


async def test_a_slow_client_is_dropped_and_the_others_hear_all(
    servers: tuple[str, str], acme: Company, redis: Redis
) -> None:
    """It opens a stream, then reads nothing, while more comes than its connection and its queue hold."""
    host, _, port = servers[0].removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=2**12)
    asked = (
        "GET /api/v1/events/stream HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {acme.person().token}\r\n\r\n"
    )
    writer.write(asked.encode())
    await reader.readuntil(b"connected")
    heard: list[int] = []
    async with sse(servers[0], acme.person().token) as attentive:
        # At the pace of the attentive one: it is the other's silence that is tried, not this machine's speed.
        for batch in range(30):
            async with redis.pipeline(transaction=False) as pipe:
                for number in range(100):
                    payload = {"n": batch * 100 + number, "filler": "x" * 4_000}
                    pipe.xadd(live_stream(acme.id), StreamEntry("emq_update", real_now(), payload).fields())
                await pipe.execute()
            heard += await _hear(attentive, 100)
    assert heard == list(range(3_000))

    async def dropped() -> bool:
        async with AsyncClient() as client:
            found = (await client.get(f"{servers[0]}/metrics")).text
        return 'stratum_live_clients_ended_total{reason="too_slow"} 1.0' in found

    await eventually(dropped, within=15)
    writer.close()


async def _hear(stream: object, count: int) -> list[int]:
    return numbers([await stream.told() for _ in range(count)])  # type: ignore[attr-defined]  # an Sse


async def test_with_redis_down_opening_a_stream_says_so(acme: Company) -> None:
    async with api(REDIS_URL="redis://127.0.0.1:9/0") as (_, url):
        async with AsyncClient(base_url=url) as client:
            headers = {"Authorization": f"Bearer {acme.person().token}"}
            answers = [
                await client.get("/api/v1/events/stream", headers=headers),
                await client.post("/api/v1/events/ticket", headers=headers),
            ]
        assert [(each.status_code, each.json()["code"]) for each in answers] == [
            (503, "events.unavailable"),
            (503, "events.tickets_unavailable"),
        ]
        async with ws(url, tenant_id=acme.id, token=acme.person().token) as socket:
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1013


async def test_a_server_that_stops_ends_its_streams_at_once(acme: Company) -> None:
    async with api() as (process, url), sse(url, acme.person().token) as stream:
        process._popen.terminate()
        async with asyncio.timeout(3):
            with pytest.raises(EOFError):
                await stream.told()
        assert await asyncio.to_thread(process._popen.wait, 3) is not None


async def test_who_goes_away_leaves_nothing_running(acme: Company, redis: Redis) -> None:
    async def all_may(_: int, subjects: set[Hashable]) -> set[Hashable]:
        return subjects

    streams = manager.ConnectionManager(LiveStreams(redis), stream_of=live_stream, still_valid=all_may)
    before = asyncio.all_tasks()
    async with streams.subscribe(acme.id, "one", expires_at=None, after=None) as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await anext(streams.messages(client))
    await asyncio.sleep(0)
    assert asyncio.all_tasks() - before == set()


async def test_one_sign_in_opens_a_bounded_number_of_streams(servers: tuple[str, str], acme: Company) -> None:
    token = acme.person(Role.ANALYST).token
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(manager._CLIENTS_OF_ONE):
            socket = await stack.enter_async_context(ws(servers[0], tenant_id=acme.id, token=token))
            await told(socket)
        async with ws(servers[0], tenant_id=acme.id, token=token) as one_more:
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await one_more.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4429
