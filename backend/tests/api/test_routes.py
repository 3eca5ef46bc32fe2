"""Every route, as it is served: who may call it, and that no tenant reaches another's rows through it."""

import hashlib
import re
from datetime import timedelta

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response
from sqlalchemy import text

from app.auth.permissions import PERMISSIONS, Role
from app.core.clock import real_now
from app.core.ids import uuid7
from app.db.rls import tenant_tables
from tests.api.routes import Served, served
from tests.factories.access import Company
from tests.factories.files import IMPORT_PLAN
from tests.factories.objects import MAKERS, NO_ROW
from tests.factories.trust import BUDGET

PUBLIC = (
    {
        "GET /api/v1/cdp/exports/download": "proves itself by the link's signature, for one file and a while",
        "GET /api/v1/integrations/connections/{platform}/callback": "the state in the address names who began",
        "GET /api/v1/integrations/crm/{provider}/callback": "the state in the address names who began",
        "GET /api/v1/integrations/webhooks/meta": "proves itself by our verify token",
        "GET /api/v1/integrations/shops/{provider}/callback": "the state in the address names who began",
        "GET /api/v1/notifications/whatsapp/webhook/{hook}": "proves itself by the verify token",
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
        "POST /api/v1/integrations/webhooks/hubspot": "proves itself by the signature over its bytes",
        "POST /api/v1/integrations/webhooks/meta": "proves itself by the signature over its bytes",
        "POST /api/v1/integrations/webhooks/shopify": "proves itself by the signature over its bytes",
        "POST /api/v1/invitations/accept": "proves itself by the mail's token",
        "POST /api/v1/notifications/links/act": "proves itself by the message's token, or that and a session",
        "POST /api/v1/notifications/links/preview": "proves itself by the message's token",
        "POST /api/v1/notifications/whatsapp/webhook/{hook}": "proves itself by the signature over its bytes",
        "WEBSOCKET /ws": "by token or ticket, and events:read",
    }
    | {
        f"POST /v1/{call}": "by write key"
        for call in (
            *("alias", "batch", "group", "identify", "page", "screen", "track"),
            *("a", "b", "g", "i", "p", "s", "t"),
        )
    }
    | {
        f"POST /api/s/{server}{call}": "by write key"
        for server in ("", "s2s/")
        for call in ("alias", "group", "identify", "page", "screen", "track")
    }
)
"""The one list of routes that declare no permission, and why each may."""

BODIES: dict[str, dict[str, object]] = {
    "PATCH /api/v1/autopilot/strategies/{name}": {"enabled": True},
    "PATCH /api/v1/campaigns/assets/{asset_id}": {"name": "Mine"},
    "PATCH /api/v1/campaigns/labels/{label_id}": {"name": "Mine"},
    "PATCH /api/v1/cdp/segments/{segment_id}": {"name": "Mine"},
    "PATCH /api/v1/cdp/funnels/{funnel_id}": {"name": "Mine"},
    "PATCH /api/v1/cdp/retention/{report_id}": {"name": "Mine"},
    "PATCH /api/v1/cdp/sources/{source_id}": {"name": "Mine"},
    "PATCH /api/v1/cdp/webhooks/{webhook_id}": {"name": "Mine"},
    "PATCH /api/v1/integrations/ad-accounts/{account_id}": {"enabled": False, "conversions_enabled": False},
    "PATCH /api/v1/rules/{rule_id}": {"name": "Mine"},
    "PATCH /api/v1/users/{user_id}": {"role": "analyst"},
    "PUT /api/v1/campaigns/drafts/{draft_id}": {"version": 1, "plan": {"name": "Autumn"}},
    "POST /api/v1/autopilot/actions/{action_id}/approve": {"reason": "It looks right."},
    "POST /api/v1/autopilot/actions/{action_id}/dismiss": {"reason": "It looks wrong."},
    "POST /api/v1/autopilot/recommendations/{recommendation_id}/accept": {"version": "0123456789abcdef"},
    "POST /api/v1/autopilot/recommendations/{recommendation_id}/dismiss": {"reason": "It looks wrong."},
    "POST /api/v1/autopilot/envelopes/{envelope_id}/revoke": {"reason": "The stock is out."},
    "POST /api/v1/autopilot/stops/{stop_id}/give-back": {"reason": "It counts again."},
    "POST /api/v1/campaigns/drafts/{draft_id}/approve": {"version": 1},
    "POST /api/v1/campaigns/drafts/{draft_id}/publish": {"version": 1},
    "POST /api/v1/campaigns/drafts/{draft_id}/reject": {"version": 1, "reason": "Too dear."},
    "POST /api/v1/campaigns/drafts/{draft_id}/submit": {"version": 1},
    "POST /api/v1/campaigns/labels/{label_id}/campaigns": {"add_campaign_ids": [str(uuid7())]},
    "POST /api/v1/campaigns/{campaign_id}/budget": {"daily_budget_micros": 12_000_000, "reason": "It sells."},
    "POST /api/v1/campaigns/{campaign_id}/pause": {"reason": "It looks wrong."},
    "POST /api/v1/cdp/audience-sync/{audience_id}/approve": {"leaving": 4},
    "POST /api/v1/cdp/consents/{profile_id}": {
        "purposes": ["ads"],
        "decision": "granted",
        "proof": "By telephone.",
    },
    "POST /api/v1/cdp/consents/{profile_id}/withdraw": {"purposes": ["ads"], "proof": "By telephone."},
    "POST /api/v1/cdp/imports/{import_id}/preview": IMPORT_PLAN,
    "POST /api/v1/cdp/imports/{import_id}/start": IMPORT_PLAN,
    "POST /api/v1/cdp/identity/links/{assertion_id}/undo": {"reason": "They are two."},
    "POST /api/v1/cdp/profiles/{profile_id}/split": {"keys": [str(uuid7())], "reason": "They are two."},
}
"""A body that the owner could send, where the route wants one."""

