"""Files whose task is lost are gone on with, wherever they wait."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.auth.permissions import Role
from app.core.clock import SystemClock
from app.core.config import Settings
from app.db.platform import Platform
from app.services.cdp.exports.service import export_stragglers
from app.services.cdp.imports.service import import_stragglers
from tests.factories.access import Company
from tests.factories.files import EXPORTS, IMPORTS, upload

_TASKS = ["cdp.exports.work", "cdp.imports.work"]


async def tasks(company: Company, *, lose: bool = False) -> list[str]:
    """Work on files that waits; `lose` it as with the only copy of its task."""
    async with company.scopes() as scope:
        statement = text("select name from outbox where name = any(:names) order by name")
        found = list(await scope.session.scalars(statement, {"names": _TASKS}))
        if lose:
            await scope.session.execute(
                text("delete from outbox where name = any(:names)"), {"names": _TASKS}
            )
    return found


async def hand_in_and_ask_for(company: Company) -> None:
    client = company.client(Role.MANAGER)
    made = await upload(company, "user_id,plan\nu-1,pro\n")
    started = await client.post(f"{IMPORTS}/{made['id']}/start", json=made["plan"])
    asked = await client.post(EXPORTS, json={"name": "All", "what": "people", "columns": ["user_id"]})
    assert (started.status_code, asked.status_code) == (202, 202), (started.text, asked.text)


async def test_lost_work_is_asked_for_again_where_a_file_waits(
    acme: Company, globex: Company, engine: AsyncEngine, settings: Settings
) -> None:
    platform = Platform(engine, settings, SystemClock())
    await hand_in_and_ask_for(acme)
    assert await tasks(acme, lose=True) == _TASKS
    for _ in range(2):
        await export_stragglers(platform)
        await import_stragglers(platform)
        assert (await tasks(acme), await tasks(globex)) == (_TASKS, [])


async def test_a_company_that_is_switched_off_does_no_work(
    acme: Company, engine: AsyncEngine, settings: Settings
) -> None:
    platform = Platform(engine, settings, SystemClock())
    await hand_in_and_ask_for(acme)
    await tasks(acme, lose=True)
    async with acme.scopes() as scope:
        switch_off = text("update tenants set is_active = false where id = :id")
        await scope.session.execute(switch_off, {"id": acme.id})
    await export_stragglers(platform)
    await import_stragglers(platform)
    assert await tasks(acme) == []
