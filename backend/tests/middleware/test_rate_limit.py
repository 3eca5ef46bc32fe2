import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response
from redis.asyncio import Redis

from app.auth.permissions import Role
from app.core.config import Settings
from app.core.errors import TooManyRequests
from app.core.ids import uuid7
from app.core.rate_limits import Limit, RateLimiter, neighbourhood, whole_seconds
from app.main import create_app
from app.middleware.rate_limit import RateLimitMiddleware
from tests.factories.access import Company, client_of

PEER = "10.9.8.7"


@asynccontextmanager
async def _app(settings: Settings, **changes: Any) -> AsyncIterator[FastAPI]:
    app = create_app(settings.model_copy(update={"rate_limit_per_minute": 5, **changes}))
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture(scope="module")
async def limited(settings: Settings) -> AsyncIterator[FastAPI]:
    """Five a minute; whoever counts comes from an address, or with a session, of its own."""
    async with _app(settings) as app:
        yield app


async def _ask(client: AsyncClient, **headers: str) -> Response:
    return await client.get("/api/v1/auth/me", headers={k.replace("_", "-"): v for k, v in headers.items()})


async def _statuses(client: AsyncClient, times: int, **headers: str) -> list[int]:
    return [(await _ask(client, **headers)).status_code for _ in range(times)]


async def test_the_sixth_of_five_is_told_when_to_come_again(limited: FastAPI, acme: Company) -> None:
    async with client_of(limited, acme.person().token) as client:
        first = await _ask(client)
        assert await _statuses(client, 4) == [200] * 4
        refused = await _ask(client)
    assert (first.headers["X-RateLimit-Limit"], first.headers["X-RateLimit-Remaining"]) == ("5", "4")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert 1 <= int(refused.headers["Retry-After"]) <= 12
    assert time.time() < int(refused.headers["X-RateLimit-Reset"]) < time.time() + 70
    assert refused.headers["X-Request-ID"] == refused.json()["request_id"]


async def test_each_session_counts_by_itself(limited: FastAPI, acme: Company) -> None:
    async with contextlib.AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(client_of(limited, acme.person(role).token, address=PEER))
            for role in (Role.ADMIN, Role.VIEWER)
        ]
        assert await _statuses(clients[0], 6) == [200] * 5 + [429]
        assert await _statuses(clients[1], 1) == [200]


async def test_two_processes_count_together(settings: Settings, limited: FastAPI, acme: Company) -> None:
    """Each application has a limiter of its own; they meet in Redis."""
    token = acme.person().token
    async with (
        _app(settings) as two,
        client_of(limited, token) as first,
        client_of(two, token) as second,
    ):
        seen = [(await _ask(client)).status_code for client in (first, second) * 3]
    assert seen == [200] * 5 + [429]


async def test_made_up_credentials_and_addresses_all_count_for_the_peer(limited: FastAPI) -> None:
    async with client_of(limited, address=str(_fresh_address())) as client:
        seen = [
            (
                await _ask(
                    client,
                    Authorization=f"Bearer {uuid7()}",
                    X_API_Key=f"sk_1_{uuid7().hex}_x",
                    X_Forwarded_For=f"203.0.113.{number}",
                )
            ).status_code
            for number in range(6)
        ]
    assert seen == [401] * 5 + [429]


async def test_a_configured_proxy_is_believed_for_what_it_added_itself(settings: Settings) -> None:
    proxy = str(_fresh_address())
    async with _app(settings, trusted_proxies=(proxy,)) as app, client_of(app, address=proxy) as client:
        ours, theirs = str(_fresh_address()), str(_fresh_address())
        spoofed = [f"198.51.100.{number}, {ours}" for number in range(6)]
        seen = [(await _ask(client, X_Forwarded_For=each)).status_code for each in spoofed]
        assert seen == [401] * 5 + [429]
        assert await _statuses(client, 1, X_Forwarded_For=theirs) == [401]


async def test_the_login_limit_is_not_dodged_by_a_header(settings: Settings) -> None:
    """Thirty in five minutes, and one more for each ten seconds that the asking takes."""
    began = time.monotonic()
    async with (
        _app(settings, rate_limit_per_minute=1_000) as app,
        client_of(app, address=str(_fresh_address())) as client,
    ):
        answers = [
            await client.post(
                "/api/v1/auth/verify-email",
                json={"token": f"otk_{uuid7().hex}_0", "password": "a password of its own"},
                headers={"X-Forwarded-For": f"203.0.113.{number}"},
            )
            for number in range(45)
        ]
    codes = [each.json()["code"] for each in answers]
    assert set(codes) == {"auth.link_invalid", "too_many_requests"}
    assert 30 <= codes.count("auth.link_invalid") <= 31 + (time.monotonic() - began) / 10


