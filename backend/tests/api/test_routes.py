"""Every route, as it is served: who may call it, and that no tenant reaches another's rows through it."""

import hashlib

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import text

from app.auth.permissions import PERMISSIONS, Role
from app.core.ids import uuid7
from app.db.rls import tenant_tables
from tests.api.routes import Served, served
from tests.factories.access import Company
from tests.factories.objects import MAKERS, NO_ROW

PUBLIC = {
    "GET /api/v1/integrations/connections/{platform}/callback": "the state in the address names who began",
    "GET /docs": "not in production",
    "GET /docs/oauth2-redirect": "not in production",
    "GET /health": "for load balancers",
    "GET /health/live": "for load balancers",
    "GET /health/ready": "for load balancers",
    "GET /metrics": "for Prometheus, inside the network",
    "GET /openapi.json": "not in production",
    "GET /v1/projects/{write_key}/settings": "the write key is in the address",
    "POST /api/v1/auth/login": "who is not signed in yet",
    "POST /api/v1/auth/logout": "proves itself by refresh token and CSRF token, or access token",
    "POST /api/v1/auth/mfa/verify": "proves itself by the challenge",
    "POST /api/v1/auth/password/forgot": "who cannot sign in",
    "POST /api/v1/auth/password/reset": "proves itself by the mail's token",
    "POST /api/v1/auth/refresh": "proves itself by refresh token and CSRF token",
    "POST /api/v1/auth/register": "who has no account yet",
    "POST /api/v1/auth/verify-email": "proves itself by the mail's token",
    "POST /api/v1/cdp/events": "by write key, or cdp.events:write",
    "POST /api/v1/invitations/accept": "proves itself by the mail's token",
    "WEBSOCKET /ws": "by token or ticket, and events:read",
} | {
    f"POST /v1/{call}": "by write key"
    for call in (
        *("alias", "batch", "group", "identify", "page", "screen", "track"),
        *("a", "b", "g", "i", "p", "s", "t"),
    )
}
"""The one list of routes that declare no permission, and why each may."""

BODIES: dict[str, dict[str, object]] = {
    "PATCH /api/v1/autopilot/strategies/{name}": {"enabled": True},
    "PATCH /api/v1/cdp/sources/{source_id}": {"name": "Mine"},
    "PATCH /api/v1/integrations/ad-accounts/{account_id}": {"enabled": False, "conversions_enabled": False},
    "PATCH /api/v1/users/{user_id}": {"role": "analyst"},
    "POST /api/v1/autopilot/actions/{action_id}/approve": {"reason": "It looks right."},
    "POST /api/v1/autopilot/actions/{action_id}/dismiss": {"reason": "It looks wrong."},
    "POST /api/v1/campaigns/{campaign_id}/budget": {"daily_budget_micros": 12_000_000, "reason": "It sells."},
    "POST /api/v1/campaigns/{campaign_id}/pause": {"reason": "It looks wrong."},
}
"""A body that the owner could send, where the route wants one."""


@pytest.fixture(scope="module")
def routes(app: FastAPI) -> list[Served]:
    return served(app)


def test_every_route_declares_a_permission_or_stands_on_the_public_list(routes: list[Served]) -> None:
    undeclared = {route.name for route in routes if not route.permissions}
    assert undeclared - PUBLIC.keys() == set()
    declared = {route.name for route in routes if route.permissions}
    assert declared & PUBLIC.keys() == set()


def test_every_declared_permission_stands_in_the_matrix(routes: list[Served]) -> None:
    assert {each for route in routes for each in route.permissions} <= PERMISSIONS.keys()


def test_what_changes_something_asks_for_more_than_reading(routes: list[Served]) -> None:
    tickets = {
        "POST /api/v1/events/ticket",
        "POST /api/v1/trust/gate/check",
        "POST /api/v1/trust/ledger/verify",
    }
    meek = [
        route.name
        for route in routes
        if route.changes and route.permissions and all(each.endswith(":read") for each in route.permissions)
    ]
    assert set(meek) - tickets == set()


async def test_nobody_gets_in_without_a_credential(anonymous: AsyncClient, routes: list[Served]) -> None:
    let_in = [
        (route.name, answer.status_code)
        for route in routes
        if route.permissions
        and (answer := await anonymous.request(route.method, _url(route), json={})).status_code != 401
    ]
    assert let_in == []


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANALYST, Role.MANAGER, Role.ADMIN])
async def test_a_role_is_refused_wherever_the_matrix_does_not_name_it(
    acme: Company, routes: list[Served], role: Role
) -> None:
    refused = [route for route in routes if any(role not in PERMISSIONS[each] for each in route.permissions)]
    answers = {
        route.name: await acme.client(role).request(route.method, _url(route), json={}) for route in refused
    }
    wrong = {
        name: answer.status_code
        for name, answer in answers.items()
        if (answer.status_code, answer.json().get("code")) != (403, "auth.permission_missing")
    }
    assert wrong == {}


def test_a_viewer_changes_nothing_but_their_own_account(routes: list[Served]) -> None:
    allowed = {
        route.name
        for route in routes
        if route.changes
        and route.permissions
        and all(Role.VIEWER in PERMISSIONS[each] for each in route.permissions)
    }
    own = {name for name in allowed if " /api/v1/auth/" in name or name == "POST /api/v1/events/ticket"}
    assert allowed - own - {"POST /api/v1/trust/gate/check"} == set()


def test_every_path_parameter_has_a_row_to_attack(routes: list[Served]) -> None:
    named = {each for route in routes if route.permissions for each in route.parameters}
    unregistered = named - MAKERS.keys() - NO_ROW.keys()
    assert unregistered == set(), "register them in tests/factories/objects.py"


async def test_a_neighbour_reaches_nothing_by_its_id(
    acme: Company, globex: Company, routes: list[Served]
) -> None:
    """Acme's admin calls every route that takes an id with the id of a real row of globex, whose admin then may."""
    reached, unreal = [], []
    for route in routes:
        if not route.permissions or not set(route.parameters) & MAKERS.keys():
            continue
        ids = {each: await MAKERS[each](globex) for each in route.parameters if each in MAKERS}
        url = route.url(**{**dict.fromkeys(NO_ROW, "meta"), **ids})
        body = BODIES.get(route.name, {})
        before = await _everything_of(globex)
        attack = await acme.client().request(route.method, url, json=body)
        if attack.status_code != 404 or await _everything_of(globex) != before:
            reached.append((route.name, attack.status_code, attack.text[:200]))
        owner = await globex.client().request(route.method, url, json=body)
        if owner.status_code in {404, 405, 422}:
            unreal.append((route.name, owner.status_code, owner.text[:200]))
    assert reached == []
    assert unreal == [], "the row is not what the route names, or BODIES lacks a body"


async def _everything_of(company: Company) -> str:
    """A digest of all that the tenant owns."""
    digest = hashlib.sha256()
    async with company.scopes() as scope:
        for table in tenant_tables():
            rows = await scope.session.scalar(
                text(f"select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from {table} t")  # noqa: S608  (the models' own names)
            )
            digest.update(f"{table}:{rows};".encode())
    return digest.hexdigest()


def _url(route: Served) -> str:
    return route.url(**dict.fromkeys(route.parameters, uuid7()))
