"""WhatsApp by the API: the number, the templates, one's own phone, and the webhook that anybody may call."""

import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response
from sqlalchemy import select

from app.auth.permissions import Role
from app.core.config import Settings
from app.core.ids import uuid7
from app.models.notifications.whatsapp import WhatsAppHeard, WhatsAppPerson
from tests.factories.access import Company
from tests.factories.whatsapp import OTHER_PHONE, PHONE, Line, a_line
from tests.sandbox_process import Sandbox

URL = "/api/v1/notifications/whatsapp"


@pytest.fixture
async def line(app: FastAPI, acme: Company, settings: Settings, sandbox: Sandbox) -> AsyncIterator[Line]:
    """The application's WhatsApp is the sandbox; nothing is connected."""
    made = a_line(app, acme, settings, sandbox)
    app.state.settings = made.settings
    yield made
    app.state.settings = settings
    a_line(app, acme, settings, sandbox)


def body_of(line: Line, **changes: str) -> dict[str, str]:
    own = line.own
    names = {"phone_number_id": own.phone_number_id, "waba_id": own.waba_id}
    return {**names, "token": own.token, "app_secret": own.app_secret, **changes}


async def connected(line: Line, client: AsyncClient) -> tuple[str, str]:
    """The webhook's path, and its verify token."""
    made = (await client.put(URL, json=body_of(line))).json()
    return made["whatsapp"]["callback_url"].removeprefix(line.settings.public_url), made["verify_token"]


def signed(line: Line, body: bytes) -> dict[str, str]:
    mine = hmac.digest(line.own.app_secret.encode(), body, "sha256").hex()
    return {"X-Hub-Signature-256": f"sha256={mine}"}


async def post(client: AsyncClient, hook: str, told: dict[str, Any]) -> Response:
    return await client.post(
        hook, content=told["body"].encode(), headers={"X-Hub-Signature-256": told["signature"]}
    )


async def people(line: Line) -> list[WhatsAppPerson]:
    async with line.scopes() as scope:
        return list((await scope.session.scalars(select(WhatsAppPerson))).all())


async def test_a_number_is_connected_switched_and_taken_away(line: Line, client: AsyncClient) -> None:
    assert (await client.get(URL)).json() == {"whatsapp": None}
    answer = await client.put(URL, json=body_of(line))
    made = answer.json()["whatsapp"]
    assert (made["verified_name"], made["enabled"], made["webhook_verified_at"]) == (
        *("Northwind Alerts", True),
        None,
    )
    assert {each["status"] for each in made["templates"]} == {"missing"}
    for secret in (line.own.token, line.own.app_secret):
        assert secret not in answer.text
    assert (await client.put(URL, json=body_of(line))).json()["verify_token"] is None
    handed = (await client.post(f"{URL}/templates")).json()["whatsapp"]["templates"]
    assert {each["status"] for each in handed} == {"pending"}
    assert all(each["mend"] for each in handed)
    line.review(handed[0]["name"], status="APPROVED")
    looked = (await client.post(f"{URL}/templates/refresh")).json()["whatsapp"]["templates"]
    assert [each["is_usable"] for each in looked] == [True, False, False]
    off = (await client.patch(URL, json={"enabled": False})).json()["whatsapp"]
    assert off["enabled"] is False
    assert (await client.delete(URL)).status_code == 204
    gone = await client.delete(URL)
    assert (gone.status_code, gone.json()["code"]) == (404, "notifications.whatsapp.not_connected")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"phone_number_id": "+36301234567"}, "body.phone_number_id"),
        ({"waba_id": "abc"}, "body.waba_id"),
        ({"token": "with a space in the middle"}, "body.token"),
        ({"app_secret": "short"}, "body.app_secret"),
        ({"token": "EAAnobodyknowsthistoken"}, "body.token"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_field(
    line: Line, client: AsyncClient, change: dict[str, str], field: str
) -> None:
    answer = await client.put(URL, json=body_of(line, **change))
    assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, field)


async def test_who_sets_it_up_and_who_only_gives_a_number(line: Line, acme: Company) -> None:
    assert (await acme.client(Role.MANAGER).get(URL)).status_code == 200
    assert (await acme.client(Role.MANAGER).put(URL, json=body_of(line))).status_code == 403
    assert (await acme.client(Role.ANALYST).get(URL)).status_code == 403
    assert (await acme.client(Role.VIEWER).get(f"{URL}/own")).status_code == 200


