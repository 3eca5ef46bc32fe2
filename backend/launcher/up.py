"""`stratum up`: everything on this machine, under one supervisor."""

import asyncio
import json
import os
import shutil
import sys
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from launcher.console import Console
from launcher.database import Addresses, addresses_on, ensure_database, named_addresses
from launcher.errors import DidNotStart, LauncherError
from launcher.home import (
    BACKEND,
    FRONTEND,
    PLATFORMS_FILE,
    ROOT,
    SETTINGS_FILE,
    Secrets,
    home_folder,
    load_secrets,
    read_dotenv,
)
from launcher.migrated import is_migrated, remember
from launcher.postgres import PostgresServer, start_postgres
from launcher.redis import RedisServer, start_redis
from launcher.settle import settle
from launcher.supervisor import Program, Supervisor
from launcher.system import LOOPBACK, FolderLock, accepts, free_port, write_private

API_PORT, SANDBOX_PORT, SMTP_PORT, VITE_PORT = 8000, 8100, 1025, 5173
WORKER_METRICS_PORT, RELAY_METRICS_PORT = 9101, 9102
SANDBOX_SEED = "7"
"""Of its world, where STRATUM_SANDBOX_SEED does not name another."""


@dataclass(frozen=True)
class Ports:
    api: int
    sandbox: int
    smtp: int
    vite: int
    worker_metrics: int
    relay_metrics: int

    @classmethod
    def choose(cls, environment: Mapping[str, str]) -> "Ports":
        """The usual ports where they are free; `STRATUM_PORT` exactly, or not at all."""
        taken: list[int] = []
        if wanted := environment.get("STRATUM_PORT"):
            if not wanted.isdecimal() or not 0 < int(wanted) < 1 << 16:
                raise LauncherError(f"STRATUM_PORT is {wanted!r}: it must be a port's number.")
            if free_port(int(wanted)) != int(wanted):
                raise LauncherError(f"Port {wanted} (STRATUM_PORT) is taken by another program.")
            taken.append(int(wanted))
        usual_ports = (API_PORT, SANDBOX_PORT, SMTP_PORT, VITE_PORT, WORKER_METRICS_PORT, RELAY_METRICS_PORT)
        for usual in usual_ports[len(taken) :]:
            taken.append(free_port(usual, taken=taken))
        return cls(*taken)


@dataclass(frozen=True)
class Start:
    """What one start knows before its processes run."""

    home: Path
    secrets: Secrets
    ports: Ports
    dev: bool = False

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.ports.api}"

    @property
    def sandbox_url(self) -> str:
        return f"http://{LOOPBACK}:{self.ports.sandbox}"

    def environment(self, addresses: Addresses, redis_url: str) -> dict[str, str]:
        """Return the settings of every process: only the owner's address is kept from them."""
        settings = {
            **addresses.environment,
            "REDIS_URL": redis_url,
            "APP_ENV": "development",
            "PUBLIC_URL": self.url,
            "SECRET_KEY": self.secrets.secret_key,
            "JWT_SECRET_KEY": self.secrets.jwt_secret_key,
            "LEDGER_SIGNING_KEY": self.secrets.ledger_signing_key,
            "COOKIE_SECURE": "false",
            "SMTP_HOST": LOOPBACK,
            "SMTP_PORT": str(self.ports.smtp),
            "ALLOW_PRIVATE_ADDRESSES": "true",
            "STRATUM_CLOCK_URL": f"{self.sandbox_url}/control/clock",
            "WORKER_METRICS_PORT": str(self.ports.worker_metrics),
            "RELAY_METRICS_PORT": str(self.ports.relay_metrics),
            "PYTHONUNBUFFERED": "1",
        }
        if not self.dev and (FRONTEND / "dist" / "index.html").exists():
            settings["FRONTEND_DIR"] = str(FRONTEND / "dist")
        if self.dev:
            settings["ALLOWED_ORIGINS"] = f"http://{LOOPBACK}:{self.ports.vite}"
        return settings

    def sandbox(self) -> Program:
        data, seed = self.home / "sandbox", os.environ.get("STRATUM_SANDBOX_SEED", SANDBOX_SEED)
        return Program(
            "sandbox",
            (
                *(sys.executable, "-m", "sandbox", "--seed", seed, "--data", str(data)),
                *("--port", str(self.ports.sandbox), "--smtp-port", str(self.ports.smtp)),
            ),
            BACKEND,
            ready=lambda: fetch(f"{self.sandbox_url}/control/health") is not None,
        )

    def faces(self, environment: Mapping[str, str]) -> list[Program]:
        """Return what a person waits for."""
        words = (
            f"uvicorn app.main:create_app --factory --host {LOOPBACK} --port {self.ports.api} --no-access-log "
            f"--log-level warning --timeout-graceful-shutdown 5{' --reload' if self.dev else ''}"
        )
        api = self._python("api", words, environment, lambda: fetch(f"{self.url}/health/ready") is not None)
        return [api, self._vite()] if self.dev else [api]

    def hands(self, environment: Mapping[str, str]) -> list[Program]:
        """Return what works behind the API; it starts after it, since two cores are not asked for all at once."""
        # Root is what many a container has; in production the image's account is not.
        quiet = {
            **environment,
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
        }
        worker = "app.workers.worker --concurrency 2 --without-mingle --without-gossip"
        return [
            self._python("worker", worker, quiet),
            self._python("beat", "celery --quiet --app app.workers.celery_app beat", environment),
            self._python("relay", "app.workers.relay", environment),
        ]

    def _python(
        self, name: str, words: str, environment: Mapping[str, str], ready: Callable[[], bool] | None = None
    ) -> Program:
        return Program(name, (sys.executable, "-m", *words.split()), BACKEND, environment, ready)

    def _vite(self) -> Program:
        npm = shutil.which("npm")
        if npm is None:
            raise LauncherError(
                "The dashboard's development server needs npm on the PATH (`make dev` sees to it)."
            )
        words = f"run dev -- --host {LOOPBACK} --port {self.ports.vite} --strictPort".split()
        pointed = {"STRATUM_API": self.url}
        return Program(
            "vite", (npm, *words), FRONTEND, pointed, ready=partial(accepts, self.ports.vite), patience=3
        )


