"""`stratum doctor` finds what is wrong with an installation, and says how to mend it."""

import os
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis
from sqlalchemy import make_url

from app.core.config import Settings
from app.db.roles import owner_dsn
from app.db.session import plain_url
from app.services.admin.system import rules
from app.services.admin.system.rules import Finding, Roster, State
from app.services.admin.system.service import examine
from launcher.redis import start_redis
from launcher.system import free_port


def _nobody_works() -> Roster:
    return Roster(workers=(), has_beat=False, waiting={"default": 3, "sync": 0})


async def _examine(settings: Settings, **changed: object) -> dict[str, Finding]:
    secret = type(settings.database_url)
    update = {
        name: secret(value)
        if name.endswith("_url") and isinstance(value, str) and name != "public_url"
        else value
        for name, value in changed.items()
    }
    findings = await examine(settings.model_copy(update=update), Path.cwd(), _nobody_works)
    return {finding.part: finding for finding in findings}


async def test_a_sound_installation_has_sound_walls_roles_and_schema(settings: Settings) -> None:
    found = await _examine(settings)
    for part in (
        "python",
        "database",
        "encoding",
        "role",
        "walls",
        "clock",
        "migrations",
        "redis",
        "redis memory",
    ):
        assert found[part].state is State.GOOD, found[part]


async def test_an_application_that_connects_as_a_superuser_is_wrong(settings: Settings) -> None:
    found = await _examine(settings, database_url=owner_dsn(settings))
    assert found["role"].state is State.WRONG
    assert "is a superuser" in found["role"].says
    assert "stratum_app" in found["role"].mend


@pytest.fixture
async def unwalled(settings: Settings) -> AsyncIterator[str]:
    connection = await asyncpg.connect(owner_dsn(settings))
    await connection.execute("CREATE TABLE unwalled (tenant_id int)")
    yield "unwalled"
    await connection.execute("DROP TABLE unwalled")
    await connection.close()


async def test_a_tenants_table_without_its_wall_is_named(settings: Settings, unwalled: str) -> None:
    found = await _examine(settings)
    assert found["walls"].state is State.WRONG
    assert unwalled in found["walls"].says


async def test_a_schema_that_is_behind_is_said(settings: Settings) -> None:
    connection = await asyncpg.connect(owner_dsn(settings))
    before = await connection.fetchval("SELECT version_num FROM alembic_version")
    await connection.execute("UPDATE alembic_version SET version_num = 'long_ago'")
    try:
        found = await _examine(settings)
    finally:
        await connection.execute("UPDATE alembic_version SET version_num = $1", before)
        await connection.close()
    assert found["migrations"].state is State.WRONG
    assert "stratum migrate" in found["migrations"].mend


async def test_a_silent_database_is_said_without_its_password(settings: Settings) -> None:
    url = f"postgresql://stratum_app:hush@127.0.0.1:{free_port()}/stratum"
    found = await _examine(settings, database_url=url)
    assert found["database"].state is State.WRONG
    assert "hush" not in found["database"].says + found["database"].mend


async def test_a_redis_that_may_forget_is_wrong(settings: Settings, tmp_path: Path) -> None:
    server = start_redis(tmp_path / "redis", free_port())
    try:
        async with Redis.from_url(server.url) as client:
            await client.config_set("maxmemory-policy", "allkeys-lru")
            await client.config_set("appendonly", "no")
        found = await _examine(settings, redis_url=server.url)
    finally:
        server.stop()
    assert found["redis memory"].state is State.WRONG
    assert "noeviction" in found["redis memory"].mend
    assert found["redis disk"].state is State.WRONG


async def test_a_redis_that_refuses_the_password_is_wrong(settings: Settings, tmp_path: Path) -> None:
    server = start_redis(tmp_path / "redis", free_port())
    try:
        found = await _examine(settings, redis_url=f"redis://:hush@127.0.0.1:{server.port}/0")
    finally:
        server.stop()
    assert found["redis"].state is State.WRONG
    assert "hush" not in found["redis"].says