_RULE = {
    "condition": {
        "kind": "metric",
        "metric": "spend",
        "window": {"kind": "yesterday"},
        "op": "more_than",
        "than": {"kind": "money", "micros": 5_000_000, "currency": "USD"},
    },
    "actions": [{"kind": "notify"}],
}
_MOVE = {
    "from_daily_budget_micros": BUDGET // 2,
    "to_daily_budget_micros": BUDGET * 2,
    "reason": "It sells.",
}
_MERGE = {"reason": "They are one."}
_ENVELOPE: dict[str, object] = {
    "ends_at": (real_now() + timedelta(hours=12)).isoformat(),
    "reason": "For the night.",
}
_AUDIENCE = {"name": "Buyers", "identifiers": ["email"]}
WITH_IDS: dict[tuple[str, str], dict[str, object]] = {
    ("POST /api/v1/autopilot/actions", "campaign_id"): {
        "daily_budget_micros": 12_000_000,
        "reason": "It sells.",
    },
    ("POST /api/v1/autopilot/actions/moves", "from_campaign_id"): {**_MOVE, "to_campaign_id": None},
    ("POST /api/v1/autopilot/actions/moves", "to_campaign_id"): {**_MOVE, "from_campaign_id": None},
    ("POST /api/v1/autopilot/actions/bulk", "campaign_ids"): {"status": "paused", "reason": "Too dear."},
    ("POST /api/v1/autopilot/envelopes", "ad_account_id"): _ENVELOPE,
    ("POST /api/v1/autopilot/envelopes", "campaign_ids"): _ENVELOPE,
    ("POST /api/v1/autopilot/stops", "ad_account_id"): {"kind": "pause_all", "reason": "Too dear."},
    ("POST /api/v1/campaigns/drafts", "ad_account_id"): {"plan": {"name": "Spring"}},
    ("POST /api/v1/campaigns/labels/{label_id}/campaigns", "add_campaign_ids"): {},
    ("POST /api/v1/campaigns/labels/{label_id}/campaigns", "remove_campaign_ids"): {},
    ("POST /api/v1/cdp/audience-sync", "ad_account_id"): {**_AUDIENCE, "segment_id": None},
    ("POST /api/v1/cdp/audience-sync", "segment_id"): {**_AUDIENCE, "ad_account_id": None},
    ("POST /api/v1/cdp/profiles/merges", "other_profile_id"): {**_MERGE, "profile_id": None},
    ("POST /api/v1/cdp/profiles/merges", "profile_id"): {**_MERGE, "other_profile_id": None},
    ("POST /api/v1/cdp/exports", "segment_id"): {"name": "All", "what": "people", "columns": ["profile_id"]},
    ("POST /api/v1/cdp/privacy/requests", "profile_id"): {"kind": "export", "reason": "They asked."},
    ("PATCH /api/v1/cdp/webhooks/{webhook_id}", "segment_ids"): {"topics": ["segment.left"]},
    ("POST /api/v1/cdp/webhooks", "segment_ids"): {
        "name": "Moves",
        "url": "http://127.0.0.1:9/",
        "topics": ["segment.left"],
    },
    ("PATCH /api/v1/integrations/crm/{crm_id}", "create_segment_id"): {},
    ("POST /api/v1/integrations/crm/{crm_id}/creation-preview", "segment_id"): {},
    ("POST /api/v1/rules/conflicts", "rule_id"): {"definition": _RULE},
    ("POST /api/v1/trust/calendar", "ad_account_id"): {
        "kind": "promotion",
        "name": "Sale",
        "starts_at": "2026-11-27T00:00:00Z",
        "ends_at": "2026-11-28T00:00:00Z",
    },
    ("POST /api/v1/trust/gate/check", "ad_account_id"): {
        "entity_id": "1",
        "daily_budget_micros": [10_000_000, 9_000_000],
    },
    ("PUT /api/v1/autopilot/enforcement", "entity_id"): {"applies_to": "campaign", "level": 0},
}
"""Each id that a body takes, with a body that its owner could send; another id in it (None) is the sender's own."""