def fetch(url: str) -> dict[str, object] | None:
    """The JSON object at one of our own addresses; None while it does not answer with a success."""
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:  # noqa: S310  (our own address)
            body = json.load(reply)
    except (OSError, ValueError):
        return None
    return body if isinstance(body, dict) else None


def up(*, dev: bool = False) -> int:
    """Start everything and stay until it is stopped; returns the command's exit status."""
    console = Console()
    # Without compiled modules to find, each process would compile all of them again at each start.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    environment = {**read_dotenv(ROOT / ".env"), **os.environ}
    try:
        home = home_folder(environment)
        with FolderLock(home / "up.lock", busy=f"Stratum runs already in {home}: stop that one first."):
            start = Start(home, load_secrets(home), Ports.choose(environment), dev)
            asyncio.run(_run(start, environment, console))
    except LauncherError as error:
        for line in str(error).splitlines():
            console.warn(line)
        return 1
    return 0


async def _run(start: Start, environment: Mapping[str, str], console: Console) -> None:
    demo = start.home / "demo.json"
    demo.unlink(missing_ok=True)
    async with Supervisor(console) as supervisor:
        addresses, redis_url = await _databases(start, environment, console, supervisor)
        settings = start.environment(addresses, redis_url)
        meta = await _processes(start, addresses, settings, console, supervisor)
        if meta is None:
            return
        opened = await asyncio.to_thread(
            settle,
            start.url,
            start.home / "opened.json",
            start.secrets.demo_password,
            partial(_company, start, settings),
        )
        told = {
            "url": start.url,
            "ws_url": f"ws://{LOOPBACK}:{start.ports.api}/ws",
            "sandbox_url": start.sandbox_url,
            "sandbox_meta_token": meta["access_token"],
            **asdict(opened),
            "database_url": settings["DATABASE_URL"],
            "redis_url": settings["REDIS_URL"],
        }
        console.say("Starting the worker, Beat and the relay")
        await supervisor.add(*start.hands(settings))
        write_private(demo, json.dumps(told, indent=2) + "\n")
        console.say("Processes: " + ", ".join(f"{name} {pid}" for name, pid in supervisor.processes.items()))
        console.say(f"Sign in as {opened.email} with {opened.password}")
        metrics = (start.ports.api, start.ports.worker_metrics, start.ports.relay_metrics)
        console.say("Metrics: " + "   ".join(f"http://{LOOPBACK}:{port}/metrics" for port in metrics))
        console.say(f"Sandbox: {start.sandbox_url}   its mailbox: {start.sandbox_url}/mailbox")
        if start.dev:
            console.say(f"Dashboard, reloaded as you edit: http://{LOOPBACK}:{start.ports.vite}")
        console.say(f"Stratum is ready: {start.url}")
        await supervisor.until_stopped()
    console.say("Stopped")


