"""Acknowledged means durable: processes are killed during a load, and each acknowledged event is there once."""

import asyncio
import json
import os
import signal
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import httpx2
import pytest

from app.core.config import Settings
from app.core.ids import uuid7
from app.core.security import token_hash
from app.db import migrations, roles
from launcher.postgres import PostgresServer, start_postgres
from launcher.system import free_port
from tests.live_server import LiveServer, serving

_SENDERS = 6
_BATCH = 50
_LOAD_SECONDS = 25


@dataclass
class Load:
    """Senders as an SDK is one: a batch is sent again until it is acknowledged."""

    url: str
    key: str
    acknowledged: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)
    statuses: dict[int, int] = field(default_factory=dict)
    stop: bool = False

    async def run(self) -> None:
        async with httpx2.AsyncClient(timeout=10) as client, asyncio.TaskGroup() as tasks:
            for _ in range(_SENDERS):
                tasks.create_task(self._send(client))

    async def _send(self, client: httpx2.AsyncClient) -> None:
        while not self.stop:
            ids = [f"d-{uuid7()}" for _ in range(_BATCH)]
            self.sent |= set(ids)
            batch = [{"type": "track", "event": "e", "userId": "u", "messageId": each} for each in ids]
            body = json.dumps({"batch": batch, "writeKey": self.key})
            while not self.stop:
                try:
                    status = (await client.post(f"{self.url}/v1/batch", content=body)).status_code
                except httpx2.TransportError:
                    await asyncio.sleep(0.1)
                    continue
                self.statuses[status] = self.statuses.get(status, 0) + 1
                if status == 200:
                    self.acknowledged |= set(ids)
                    break
                await asyncio.sleep(0.1)


@dataclass
class Place:
    server: LiveServer
    postgres: PostgresServer
    data: Path
    settings: Settings
    key: str = ""


@pytest.fixture
async def place(settings: Settings) -> AsyncIterator[Place]:
    """A durable database of its own, and an API process over it."""
    with tempfile.TemporaryDirectory(prefix="stratum-kill-") as folder:
        Path(folder).chmod(0o711)
        data = Path(folder) / "postgres"
        postgres = await asyncio.to_thread(start_postgres, data, free_port(), durable=True)
        name = "durable"
        admin = await asyncpg.connect(postgres.url_superuser)
        await admin.execute(f"CREATE DATABASE {name}")
        await admin.close()
        owner = f"{postgres.url_superuser.rpartition('/')[0]}/{name}"
        app_url = f"postgresql://stratum_app:stratum_app-password@127.0.0.1:{postgres.port}/{name}"
        secret = type(settings.database_url)
        own = settings.model_copy(
            update={"database_owner_url": secret(owner), "database_url": secret(app_url)}
        )
        await roles.ensure_roles(own)
        await asyncio.to_thread(migrations.upgrade, own)
        key = await _source(owner)
        with serving(DATABASE_URL=app_url, DATABASE_OWNER_URL=owner) as server:
            place = Place(server, postgres, data, own, key)
            yield place
        place.postgres.stop()


async def _source(owner: str) -> str:
    connection = await asyncpg.connect(owner)
    tenant = await connection.fetchval("INSERT INTO tenants (name, slug) VALUES ('A', 'a') RETURNING id")
    source = uuid7()
    await connection.execute(
        "INSERT INTO cdp_sources (tenant_id, id, name, kind, write_key_hash, write_key_prefix) "
        "VALUES ($1, $2, 'A', 'server', $3, 'wk')",
        tenant,
        source,
        token_hash("secret"),
    )
    await connection.close()
    return f"wk_{tenant}_{source.hex}_secret"


async def _kill_api(place: Place) -> None:
    await asyncio.to_thread(place.server.kill)
    await asyncio.to_thread(place.server.start)


async def _kill_postgres(place: Place) -> None:
    """The postmaster and every process of it, as a lost machine would take them."""
    port = place.postgres.port
    group = os.getpgid(place.postgres.pid)
    os.killpg(group, signal.SIGKILL)
    await asyncio.sleep(0.5)
    await asyncio.to_thread(place.postgres.stop)
    place.postgres = await asyncio.to_thread(start_postgres, place.data, port, durable=True)


@pytest.mark.long
@pytest.mark.timeout(240)
@pytest.mark.parametrize("killing", [_kill_api, _kill_postgres], ids=["api", "postgres"])
async def test_each_acknowledged_event_is_there_exactly_once(place: Place, killing: object) -> None:
    load = Load(place.server.url, place.key)
    running = asyncio.create_task(load.run())
    for _ in range(3):
        await asyncio.sleep(_LOAD_SECONDS / 4)
        await killing(place)  # type: ignore[operator]  # one of the two functions above
    await asyncio.sleep(_LOAD_SECONDS / 4)
    load.stop = True
    await running
    connection = await asyncpg.connect(str(place.settings.database_owner_url.get_secret_value()))  # type: ignore[union-attr]  # set by the fixture
    stored = [row["message_id"] for row in await connection.fetch("select message_id from cdp_events")]
    told = await connection.fetchval(
        "select coalesce(sum((payload->>'count')::int), 0) from outbox where name = 'cdp.events.accepted'"
    )
    counted = await connection.fetchval("select sum(accepted) from cdp_event_counts")
    await connection.close()
    assert len(load.acknowledged) > 1_000
    assert len(stored) == len(set(stored))
    assert load.acknowledged <= set(stored) <= load.sent
    assert told == counted == len(stored)
    assert load.statuses.keys() <= {200, 429, 503}