async def test_made_up_api_keys_count_for_the_peer(limited: FastAPI) -> None:
    async with client_of(limited, address=str(_fresh_address())) as client:
        seen = [(await _ask(client, X_API_Key=f"sk_1_{uuid7().hex}_x")).status_code for _ in range(6)]
    assert seen == [401] * 5 + [429]


async def test_credentials_cannot_be_guessed_where_events_are_collected(limited: FastAPI) -> None:
    """Each guess is a look-up in the database."""
    async with client_of(limited, address=str(_fresh_address())) as client:
        path, event = "/api/v1/cdp/events", {"event_name": "e", "user_id": "u"}
        keys = [{"X-API-Key": f"sk_1_{uuid7().hex}_x"} for _ in range(6)]
        seen = [(await client.post(path, json=event, headers=key)).status_code for key in keys]
    assert seen == [401] * 5 + [429]


async def test_what_reads_events_counts_like_any_other_reading(limited: FastAPI, acme: Company) -> None:
    asked = {
        Role.VIEWER: "/api/v1/cdp/events",
        Role.ANALYST: "/api/v1/cdp/events/stats",
        Role.MANAGER: "/api/v1/cdp/events/verdicts",
    }
    for role, path in asked.items():
        async with client_of(limited, acme.person(role).token) as client:
            assert [(await client.get(path)).status_code for _ in range(6)] == [200] * 5 + [429]


async def test_a_program_that_is_known_sends_as_often_as_it_likes(limited: FastAPI, acme: Company) -> None:
    async with client_of(limited, acme.person().token) as client:
        path, event = "/api/v1/cdp/events", {"event_name": "e", "user_id": "u"}
        assert [(await client.post(path, json=event)).status_code for _ in range(12)] == [200] * 12


async def test_collection_counts_events_and_not_requests(limited: FastAPI) -> None:
    async with client_of(limited, address=str(_fresh_address())) as client:
        for path in ("/v1/track", "/api/v1/cdp/events"):
            event = {"type": "track", "event": "e", "userId": "u"}
            seen = {(await client.post(path, json=event)).status_code for _ in range(8)}
            assert seen == {401}, path


async def test_a_websocket_too_many_is_closed_before_it_opens(app: FastAPI) -> None:
    opened, sent = 0, []

    async def inner(*_: object) -> None:
        nonlocal opened
        opened += 1

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append((message["type"], message["code"]))

    limited = RateLimitMiddleware(inner, limits={"/ws": 2}, collection="/events", trusted_proxies=())
    scope = {"type": "websocket", "path": "/ws", "headers": [], "client": (_fresh_address(), 1), "app": app}
    for _ in range(3):
        await limited(scope, receive, send)
    assert (opened, sent) == (2, [("websocket.close", 1013)])


async def test_health_is_free(limited: FastAPI) -> None:
    async with client_of(limited) as client:
        assert {(await client.get("/health/live")).status_code for _ in range(10)} == {200}


async def test_with_redis_down_each_process_counts_for_itself() -> None:
    port = await _closed_port()
    limiter = RateLimiter(Redis(host="127.0.0.1", port=port, socket_connect_timeout=0.2))
    limit, subject = Limit("test.down", times=3, seconds=60), str(uuid7())
    seen = [(await limiter.take(limit, subject)).allowed for _ in range(4)]
    assert seen == [True] * 3 + [False]


async def test_a_silent_redis_costs_one_caller_its_patience_not_each(settings: Settings) -> None:
    """Counted in connections: after the first that got no answer, none is tried for two seconds."""
    connections = 0

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.read()
        writer.close()

    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    async with server:
        client = Redis(host="127.0.0.1", port=server.sockets[0].getsockname()[1])
        limiter = RateLimiter(client)
        limit = Limit("test.silent", times=100, seconds=60)
        taken = [(await limiter.take(limit, str(uuid7()))).allowed for _ in range(20)]
        await client.aclose()
    assert all(taken)
    assert connections == 1


