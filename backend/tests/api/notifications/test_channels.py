"""Ways out and their log, by the API. Slack is the sandbox's where a test asks for it."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from app.auth.permissions import Role
from app.core.config import Settings
from tests.factories.access import Company
from tests.factories.notifications import Postbox, a_dead_delivery, send
from tests.sandbox_process import Sandbox

URL = "/api/v1/notifications/channels"


@pytest.fixture
async def slack(app: FastAPI, settings: Settings, sandbox: Sandbox) -> AsyncIterator[str]:
    """The application's Slack is the sandbox; answers a bot token."""
    app.state.settings = settings.model_copy(update={"slack_base_url": f"{sandbox.url}/slack/api/"})
    yield sandbox.control("GET", "slack")["bot_token"]
    app.state.settings = settings


async def test_before_anything_is_set_up_it_says_so(client: AsyncClient) -> None:
    found = (await client.get(URL)).json()
    assert found["slack"] is None
    assert found["email"]["delivers"] is True


async def test_a_workspace_is_connected_chosen_for_tested_and_taken_away(
    acme: Company, client: AsyncClient, slack: str, settings: Settings
) -> None:
    made = (await client.put(f"{URL}/slack", json={"token": slack})).json()["slack"]
    assert (made["team_name"], made["channel_id"], made["enabled"]) == ("Northwind", None, True)
    assert slack not in str(made)
    early = await client.post(f"{URL}/slack/test")
    assert (early.status_code, early.json()["code"]) == (409, "notifications.channels.no_channel")
    listed = (await client.get(f"{URL}/slack/conversations")).json()
    assert [each["name"] for each in listed] == ["ad-ops", "finance", "general", "growth-alerts", "random"]
    body = {"channel_id": "C0ALERTS01", "routes": [{"kind": "dead_letter", "channel_id": "C0ADOPS001"}]}
    chosen = (await client.patch(f"{URL}/slack", json=body)).json()["slack"]
    routes = {each["kind"]: each for each in chosen["routes"]}
    assert chosen["channel_name"] == "growth-alerts"
    assert (routes["dead_letter"]["channel_name"], routes["dead_letter"]["is_default"]) == ("ad-ops", False)
    assert routes["incident_opened"]["is_default"] is True
    tested = await client.post(f"{URL}/slack/test")
    assert (tested.status_code, tested.json()["status"]) == (202, "queued"), "nothing is sent in the request"
    again = {"routes": [{"kind": "dead_letter", "use_default": True}]}
    back = (await client.patch(f"{URL}/slack", json=again)).json()["slack"]
    assert {each["kind"]: each for each in back["routes"]}["dead_letter"]["is_default"] is True
    assert (await client.delete(f"{URL}/slack")).status_code == 204
    assert (await client.get(URL)).json()["slack"] is None


@pytest.mark.parametrize(
    "token", ["", "hello", "xoxb-", "xoxb-with a space", "xoxb-\u0661\u0662\u0663\u0664\u0665"]
)
async def test_what_is_no_token_is_refused_with_its_field(client: AsyncClient, token: str) -> None:
    answer = await client.put(f"{URL}/slack", json={"token": token})
    assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, "body.token")


async def test_a_token_that_slack_refuses_says_slacks_word(client: AsyncClient, slack: str) -> None:
    answer = await client.put(f"{URL}/slack", json={"token": f"{slack}x"})
    assert (answer.status_code, answer.json()["code"]) == (422, "notifications.channels.slack_token_refused")
    assert "invalid_auth" in answer.json()["error"]


async def test_a_test_mail_goes_to_who_asks_and_the_log_tells_what_became_of_it(
    acme: Company, client: AsyncClient, settings: Settings
) -> None:
    asked = (await client.post(f"{URL}/email/test")).json()
    assert (asked["status"], asked["to"]) == ("queued", acme.person().email)
    postbox = Postbox()
    await send(acme, settings, postbox)
    assert [each.subject for each in postbox.to(acme.person().email)] == ["Test message"]
    [row] = (await client.get(f"{URL}/deliveries")).json()["items"]
    assert (row["id"], row["kind"], row["status"], row["attempts"]) == (asked["id"], "test", "sent", 1)
    assert (await client.get(f"{URL}/deliveries", params={"status": "dead"})).json()["items"] == []


