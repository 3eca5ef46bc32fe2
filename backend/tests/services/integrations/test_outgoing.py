"""Calls go out to public addresses alone, by the address that was checked, and follow no redirect."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from app.db.session import Scopes
from app.services.integrations.gateway import Gateway, gateway_by
from app.services.integrations.outgoing import AddressRefused, is_public, make_client
from app.services.integrations.ports import PlatformError, PlatformErrorKind
from app.services.integrations.service import IntegrationsService
from tests.factories.integrations import BROAD, connect
from tests.sandbox_process import Sandbox

NOTHING = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


@asynccontextmanager
async def answering(reply: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server on loopback that gives one answer to everything, and remembers what it was asked."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(reply)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], asked


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.1.2.3",
        "255.255.255.255", "224.0.0.1", "192.0.0.1", "198.18.0.1", "::1", "::", "fe80::1", "fd00::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "ff02::1",
    ],
)  # fmt: skip
def test_what_is_not_public_is_known_in_every_wrapping(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "2002:808:808::"])
def test_what_is_public_is_let_out(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1"])
async def test_a_private_address_is_never_called(host: str) -> None:
    async with answering(NOTHING) as (port, asked), make_client(allow_private=False) as client:
        with pytest.raises((AddressRefused, httpx2.ConnectError, httpx2.InvalidURL)):
            await client.get(f"http://{host}:{port}/")
    assert asked == []


async def test_a_name_that_leads_inside_is_refused_when_it_is_called() -> None:
    """`localhost` is such a name on every machine; what it leads to is looked up for each connection."""
    async with answering(NOTHING) as (port, asked):
        async with make_client(allow_private=False) as client:
            with pytest.raises(AddressRefused):
                await client.get(f"http://localhost:{port}/")
        assert asked == []
        async with make_client(allow_private=True) as client:
            assert (await client.get(f"http://localhost:{port}/")).status_code == 200


Names = dict[str, list[str]]


@pytest.fixture
async def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """What each name leads to, one answer after another; every other name is looked up as ever."""
    leads: Names = {}
    loop = asyncio.get_running_loop()
    real = loop.getaddrinfo

    async def look_up(host: str, port: int, **options: Any) -> Any:
        if host not in leads:
            return await real(host, port, **options)
        answers = leads.pop(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answers]

    monkeypatch.setattr(loop, "getaddrinfo", look_up)
    return leads


async def test_one_private_address_among_public_ones_is_enough_to_refuse(names: Names) -> None:
    names["shop.example"] = ["8.8.8.8", "127.0.0.1"]
    async with answering(NOTHING) as (port, asked), make_client(allow_private=False) as client:
        with pytest.raises(AddressRefused):
            await client.get(f"http://shop.example:{port}/")
    assert asked == []


async def test_the_address_that_was_checked_is_the_one_that_is_called(names: Names) -> None:
    """A name that is looked up a second time may lead elsewhere by then."""
    names["shop.example"] = ["127.0.0.1"]
    async with answering(NOTHING) as (port, asked), make_client(allow_private=True) as client:
        assert (await client.get(f"http://shop.example:{port}/")).status_code == 200
    assert len(asked) == 1


async def test_a_redirect_inwards_is_not_followed(
    scopes: Scopes, sandbox: Sandbox, platforms: Gateway
) -> None:
    connected = await connect(scopes, sandbox)
    inner = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
    async with answering(inner) as (secret_port, asked_inside):
        to = f"http://127.0.0.1:{secret_port}/secret".encode()
        reply = b"HTTP/1.1 302 Found\r\nlocation: " + to + b"\r\ncontent-length: 0\r\n\r\n"
        async with answering(reply) as (port, asked):
            settings = platforms.settings.model_copy(update={"meta_base_url": f"http://127.0.0.1:{port}"})
            async with gateway_by(settings):
                platform = await IntegrationsService(scopes).connector(connected.dollars)
                with pytest.raises(PlatformError, match=r"meta\.redirected"):
                    await platform.read_entity("campaign", BROAD)
    assert len(asked) == 1
    assert asked_inside == []


async def test_in_production_settings_the_sandbox_is_out_of_reach(
    scopes: Scopes, sandbox: Sandbox, platforms: Gateway
) -> None:
    connected = await connect(scopes, sandbox)
    settings = platforms.settings.model_copy(update={"allow_private_addresses": False})
    async with gateway_by(settings):
        platform = await IntegrationsService(scopes).connector(connected.dollars)
        with pytest.raises(PlatformError) as caught:
            await platform.read_entity("campaign", BROAD)
    assert caught.value.kind is PlatformErrorKind.INVALID
    assert caught.value.code == "integrations.address_refused"


async def test_the_environments_proxies_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with answering(NOTHING) as (port, asked), make_client(allow_private=True) as client:
        assert (await client.get(f"http://127.0.0.1:{port}/")).status_code == 200
    assert len(asked) == 1