async def _processes(
    start: Start, addresses: Addresses, settings: dict[str, str], console: Console, supervisor: Supervisor
) -> dict[str, str] | None:
    """Start what runs on the databases; return the sandbox's Meta app, or None where the end was asked for.

    Where nothing is to be migrated and the platforms' settings are known from the last start, the API does not wait
    for the sandbox.
    """
    stamp = start.home / "migrated.json"
    known = _known_platforms(start)
    if known and await is_migrated(stamp, addresses):
        settings |= known
        _keep(start, addresses, settings)
        with console.step("Starting the sandbox and the API"):
            await supervisor.add(start.sandbox(), *start.faces(settings))
    else:
        with console.step("Migrating the database and starting the sandbox"):
            await asyncio.gather(_migrate(addresses, settings, console), supervisor.add(start.sandbox()))
            await remember(stamp, addresses)
        if supervisor.stopping:
            return None
        known = await _control(start, "platforms")
        settings |= known
        write_private(start.home / PLATFORMS_FILE, json.dumps(known, indent=2) + "\n")
        _keep(start, addresses, settings)
        with console.step("Starting the API"):
            await supervisor.add(*start.faces(settings))
    if supervisor.stopping:
        return None
    if await _control(start, "platforms") != known:
        (start.home / PLATFORMS_FILE).unlink()
        raise DidNotStart("The sandbox has other apps than before: its data was removed. Start again.")
    return await _control(start, "meta")


def _keep(start: Start, addresses: Addresses, settings: Mapping[str, str]) -> None:
    """Write down the settings, for the `stratum` command beside this start and for the next start."""
    owner = {"DATABASE_OWNER_URL": addresses.owner} if addresses.owner else {}
    write_private(start.home / SETTINGS_FILE, json.dumps({**settings, **owner}, indent=2) + "\n")


def _known_platforms(start: Start) -> dict[str, str]:
    """How the platforms were found at the last start; nothing where the sandbox is new, or was at another port."""
    if not (start.home / "sandbox").exists():
        return {}
    try:
        known = json.loads((start.home / PLATFORMS_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    here = isinstance(known, dict) and known.get("META_BASE_URL") == start.sandbox_url
    return {str(name): str(value) for name, value in known.items()} if here else {}


async def _databases(
    start: Start, environment: Mapping[str, str], console: Console, supervisor: Supervisor
) -> tuple[Addresses, str]:
    """Start the servers that nobody named; return where the application finds them."""

    async def postgres() -> Addresses:
        if environment.get("DATABASE_URL"):
            return await named_addresses(environment, start.secrets)
        folder = start.home / "postgres"
        server: PostgresServer = await supervisor.add_server(
            "postgres", partial(start_postgres, folder), lambda: start_postgres(folder, server.port)
        )
        console.say(f"PostgreSQL listens on port {server.port}")
        return addresses_on(await ensure_database(server.url_superuser), start.secrets)

    async def redis() -> str:
        if named := environment.get("REDIS_URL"):
            return named
        folder = start.home / "redis"
        server: RedisServer = await supervisor.add_server(
            "redis", partial(start_redis, folder), lambda: start_redis(folder, server.port)
        )
        console.say(f"Redis listens on port {server.port}")
        return server.url

    with console.step("Starting PostgreSQL and Redis"):
        both = asyncio.create_task(postgres()), asyncio.create_task(redis())
        # To their ends: one that failed must not leave the other half started.
        await asyncio.wait(both)
        return await both[0], await both[1]


async def _control(start: Start, what: str) -> dict[str, str]:
    """What the sandbox says of itself, such as its `platforms`."""
    found = await asyncio.to_thread(fetch, f"{start.sandbox_url}/control/{what}")
    if found is None:
        raise DidNotStart(f"The sandbox does not tell its {what}.")
    return {name: str(value) for name, value in found.items()}


async def _migrate(addresses: Addresses, settings: Mapping[str, str], console: Console) -> None:
    if addresses.owner is None:
        console.warn("The role in DATABASE_URL may not migrate; set DATABASE_OWNER_URL to one that may.")
        return
    await _stratum({**settings, "DATABASE_OWNER_URL": addresses.owner}, "migrate")


async def _stratum(settings: Mapping[str, str], *words: str) -> str:
    """Run a `stratum` command to its end; return what it wrote."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app.cli", *words),
        cwd=BACKEND,
        env={**os.environ, **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # Ctrl-C does not reach it: it ends by itself, and the start stops after it.
        start_new_session=True,
    )
    said, complained = await process.communicate()
    if process.returncode != 0:
        lines = (said + complained).decode(errors="replace").splitlines()[-15:]
        raise DidNotStart("\n".join([f"`stratum {' '.join(words)}` failed:", *lines]))
    return said.decode()


def _company(start: Start, settings: Mapping[str, str]) -> Mapping[str, Any]:
    """Make the first company and its admin, where they are missing; return what opens them."""
    secret = {"STRATUM_BOOTSTRAP_PASSWORD": start.secrets.demo_password}
    words = ("bootstrap", "--state", str(start.home / "bootstrap.json"))
    facts: Mapping[str, Any] = json.loads(asyncio.run(_stratum({**settings, **secret}, *words)))
    return facts