_ROW_OF = {
    "ad_account_id": "ad_account_id",
    "create_segment_id": "segment_id",
    "campaign_ids": "campaign_id",
    "add_campaign_ids": "campaign_id",
    "remove_campaign_ids": "campaign_id",
    "entity_id": "campaign_id",
    "other_profile_id": "profile_id",
    "profile_id": "profile_id",
    "segment_id": "segment_id",
    "segment_ids": "segment_id",
    "from_campaign_id": "campaign_id",
    "to_campaign_id": "campaign_id",
}
_IN_PATH = re.compile(r"\{(\w+)\}")
_PARTS = 6
"""Every route is attacked, in as many tests: one of them all would take minutes."""
_SCHEMA = re.compile(r"#/components/schemas/([\w.-]+)")


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
        "POST /api/v1/cdp/funnels/compute",
        "POST /api/v1/cdp/funnels/people",
        "POST /api/v1/cdp/identity/dry-run",
        "POST /api/v1/cdp/retention/compute",
        "POST /api/v1/events/ticket",
        "POST /api/v1/trust/gate/check",
        "POST /api/v1/trust/ledger/verify",
        "POST /api/v1/trust/replay/counterfactual",
        "POST /api/v1/trust/replay/decisions/{decision_id}",
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
    own = {
        name
        for name in allowed
        if " /api/v1/auth/" in name
        or name
        in {
            "POST /api/v1/events/ticket",
            "PATCH /api/v1/notifications/preferences",
            "PUT /api/v1/notifications/whatsapp/own",
            "PATCH /api/v1/notifications/whatsapp/own",
            "DELETE /api/v1/notifications/whatsapp/own",
            "POST /api/v1/notifications/read-all",
            "POST /api/v1/notifications/{notification_id}/read",
        }
    }
    asks = {
        "POST /api/v1/cdp/funnels/compute",
        "POST /api/v1/cdp/funnels/people",
        "POST /api/v1/cdp/retention/compute",
        "POST /api/v1/trust/gate/check",
        "POST /api/v1/trust/replay/counterfactual",
        "POST /api/v1/trust/replay/decisions/{decision_id}",
    }
    assert allowed - own - asks == set()


def test_every_path_parameter_has_a_row_to_attack(routes: list[Served]) -> None:
    named = {each for route in routes if route.permissions for each in route.parameters}
    unregistered = named - MAKERS.keys() - NO_ROW.keys()
    assert unregistered == set(), "register them in tests/factories/objects.py"


