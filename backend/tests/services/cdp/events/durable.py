"""A durable database of its own with processes over it, and senders that count what was acknowledged."""

import asyncio
import contextlib
import json
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx2

from app.core.config import Settings
from app.core.ids import uuid7
from app.core.security import token_hash
from app.db import migrations, roles
from launcher.postgres import PostgresServer, start_postgres
from launcher.system import free_port
from tests.live_server import LiveServer, serving

_SENDERS = 6
_BATCH = 50


def a_track(message_id: str) -> dict[str, Any]:
    return {"type": "track", "event": "e", "userId": "u", "messageId": message_id}


@dataclass
class Load:
    """Senders as an SDK is one: a batch is sent again until it is acknowledged."""

    url: str
    key: str
    event: Callable[[str], dict[str, Any]] = a_track
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
            body = json.dumps({"batch": [self.event(each) for each in ids], "writeKey": self.key})
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
    environment: dict[str, str]
    tenant_id: int
    key: str

    @property
    def owner_url(self) -> str:
        return self.environment["DATABASE_OWNER_URL"]

    async def kill_api(self) -> None:
        await asyncio.to_thread(self.server.kill)
        await asyncio.to_thread(self.server.start)

    async def kill_postgres(self) -> None:
        """The postmaster and every process of it, as a lost machine would take them."""
        port = self.postgres.port
        group = os.getpgid(self.postgres.pid)
        os.killpg(group, signal.SIGKILL)
        await asyncio.sleep(0.5)
        await asyncio.to_thread(self.postgres.stop)
        self.postgres = await asyncio.to_thread(start_postgres, self.data, port, durable=True)


@contextlib.asynccontextmanager
async def durable_place(settings: Settings) -> AsyncIterator[Place]:
    with tempfile.TemporaryDirectory(prefix="stratum-kill-") as folder:
        Path(folder).chmod(0o711)
        data = Path(folder) / "postgres"
        postgres = await asyncio.to_thread(start_postgres, data, free_port(), durable=True)
        name = "durable"
        admin = await asyncpg.connect(postgres.url_superuser)
        await admin.execute(f"CREATE DATABASE {name}")
        await admin.close()
        environment = _environment(settings, postgres, name)
        secret = type(settings.database_url)
        fields = {variable.lower(): secret(url) for variable, url in environment.items()}
        own = settings.model_copy(update=fields)
        await roles.ensure_roles(own)
        await asyncio.to_thread(migrations.upgrade, own)
        tenant_id, key = await _source(environment["DATABASE_OWNER_URL"])
        with serving(**environment) as server:
            place = Place(server, postgres, data, environment, tenant_id, key)
            yield place
        place.postgres.stop()


def _environment(settings: Settings, postgres: PostgresServer, database: str) -> dict[str, str]:
    def by(role: str) -> str:
        return f"postgresql://{role}:{role}-password@127.0.0.1:{postgres.port}/{database}"

    redis = settings.redis_url.get_secret_value()
    return {
        "DATABASE_OWNER_URL": f"{postgres.url_superuser.rpartition('/')[0]}/{database}",
        "DATABASE_URL": by("stratum_app"),
        "DATABASE_RELAY_URL": by("stratum_relay"),
        "DATABASE_MAINTENANCE_URL": by("stratum_maintenance"),
        # The last of Redis's databases: no other test's messages are in it.
        "REDIS_URL": f"{redis.rpartition('/')[0]}/15",
    }


async def _source(owner: str) -> tuple[int, str]:
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
    return tenant, f"wk_{tenant}_{source.hex}_secret"
