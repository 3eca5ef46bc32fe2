import os
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import pytest
from redis import Redis

from launcher import shared
from launcher.postgres import attach_postgres

_RUN = """
import os, time
from launcher import shared
shared.begin()
shared.servers()
print(os.environ[shared.FOLDER], flush=True)
time.sleep(60)
"""


async def test_workers_of_a_run_find_the_servers_that_it_began(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (shared.FOLDER, shared.POSTGRES_URL, shared.REDIS_URL):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(shared, "_keeper", None)
    shared.begin()
    folder = Path(os.environ[shared.FOLDER])
    try:
        found = shared.servers()
        connection = await asyncpg.connect(found.postgres_url)
        assert await connection.fetchval("select 1") == 1
        await connection.close()
        with Redis.from_url(found.redis_url) as client:
            assert client.ping()
        with shared.first("template") as mine:
            assert mine
        with shared.first("template") as mine:
            assert not mine
    finally:
        shared.end()
    assert not folder.exists()


def test_a_killed_run_leaves_no_servers() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STRATUM_TEST_")}
    with subprocess.Popen(
        [sys.executable, "-c", _RUN],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env=environment,
    ) as run:
        assert run.stdout is not None
        folder = Path(run.stdout.readline().strip())
        assert attach_postgres(folder / "postgres") is not None
        run.kill()
    deadline = time.monotonic() + 20
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not folder.exists()
    assert attach_postgres(folder / "postgres") is None