@pytest.mark.parametrize("part", range(_PARTS))
async def test_a_neighbour_reaches_nothing_by_its_id(
    acme: Company, globex: Company, routes: list[Served], part: int
) -> None:
    """Acme's admin calls every route that takes an id with the id of a real row of globex, whose admin then may.

    A row that is not one's own is answered as one that never was, and what the owner's reading left in any cache
    is not for others.
    """
    reached, told_apart, unreal = [], [], []
    for route in routes[part::_PARTS]:
        if not route.permissions or not set(route.parameters) & MAKERS.keys():
            continue
        ids = {each: await MAKERS[each](globex) for each in route.parameters if each in MAKERS}
        url = route.url(**{**dict.fromkeys(NO_ROW, "meta"), **ids})
        nowhere = route.url(**{**dict.fromkeys(NO_ROW, "meta"), **{each: uuid7() for each in ids}})
        body = BODIES.get(route.name, {})
        if not route.changes:
            await globex.client().request(route.method, url)
        before = await _everything_of(globex)
        attack = await acme.client().request(route.method, url, json=body)
        if attack.status_code != 404 or await _everything_of(globex) != before:
            reached.append((route.name, attack.status_code, attack.text[:200]))
        nothing = await acme.client().request(route.method, nowhere, json=body)
        if _said(attack) != _said(nothing):
            told_apart.append((route.name, _said(attack), _said(nothing)))
        owner = await globex.client().request(route.method, url, json=body)
        if not owner.is_success and owner.status_code != 409:
            unreal.append((route.name, owner.status_code, owner.text[:200]))
    assert unreal == [], (
        "the row is not what the route names, or BODIES lacks a body that the owner could send"
    )
    assert reached == []
    assert told_apart == []


async def test_a_neighbour_learns_nothing_from_a_list_narrowed_to_its_id(
    app: FastAPI, acme: Company, globex: Company
) -> None:
    """Ids in a query: a neighbour's is answered as one that never was."""
    told_apart = []
    for path, name in _ids_in_queries(app):
        theirs = await MAKERS[name](globex)
        await globex.client().get(path, params={name: str(theirs)})
        answers = [
            _said(await acme.client().get(path, params={name: str(each)})) for each in (theirs, uuid7())
        ]
        if answers[0] != answers[1]:
            told_apart.append((path, name, *answers))
    assert told_apart == []


def test_every_id_in_a_body_is_tried_with_a_neighbours(app: FastAPI) -> None:
    assert _ids_in_bodies(app) == set(WITH_IDS), "add a body to WITH_IDS"


@pytest.mark.parametrize(("name", "member"), sorted(WITH_IDS))
async def test_a_neighbour_moves_nothing_by_an_id_in_a_body(
    acme: Company, globex: Company, name: str, member: str
) -> None:
    """A neighbour's id is answered as one that never was, one's own is taken."""
    method, _, path = name.partition(" ")
    for parameter in _IN_PATH.findall(path):
        path = path.replace(f"{{{parameter}}}", str(await MAKERS[parameter](acme)))
    make = MAKERS[_ROW_OF.get(member, member)]
    body = {
        key: str(await MAKERS[_ROW_OF[key]](acme)) if value is None else value
        for key, value in WITH_IDS[name, member].items()
    }
    theirs = await make(globex)
    before = await _everything_of(globex)
    said = [
        _said(await acme.client().request(method, path, json={**body, **_naming(member, each)}))
        for each in (theirs, uuid7())
    ]
    assert said[0] == said[1]
    assert await _everything_of(globex) == before
    mine = await acme.client().request(method, path, json={**body, **_naming(member, await make(acme))})
    assert mine.is_success, mine.text


def _naming(member: str, row: object) -> dict[str, object]:
    return {member: [str(row)] if member.endswith("_ids") else str(row)}


def _said(answer: Response) -> tuple[int, object]:
    """What an answer tells, without what each request has of its own."""
    told = answer.json() if answer.content else None
    if isinstance(told, dict):
        told = {name: value for name, value in told.items() if name not in {"request_id", "as_of"}}
    return answer.status_code, told


def _is_id(schema: object) -> bool:
    return "'format': 'uuid'" in str(schema)


def _ids_in_queries(app: FastAPI) -> list[tuple[str, str]]:
    return [
        (path, parameter["name"])
        for path, methods in app.openapi()["paths"].items()
        for parameter in methods.get("get", {}).get("parameters", [])
        if parameter["in"] == "query" and _is_id(parameter["schema"])
    ]


def _ids_in_bodies(app: FastAPI) -> set[tuple[str, str]]:
    described = app.openapi()
    schemas = described["components"]["schemas"]
    return {
        (f"{method.upper()} {path}", member)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        for content in operation.get("requestBody", {}).get("content", {}).values()
        for named in _SCHEMA.findall(str(content.get("schema")))
        for member, schema in schemas[named].get("properties", {}).items()
        if _is_id(schema)
    }


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
