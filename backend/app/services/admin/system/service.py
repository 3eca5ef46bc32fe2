"""`stratum doctor`: looks at an installation from where it runs, changes nothing."""

import asyncio
import json
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, RedisError, ResponseError

from app.core.clock import real_now
from app.core.config import DEVELOPMENT_SECRET, Settings
from app.core.redis import make_redis
from app.db.migrations import pending_migrations
from app.db.rls import GLOBAL_TABLES, MAINTENANCE_ROLE, RELAY_ROLE
from app.db.session import make_engine
from app.services.admin.system import rules
from app.services.admin.system.repository import DatabaseSilent, database_facts, has_relay, silence_of
from app.services.admin.system.rules import Finding, RedisFacts, Roster, State

_TIMEOUT_SECONDS = 3.0


async def examine(settings: Settings, folder: Path, roll: Callable[[], Roster]) -> list[Finding]:
    """Every finding, good ones too, in the order in which they are best mended.

    `roll` asks the broker who works; it blocks, and is asked only where Redis answers.
    """
    secrets = [
        name
        for name in ("secret_key", "jwt_secret_key")
        if getattr(settings, name).get_secret_value() == DEVELOPMENT_SECRET
    ]
    parts = await asyncio.gather(_database(settings), _redis(settings, roll), _mail(settings), _api(settings))
    frontend = settings.frontend_dir
    return [
        rules.judge_python(sys.version_info[:3]),
        *rules.judge_settings(settings.app_env, default_secrets=secrets),
        rules.judge_disk(str(folder), shutil.disk_usage(folder).free),
        *(finding for part in parts for finding in part),
        rules.judge_dashboard(
            frontend, is_built=bool(frontend and (Path(frontend) / "index.html").is_file())
        ),
    ]


async def _database(settings: Settings) -> list[Finding]:
    url = settings.database_url.get_secret_value()
    try:
        facts = await database_facts(url, global_tables=GLOBAL_TABLES)
    except DatabaseSilent as error:
        return [rules.judge_silence(_place(url), error.silence)]
    engine = make_engine(url, settings)
    try:
        behind = await pending_migrations(engine)
    finally:
        await engine.dispose()
    return [
        *rules.judge_database(facts, real_now()),
        rules.judge_migrations(behind=behind),
        *await _relay(settings, url),
        await _helper(
            "upkeep", "DATABASE_MAINTENANCE_URL", MAINTENANCE_ROLE, settings.database_maintenance_url
        ),
    ]


async def _relay(settings: Settings, url: str) -> list[Finding]:
    address = await _helper("relay", "DATABASE_RELAY_URL", RELAY_ROLE, settings.database_relay_url)
    if address.state is not State.GOOD:
        return [address]
    return [rules.judge_relay(is_connected=await has_relay(url))]


async def _helper(part: str, setting: str, role: str, address: SecretStr | None) -> Finding:
    if address is None:
        return rules.judge_helper(part, setting, role, None, None)
    url = address.get_secret_value()
    return rules.judge_helper(part, setting, role, _place(url), await silence_of(url))


async def _redis(settings: Settings, roll: Callable[[], Roster]) -> list[Finding]:
    client = make_redis(settings)
    try:
        facts = await _redis_facts(client)
    except (RedisError, OSError) as error:
        wrong = "the password is refused" if isinstance(error, AuthenticationError) else str(error)
        said = f"{_place(settings.redis_url.get_secret_value())}: {wrong}"
        mend = "See that Redis runs and that REDIS_URL is right; `make run` starts one of its own."
        return [Finding("redis", State.WRONG, said, mend)]
    finally:
        await client.aclose()
    roster = await asyncio.to_thread(roll)
    return [*rules.judge_redis(facts), rules.judge_workers(roster), rules.judge_beat(roster)]


async def _redis_facts(client: Redis) -> RedisFacts:
    info = await client.info("server")
    version = str(info.get("redis_version", "0"))
    try:
        kept = {**await client.config_get("maxmemory-policy"), **await client.config_get("appendonly")}
    except ResponseError:
        return RedisFacts(version, None, None)
    return RedisFacts(version, _text(kept["maxmemory-policy"]), _text(kept["appendonly"]))


def _text(value: str | bytes | None) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


async def _mail(settings: Settings) -> list[Finding]:
    answers = await _accepts(settings.smtp_host, settings.smtp_port)
    return [rules.judge_mail(settings.smtp_host, settings.smtp_port, answers=answers)]


async def _api(settings: Settings) -> list[Finding]:
    answer = await asyncio.to_thread(_readiness, settings.public_url)
    parts = urlsplit(settings.public_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    taken = answer is None and await _accepts(parts.hostname or "", port)
    return [rules.judge_api(settings.public_url, answer, port_taken=taken)]


def _readiness(url: str) -> Mapping[str, object] | None:
    try:
        with urllib.request.urlopen(f"{url}/health/ready", timeout=_TIMEOUT_SECONDS) as reply:  # noqa: S310  (a setting)
            body = json.load(reply)
    except urllib.error.HTTPError as error:
        try:
            body = json.load(error)
        except ValueError:
            return None
    except (OSError, ValueError):
        return None
    return body if isinstance(body, dict) else None


async def _accepts(host: str, port: int) -> bool:
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def _place(url: str) -> str:
    """The address without who and with what."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}{parts.path}"
