"""Computed traits over HTTP."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncEngine

from app.auth.permissions import Role
from app.core.ids import uuid7
from app.services.cdp.events.service import Ingestion
from app.services.cdp.privacy.service import PrivacyWork
from tests.factories.access import Company
from tests.factories.cdp import track
from tests.factories.traits import TraitLab

URL = "/api/v1/cdp/traits"
ORDERS: dict[str, Any] = {"event": "Order Completed", "kind": "count"}


@pytest.fixture
def lab(acme: Company, engine: AsyncEngine, ingestion: Ingestion) -> TraitLab:
    return TraitLab(acme, engine, ingestion)


def order(user: str, value: float, **members: Any) -> dict[str, Any]:
    properties = {"revenue": value, "currency": "EUR", "n": value}
    return track("Order Completed", userId=user, properties=properties, **members)


async def create(
    client: AsyncClient, name: str = "orders", definition: dict[str, Any] = ORDERS
) -> dict[str, Any]:
    answer = await client.post(URL, json={"name": name, "definition": definition})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_a_preview_counts_exactly_and_shows_the_spread(lab: TraitLab, client: AsyncClient) -> None:
    await lab.send(*[order(f"u-{n}", n) for n in range(1, 13)], track(userId="v-1"))
    asked = {"definition": {"event": "Order Completed", "kind": "sum", "currency": "EUR"}}
    answer = await client.post(f"{URL}/preview", json=asked)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["count"], body["total"], len(body["sample"]), len(body["top"])) == (12, 13, 10, 10)
    numbers = {name: float(value) for name, value in body["numbers"].items()}
    micros = 1_000_000
    assert numbers == {
        "min": micros, "p25": 3 * micros, "median": 6 * micros, "p75": 9 * micros, "max": 12 * micros,
        "average": 6.5 * micros,
    }  # fmt: skip
    assert (await client.get(URL)).json()["total"] == 0
    nothing = {"definition": {"event": "Nothing", "kind": "count"}}
    empty = (await client.post(f"{URL}/preview", json=nothing)).json()
    assert (empty["count"], empty["numbers"], empty["top"], empty["sample"]) == (0, None, [], [])


async def test_sums_past_what_a_double_holds_are_shown_exactly(lab: TraitLab, client: AsyncClient) -> None:
    large = {"n": 1.5e308}
    await lab.send(*[track("Played", userId="u-1", properties=each) for each in (large, large, {"n": 0.5})])
    definition = {"event": "Played", "kind": "sum", "property": "n"}
    answer = await client.post(f"{URL}/preview", json={"definition": definition})
    assert answer.status_code == 200, answer.text
    await lab.begin()
    await lab.trait("played", **definition)
    [person] = (await lab.stored("played")).keys()
    for path in (f"{URL}/profiles/{person}", f"/api/v1/cdp/profiles/{person}"):
        answer = await client.get(path)
        assert answer.status_code == 200, (path, answer.text)


async def test_a_trait_is_computed_by_a_task_and_can_be_explained(lab: TraitLab, client: AsyncClient) -> None:
    await lab.send(order("u-1", 10), order("u-1", 20), track(userId="u-1"))
    made = await create(client)
    assert (made["state"], made["version"]) == ("computing", 1)
    await lab.compute(made["id"])
    assert (await client.get(f"{URL}/{made['id']}")).json()["state"] == "live"
    [profile] = (await client.get("/api/v1/cdp/profiles")).json()["items"]
    assert profile["computed"]["orders"] == 2
    why = (await client.get(f"{URL}/{made['id']}/why/{profile['id']}")).json()
    assert (why["value"], why["stored"], why["event_count"], len(why["events"])) == (2, 2, 2, 2)
    of_them = (await client.get(f"{URL}/profiles/{profile['id']}")).json()
    assert [(each["name"], each["value"]) for each in of_them["traits"]] == [("orders", 2)]
    assert (of_them["rfm"], of_them["churn"]) == (None, None)


async def test_a_change_is_a_new_version_and_is_computed_anew(lab: TraitLab, client: AsyncClient) -> None:
    await lab.send(order("u-1", 10), track("Viewed", userId="u-2"))
    made = await create(client)
    await lab.compute(made["id"])
    changed = await client.patch(
        f"{URL}/{made['id']}", json={"definition": {"event": "Viewed", "kind": "exists"}}
    )
    assert (changed.json()["version"], changed.json()["state"]) == (2, "computing")
    await lab.compute(made["id"])
    assert list((await lab.stored("orders")).values()) == [True]
    same = await client.patch(f"{URL}/{made['id']}", json={"description": "Who looked"})
    assert (same.json()["version"], same.json()["description"]) == (2, "Who looked")
    again = await client.post(f"{URL}/{made['id']}/recompute")
    assert (again.status_code, again.json()["state"]) == (202, "computing")


async def test_a_segment_may_ask_only_for_what_is_computed_and_then_holds_it(
    lab: TraitLab, client: AsyncClient
) -> None:
    made = await create(client)

    async def segment(name: str) -> Any:
        asked = {"kind": "computed", "name": name, "test": {"op": "at_least", "number": 2}}
        rule = {"kind": "all", "of": [{"kind": "not", "of": asked}]}
        return await client.post("/api/v1/cdp/segments", json={"name": f"Of {name}", "rule": rule})

    refused = await segment("spend")
    assert refused.status_code == 422
    [fault] = refused.json()["fields"]
    assert (fault["field"], fault["code"]) == ("body.rule.of.0.of.name", "unknown_trait")
    assert (await segment("orders.x")).status_code == 422
    assert (await segment("churn.ratio")).status_code == 201
    asks = (await segment("orders")).json()
    kept = await client.delete(f"{URL}/{made['id']}")
    assert (kept.status_code, kept.json()["code"]) == (409, "cdp.traits.in_use")
    assert "Of orders" in kept.json()["error"]
    await client.delete(f"/api/v1/cdp/segments/{asks['id']}")
    assert (await client.delete(f"{URL}/{made['id']}")).status_code == 204
    assert (await client.get(f"{URL}/{made['id']}")).status_code == 404
    assert (await segment("orders")).status_code == 422


@pytest.mark.parametrize(
    ("definition", "field"),
    [
        ({"event": "Bought", "kind": "sum"}, "body.definition"),
        ({"event": "Bought", "kind": "sum", "property": "n", "currency": "EUR"}, "body.definition"),
        ({"event": "Bought", "kind": "sum", "currency": "euro"}, "body.definition.currency"),
        ({"event": "Bought", "kind": "last"}, "body.definition"),
        ({"event": "Bought", "kind": "count", "property": "n"}, "body.definition"),
        ({"event": "Bought", "kind": "first", "property": "email"}, "body.definition.property"),
        ({"event": "Bo\u0000ught", "kind": "count"}, "body.definition.event"),
        ({"event": "Bought", "kind": "median", "property": "n"}, "body.definition.kind"),
        (
            {"event": "Bought", "kind": "count", "window": {"kind": "last", "days": 0}},
            "body.definition.window.last.days",
        ),
    ],
)
async def test_what_cannot_be_computed_is_refused_by_its_field(
    client: AsyncClient, definition: dict[str, Any], field: str
) -> None:
    for path, body in (
        (URL, {"name": "it", "definition": definition}),
        (f"{URL}/preview", {"definition": definition}),
    ):
        answer = await client.post(path, json=body)
        assert answer.status_code == 422, answer.text
        assert field in {each["field"] for each in answer.json()["fields"]}, answer.text


async def test_a_name_is_taken_once_and_ours_are_not_to_be_had(client: AsyncClient) -> None:
    await create(client)
    for name in ("orders", "rfm", "churn"):
        answer = await client.post(URL, json={"name": name, "definition": ORDERS})
        assert (answer.status_code, answer.json()["code"]) == (409, "cdp.traits.name_taken")
    for name in ("Orders", "a.b", "", "1a", "a\u0000"):
        assert (await client.post(URL, json={"name": name, "definition": ORDERS})).status_code == 422


async def test_what_is_always_computed_is_no_trait_to_change(lab: TraitLab, client: AsyncClient) -> None:
    await lab.begin()
    ours = await lab.id_of("churn")
    assert (await client.get(URL)).json()["items"] == []
    assert (await client.get(f"{URL}/{ours}")).status_code == 404
    assert (await client.patch(f"{URL}/{ours}", json={"description": "x"})).status_code == 404
    assert (await client.delete(f"{URL}/{ours}")).status_code == 404
    assert (await client.get(f"{URL}/{ours}/why/{uuid7()}")).status_code == 404
    assert (await client.get(f"{URL}/profiles/{uuid7()}")).status_code == 404


async def test_a_viewer_reads_and_an_analyst_writes(acme: Company, client: AsyncClient) -> None:
    made = await create(client)
    for role, status in ((Role.VIEWER, 403), (Role.ANALYST, 201)):
        theirs = acme.client(role)
        assert (await theirs.get(URL)).status_code == 200
        assert (await theirs.get(f"{URL}/rfm")).status_code == 200
        body = {"name": f"by_{role}", "definition": ORDERS}
        assert (await theirs.post(URL, json=body)).status_code == status
    assert (await acme.client(Role.VIEWER).delete(f"{URL}/{made['id']}")).status_code == 403


async def test_the_ranking_tells_cells_thresholds_and_when(lab: TraitLab, client: AsyncClient) -> None:
    assert (await client.get(f"{URL}/rfm")).json()["state"] == "not_yet"
    assert (await client.post(f"{URL}/rfm/recompute")).status_code == 202
    await lab.send(*[order(f"u-{n}", 10, timestamp=lab.ago(days=n)) for n in range(3)])
    await lab.rank()
    few = (await client.get(f"{URL}/rfm")).json()
    assert (few["state"], few["customers"], few["cells"], few["needed"]) == ("not_enough_data", 3, [], 25)
    assert few["without_rate"] == ["EUR"]
    assert few["left_out"] == 3
    dollars = {"revenue": 10, "currency": "USD"}
    events = [{**order(f"d-{n}", 10, timestamp=lab.ago(days=n)), "properties": dollars} for n in range(30)]
    await lab.send(*events)
    await lab.rank()
    body = (await client.get(f"{URL}/rfm")).json()
    assert (body["state"], body["ranked"], body["currency"]) == ("ready", 30, "USD")
    assert sum(each["customers"] for each in body["cells"]) == 30
    assert sum(each["revenue_micros"] for each in body["cells"]) == 300_000_000
    assert [len(body["thresholds"][name]) for name in ("recency", "frequency", "monetary")] == [4, 4, 4]
    assert body["thresholds"]["frequency"] == [None] * 4
    cell = max(body["cells"], key=lambda each: each["customers"])
    people = await client.get("/api/v1/cdp/profiles", params={"rfm_cell": cell["cell"]})
    assert len(people.json()["items"]) == cell["customers"] > 0


async def test_an_overdue_customer_is_shown_with_their_rhythm(lab: TraitLab, client: AsyncClient) -> None:
    await lab.begin()
    await lab.send(*[order("u-1", 10, timestamp=lab.ago(days=days, minutes=1)) for days in (50, 40, 30)])
    await lab.follow()
    [profile] = (await client.get("/api/v1/cdp/profiles")).json()["items"]
    churn = (await client.get(f"{URL}/profiles/{profile['id']}")).json()["churn"]
    assert (churn["orders"], churn["days_since_last_order"], churn["median_gap_days"]) == (3, 30, 10)
    assert churn["ratio"] == pytest.approx(3, abs=0.01)


async def test_an_export_has_what_is_computed_and_an_erasure_takes_it(
    lab: TraitLab, acme: Company, client: AsyncClient
) -> None:
    await lab.begin()
    trait = await lab.trait("lately", **ORDERS, window={"kind": "last", "days": 7})
    await lab.send(*[order("u-1", 10, timestamp=lab.ago(days=days)) for days in (2, 1, 0)])
    await lab.follow()
    [profile] = (await client.get("/api/v1/cdp/profiles")).json()["items"]

    async def asked(kind: str) -> str:
        body = {"kind": kind, "profile_id": profile["id"], "reason": "They asked."}
        request = str((await client.post("/api/v1/cdp/privacy/requests", json=body)).json()["id"])
        await PrivacyWork(lab.scopes).run(UUID(request))
        return request

    export = await client.get(f"/api/v1/cdp/privacy/requests/{await asked('export')}/export")
    computed = export.json()["profile"]["computed"]
    assert computed["lately"] == 3
    assert {"median_gap_days", "ratio"} <= computed["churn"].keys()
    await asked("erasure")
    assert await lab.stored("lately") == {}
    assert await lab.stored("churn") == {}
    lab.clock.at += timedelta(days=8)
    await lab.follow()
    assert (await client.get(f"{URL}/{trait}")).status_code == 200