async def test_only_what_was_given_up_is_replayed(acme: Company, client: AsyncClient) -> None:
    dead = await a_dead_delivery(acme)
    answer = await client.post(f"{URL}/deliveries/{dead}/replay")
    assert (answer.status_code, answer.json()["status"], answer.json()["attempts"]) == (202, "queued", 0)
    again = await client.post(f"{URL}/deliveries/{dead}/replay")
    assert (again.status_code, again.json()["code"]) == (409, "notifications.channels.not_dead")


async def test_managers_read_the_log_and_admins_set_it_up(acme: Company) -> None:
    assert (await acme.client(Role.MANAGER).get(f"{URL}/deliveries")).status_code == 200
    assert (await acme.client(Role.ANALYST).get(URL)).status_code == 403
    assert (await acme.client(Role.MANAGER).post(f"{URL}/email/test")).status_code == 403


async def test_a_webhook_is_set_up_changed_and_taken_away_and_its_secret_is_shown_once(
    acme: Company, globex: Company, client: AsyncClient
) -> None:
    hook = f"{URL}/webhook"
    assert (await client.post(f"{hook}/test")).json()["code"] == "notifications.channels.webhook_not_set"
    made = (await client.put(hook, json={"url": "http://127.0.0.1:9/a"})).json()
    assert made["secret"].startswith("whsec_")
    assert (made["webhook"]["kinds"], made["webhook"]["enabled"]) == (None, True)
    assert made["secret"] not in (await client.get(URL)).text
    again = (await client.put(hook, json={"url": "http://127.0.0.1:9/b", "kinds": ["dead_letter"]})).json()
    assert (again["secret"], again["webhook"]["kinds"]) == (None, ["dead_letter"])
    changed = (await client.patch(hook, json={"enabled": False})).json()["webhook"]
    assert (changed["url"], changed["kinds"], changed["enabled"]) == (
        *("http://127.0.0.1:9/b", ["dead_letter"]),
        False,
    )
    every = (await client.patch(hook, json={"kinds": None})).json()["webhook"]
    assert every["kinds"] is None
    new = (await client.post(f"{hook}/secret")).json()
    assert new["secret"] != made["secret"]
    assert new["webhook"]["previous_until"] is not None
    tested = await client.post(f"{hook}/test")
    assert (tested.status_code, tested.json()["channel"], tested.json()["to"]) == (
        202,
        "webhook",
        "127.0.0.1",
    )
    assert (await globex.client().get(URL)).json()["webhook"] is None
    assert (await globex.client().delete(hook)).status_code == 404
    assert (await acme.client(Role.MANAGER).put(hook, json={"url": "http://127.0.0.1:9/"})).status_code == 403
    assert (await client.delete(hook)).status_code == 204
    assert (await client.get(URL)).json()["webhook"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "ftp://example.com/"}, "body.url"),
        ({"url": "hello"}, "body.url"),
        ({"url": "http://user:word@127.0.0.1/"}, "body.url"),
        ({"url": "http://127.0.0.1:9/#part"}, "body.url"),
        ({"url": "http://\x00"}, "body.url"),
        ({"url": "http://nobody.invalid/"}, "body.url"),
        ({"url": "http://127.0.0.1:9/", "kinds": []}, "body.kinds"),
        ({"url": "http://127.0.0.1:9/", "kinds": ["gossip"]}, "body.kinds.0"),
        ({}, "body.url"),
    ],
)
async def test_what_a_webhook_cannot_be_is_refused_with_its_field(
    client: AsyncClient, body: dict[str, object], field: str
) -> None:
    answer = await client.put(f"{URL}/webhook", json=body)
    assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, field)
    assert answer.json()["fields"][0]["message"]
