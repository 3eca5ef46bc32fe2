"""A rotation of the secret key as an operator does it: the commands in processes of their own, while the API reads."""

import asyncio
import base64
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import httpx2
import pytest
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.auth.mfa import seal_secret
from app.auth.permissions import Role
from app.base_models import Base
from app.core.config import DEVELOPMENT_SECRET, Settings
from app.core.ids import uuid7
from app.core.security import key_ids, seal
from app.db.roles import owner_dsn
from app.db.sealed import SealedColumn, sealed_columns
from app.db.session import open_scope
from app.models.cdp.imports import CdpImportPart
from app.models.notifications.channels import SlackWorkspace
from app.models.notifications.whatsapp import WhatsAppAccount
from app.services.admin.keys.repository import SealedRepository
from app.services.cdp.events.service import Ingestion
from app.services.cdp.privacy.service import PrivacyWork
from app.services.integrations.gateway import Gateway
from tests.factories import snapchat
from tests.factories.access import Company
from tests.factories.audiences import VIPS, AudienceLab, person
from tests.factories.files import exported, imported, upload
from tests.factories.integrations import connect
from tests.factories.objects import MAKERS
from tests.factories.webhooks import make_webhook
from tests.house.source import BACKEND
from tests.live_server import serving
from tests.sandbox_process import Sandbox

pytestmark = [pytest.mark.timeout(300), pytest.mark.first]

NEW = "the-key-after-the-one-of-development-0123456789"
NEW_FIRST = {"SECRET_KEY": NEW, "PREVIOUS_SECRET_KEYS": DEVELOPMENT_SECRET, "LOOKUP_KEY": DEVELOPMENT_SECRET}
NEW_ALONE = {"SECRET_KEY": NEW, "LOOKUP_KEY": DEVELOPMENT_SECRET}
OLD_FIRST = {"SECRET_KEY": DEVELOPMENT_SECRET, "PREVIOUS_SECRET_KEYS": NEW}
PARTS = 1_200