async def test_ones_own_number_is_given_confirmed_and_given_up(
    line: Line, client: AsyncClient, anonymous: AsyncClient
) -> None:
    early = await client.put(f"{URL}/own", json={"number": f"+{PHONE}"})
    assert early.json()["code"] == "notifications.whatsapp.not_connected"
    hook, _ = await connected(line, client)
    for wrong in ("36301234567", "+1 23", "hello", "+36 30 123 45678901"):
        refused = await client.put(f"{URL}/own", json={"number": wrong})
        assert refused.json()["fields"][0]["field"] == "body.number", wrong
    same = await client.put(f"{URL}/own", json={"number": line.facts["display_phone_number"]})
    assert same.json()["code"] == "notifications.whatsapp.number_is_the_companys"
    asked = (await client.put(f"{URL}/own", json={"number": "+36 30 123 4567"})).json()
    assert (asked["own"]["number"], asked["own"]["state"]) == (f"+{PHONE}", "pending")
    assert asked["code"] not in (await client.get(f"{URL}/own")).text
    assert (await post(anonymous, hook, line.write(f"Confirm {asked['code']}"))).json() == {"received": True}
    own = (await client.get(f"{URL}/own")).json()
    assert (own["state"], own["window_is_open"], own["falls_back"]) == ("confirmed", True, True)
    assert [each["act"] for each in own["receipts"]] == ["confirmed", "asked"]
    assert (await client.patch(f"{URL}/own", json={"falls_back": False})).json()["falls_back"] is False
    tested = await client.post("/api/v1/notifications/channels/whatsapp/test")
    assert (tested.status_code, tested.json()["channel"]) == (202, "whatsapp")
    assert (await client.delete(f"{URL}/own")).json()["state"] == "stopped"
    assert (await client.delete(f"{URL}/own")).json()["state"] == "stopped"


async def test_a_choice_of_ones_own_for_whatsapp(client: AsyncClient) -> None:
    body = {"choices": [{"kind": "dead_letter", "whatsapp": True}]}
    changed = (await client.patch("/api/v1/notifications/preferences", json=body)).json()["choices"]
    assert {each["kind"] for each in changed if each["whatsapp"]} == {
        *("incident_opened", "approval_wanted"),
        *("kill_switch_changed", "dead_letter"),
    }


async def test_metas_question_is_answered_for_our_token_alone(
    line: Line, client: AsyncClient, anonymous: AsyncClient
) -> None:
    hook, token = await connected(line, client)
    words = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "1158"}
    answer = await anonymous.get(hook, params=words)
    assert (answer.status_code, answer.text) == (200, "1158")
    assert (await client.get(URL)).json()["whatsapp"]["webhook_verified_at"] is not None
    wrong = await anonymous.get(hook, params=words | {"hub.verify_token": token[::-1]})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "notifications.whatsapp.hook_not_verified")
    another = (await client.post(f"{URL}/verify-token")).json()
    assert another["whatsapp"]["webhook_verified_at"] is None
    assert (await anonymous.get(hook, params=words)).status_code == 403
    words["hub.verify_token"] = another["verify_token"]
    assert (await anonymous.get(hook, params=words)).status_code == 200


async def test_only_what_is_signed_over_its_very_bytes_is_taken(
    line: Line, client: AsyncClient, anonymous: AsyncClient
) -> None:
    hook, _ = await connected(line, client)
    told = line.write("hello")
    body = told["body"].encode()
    answers = [
        await anonymous.post(hook, content=body),
        await anonymous.post(hook, content=body + b" ", headers={"X-Hub-Signature-256": told["signature"]}),
        await anonymous.post(hook, content=body, headers={"X-Hub-Signature-256": told["signature"][7:]}),
        await anonymous.post(hook, content=body, headers={"X-Hub-Signature-256": "sha256="}),
        await anonymous.post(hook, content=body, headers=[(b"x-hub-signature-256", b"sha256=\xff\xfe")]),
    ]
    assert [each.status_code for each in answers] == [401] * 5
    assert (await client.get(URL)).json()["whatsapp"]["heard_at"] is None
    assert (await post(anonymous, hook, told)).status_code == 200
    assert (await client.get(URL)).json()["whatsapp"]["heard_at"] is not None


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"object":"whatsapp_business_account"}', b'{"object":"a","entry":[1]}', b"\xff"]
)
async def test_what_is_signed_and_not_readable_is_refused(
    line: Line, client: AsyncClient, anonymous: AsyncClient, body: bytes
) -> None:
    hook, _ = await connected(line, client)
    answer = await anonymous.post(hook, content=body, headers=signed(line, body))
    expected = 200 if body.startswith(b'{"object":"a"') else 422
    assert answer.status_code == expected