async def test_a_stranger_on_the_apis_port_is_told_from_silence(settings: Settings) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{stranger.getsockname()[1]}"
        assert (await _examine(settings, public_url=url))["api"].state is State.NOTICE
        stranger.listen()
        found = await _examine(settings, public_url=url)
    assert found["api"].state is State.WRONG
    assert "another program" in found["api"].says


async def test_a_missing_mail_server_is_wrong(settings: Settings) -> None:
    found = await _examine(settings, smtp_port=free_port())
    assert found["mail"].state is State.WRONG


@pytest.mark.parametrize(
    ("skew", "state"), [(0.5, State.GOOD), (-5, State.NOTICE), (31, State.WRONG), (-31, State.WRONG)]
)
def test_clocks_that_differ_are_found_in_either_direction(skew: float, state: State) -> None:
    now = datetime.now(UTC)
    assert rules.judge_clock(now + timedelta(seconds=skew), now).state is state


@pytest.mark.parametrize(("gib", "state"), [(0.5, State.WRONG), (2, State.NOTICE), (50, State.GOOD)])
def test_a_disk_that_fills_is_found_before_it_is_full(gib: float, state: State) -> None:
    assert rules.judge_disk(os.sep, int(gib * rules.GIB)).state is state


async def test_a_refused_password_is_told_from_silence(settings: Settings) -> None:
    right = make_url(settings.database_url.get_secret_value())
    wrong = right.set(password="hush").render_as_string(hide_password=False)
    found = await _examine(settings, database_url=wrong)
    assert found["database"].state is State.WRONG
    assert "password authentication failed" in found["database"].says
    assert "stratum migrate" in found["database"].mend
    nowhere = right.set(database="nowhere").render_as_string(hide_password=False)
    assert "create it" in (await _examine(settings, database_url=nowhere))["database"].mend


async def test_a_helpers_refused_password_names_its_setting(settings: Settings) -> None:
    assert settings.database_relay_url is not None
    right = make_url(settings.database_relay_url.get_secret_value())
    wrong = right.set(password="hush").render_as_string(hide_password=False)
    found = await _examine(settings, database_relay_url=wrong, database_maintenance_url=None)
    assert found["relay"].state is State.WRONG
    assert "DATABASE_RELAY_URL" in found["relay"].mend
    assert "hush" not in found["relay"].says
    assert found["upkeep"].state is State.WRONG
    assert "DATABASE_MAINTENANCE_URL" in found["upkeep"].mend


async def test_who_does_not_work_is_named(settings: Settings) -> None:
    found = await _examine(settings)
    assert {part: found[part].state for part in ("worker", "beat", "relay")} == dict.fromkeys(
        ("worker", "beat", "relay"), State.WRONG
    )
    assert "3 tasks wait" in found["worker"].says


async def test_a_relay_at_work_is_seen(settings: Settings) -> None:
    assert settings.database_relay_url is not None
    connection = await asyncpg.connect(plain_url(settings.database_relay_url.get_secret_value()))
    try:
        assert (await _examine(settings))["relay"].state is State.GOOD
    finally:
        await connection.close()


async def test_a_dashboard_that_is_not_built_is_said(settings: Settings, tmp_path: Path) -> None:
    assert (await _examine(settings, frontend_dir=None))["dashboard"].state is State.NOTICE
    found = await _examine(settings, frontend_dir=str(tmp_path))
    assert found["dashboard"].state is State.WRONG
    (tmp_path / "index.html").touch()
    assert (await _examine(settings, frontend_dir=str(tmp_path)))["dashboard"].state is State.GOOD


def test_default_secrets_are_named() -> None:
    found = rules.judge_settings("staging", default_secrets=["secret_key"])
    assert any(finding.state is State.NOTICE and "SECRET_KEY" in finding.says for finding in found)
