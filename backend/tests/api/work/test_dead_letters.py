"""What was given up can be seen, replayed and discarded, by those who may."""

from uuid import UUID

import pytest
from httpx2 import AsyncClient
from sqlalchemy import text

from app.auth.permissions import Role
from app.core.clock import real_now
from app.core.ids import uuid7
from app.db.outbox import Message
from app.services.work.dead_letters.service import DeadLetterService
from tests.factories.access import Company

LIST = "/api/v1/work/dead-letters"


async def bury(company: Company, task: str = "campaigns.push_status") -> UUID:
    message = Message(
        seq=1,
        id=uuid7(),
        tenant_id=company.id,
        kind="task",
        name=task,
        queue="sync",
        payload={"campaign_id": "7"},
        context={"actor": {"kind": "user", "label": "ada@example.com", "id": None}, "request_id": "r-1"},
        attempts=5,
        handovers=1,
        starts=1,
        created_at=real_now(),
    )
    async with company.scopes() as scope:
        await DeadLetterService(scope).bury(message, code="unavailable", error="Down for ada@example.com")
    return message.id


async def test_a_dead_letter_tells_what_failed_and_hides_whom_it_names(
    acme: Company, client: AsyncClient
) -> None:
    letter_id = await bury(acme)
    body = (await client.get(f"{LIST}/{letter_id}")).json()
    assert (body["task"], body["attempts"], body["error_code"]) == ("campaigns.push_status", 6, "unavailable")
    assert body["error"] == "Down for a***@example.com"


async def test_replay_runs_the_same_task_again_for_who_asked_first(
    acme: Company, client: AsyncClient
) -> None:
    letter_id = await bury(acme)
    answer = await client.post(f"{LIST}/{letter_id}/replay")
    assert answer.status_code == 202
    async with acme.scopes() as scope:
        row = (
            await scope.session.execute(
                text(
                    "select id, name, queue, payload, context from outbox "
                    "where kind = 'task' and name <> 'notifications.send_due'"
                )
            )
        ).one()
        audited = (await scope.session.execute(text("select action, entity_id from audit_logs"))).all()
    assert str(row.id) == answer.json()["replayed_as"]
    assert (row.name, row.queue, row.payload) == ("campaigns.push_status", "sync", {"campaign_id": "7"})
    assert row.context["actor"]["label"] == "ada@example.com"
    assert [tuple(each) for each in audited] == [("work.dead_letters.replayed", str(letter_id))]


@pytest.mark.parametrize("second", ["replay", "discard"])
@pytest.mark.parametrize("first", ["replay", "discard"])
async def test_a_letter_is_closed_once(acme: Company, client: AsyncClient, first: str, second: str) -> None:
    letter_id = await bury(acme)
    assert (await client.post(f"{LIST}/{letter_id}/{first}")).is_success
    answer = await client.post(f"{LIST}/{letter_id}/{second}")
    assert (answer.status_code, answer.json()["code"]) == (409, "work.dead_letters.closed")


async def test_the_list_is_filtered_and_paged_newest_first(acme: Company, client: AsyncClient) -> None:
    ids = [str(await bury(acme)) for _ in range(3)]
    await bury(acme, "cdp.other")
    await client.post(f"{LIST}/{ids[0]}/discard")
    first = (await client.get(LIST, params={"task": "campaigns.push_status", "limit": 2})).json()
    rest = (
        await client.get(
            LIST, params={"task": "campaigns.push_status", "limit": 2, "cursor": first["next_cursor"]}
        )
    ).json()
    assert [item["id"] for item in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next_cursor"] is None
    still_open = (await client.get(LIST, params={"open": True})).json()["items"]
    assert ids[0] not in {item["id"] for item in still_open}
    assert len(still_open) == 3


async def test_another_tenants_letter_does_not_exist(acme: Company, globex: Company) -> None:
    letter_id = await bury(globex)
    for method, path in (("GET", ""), ("POST", "/replay"), ("POST", "/discard")):
        answer = await acme.client().request(method, f"{LIST}/{letter_id}{path}")
        assert answer.status_code == 404


async def test_only_an_admin_sees_them(acme: Company) -> None:
    answers = {role: (await acme.client(role).get(LIST)).status_code for role in Role}
    assert answers == {
        Role.VIEWER: 403,
        Role.ANALYST: 403,
        Role.MANAGER: 403,
        Role.ADMIN: 200,
        Role.SUPERADMIN: 200,
    }