@pytest.mark.parametrize(
    "value",
    [
        {"messages": [{"from": "me", "id": 7}], "statuses": ["x", {"id": "w", "status": "gone"}]},
        {"messages": [{"from": PHONE, "id": "w\0", "timestamp": "now", "text": 5}]},
        {"statuses": [{"id": "wamid.x", "status": "failed", "errors": [{"code": "?"}]}]},
        {"messages": {"from": PHONE}, "errors": [{"code": 131000}]},
    ],
)
async def test_what_meta_may_add_one_day_harms_nothing(
    line: Line, client: AsyncClient, anonymous: AsyncClient, value: dict[str, Any]
) -> None:
    hook, _ = await connected(line, client)
    metadata = {"phone_number_id": line.own.phone_number_id}
    change = {"field": "messages", "value": {"metadata": metadata, **value}}
    event = {"object": "whatsapp_business_account", "entry": [{"id": line.own.waba_id, "changes": [change]}]}
    body = json.dumps(event).encode()
    assert (await anonymous.post(hook, content=body, headers=signed(line, body))).status_code == 200


async def test_a_message_that_comes_again_changes_nothing_again(
    line: Line, client: AsyncClient, anonymous: AsyncClient
) -> None:
    hook, _ = await connected(line, client)
    await line.confirm()
    stop, start = line.write("STOP"), line.write("START")
    for told in (stop, start, stop):
        assert (await post(anonymous, hook, told)).status_code == 200
    assert (await line.person()).state == "confirmed"
    assert len(await line.receipts()) == 4


async def test_who_is_not_known_leaves_no_trace_and_is_answered_alike(
    line: Line, client: AsyncClient, anonymous: AsyncClient
) -> None:
    hook, _ = await connected(line, client)
    await line.confirm()
    known = await post(anonymous, hook, line.write("hello"))
    unknown = await post(anonymous, hook, line.write("START", OTHER_PHONE))
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())
    assert [each.wa_id for each in await people(line)] == [PHONE]
    async with line.scopes() as scope:
        heard = (await scope.session.scalars(select(WhatsAppHeard.message_id))).all()
    assert len(heard) == 2


async def test_one_companys_webhook_is_not_anothers(
    line: Line, client: AsyncClient, anonymous: AsyncClient, globex: Company, app: FastAPI
) -> None:
    """Even where both have connected the same number: an address names one company, and changes one."""
    hook, token = await connected(line, client)
    theirs = (await globex.client().put(URL, json=body_of(line))).json()
    asked = (await client.put(f"{URL}/own", json={"number": f"+{PHONE}"})).json()
    their_hook = theirs["whatsapp"]["callback_url"].removeprefix(line.settings.public_url)
    told = line.write(f"Confirm {asked['code']}")
    assert (await post(anonymous, their_hook, told)).status_code == 200
    assert (await client.get(f"{URL}/own")).json()["state"] == "pending"
    assert (await post(anonymous, hook, told)).status_code == 200
    assert (await client.get(f"{URL}/own")).json()["state"] == "confirmed"
    assert (await globex.client().get(f"{URL}/own")).json()["number"] is None
    crossed = hook.replace(f"wah_{line.company.id}_", f"wah_{globex.id}_")
    for wrong in (
        crossed,
        f"{URL}/webhook/wah_{line.company.id}_{uuid7().hex}",
        f"{URL}/webhook/wah_0_{'0' * 32}",
    ):
        words = {"hub.verify_token": token, "hub.challenge": "1"}
        assert (await anonymous.get(wrong, params=words)).status_code == 404
        assert (await post(anonymous, wrong, told)).status_code == 404
    foreign = await anonymous.get(their_hook, params={"hub.verify_token": token, "hub.challenge": "1"})
    assert foreign.status_code == 403


async def test_another_numbers_messages_of_the_same_app_are_left_alone(
    line: Line, client: AsyncClient, anonymous: AsyncClient
) -> None:
    hook, _ = await connected(line, client)
    asked = (await client.put(f"{URL}/own", json={"number": f"+{PHONE}"})).json()
    told = line.write(f"Confirm {asked['code']}")
    body = told["body"].replace(line.own.phone_number_id, "111111111111").encode()
    assert (await anonymous.post(hook, content=body, headers=signed(line, body))).status_code == 200
    assert (await client.get(f"{URL}/own")).json()["state"] == "pending"
