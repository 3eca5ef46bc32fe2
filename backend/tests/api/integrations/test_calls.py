"""What was asked of a platform can be read, with what went wrong."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx2 import AsyncClient

from app.auth.permissions import Role
from app.core.clock import real_now
from app.core.ids import uuid7
from app.models.integrations.calls import PlatformCall
from app.models.trust_engine.permits import TrustPermit
from app.services.integrations.gateway import Gateway
from tests.factories.access import Company
from tests.factories.integrations import connect
from tests.sandbox_process import Sandbox

CALLS = "/api/v1/integrations/calls"
CONNECTIONS = "/api/v1/integrations/connections"


async def a_call(company: Company, **facts: Any) -> UUID:
    call_id = uuid7()
    known = {
        "started_at": real_now(),
        "platform": "meta",
        "operation": "list_campaigns",
        "method": "GET",
        "path": "act_1/campaigns",
        "mutating": False,
        "attempt": 1,
        "outcome": "transient",
        "duration_ms": 5,
    }
    async with company.scopes() as scope:
        scope.session.add(PlatformCall(id=call_id, **{**known, **facts}))
    return call_id


async def test_calls_are_listed_newest_first_and_filtered(
    client: AsyncClient, acme: Company, globex: Company, sandbox: Sandbox, platforms: Gateway
) -> None:
    for token in (sandbox.meta_token, "EAAnone-at-all"):
        await client.post(CONNECTIONS, json={"platform": "meta", "access_token": token, "read_only": True})
    page = (await client.get(CALLS, params={"limit": 2})).json()
    assert len(page["items"]) == 2
    rest = (await client.get(CALLS, params={"limit": 200, "cursor": page["next_cursor"]})).json()
    moments = [one["started_at"] for one in page["items"] + rest["items"]]
    assert moments == sorted(moments, reverse=True)
    failed = (await client.get(CALLS, params={"failed": True})).json()["items"]
    assert {one["operation"] for one in failed} <= {"inspect_token"}
    assert sandbox.meta_token not in str(page) + str(rest)
    assert (await globex.client().get(CALLS)).json()["items"] == []
    assert (await acme.client(Role.VIEWER).get(CALLS)).status_code == 403


async def test_they_are_found_by_platform_outcome_and_time(client: AsyncClient, acme: Company) -> None:
    now = real_now()
    await a_call(acme, operation="first", started_at=now - timedelta(hours=3), outcome="auth")
    await a_call(acme, operation="second", started_at=now - timedelta(hours=2), platform="google")
    await a_call(acme, operation="third", started_at=now - timedelta(hours=1), outcome="ok")

    async def found(**asked: str) -> list[str]:
        answer = await client.get(CALLS, params=asked)
        assert answer.status_code == 200, answer.text
        return [each["operation"] for each in answer.json()["items"]]

    assert await found() == ["third", "second", "first"]
    assert await found(platform="google") == ["second"]
    assert await found(outcome="auth") == ["first"]
    assert await found(failed="true") == ["second", "first"]
    assert await found(failed="false") == ["third"]
    assert await found(since=(now - timedelta(hours=2)).isoformat()) == ["third", "second"]
    assert await found(until=(now - timedelta(hours=2)).isoformat()) == ["first"]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"outcome": "sad"}, "query.outcome"),
        ({"platform": "myspace"}, "query.platform"),
        ({"since": "yesterday"}, "query.since"),
        ({"until": "2026-11-29T00:00:00"}, "query.until"),
        ({"cursor": "x"}, "query.cursor"),
    ],
)
async def test_a_wrong_filter_is_named(client: AsyncClient, asked: dict[str, str], field: str) -> None:
    answer = await client.get(CALLS, params=asked)
    assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, field)


async def test_a_call_says_what_it_means_and_how_it_is_made_again(
    client: AsyncClient, acme: Company, globex: Company, sandbox: Sandbox, platforms: Gateway
) -> None:
    connected = await connect(acme.scopes, sandbox)
    call_id = await a_call(acme, ad_account_id=connected.dollars, asked={"fields": "id,name"})
    shown = (await client.get(f"{CALLS}/{call_id}")).json()
    assert (shown["asked"], shown["again"]["way"], shown["replays"]) == ({"fields": "id,name"}, "read", [])
    assert shown["meaning"].startswith("The platform or the network failed")
    assert (await acme.client(Role.ANALYST).get(f"{CALLS}/{call_id}")).status_code == 200
    assert (await acme.client(Role.ANALYST).post(f"{CALLS}/{call_id}/replay")).status_code == 403
    for verb, path in (("GET", f"{CALLS}/{call_id}"), ("POST", f"{CALLS}/{call_id}/replay")):
        assert (await globex.client().request(verb, path)).status_code == 404
    answer = await client.post(f"{CALLS}/{call_id}/replay")
    assert (answer.status_code, answer.json()) == (202, {"way": "read", "queued": 1})
    again = await a_call(acme, ad_account_id=connected.dollars, outcome="ok", replay_of=call_id)
    replays = (await client.get(f"{CALLS}/{call_id}")).json()["replays"]
    assert [each["id"] for each in replays] == [str(again)]


async def test_a_change_is_refused_and_its_action_named(client: AsyncClient, acme: Company) -> None:
    permit_id, action_id = uuid7(), uuid7()
    async with acme.scopes() as scope:
        scope.session.add(
            TrustPermit(
                id=permit_id,
                digest="d",
                state_digest="s",
                evidence_hash="e",
                policy_version=1,
                decision_id=uuid7(),
                action_id=action_id,
                expires_at=real_now(),
            )
        )
    call_id = await a_call(acme, mutating=True, outcome="ambiguous", permit_id=permit_id)
    shown = (await client.get(f"{CALLS}/{call_id}")).json()
    assert (shown["again"]["way"], shown["again"]["place"], shown["action_id"]) == (
        "none",
        "action",
        str(action_id),
    )
    refused = await client.post(f"{CALLS}/{call_id}/replay")
    assert (refused.status_code, refused.json()["code"]) == (409, "integrations.calls.gate_needed")


async def test_what_a_sign_in_was_asked_with_is_never_kept(
    client: AsyncClient, acme: Company, sandbox: Sandbox, platforms: Gateway
) -> None:
    await client.post(CONNECTIONS, json={"platform": "meta", "access_token": "EAAnone-at-all"})
    for each in (await client.get(CALLS)).json()["items"]:
        assert (await client.get(f"{CALLS}/{each['id']}")).json()["asked"] is None
