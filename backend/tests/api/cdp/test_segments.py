"""Segments over HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.auth.permissions import Role
from app.core.ids import uuid7
from app.db.outbox import OutboxMessage
from app.models.audit_logs import AuditLogEntry
from app.models.cdp.segments import CdpSegmentListEntry
from app.services.cdp.events.service import Ingestion
from app.services.cdp.segments.service import Recomputation
from tests.factories.access import Company
from tests.factories.cdp import track
from tests.factories.segments import Lab

URL = "/api/v1/cdp/segments"
BOUGHT: dict[str, Any] = {"kind": "event", "event": "Order Completed"}


@pytest.fixture
def lab(acme: Company, engine: AsyncEngine, ingestion: Ingestion) -> Lab:
    return Lab(acme, engine, ingestion)


async def create(client: AsyncClient, rule: dict[str, Any], name: str = "Buyers") -> dict[str, Any]:
    answer = await client.post(URL, json={"name": name, "rule": rule})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def order(user: str, value: float, **members: Any) -> dict[str, Any]:
    properties = {"order_id": f"o-{user}-{value}", "revenue": value, "currency": "EUR", "sku": "cap"}
    return track("Order Completed", userId=user, properties=properties, **members)


async def test_a_preview_counts_exactly_and_stores_nothing(lab: Lab, client: AsyncClient) -> None:
    await lab.send(*[order(f"u-{n}", 10) for n in range(25)], *[track(userId=f"v-{n}") for n in range(15)])
    answer = await client.post(f"{URL}/preview", json={"rule": BOUGHT})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["count"], body["total"], len(body["sample"])) == (25, 40, 10)
    assert {each["lifecycle"] for each in body["sample"]} == {"customer"}
    assert (await client.get(URL)).json()["total"] == 0


async def test_a_segment_is_computed_by_a_task_and_lists_its_members(lab: Lab, client: AsyncClient) -> None:
    await lab.send(order("u-1", 10), track(userId="u-2"))
    made = await create(client, BOUGHT)
    assert (made["state"], made["version"], made["member_count"]) == ("waiting", 1, 0)
    async with lab.scopes() as scope:
        tasks = await scope.session.scalars(
            select(OutboxMessage).where(OutboxMessage.name == "cdp.segments.recompute")
        )
        [task] = [each for each in tasks if each.payload["segment_id"] == made["id"]]
        audited = select(AuditLogEntry.action).where(AuditLogEntry.entity_id == made["id"])
        assert list(await scope.session.scalars(audited)) == ["cdp.segments.created"]
    await Recomputation(lab.scopes).run(task.payload["segment_id"])
    live = (await client.get(f"{URL}/{made['id']}")).json()
    assert (live["state"], live["member_count"]) == ("live", 1)
    members = (await client.get(f"{URL}/{made['id']}/members")).json()
    assert len(members["items"]) == 1
    moved = (await client.get(f"{URL}/{made['id']}/transitions")).json()["items"]
    assert [(each["direction"], each["reason"]) for each in moved] == [("entered", "recompute")]
    assert moved[0]["profile_id"] == members["items"][0]["profile_id"]


async def test_members_and_transitions_are_paged_to_the_end(lab: Lab, client: AsyncClient) -> None:
    await lab.send(*[order(f"u-{n}", 10) for n in range(7)])
    segment = await lab.segment(BOUGHT)
    for name in ("members", "transitions"):
        seen: list[str] = []
        cursor = None
        while True:
            params = {"limit": "3"} | ({"cursor": cursor} if cursor else {})
            page = (await client.get(f"{URL}/{segment}/{name}", params=params)).json()
            seen += [each["profile_id"] for each in page["items"]]
            if (cursor := page["next_cursor"]) is None:
                break
        assert len(seen) == 7 == len(set(seen))
    bad = await client.get(f"{URL}/{segment}/transitions", params={"cursor": "x"})
    assert bad.status_code == 422


async def test_another_rule_is_a_new_version_and_is_computed_anew(lab: Lab, client: AsyncClient) -> None:
    await lab.send(order("u-1", 10), order("u-1", 30), order("u-2", 5))
    segment = await lab.segment(BOUGHT)
    assert len(await lab.members(segment)) == 2
    often = {**BOUGHT, "test": {"op": "times", "compare": "at_least", "value": 2}}
    changed = (await client.patch(f"{URL}/{segment}", json={"rule": often})).json()
    assert (changed["version"], changed["state"]) == (2, "waiting")
    await Recomputation(lab.scopes).run(segment)
    assert len(await lab.members(segment)) == 1
    again = (await client.patch(f"{URL}/{segment}", json={"rule": often})).json()
    assert (again["version"], again["state"]) == (2, "live")


async def test_off_stands_still_and_on_catches_up(lab: Lab, client: AsyncClient) -> None:
    segment = await lab.segment(BOUGHT)
    assert (await client.patch(f"{URL}/{segment}", json={"live": False})).json()["state"] == "off"
    assert (await client.post(f"{URL}/{segment}/recompute")).status_code == 409
    await lab.send(order("u-1", 10))
    await lab.follow()
    assert await lab.members(segment) == set()
    await client.patch(f"{URL}/{segment}", json={"live": True})
    await Recomputation(lab.scopes).run(segment)
    assert len(await lab.members(segment)) == 1


async def test_a_name_that_is_taken_is_told_whatever_else_is_changed(client: AsyncClient) -> None:
    await create(client, BOUGHT)
    other = (await client.post(URL, json={"name": "Others", "rule": BOUGHT})).json()["id"]
    computed = {"kind": "computed", "name": "churn.orders", "test": {"op": "exists"}}
    for changes in ({"rule": computed}, {"evaluation": {"mode": "daily", "at": "06:00"}}):
        answer = await client.patch(f"{URL}/{other}", json={"name": "buyers", **changes})
        assert (answer.status_code, answer.json()["code"]) == (409, "cdp.segments.name_taken")


async def test_an_archived_segment_is_left_by_everybody_and_frees_its_name(
    lab: Lab, client: AsyncClient
) -> None:
    await lab.send(order("u-1", 10))
    made = await create(client, BOUGHT)
    await Recomputation(lab.scopes).run(made["id"])
    taken = await client.post(URL, json={"name": "bUYERS", "rule": BOUGHT})
    assert (taken.status_code, taken.json()["code"]) == (409, "cdp.segments.name_taken")
    assert (await client.delete(f"{URL}/{made['id']}")).status_code == 204
    moved = (await client.get(f"{URL}/{made['id']}/transitions")).json()["items"]
    assert (moved[0]["direction"], moved[0]["reason"]) == ("left", "archived")
    assert (await client.get(URL)).json()["items"] == []
    assert (await client.get(URL, params={"archived": "true"})).json()["total"] == 1
    await create(client, BOUGHT)


async def test_why_names_conditions_and_their_evidence(lab: Lab, client: AsyncClient) -> None:
    await lab.send(
        order("u-1", 20),
        order("u-1", 30),
        {"type": "identify", "userId": "u-1", "traits": {"plan": "pro", "email": "jo@example.com"}},
    )
    rule = {
        "kind": "all",
        "of": [
            {**BOUGHT, "where": [{"property": "sku", "test": {"op": "is", "text": "cap"}}]},
            {"kind": "trait", "name": "plan", "test": {"op": "is", "text": "pro"}},
            {"kind": "not", "of": {"kind": "trait", "name": "email", "test": {"op": "exists"}}},
            {"kind": "money", "field": "net", "currency": "EUR", "op": "at_least", "micros": 50_000_000},
        ],
    }
    segment = await lab.segment(rule)
    assert await lab.members(segment) == set()
    everyone = await lab.segment({"kind": "counter", "field": "event_count", "op": "more_than", "value": 0})
    [profile] = await lab.members(everyone)
    found = (await client.get(f"{URL}/{segment}/why/{profile}")).json()
    assert (found["matched"], found["member_since"]) == (False, None)
    by_path = {each["path"]: each for each in found["reasons"]}
    assert [by_path[path]["holds"] for path in ("of.0", "of.1", "of.2.of", "of.3")] == [True] * 4
    assert (by_path["of.0"]["event_count"], len(by_path["of.0"]["events"])) == (2, 2)
    assert by_path["of.1"]["value"] == "pro"
    assert by_path["of.2.of"]["value"] == "[sealed]"
    assert by_path["of.3"]["value"] == 50_000_000


DEEP: dict[str, Any] = {"kind": "has", "identifier": "email"}
for _ in range(7):
    DEEP = {"kind": "not", "of": DEEP}


@pytest.mark.parametrize(
    ("rule", "field", "code"),
    [
        ({"kind": "event"}, "body.rule.event.event", "missing"),
        ({"kind": "nonsense"}, "body.rule", "union_tag_invalid"),
        ({"kind": "all", "of": []}, "body.rule.all.of", "too_short"),
        (DEEP, "body.rule", "too_deep"),
        (
            {"kind": "all", "of": [{"kind": "any", "of": [BOUGHT] * 20}] * 3},
            "body.rule",
            "too_many_conditions",
        ),
        (
            {**BOUGHT, "window": {"kind": "last", "days": 0}},
            "body.rule.event.window.last.days",
            "greater_than_equal",
        ),
        (
            {
                **BOUGHT,
                "window": {
                    "kind": "between",
                    "since": "2026-02-01T00:00:00Z",
                    "until": "2026-01-01T00:00:00Z",
                },
            },
            "body.rule.event.window.between",
            "empty_window",
        ),
        (
            {"kind": "trait", "name": "email", "test": {"op": "contains", "text": "@"}},
            "body.rule.name",
            "sealed",
        ),
        (
            {
                "kind": "all",
                "of": [{**BOUGHT, "where": [{"property": "email", "test": {"op": "exists"}}]}],
            },
            "body.rule.of.0.where.0.property",
            "sealed",
        ),
        (
            {"kind": "money", "field": "net", "currency": "eur", "op": "equals", "micros": 1},
            "body.rule.money.currency",
            "string_pattern_mismatch",
        ),
    ],
)
async def test_a_rule_that_cannot_be_asked_is_refused_by_its_field(
    client: AsyncClient, rule: dict[str, Any], field: str, code: str
) -> None:
    answer = await client.post(f"{URL}/preview", json={"rule": rule})
    assert answer.status_code == 422, answer.text
    assert [(each["field"], each["code"]) for each in answer.json()["fields"]] == [(field, code)]


async def test_a_person_is_found_by_a_sealed_trait(lab: Lab, client: AsyncClient) -> None:
    await lab.send(
        {"type": "identify", "userId": "u-1", "traits": {"email": "Jo@Example.com"}},
        {"type": "identify", "userId": "u-2", "traits": {"email": "mo@example.com"}},
    )
    rule = {"kind": "trait", "name": "email", "test": {"op": "is", "text": "jo@example.com"}}
    answer = await client.post(f"{URL}/preview", json={"rule": rule})
    assert answer.json()["count"] == 1, answer.text


async def upload(client: AsyncClient, text: str | bytes, **params: str) -> Any:
    body = text.encode() if isinstance(text, str) else text
    params = {"name": "Guests"} | params
    return await client.post(
        f"{URL}/lists", content=body, params=params, headers={"content-type": "text/csv"}
    )


async def test_a_list_holds_whoever_has_its_identifiers_now_or_later(lab: Lab, client: AsyncClient) -> None:
    await lab.send({"type": "identify", "userId": "u-1", "traits": {"email": "jo@example.com"}})
    answer = await upload(client, "email,name\nJo@Example.com,Jo\nlater@example.com,Mo\n")
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["rows"], made["used"], made["identifiers"], made["fault_count"]) == (2, 2, 2, 0)
    segment = made["segment"]["id"]
    assert made["segment"]["kind"] == "list"
    await Recomputation(lab.scopes).run(segment)
    assert (await client.get(f"{URL}/{segment}")).json()["member_count"] == 1
    await lab.send({"type": "identify", "userId": "u-2", "traits": {"email": "later@example.com"}})
    await lab.follow()
    assert (await client.get(f"{URL}/{segment}")).json()["member_count"] == 2
    async with lab.scopes() as scope:
        stored = await scope.session.execute(select(CdpSegmentListEntry))
        assert "example.com" not in str(stored.all())


async def test_a_list_reads_ids_as_our_exports_write_them(lab: Lab, client: AsyncClient) -> None:
    """A mark stands before what a spreadsheet would run, as it does in every file of ours."""
    await lab.send(track("Viewed", userId="-MxYz1"), track("Viewed", userId="=2"))
    answer = await upload(client, "user_id\n'-MxYz1\n=2\n")
    assert answer.status_code == 201, answer.text
    segment = answer.json()["segment"]["id"]
    await Recomputation(lab.scopes).run(segment)
    assert (await client.get(f"{URL}/{segment}")).json()["member_count"] == 2


async def test_a_file_with_a_bad_row_is_refused_whole_and_says_how_to_mend_it(client: AsyncClient) -> None:
    answer = await upload(client, "email,phone\njo@example.com,\nnobody,\n,\n,+4915112345678\n")
    assert (answer.status_code, answer.json()["code"]) == (422, "cdp.segments.list_invalid")
    assert [(each["field"], each["code"]) for each in answer.json()["fields"]] == [
        ("row 3, email", "not_an_identifier"),
        ("row 4, row", "empty"),
    ]
    assert (await client.get(URL)).json()["total"] == 0
    skipped = await upload(client, "email,phone\njo@example.com,\nnobody,\n", skip_bad_rows="true")
    assert (skipped.status_code, skipped.json()["used"], skipped.json()["fault_count"]) == (201, 1, 1)


async def test_lines_with_nothing_on_them_are_no_rows_of_a_list(client: AsyncClient) -> None:
    answer = await upload(client, "email\n\njo@example.com\n\n")
    assert answer.status_code == 201, answer.text
    assert (answer.json()["rows"], answer.json()["used"]) == (1, 1)
    faulty = await upload(client, "email\n\nnobody\n", name="Others")
    assert [each["field"] for each in faulty.json()["fields"]] == ["row 3, email"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "no_identifier"),
        (b"name,city\nJo,Paris\n", "no_identifier"),
        (b"email\n", "empty"),
        (b"email\n\xff\xfe\n", "not_utf8"),
        (b'email\n"jo@example.com\n', "malformed"),
        (b"user_id\nnull\n", "not_an_identifier"),
        (b"user_id\nu\x00\n", "not_an_identifier"),
    ],
)
async def test_a_file_that_is_no_list_is_refused_with_the_reason(
    client: AsyncClient, body: bytes, code: str
) -> None:
    answer = await upload(client, body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["fields"][0]["code"] == code


async def test_another_file_takes_the_place_of_a_list_or_adds_to_it(lab: Lab, client: AsyncClient) -> None:
    await lab.send(*[track(userId=f"u-{n}") for n in range(3)])
    segment = (await upload(client, "user_id\nu-0\n")).json()["segment"]["id"]
    url = f"{URL}/{segment}/list"
    for params, expected in (({"add": "true"}, 2), ({}, 1)):
        answer = await client.put(url, content=b"user_id\nu-1\n", params=params)
        assert answer.status_code == 200, answer.text
        await Recomputation(lab.scopes).run(segment)
        assert len(await lab.members(segment)) == expected
    rule = {"kind": "has", "identifier": "email"}
    assert (await client.patch(f"{URL}/{segment}", json={"rule": rule})).status_code == 409
    of_rule = await create(client, rule)
    assert (await client.put(f"{URL}/{of_rule['id']}/list", content=b"user_id\nu-1\n")).status_code == 409


async def test_a_file_past_its_bound_is_refused(client: AsyncClient) -> None:
    row = b"0123456789@example.com\n"
    answer = await upload(client, b"email\n" + row * (64 * 1_048_576 // len(row) + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "cdp.segments.list_too_large")


_ENDS = ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59")


@pytest.mark.parametrize("end", _ENDS)
async def test_the_ends_of_the_calendar_are_refused_by_name(client: AsyncClient, end: str) -> None:
    """PostgreSQL could not be told of them: without a rule of ours that would be a fault of the server."""
    far = {"op": "since", "at": end}
    event = {"kind": "event", "event": "Seen"}
    between = {
        "kind": "between",
        "since": min(end, "2026-01-01T00:00:00Z"),
        "until": max(end, "2026-01-01T00:00:00Z"),
    }
    for rule in (
        {"kind": "time", "field": "first_seen_at", "test": far},
        {"kind": "trait", "name": "joined", "test": far},
        {**event, "where": [{"property": "at", "test": far}]},
        {**event, "window": between},
    ):
        answer = await client.post(f"{URL}/preview", json={"rule": rule})
        assert answer.status_code == 422, (rule, answer.text)
        assert answer.json()["fields"][0]["field"].startswith("body.rule")


async def test_a_file_is_not_even_read_for_who_may_not_send_it(acme: Company) -> None:
    read = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(20):
            read += 1
            yield b"email\n" * 100_000

    viewer = acme.client(Role.VIEWER)
    for method, path in (("POST", f"{URL}/lists?name=x"), ("PUT", f"{URL}/{uuid7()}/list")):
        answer = await viewer.request(method, path, content=chunks(), headers={"Content-Type": "text/csv"})
        assert (answer.status_code, answer.json()["code"]) == (403, "auth.permission_missing")
    assert read <= 2, "no more than what was on its way"
