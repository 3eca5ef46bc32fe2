"""Loaded before any test (`-p tests.environment`): this run's own PostgreSQL and Redis, and the settings for them.

The schema is migrated once, in a template; each worker copies it.
"""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import asyncpg

from launcher import shared

BACKEND = Path(__file__).resolve().parents[1]
TEMPLATE = "stratum_template"
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
_IS_CONTROLLER = WORKER == "main"


def _at(url: str, database: str, user: str | None = None) -> str:
    base, _, _ = url.rpartition("/")
    if user:
        base = f"postgresql://{user}:{user}-password@{base.rpartition('@')[2]}"
    return f"{base}/{database}"


def _describe(superuser_url: str, redis_url: str, database: str) -> dict[str, str]:
    number = int(WORKER.removeprefix("gw")) + 1 if WORKER.startswith("gw") else 0
    return {
        "APP_ENV": "test",
        "DATABASE_URL": _at(superuser_url, database, "stratum_app"),
        "DATABASE_RELAY_URL": _at(superuser_url, database, "stratum_relay"),
        "DATABASE_MAINTENANCE_URL": _at(superuser_url, database, "stratum_maintenance"),
        "DATABASE_OWNER_URL": _at(superuser_url, database),
        "REDIS_URL": f"{redis_url.removesuffix('/0')}/{number % 16}",
        "ALLOW_PRIVATE_ADDRESSES": "true",
        "COOKIE_SECURE": "false",
        "LOG_LEVEL": "WARNING",
        # Tests of the limit make their own application with a low one.
        "RATE_LIMIT_PER_MINUTE": "100000",
    }


async def _execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def _make_template(superuser_url: str, redis_url: str) -> None:
    """In a process of its own: this one's settings are read once, and name its own database."""
    asyncio.run(_execute(superuser_url, f"CREATE DATABASE {TEMPLATE}"))
    environment = {**os.environ, **_describe(superuser_url, redis_url, TEMPLATE)}
    subprocess.run([sys.executable, "-m", "app.cli", "migrate"], check=True, cwd=BACKEND, env=environment)


def _trust_nobody() -> None:
    """Whom a test calls is on this machine and has no certificate: no client need read everybody's, 25 ms each time."""
    os.environ.pop("SSL_CERT_FILE", None)
    os.environ["SSL_CERT_DIR"] = os.devnull


def _keep_byte_code() -> None:
    """Also where the machine wishes for none: compiling everything anew takes every process of the run ten seconds."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def _prepare() -> None:
    _keep_byte_code()
    _trust_nobody()
    shared.begin()
    if _IS_CONTROLLER and _will_distribute():
        return
    found = shared.servers()
    with shared.first("template") as is_first:
        if is_first:
            _make_template(found.postgres_url, found.redis_url)
    database = f"stratum_{WORKER}"
    asyncio.run(
        _execute(
            found.postgres_url,
            f"DROP DATABASE IF EXISTS {database}",
            f"CREATE DATABASE {database} TEMPLATE {TEMPLATE}",
        )
    )
    os.environ.update(_describe(found.postgres_url, found.redis_url, database))


def _will_distribute() -> bool:
    """The controller of a distributed run executes no test: it needs the servers, and no database."""
    return any(arg.startswith(("-n", "--numprocesses")) for arg in sys.argv)


_prepare()


def pytest_unconfigure() -> None:
    if _IS_CONTROLLER:
        shared.end()
