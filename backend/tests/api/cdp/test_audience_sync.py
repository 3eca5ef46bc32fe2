"""Audiences over the API: made, changed, refused with the field named, approved, ended."""

from typing import Any
from uuid import UUID

import pytest
from httpx2 import AsyncClient
from sqlalchemy import text, update

from app.auth.permissions import Role
from app.core.ids import uuid7
from app.models.cdp.audience_sync import CdpAudience
from app.models.integrations.ad_accounts import AdAccount
from tests.factories.access import Company
from tests.factories.trust import make_account

PATH = "/api/v1/cdp/audience-sync"


@pytest.fixture
async def account(acme: Company) -> UUID:
    """An ad account that is written to from here."""
    found = await make_account(acme.scopes)
    async with acme.scopes() as scope:
        await scope.session.execute(update(AdAccount).values(enabled=True, write_lease=True))
    return found.id


@pytest.fixture
async def segment(client: AsyncClient) -> str:
    body = {"name": "Reachable", "rule": {"kind": "has", "identifier": "email"}}
    return str((await client.post("/api/v1/cdp/segments", json=body)).json()["id"])


def wish(segment: str, account: UUID, **other: Any) -> dict[str, Any]:
    return {
        "name": "Buyers",
        "segment_id": segment,
        "ad_account_id": str(account),
        "identifiers": ["email", "phone"],
        **other,
    }


async def tasks(company: Company) -> list[dict[str, Any]]:
    async with company.scopes() as scope:
        waiting = text("select payload from outbox where name = 'cdp.audience_sync.run' and tenant_id = :t")
        return list(await scope.session.scalars(waiting, {"t": company.id}))


async def test_an_audience_is_made_and_a_task_fills_it(
    acme: Company, client: AsyncClient, segment: str, account: UUID
) -> None:
    answer = await client.post(PATH, json=wish(segment, account, holdout_percent=10))
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["name"], made["platform"], made["segment_name"]) == ("Buyers", "meta", "Reachable")
    assert (made["external_id"], made["match"], made["size_lower"], made["last_run"]) == (None,) * 4
    assert await tasks(acme) == [{"audience_id": made["id"]}]
    listed = (await client.get(PATH, params={"segment_id": segment})).json()["items"]
    assert [each["id"] for each in listed] == [made["id"]]
    assert (await client.get(PATH, params={"segment_id": str(uuid7())})).json()["items"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"segment_id": str(uuid7())}, "body.segment_id"),
        ({"ad_account_id": str(uuid7())}, "body.ad_account_id"),
        ({"identifiers": ["first_name"]}, "body.identifiers"),
        ({"identifiers": ["email", "email"]}, "body.identifiers"),
        ({"identifiers": []}, "body.identifiers"),
        ({"identifiers": ["shoe_size"]}, "body.identifiers.0"),
        ({"holdout_percent": 51}, "body.holdout_percent"),
        ({"interval_minutes": 1}, "body.interval_minutes"),
        ({"name": " "}, "body.name"),
        ({"colour": "blue"}, "body.colour"),
    ],
)
async def test_what_cannot_be_an_audience_names_the_field(
    client: AsyncClient, segment: str, account: UUID, change: dict[str, Any], field: str
) -> None:
    answer = await client.post(PATH, json={**wish(segment, account), **change})
    assert answer.status_code == 422, answer.text
    assert [each["field"] for each in answer.json()["fields"]] == [field]


async def test_an_account_that_is_not_written_to_from_here_takes_none(
    acme: Company, client: AsyncClient, segment: str, account: UUID
) -> None:
    async with acme.scopes() as scope:
        await scope.session.execute(update(AdAccount).values(write_lease=False))
    answer = await client.post(PATH, json=wish(segment, account))
    assert (answer.status_code, answer.json()["code"]) == (409, "cdp.audience_sync.account_may_not_write")


async def test_a_name_is_given_once(client: AsyncClient, segment: str, account: UUID) -> None:
    await client.post(PATH, json=wish(segment, account))
    answer = await client.post(PATH, json=wish(segment, account, name="BUYERS"))
    assert (answer.status_code, answer.json()["code"]) == (409, "cdp.audience_sync.name_taken")


async def test_it_is_renamed_rescheduled_and_switched_off(
    client: AsyncClient, segment: str, account: UUID
) -> None:
    made = (await client.post(PATH, json=wish(segment, account))).json()
    path = f"{PATH}/{made['id']}"
    body = {"name": "Loyal", "interval_minutes": None, "enabled": False}
    changed = (await client.patch(path, json=body)).json()
    assert (changed["name"], changed["interval_minutes"], changed["enabled"]) == ("Loyal", None, False)
    assert changed["next_run_at"] is None
    assert (await client.patch(path, json={"name": None})).status_code == 422
    assert (await client.patch(path, json={"segment_id": segment})).status_code == 422


async def test_a_removal_is_approved_by_who_may_and_as_it_was_seen(
    acme: Company, client: AsyncClient, segment: str, account: UUID
) -> None:
    made = (await client.post(PATH, json=wish(segment, account))).json()
    path = f"{PATH}/{made['id']}/approve"
    answer = await client.post(path, json={"leaving": 5})
    assert (answer.status_code, answer.json()["code"]) == (409, "cdp.audience_sync.nothing_waits")
    async with acme.scopes() as scope:
        await scope.session.execute(update(CdpAudience).values(waiting_leaving=5, waiting_of=9))
    assert (await acme.client(Role.ANALYST).post(path, json={"leaving": 5})).status_code == 403
    answer = await client.post(path, json={"leaving": 4})
    assert (answer.status_code, answer.json()["code"]) == (409, "cdp.audience_sync.more_leave_now")
    answer = await client.post(path, json={"leaving": 5})
    assert answer.status_code == 202
    assert answer.json()["approved_by"] is not None


async def test_an_audience_that_ends_takes_no_more_orders(
    client: AsyncClient, segment: str, account: UUID
) -> None:
    made = (await client.post(PATH, json=wish(segment, account))).json()
    path = f"{PATH}/{made['id']}"
    answer = await client.delete(path)
    assert (answer.status_code, answer.json()["ending"]) == (202, True)
    answer = await client.post(f"{path}/sync")
    assert (answer.status_code, answer.json()["code"]) == (409, "cdp.audience_sync.ends")


async def test_the_options_say_what_each_platform_takes(client: AsyncClient) -> None:
    answer = (await client.get(f"{PATH}/options")).json()["platforms"]
    found = {each["platform"]: each for each in answer}
    assert list(found) == ["meta", "google", "tiktok", "snapchat"]
    for each in found.values():
        assert set(each["leading"]) <= set(each["identifiers"])
        assert each["leading"]
    assert (found["meta"]["expires_after_days"], found["google"]["expires_after_days"]) == (None, 540)
    assert (found["meta"]["replaces"], found["tiktok"]["replaces"]) == (True, False)
    assert (found["meta"]["tells_matches"], found["snapchat"]["tells_matches"]) == (True, False)
