"""What benchmarks against a platform share: a sandbox of their own, an account there, and the memory that they take."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import httpx2
import psutil

from benchmarks.stack import BACKEND

_MIB = 1024 * 1024


class Memory(threading.Thread):
    """The most that this process holds while the block runs."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._process = psutil.Process()
        self._over = threading.Event()
        self.before = self._process.memory_info().rss
        self.peak = self.before

    def run(self) -> None:
        while not self._over.wait(0.05):
            self.peak = max(self.peak, self._process.memory_info().rss)

    def end(self) -> float:
        self._over.set()
        self.join()
        return (self.peak - self.before) / _MIB


@contextmanager
def running_sandbox() -> Iterator[str]:
    """Its address; with as little past as it has at all."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--history", "2"]
    process = subprocess.Popen(command, cwd=BACKEND, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.wait(timeout=30)


async def connected(scopes: Any, sandbox: str) -> UUID:
    """An ad account at the sandbox, connected by its standing token."""
    from app.core.ids import uuid7  # noqa: PLC0415
    from app.core.security import seal  # noqa: PLC0415
    from app.models.integrations.ad_accounts import AdAccount  # noqa: PLC0415
    from app.models.integrations.connections import Connection  # noqa: PLC0415
    from app.services.integrations.service import TOKEN_PURPOSE  # noqa: PLC0415

    token = httpx2.get(f"{sandbox}/control/meta", timeout=60).json()["access_token"]
    connection, account = uuid7(), uuid7()
    async with scopes() as scope:
        sealed = seal(token, purpose=TOKEN_PURPOSE, tenant_id=scope.tenant_id)
        own = {"platform": "meta", "status": "active"}
        known = {"external_user_id": "1", "scopes": ["ads_management"], "read_only": False}
        scope.session.add(Connection(id=connection, token_sealed=sealed, **own, **known))
        await scope.session.flush()
        its = {"external_id": "102030405060701", "name": "Bench", "currency": "USD", "timezone": "UTC"}
        held = {"enabled": True, "write_lease": True}
        scope.session.add(AdAccount(id=account, connection_id=connection, **own, **its, **held))
    return account
