"""A database, a Redis and server processes to measure, all of them gone at the end."""

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import psutil

from launcher.postgres import start_postgres
from launcher.redis import start_redis
from launcher.system import free_port

BACKEND = Path(__file__).resolve().parents[1]
_READY_WITHIN = 60.0


@dataclass(frozen=True)
class Stack:
    """A migrated, durable database and the environment that leads to it."""

    owner_url: str
    app_url: str
    environment: dict[str, str]


def _role_url(owner_url: str, role: str) -> str:
    return f"postgresql://{role}:{role}-password@{owner_url.rpartition('@')[2]}"


async def _create(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE DATABASE benchmark")
    await connection.close()


@contextlib.contextmanager
def running_stack() -> Iterator[Stack]:
    """PostgreSQL with fsync on, Redis, and the schema; the data folder goes with them."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="stratum-bench-")))
        folder.chmod(0o711)
        postgres = start_postgres(folder / "postgres", free_port(), durable=True)
        stack.callback(postgres.stop)
        redis = start_redis(folder / "redis", free_port(), durable=True)
        stack.callback(redis.stop)
        asyncio.run(_create(postgres.url_superuser))
        owner = f"{postgres.url_superuser.rpartition('/')[0]}/benchmark"
        environment = os.environ | {
            "APP_ENV": "test",
            "DATABASE_OWNER_URL": owner,
            "DATABASE_URL": _role_url(owner, "stratum_app"),
            "DATABASE_RELAY_URL": _role_url(owner, "stratum_relay"),
            "DATABASE_MAINTENANCE_URL": _role_url(owner, "stratum_maintenance"),
            "REDIS_URL": redis.url,
            "LOG_LEVEL": "WARNING",
            "RATE_LIMIT_PER_MINUTE": "100000000",
        }
        subprocess.run([sys.executable, "-m", "app.cli", "migrate"], cwd=BACKEND, env=environment, check=True)
        yield Stack(owner, environment["DATABASE_URL"], environment)


def database_cpu(owner_url: str) -> float:
    """CPU seconds of the server at that port, the backends that have ended included."""
    port = urlsplit(owner_url).port
    total = 0.0
    for process in psutil.process_iter(["name", "cmdline"]):
        if process.info["name"] != "postgres" or f"--port={port}" not in (process.info["cmdline"] or []):
            continue
        with contextlib.suppress(psutil.Error):
            for each in (process, *process.children()):
                times = each.cpu_times()
                total += times.user + times.system
            total += process.cpu_times().children_user + process.cpu_times().children_system
    return total


@contextlib.contextmanager
def serving(app: str, environment: dict[str, str]) -> Iterator[tuple[str, psutil.Process]]:
    """One uvicorn process of `app`; its address and the process, for its CPU time and memory. Its log is a file."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        app,
        "--factory",
        "--port",
        str(port),
        "--no-access-log",
        "--log-level",
        "warning",
    ]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=BACKEND, env=environment, stdout=log)
        try:
            _await(f"{url}/health/live", process)
            yield url, psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(timeout=30)


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _READY_WITHIN
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"The server ended with {process.returncode} before it answered.")
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(url, timeout=2).close()  # noqa: S310  (our own loopback address)
            return
        time.sleep(0.05)
    raise SystemExit(f"{url} did not answer within {_READY_WITHIN:.0f} s.")
