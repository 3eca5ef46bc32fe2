"""Every list over the wire: in pages or behind a cursor, in an order that its caller names."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from app.auth.permissions import Role
from tests.factories.access import Company

BOUNDED = {
    "/api/v1/autopilot/strategies": "as many as there are strategies in the code",
    "/api/v1/campaigns/assets/placements": "as many as there are placements in the code",
    "/api/v1/campaigns/drafts/offers": "as many as there are platforms in the code",
    "/api/v1/integrations/connections/platforms": "as many as there are platforms in the code",
    "/api/v1/integrations/crm/providers": "as many as there are CRMs in the code",
    "/api/v1/integrations/shops/providers": "as many as there are providers in the code",
    "/api/v1/rules/templates": "as many as there are templates in the code",
    "/api/v1/notifications/channels/slack/conversations": "Slack's own list, cut off at a number",
}
"""Lists that cannot grow, and why."""

OWN_FORM = {
    "/api/v1/cdp/audience-sync/{audience_id}/runs/{run_id}/batches": "one run's, whole",
    "/api/v1/integrations/audiences": "what the platform says of one account's, whole",
    "/api/v1/integrations/crm/{crm_id}/properties": "what the CRM says it has, whole",
    "/api/v1/integrations/crm/{crm_id}/departures": "the last hundred that went",
    "/api/v1/integrations/crm/{crm_id}/faults": "the first hundred of what stands out now",
    "/api/v1/cdp/identity/quarantine": "a cursor, and how many stand apart in all",
    "/api/v1/cdp/profiles/{profile_id}/segments": "the first 500 of one person, and how many they are",
    "/api/v1/cdp/sources/{source_id}/schema": "a page, and what it leaves out",
    "/api/v1/dashboard/triage": "the queue shows what is first, and counts",
}
"""Lists of another form, and why."""

FIXED_ORDER = {
    "/api/v1/cdp/identity/quarantine": "the last set aside first",
    "/api/v1/cdp/profiles/{profile_id}/segments": "by name",
    "/api/v1/cdp/sources/{source_id}/schema": "what came last first: a debugger's order",
    "/api/v1/autopilot/enforcement/overrides": "accounts before campaigns, the newest first",
    "/api/v1/autopilot/stops/{stop_id}/campaigns": "in their turn, which is what a stop is watched by",
    "/api/v1/trust/policies": "versions are read from the newest down",
}
"""Pages with one order, and why it is the only one that anybody wants."""


@pytest.fixture(scope="module")
def reads(app: FastAPI) -> dict[str, dict[str, Any]]:
    """Each GET of the API: its query parameters and the schema of its answer."""
    described = app.openapi()
    schemas = described["components"]["schemas"]
    found = {}
    for path, methods in described["paths"].items():
        content = methods.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        if schema is None:
            continue
        reference = schema.get("$ref", "").rpartition("/")[2]
        found[path] = {
            "parameters": {each["name"] for each in methods["get"].get("parameters", [])},
            "schema": schemas.get(reference, schema),
        }
    assert len(found) > 20
    return found


def test_no_answer_is_a_bare_list_that_can_grow(reads: dict[str, dict[str, Any]]) -> None:
    bare = {path for path, read in reads.items() if read["schema"].get("type") == "array"}
    assert bare == BOUNDED.keys()


def test_every_list_of_items_is_a_page_or_has_a_cursor(reads: dict[str, dict[str, Any]]) -> None:
    page = {"items", "total", "total_capped", "page", "limit", "pages", "has_next", "has_prev"}
    cursor = {"items", "next_cursor", "limit"}
    wrong = {}
    for path, read in _lists(reads):
        fields = set(read["schema"]["properties"])
        asked = {"page", "limit"} if fields == page else {"cursor", "limit"}
        if fields not in (page, cursor) or not asked <= read["parameters"]:
            wrong[path] = sorted(fields)
    assert wrong.keys() == OWN_FORM.keys(), wrong


def test_every_page_is_sorted_as_its_caller_asks(reads: dict[str, dict[str, Any]]) -> None:
    unsorted = {
        path
        for path, read in _lists(reads)
        if "total" in read["schema"]["properties"] and "sort" not in read["parameters"]
    }
    assert unsorted == FIXED_ORDER.keys()


def _lists(reads: dict[str, dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((path, read) for path, read in reads.items() if "items" in read["schema"].get("properties", {}))


@pytest.mark.parametrize(
    ("sort", "first"), [("email", Role.ADMIN), ("-email", Role.VIEWER), ("role", Role.ADMIN)]
)
async def test_people_come_in_the_order_asked_for(acme: Company, sort: str, first: Role) -> None:
    listed = (await acme.client().get("/api/v1/users", params={"sort": sort})).json()["items"]
    assert listed[0]["email"] == acme.person(first).email


async def test_an_order_that_does_not_exist_is_refused_by_name(acme: Company) -> None:
    answer = await acme.client().get("/api/v1/users", params={"sort": "password_hash"})
    assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, "query.sort")


async def test_sources_are_found_by_name_kind_and_state(acme: Company) -> None:
    for name, kind in (("Web shop", "browser"), ("Warehouse", "server"), ("100% wool", "server")):
        await acme.client().post("/api/v1/cdp/sources", json={"name": name, "kind": kind})

    async def names(**asked: str) -> list[str]:
        answer = await acme.client().get("/api/v1/cdp/sources", params=asked)
        return [each["name"] for each in answer.json()["items"]]

    assert await names(sort="-name") == ["Web shop", "Warehouse", "100% wool"]
    assert await names(q="0%", sort="name") == ["100% wool"]
    assert await names(kind="server", sort="name") == ["100% wool", "Warehouse"]
    assert await names(enabled="false") == []


async def test_open_invitations_are_those_that_can_still_be_answered(acme: Company) -> None:
    admin = acme.client()
    sent = [
        (
            await admin.post("/api/v1/invitations", json={"email": f"{name}@new.example", "role": "viewer"})
        ).json()
        for name in ("ann", "bob")
    ]
    await admin.delete(f"/api/v1/invitations/{sent[0]['id']}")
    still = (await admin.get("/api/v1/invitations", params={"open": "true"})).json()
    ended = (await admin.get("/api/v1/invitations", params={"open": "false"})).json()
    assert ([each["email"] for each in still["items"]], [each["email"] for each in ended["items"]]) == (
        ["bob@new.example"],
        ["ann@new.example"],
    )


async def test_policies_are_paged_down_to_the_default(acme: Company) -> None:
    for _ in range(3):
        await acme.client().post("/api/v1/trust/policies", json={"note": "Again.", "document": {}})

    async def versions(page: int) -> tuple[list[int], int]:
        body = (await acme.client().get("/api/v1/trust/policies", params={"limit": 2, "page": page})).json()
        return [each["version"] for each in body["items"]], body["total"]

    assert [await versions(page) for page in (1, 2, 3)] == [([4, 3], 4), ([2, 1], 4), ([], 4)]