async def test_when_redis_is_back_it_counts_again(redis: Redis) -> None:
    port = await _closed_port()
    same: dict[str, Any] = {name: _connection(redis).get(name) for name in ("db", "username", "password")}
    away = Redis(host="127.0.0.1", port=port, socket_connect_timeout=0.2, **same)
    limiter, other = RateLimiter(away), RateLimiter(redis)
    limit, subject = Limit("test.back", times=2, seconds=60), str(uuid7())
    await limiter.take(limit, subject)
    async with await asyncio.start_server(_pipe_to(redis), "127.0.0.1", port):
        await asyncio.sleep(2.1)
        assert (await limiter.take(limit, subject)).remaining == 1
        assert (await other.take(limit, subject)).remaining == 0
        await away.aclose()


async def test_leases_never_let_through_more_than_the_limit(redis: Redis) -> None:
    limiters = [RateLimiter(redis) for _ in range(3)]
    limit, subject = Limit("test.lease", times=50, seconds=3_600, lease=7), str(uuid7())
    taken = []
    for _ in range(34):  # few at once: who waits too long for Redis counts for itself, by design
        taken += await asyncio.gather(*(limiters[turn % 3].take(limit, subject) for turn in range(6)))
    assert 50 - 3 * 7 < sum(each.allowed for each in taken) <= 50


async def test_a_crowd_that_comes_at_once_spends_no_more_than_it_asks_for(redis: Redis) -> None:
    limiter, subject = RateLimiter(redis), str(uuid7())
    limit = Limit("test.crowd", times=60, seconds=3_600, lease=10)
    crowd = await asyncio.gather(*(limiter.take(limit, subject) for _ in range(20)))
    assert all(each.allowed for each in crowd)
    after = [
        await RateLimiter(redis).take(Limit("test.crowd", times=60, seconds=3_600), subject)
        for _ in range(50)
    ]
    assert sum(each.allowed for each in after) == 40


async def test_what_a_process_took_and_did_not_spend_is_lost_within_a_second(redis: Redis) -> None:
    limiter, subject = RateLimiter(redis), str(uuid7())
    limit = Limit("test.lost", times=10, seconds=3_600, lease=10)
    assert (await limiter.take(limit, subject)).allowed
    await asyncio.sleep(1.1)
    assert not (await limiter.take(limit, subject)).allowed


async def test_a_refusal_says_how_long_to_wait(redis: Redis) -> None:
    limiter, subject, limit = RateLimiter(redis), str(uuid7()), Limit("test.wait", times=1, seconds=60)
    await limiter.enforce(limit, subject)
    with pytest.raises(TooManyRequests) as refused:
        await limiter.enforce(limit, subject)
    assert 50 <= refused.value.retry_after <= 60
    assert [whole_seconds(each) for each in (0, 0.2, 1.0, 1.2)] == [1, 1, 1, 2]


async def test_the_allowance_comes_back_evenly(redis: Redis) -> None:
    limiter, subject = RateLimiter(redis), str(uuid7())
    limit = Limit("test.even", times=4, seconds=2)
    for _ in range(4):
        await limiter.enforce(limit, subject)
    with pytest.raises(TooManyRequests) as refused:
        await limiter.enforce(limit, subject)
    assert refused.value.retry_after == 1
    await asyncio.sleep(0.55)
    await limiter.enforce(limit, subject)
    assert not (await limiter.take(limit, subject)).allowed


def test_one_caller_is_one_address_or_one_ipv6_network() -> None:
    assert neighbourhood("192.0.2.7") == neighbourhood("::ffff:192.0.2.7") == "192.0.2.7"
    assert neighbourhood("2001:db8::1") == neighbourhood("2001:db8:0:0:ffff::2")
    assert neighbourhood("2001:db8::1") != neighbourhood("2001:db8:0:1::1")
    assert neighbourhood(None) == neighbourhood("not an address") == "unknown"


def _fresh_address() -> str:
    digits = uuid7().bytes[-3:]
    return f"10.{digits[0]}.{digits[1]}.{digits[2]}"


def _connection(redis: Redis) -> dict[str, Any]:
    found: dict[str, Any] = redis.connection_pool.connection_kwargs
    return found


def _pipe_to(redis: Redis) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """Hands every connection on to the real Redis."""

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        real_reader, real_writer = await asyncio.open_connection("127.0.0.1", _connection(redis)["port"])
        await asyncio.gather(copy(reader, real_writer), copy(real_reader, writer))

    return serve


async def _closed_port() -> int:
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port