def start(*words: str, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", "keys", *words],
        cwd=BACKEND,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


async def run(*words: str, **environment: str) -> tuple[int, str]:
    with start(*words, **environment) as process:
        try:
            said, _ = await asyncio.to_thread(process.communicate)
        finally:
            process.kill()
    return process.returncode, said


@pytest.fixture
async def owner(settings: Settings) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(owner_dsn(settings))
    yield connection
    await connection.close()


@pytest.fixture
async def turned_back(acme: Company) -> AsyncIterator[None]:
    """This run's own key opens everything again at the end."""
    yield
    await run("reseal", **OLD_FIRST)


async def sealed_under(owner: "asyncpg.Connection[asyncpg.Record]", tenant_id: int, key_id: str) -> set[str]:
    """The tables in which the header of that key stands anywhere in a row, whatever the models say of them."""
    header = b"\x01" + bytes.fromhex(key_id)
    marks = (header.hex(), base64.b64encode(header).decode()[:6])
    tables = await owner.fetch(
        "SELECT table_name FROM information_schema.columns WHERE column_name = 'tenant_id' AND table_schema = 'public'"
    )
    found = set()
    for (table,) in tables:
        seen = await owner.fetchval(
            f"SELECT 1 FROM {table} AS t WHERE tenant_id = $1 "  # noqa: S608  (the catalogue's own names)
            "AND (t::text LIKE '%' || $2 || '%' OR t::text LIKE '%' || $3 || '%') LIMIT 1",
            tenant_id,
            *marks,
        )
        if seen:
            found.add(table)
    partitions = await owner.fetch("SELECT inhrelid::regclass::text FROM pg_inherits")
    return found - {each[0] for each in partitions}


@pytest.fixture
async def profile(
    acme: Company, engine: AsyncEngine, ingestion: Ingestion, sandbox: Sandbox, platforms: Gateway
) -> UUID:
    """A value in each sealed column; answers a person's profile."""
    lab = AudienceLab(acme, engine, ingestion, sandbox=sandbox)
    lab.connected = await connect(acme.scopes, sandbox)
    await snapchat.connect(acme.scopes, sandbox, refresh_token="rt-1")
    await lab.follow()
    await lab.people(person("a", firstName="Ada", lastName="Lovelace"), person("b"))
    await lab.sync(await lab.audience(await lab.segment(VIPS)))
    await make_webhook(acme, "http://127.0.0.1:9/hook")
    address = {"url": "http://127.0.0.1:9/hook"}
    await acme.client().put("/api/v1/notifications/channels/webhook", json=address)
    await MAKERS["verdict_id"](acme)
    await upload(acme, "email\nwaiting@example.com\n")
    await imported(acme, "email\njo@example.com\nnot an address\n")
    await exported(acme, columns=["profile_id", "email"])
    shown = (await acme.client().get("/api/v1/cdp/profiles", params={"identifier": "a@example.com"})).json()
    found = UUID(shown["items"][0]["id"])
    body = {"kind": "export", "profile_id": str(found), "reason": "They asked."}
    asked = await acme.client().post("/api/v1/cdp/privacy/requests", json=body)
    await PrivacyWork(acme.scopes).run(UUID(asked.json()["id"]))
    async with acme.scopes() as scope:
        scope.session.add(
            SlackWorkspace(
                team_id="T1",
                team_name="Acme",
                token_sealed=seal("xoxb-1", purpose="notifications.slack_token", tenant_id=acme.id),
            )
        )
        sealed = {
            name: seal("secret", purpose=f"notifications.whatsapp_{name}", tenant_id=acme.id)
            for name in ("token", "secret")
        }
        scope.session.add(
            WhatsAppAccount(
                phone_number_id="1",
                waba_id="2",
                display_number="+1 555",
                verified_name="Acme",
                token_sealed=sealed["token"],
                secret_sealed=sealed["secret"],
                verify_hash=b"",
            )
        )
        await scope.session.execute(text("UPDATE cdp_audience_members SET next_sealed = sealed"))
        for table in ("cdp_webhooks", "notification_webhooks"):
            await scope.session.execute(text(f"UPDATE {table} SET previous_secret = secret"))  # noqa: S608
        await scope.session.execute(
            text("UPDATE users SET mfa_secret = :sealed WHERE id = :id"),
            {
                "sealed": seal_secret("JBSWY3DPEHPK3PXP", acme.person(Role.VIEWER).id),
                "id": acme.person(Role.VIEWER).id,
            },
        )
    return found


def standing(said: str, key_id: str) -> set[str]:
    """The columns of which the command says that this key has sealed something."""
    lines = [line.split() for line in said.splitlines()]
    return {line[0] for line in lines if len(line) > 2 and line[1] == key_id}


async def personal(url: str, acme: Company, profile: UUID) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {acme.person().token}"}
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
        return await client.get(f"/api/v1/cdp/profiles/{profile}/personal")


async def test_a_rotation_reaches_every_column_while_the_api_reads_and_the_old_key_can_go(
    acme: Company,
    profile: UUID,
    owner: "asyncpg.Connection[asyncpg.Record]",
    turned_back: None,
) -> None:
    (old,) = key_ids()
    tables = await sealed_under(owner, acme.id, old)
    columns = sealed_columns(Base.metadata)
    assert tables == {each.table.name for each in columns if each.of_tenants}
    _, said = await run("status", "--tenant", str(acme.id), **NEW_FIRST)
    assert standing(said, old) == {each.name for each in columns if each.of_tenants}, said

    answers: list[httpx2.Response] = []
    with serving(**NEW_FIRST) as server:
        rotating = asyncio.create_task(run("reseal", "--batch", "200", **NEW_FIRST))
        while not rotating.done() or not answers:
            answers.append(await personal(server.url, acme, profile))
        await rotating
        answers.append(await personal(server.url, acme, profile))
    assert {each.status_code for each in answers} == {200}
    assert {each.text for each in answers} == {answers[0].text}
    assert "Lovelace" in answers[0].text

    assert await sealed_under(owner, acme.id, old) == set()
    mfa = await owner.fetchval(
        "SELECT encode(substring(mfa_secret FROM 2 FOR 4), 'hex') FROM users WHERE id = $1",
        acme.person(Role.VIEWER).id,
    )
    assert mfa != old
    code, said = await run("status", "--tenant", str(acme.id), **NEW_ALONE)
    assert code == 0, said
    with serving(**NEW_ALONE) as server:
        alone = await personal(server.url, acme, profile)
    assert (alone.status_code, alone.json()) == (200, answers[0].json())


async def many_parts(acme: Company) -> UUID:
    import_id = UUID((await upload(acme, "email\njo@example.com\n"))["id"])
    async with acme.scopes() as scope:
        rows = [
            {
                "tenant_id": acme.id,
                "import_id": import_id,
                "number": number,
                "sealed": seal(f"row {number}", purpose="cdp.imports.rows", tenant_id=acme.id),
            }
            for number in range(1_000, 1_000 + PARTS)
        ]
        await scope.session.execute(insert(CdpImportPart), rows)
    return import_id


async def test_a_rotation_that_is_killed_half_way_is_run_again_and_leaves_nothing(
    acme: Company, owner: "asyncpg.Connection[asyncpg.Record]", turned_back: None
) -> None:
    import_id = await many_parts(acme)
    (old,) = key_ids()
    count = (
        "SELECT count(*) FROM cdp_import_parts WHERE import_id = $1 "
        "AND encode(substring(sealed FROM 2 FOR 4), 'hex') = $2"
    )
    every = await owner.fetchval(count, import_id, old)
    assert every > PARTS
    words = ("reseal", "--tenant", str(acme.id), "--batch", "5")
    with start(*words, **NEW_FIRST) as process:
        while (left := await owner.fetchval(count, import_id, old)) == every:
            assert process.poll() is None, process.communicate()
        process.kill()
        process.wait()
    left = await owner.fetchval(count, import_id, old)
    assert 0 < left < every
    code, said = await run("status", "--tenant", str(acme.id), **NEW_FIRST)
    assert (code, f"{left} left to seal" in said) == (0, True), said
    code, said = await run(*words, **NEW_FIRST)
    assert code == 0, said
    assert f"cdp_import_parts.sealed: {left} sealed anew" in said
    assert "\n0 left to seal by the current key" in said
    assert await owner.fetchval(count, import_id, old) == 0


async def test_a_missing_key_is_named_by_its_id_and_never_shown(acme: Company, profile: UUID) -> None:
    (old,) = key_ids()
    with serving(**NEW_ALONE) as server:
        refused = await personal(server.url, acme, profile)
    told = refused.json()
    assert (refused.status_code, told["code"]) == (500, "security.key_missing")
    assert f"the key {old}" in told["error"]
    code, said = await run("reseal", "--tenant", str(acme.id), **NEW_ALONE)
    assert code == 1
    assert f"The key {old} is not configured" in said
    for text_ in (refused.text, said):
        assert DEVELOPMENT_SECRET not in text_
        assert NEW not in text_
    assert (await acme.client().get(f"/api/v1/cdp/profiles/{profile}/personal")).status_code == 200


async def test_a_value_that_was_changed_meanwhile_is_left_to_the_next_pass(
    acme: Company, engine: AsyncEngine
) -> None:
    import_id = await many_parts(acme)
    place: SealedColumn = next(
        each for each in sealed_columns(Base.metadata) if each.name == "cdp_import_parts.sealed"
    )
    other = uuid7().bytes[-4:]
    async with open_scope(engine, acme.id) as scope:
        rows = SealedRepository(scope.session, place, tenant_id=acme.id, key_id=other)
        window = await rows.window(None, 3)
        assert len(window.older) == 3
        (first, was), (second, _), _ = window.older
        assert await rows.replace([(first, was, b"anew"), (second, b"not what it was", b"anew")]) == 1
        kept = await scope.session.execute(
            text("SELECT number FROM cdp_import_parts WHERE import_id = :id AND sealed = :anew"),
            {"id": import_id, "anew": b"anew"},
        )
        assert [each.number for each in kept] == [first[-1]]
        assert (await rows.window(window.last, 3)).last != window.last
