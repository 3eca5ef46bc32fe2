import base64
import json
import re
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from app.auth.permissions import Role
from app.core.config import Settings
from app.core.ids import uuid7
from app.db.roles import owner_dsn
from app.services.audit_logs.repository import EXAMINED
from app.services.audit_logs.service import AuditLog, AuditSearch
from app.services.tenants.service import TenantService
from tests.explaining import plans_of
from tests.factories.access import Company

URL = "/api/v1/audit-logs"


async def _search(company: Company, **params: Any) -> list[dict[str, Any]]:
    answer = await company.client().get(URL, params=params)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def _record(company: Company, *actions: str) -> None:
    for action in actions:
        async with company.scopes() as scope:
            await AuditLog(scope).record(
                action, entity="things", entity_id=action, after={"email": "jane.doe@example.com", "size": 7}
            )


async def test_an_entry_says_who_did_what_from_where(acme: Company) -> None:
    await acme.client().patch(
        "/api/v1/tenants/current", json={"name": "New"}, headers={"X-Request-ID": "audit-test-1"}
    )
    [entry] = await _search(acme, action="tenants.changed")
    assert (entry["actor_kind"], entry["actor_id"]) == ("user", str(acme.person().id))
    assert entry["request_id"] == "audit-test-1"
    assert entry["ip"].startswith("10.")
    assert (entry["before"], entry["after"]) == ({"name": "Acme"}, {"name": "New"})


async def test_a_change_that_fails_leaves_no_entry(acme: Company) -> None:
    before = await _search(acme, q="last")
    answer = await acme.client().delete(f"/api/v1/users/{acme.person(Role.SUPERADMIN).id}")
    assert answer.status_code == 204
    refused = await acme.client().delete(f"/api/v1/users/{acme.person().id}")
    assert refused.status_code == 409
    assert len(await _search(acme, action="users.removed")) == len(before) + 1


async def test_an_entry_goes_with_its_change_when_that_is_undone(acme: Company) -> None:
    async def change_and_fail() -> None:
        async with acme.scopes() as scope:
            await TenantService(scope).change({"name": "Never"})
            raise RuntimeError("after the entry was written")

    with pytest.raises(RuntimeError):
        await change_and_fail()
    assert await _search(acme, action="tenants.changed") == []
    assert (await acme.client().get("/api/v1/tenants/current")).json()["name"] == "Acme"


async def test_entries_of_one_moment_are_each_shown_once_page_by_page(acme: Company) -> None:
    """A transaction has one time: only the id tells its entries apart."""
    async with acme.scopes() as scope:
        for number in range(7):
            await AuditLog(scope).record(f"things.made{number}", entity="things")
    seen: list[str] = []
    params: dict[str, str] = {"entity": "things", "limit": "2"}
    while True:
        page = (await acme.client().get(URL, params=params)).json()
        seen += [each["action"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
    assert sorted(seen) == [f"things.made{number}" for number in range(7)]
    assert len({each["created_at"] for each in await _search(acme, entity="things")}) == 1


async def test_personal_data_is_masked(acme: Company) -> None:
    await _record(acme, "things.made")
    [entry] = await _search(acme, action="things.made")
    assert entry["after"] == {"email": "j***@example.com", "size": 7}


async def test_entries_are_found_by_each_filter(acme: Company) -> None:
    await _record(acme, "things.made", "things.sold", "thingsxsold")
    assert {each["action"] for each in await _search(acme, action="things.*")} == {
        "things.made",
        "things.sold",
    }
    assert len(await _search(acme, entity="things")) == 3
    assert len(await _search(acme, entity_id="things.made")) == 1
    assert len(await _search(acme, entity="things", actor=str(acme.person().id))) == 3
    assert len(await _search(acme, entity="things", actor="@ACME.example")) == 3
    assert await _search(acme, entity="things", actor="_") == []
    assert len(await _search(acme, q="ngs.so")) == 1
    assert await _search(acme, entity="things", since="2099-01-01T00:00:00Z") == []
    assert await _search(acme, entity="things", until="2020-01-01T00:00:00Z") == []


async def test_a_cursor_walks_through_everything_once_while_more_arrives(acme: Company) -> None:
    await _record(acme, *(f"things.made{number}" for number in range(5)))
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params = {"entity": "things", "limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await acme.client().get(URL, params=params)).json()
        seen += [each["action"] for each in page["items"]]
        await _record(acme, "things.later")
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == [f"things.made{number}" for number in reversed(range(5))]


@pytest.mark.parametrize("at", [None, "2026-01-01T00:00:00", "0001-01-01T00:00:00+14:00"])
async def test_a_cursor_of_ones_own_making_is_refused(acme: Company, at: str | None) -> None:
    made = json.dumps([at, str(uuid7())]).encode() if at else b"\0\0\0"
    cursor = base64.urlsafe_b64encode(made).decode().rstrip("=")
    answer = await acme.client().get(URL, params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "pages.bad_cursor")


async def test_another_companys_entries_do_not_show(acme: Company, globex: Company) -> None:
    await _record(acme, "things.made")
    assert await _search(globex, entity="things") == []


async def test_a_manager_reads_no_audit_trail(acme: Company) -> None:
    assert (await acme.client(Role.MANAGER).get(URL)).status_code == 403


_MANY = text(
    "INSERT INTO audit_logs (tenant_id, id, created_at, action, entity, actor_kind, actor_label, after) "
    "SELECT current_tenant(), gen_random_uuid(), now() - make_interval(secs => n), 'things.done', 'things', "
    "'system', 'test', jsonb_build_object('n', n, 'note', CASE n WHEN :needle THEN 'needle' ELSE 'hay' END) "
    "FROM generate_series(1, :count) n"
)


async def test_a_search_for_what_is_rare_ends_and_its_cursor_goes_on(acme: Company) -> None:
    """One page reads so many entries and no more, however long the trail is."""
    async with acme.scopes() as scope:
        await scope.session.execute(_MANY, {"needle": EXAMINED + 4_000, "count": EXAMINED + 5_000})
    first = (await acme.client().get(URL, params={"q": "needle"})).json()
    assert first["items"] == []
    assert first["next_cursor"]
    rest = (await acme.client().get(URL, params={"q": "needle", "cursor": first["next_cursor"]})).json()
    assert ([each["after"]["note"] for each in rest["items"]], rest["next_cursor"]) == (["needle"], None)


async def test_a_search_reads_the_index_of_the_newest_and_no_whole_table(
    acme: Company, settings: Settings
) -> None:
    async with acme.scopes() as scope:
        await scope.session.execute(_MANY, {"needle": 0, "count": 8 * EXAMINED})
    owner = await asyncpg.connect(owner_dsn(settings))
    await owner.execute("VACUUM (ANALYZE) audit_logs")
    await owner.close()
    async with acme.scopes() as scope:
        plans = await plans_of(
            scope, lambda: AuditLog(scope).search(AuditSearch(q="nowhere"), cursor=None, limit=50)
        )
    assert len(plans) == 2
    for plan in plans:
        assert "ix_audit_logs_newest" in plan, plan
        assert "Seq Scan" not in plan, plan
    seen = [int(number) for number in re.findall(r"Rows Removed by Filter: (\d+)", plans[1])]
    assert sum(seen) <= EXAMINED, plans[1]
