"""Webhooks over the wire: made, changed, tried, watched, and who may."""

from collections.abc import AsyncIterator

import pytest
from httpx2 import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.auth.permissions import Role
from app.core.ids import uuid7
from app.services.cdp.events.service import Ingestion
from app.services.cdp.privacy.service import PrivacyWork
from app.services.cdp.webhooks.service import Teller
from app.services.integrations.gateway import gateway, gateway_by
from tests.factories.access import Company
from tests.factories.cdp import track
from tests.factories.segments import Lab
from tests.factories.webhooks import PROFILE_TOPICS, SEGMENT_TOPICS, WEBHOOKS, make_webhook
from tests.receiver import Receiver, Reply, receiving


@pytest.fixture
def lab(acme: Company, engine: AsyncEngine, ingestion: Ingestion) -> Lab:
    return Lab(acme, engine, ingestion)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


async def actions(company: Company) -> list[str]:
    entries = (await company.client().get("/api/v1/audit-logs", params={"limit": 100})).json()["items"]
    return [entry["action"] for entry in reversed(entries) if entry["entity"] == "cdp_webhooks"]


async def test_a_webhook_is_made_read_changed_and_deleted(acme: Company, client: AsyncClient) -> None:
    async with receiving() as receiver:
        hook = await make_webhook(acme, receiver.url, ["profile.created"], name="Warehouse")
        assert hook.secret.startswith("whsec_")
        read = await hook.read()
        assert "secret" not in read
        assert (read["state"], read["waiting"], read["waiting_since"]) == ("on", 0, None)
        listed = (await client.get(WEBHOOKS)).json()
        assert [each["name"] for each in listed["items"]] == ["Warehouse"]
        changed = await hook.change(name="Lake", topics=["profile.ended"], enabled=False)
        assert (changed["name"], changed["topics"], changed["state"]) == ("Lake", ["profile.ended"], "off")
        assert changed["off_reason"] == "by_hand"
        assert (await client.delete(hook.path)).status_code == 204
        assert (await client.get(hook.path)).status_code == 404
    assert await actions(acme) == ["cdp.webhooks.created", "cdp.webhooks.changed", "cdp.webhooks.deleted"]


async def test_the_secret_lies_sealed_and_in_no_trail(acme: Company, receiver: Receiver) -> None:
    hook = await make_webhook(acme, receiver.url)
    async with acme.scopes() as scope:
        stored = str((await scope.session.execute(text("select w::text from cdp_webhooks w"))).all())
        trail = str((await scope.session.execute(text("select a::text from audit_logs a"))).all())
    bare = hook.secret.removeprefix("whsec_")
    assert bare not in stored + trail


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("ftp://example.com/hook", "https://"),
        ("https://user:pass@example.com/", "user name"),
        ("https://example.com/#there", "#"),
        ("nonsense", "no address"),
        ("https://no-such-host.invalid/", "no-such-host.invalid"),
    ],
)
async def test_an_address_that_cannot_be_used_is_refused_by_its_field(
    client: AsyncClient, url: str, told: str
) -> None:
    answer = await client.post(WEBHOOKS, json={"name": "A", "url": url, "topics": PROFILE_TOPICS})
    assert answer.status_code == 422
    [field] = answer.json()["fields"]
    assert field["field"] == "body.url"
    assert told in field["message"]


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1/", "https://localhost/", "https://10.0.0.1:8443/x", "https://[::1]/", "https://169.254.169.254/"],
)  # fmt: skip
async def test_an_address_inside_is_refused_when_it_is_given_and_when_it_is_changed(
    acme: Company, client: AsyncClient, receiver: Receiver, url: str
) -> None:
    hook = await make_webhook(acme, receiver.url)
    settings = gateway().settings.model_copy(update={"allow_private_addresses": False})
    async with gateway_by(settings):
        made = await client.post(WEBHOOKS, json={"name": "A", "url": url, "topics": PROFILE_TOPICS})
        changed = await client.patch(hook.path, json={"url": url})
        plain = await client.patch(hook.path, json={"url": "http://example.com/"})
    for answer in (made, changed):
        assert answer.status_code == 422
        [field] = answer.json()["fields"]
        assert (field["field"], field["code"]) == ("body.url", "cdp.webhooks.address_unusable")
        assert "private network" in field["message"]
    assert "https://" in plain.json()["fields"][0]["message"]
    assert (await hook.read())["url"] == receiver.url


async def test_a_test_says_what_the_receiver_answered(
    acme: Company, client: AsyncClient, receiver: Receiver
) -> None:
    hook = await make_webhook(acme, receiver.url)
    answer = (await client.post(f"{hook.path}/test")).json()
    assert (answer["acknowledged"], answer["http_status"], answer["kind"]) == (True, 200, "test")
    [post] = receiver.posts
    assert post.is_signed_by(hook.secret)
    assert [item["topic"] for item in post.items] == ["webhook.test"]
    receiver.replies.append(Reply(500))
    refused = (await client.post(f"{hook.path}/test")).json()
    assert (refused["acknowledged"], refused["error"]) == (False, "It answered 500.")
    log = (await client.get(f"{hook.path}/deliveries")).json()["items"]
    assert [each["acknowledged"] for each in log] == [False, True]
    failed = (await client.get(f"{hook.path}/deliveries", params={"failed": True})).json()["items"]
    assert [each["id"] for each in failed] == [refused["id"]]
    assert (await hook.read())["state"] == "on"
    assert (await actions(acme)).count("cdp.webhooks.tested") == 2


async def test_a_delivery_is_replayed_under_its_old_ids(
    lab: Lab, client: AsyncClient, receiver: Receiver
) -> None:
    hook = await make_webhook(lab.company, receiver.url)
    await lab.send(track(userId="u-1"), track(userId="u-2"))
    await Teller(lab.scopes).drain(hook.id)
    [tried] = (await client.get(f"{hook.path}/deliveries")).json()["items"]
    answer = await client.post(f"{hook.path}/deliveries/{tried['id']}/replay")
    assert (answer.json()["kind"], answer.json()["items"]) == ("replay", 2)
    first, again = receiver.posts
    assert first.headers["webhook-id"] == again.headers["webhook-id"]
    assert [item["id"] for item in first.items] == [item["id"] for item in again.items]
    assert again.is_signed_by(hook.secret)
    test = (await client.post(f"{hook.path}/test")).json()
    assert (await client.post(f"{hook.path}/deliveries/{test['id']}/replay")).status_code == 409
    assert (await client.post(f"{hook.path}/deliveries/{uuid7()}/replay")).status_code == 404


async def test_the_log_is_walked_page_by_page(acme: Company, client: AsyncClient, receiver: Receiver) -> None:
    hook = await make_webhook(acme, receiver.url)
    made = [(await client.post(f"{hook.path}/test")).json()["id"] for _ in range(5)]
    found: list[str] = []
    cursor = None
    while True:
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = (await client.get(f"{hook.path}/deliveries", params=params)).json()
        found += [each["id"] for each in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == made[::-1]


async def test_personal_data_need_the_permission_to_see_them(
    acme: Company, client: AsyncClient, receiver: Receiver
) -> None:
    scopes = ["cdp.webhooks:read", "cdp.webhooks:write"]
    made = await client.post("/api/v1/api-keys", json={"name": "deploy", "scopes": scopes})
    program = {"X-API-Key": made.json()["key"]}
    body = {"name": "A", "url": receiver.url, "topics": PROFILE_TOPICS, "include_personal": True}
    async with AsyncClient(transport=client._transport, base_url="http://testserver", headers=program) as key:
        refused = await key.post(WEBHOOKS, json=body)
        assert refused.status_code == 403
        assert refused.json()["fields"][0]["field"] == "body.include_personal"
        assert (await key.post(WEBHOOKS, json={**body, "include_personal": False})).status_code == 201
        hook = await make_webhook(acme, receiver.url, include_personal=True)
        for change in ({"url": f"{receiver.url}/elsewhere"}, {"topics": ["profile.updated"]}):
            assert (await key.patch(hook.path, json=change)).status_code == 403
        assert (await key.patch(hook.path, json={"enabled": False})).status_code == 200
        assert (await key.patch(hook.path, json={"enabled": True})).status_code == 403
    entries = (await client.get("/api/v1/audit-logs", params={"limit": 50})).json()["items"]
    created = [each["after"] for each in entries if each["action"] == "cdp.webhooks.created"]
    assert {each["include_personal"] for each in created} == {True, False}


async def test_managers_read_and_only_admins_change(acme: Company, receiver: Receiver) -> None:
    hook = await make_webhook(acme, receiver.url)
    for role, reads, writes in ((Role.ANALYST, 403, 403), (Role.MANAGER, 200, 403), (Role.ADMIN, 200, 200)):
        assert (await acme.client(role).get(hook.path)).status_code == reads
        assert (await acme.client(role).patch(hook.path, json={"name": "B"})).status_code == writes


async def test_segments_that_are_none_are_named(client: AsyncClient, receiver: Receiver) -> None:
    unknown = str(uuid7())
    body = {"name": "A", "url": receiver.url, "topics": SEGMENT_TOPICS, "segment_ids": [unknown]}
    answer = await client.post(WEBHOOKS, json=body)
    assert answer.status_code == 422
    assert answer.json()["fields"][0]["field"] == "body.segment_ids.0"
    apart = await client.post(WEBHOOKS, json={**body, "topics": PROFILE_TOPICS})
    assert apart.json()["code"] == "cdp.webhooks.segments_without_topic"


async def test_names_are_unique_and_there_are_twenty_at_most(
    acme: Company, client: AsyncClient, receiver: Receiver
) -> None:
    await make_webhook(acme, receiver.url, name="Warehouse")
    body = {"name": "warehouse", "url": receiver.url, "topics": PROFILE_TOPICS}
    taken = await client.post(WEBHOOKS, json=body)
    assert (taken.status_code, taken.json()["fields"][0]["field"]) == (409, "body.name")
    for number in range(19):
        await make_webhook(acme, receiver.url, name=f"Hook {number}")
    full = await client.post(WEBHOOKS, json={**body, "name": "One more"})
    assert full.json()["code"] == "cdp.webhooks.too_many"


async def test_resuming_goes_with_switching_on(
    acme: Company, client: AsyncClient, receiver: Receiver
) -> None:
    hook = await make_webhook(acme, receiver.url)
    answer = await client.patch(hook.path, json={"resume": "skip"})
    assert answer.status_code == 409
    assert answer.json()["fields"][0]["field"] == "body.resume"


async def erased(lab: Lab, user: str) -> dict[str, str]:
    """Erase whoever was made last; what the certificate says of each store."""
    client = lab.company.client()
    found = (await client.get("/api/v1/cdp/profiles", params={"identifier": user})).json()["items"]
    body = {"kind": "erasure", "profile_id": found[0]["id"], "reason": "They asked."}
    request = (await client.post("/api/v1/cdp/privacy/requests", json=body)).json()
    await PrivacyWork(lab.scopes).run(request["id"])
    path = f"/api/v1/cdp/privacy/requests/{request['id']}/certificate"
    stores = (await client.get(path)).json()["certificate"]["stores"]
    return {each["store"]: each["status"] for each in stores}


async def test_an_erasure_is_told_to_every_webhook_and_certified(lab: Lab, receiver: Receiver) -> None:
    await lab.send(track(userId="u-1", anonymousId="a-1"))
    moves = await make_webhook(lab.company, receiver.url, ["segment.entered"], name="Moves")
    off = await make_webhook(lab.company, receiver.url, PROFILE_TOPICS, name="Off")
    await off.change(enabled=False)
    async with receiving() as broken:
        broken.always = Reply(500)
        await make_webhook(lab.company, broken.url, PROFILE_TOPICS, name="Broken")
        stores = await erased(lab, "u-1")
    assert stores["webhook:Moves"] == "told"
    assert stores["webhook:Off"] == "untold"
    assert stores["webhook:Broken"] == "waiting"
    [item] = receiver.items
    assert (item["topic"], item["ended"]["reason"]) == ("profile.ended", "erased")
    assert item["profile"]["lifecycle"] is None
    assert len(item["ended"]["aliases"]) == 1
    assert (await moves.read())["state"] == "on"


async def test_an_erasure_is_not_skipped(lab: Lab, receiver: Receiver) -> None:
    hook = await make_webhook(lab.company, receiver.url, PROFILE_TOPICS)
    await hook.change(enabled=False)
    await lab.send(track(userId="u-1"))
    await erased(lab, "u-1")
    await lab.send(track(userId="u-2"))
    await hook.change(enabled=True, resume="skip")
    await Teller(lab.scopes).drain(hook.id)
    assert [item["topic"] for item in receiver.items] == ["profile.ended"]
    assert receiver.items[0]["ended"]["reason"] == "erased"


async def test_a_message_on_its_way_forgets_whom_it_was_about(lab: Lab, receiver: Receiver) -> None:
    """It failed before the erasure; tried again, it says nothing of the person any more."""
    hook = await make_webhook(lab.company, receiver.url, PROFILE_TOPICS, include_personal=True)
    receiver.replies.append(Reply(500))
    traits = {"email": "ada@shop.example", "plan": "gold"}
    await lab.send({"type": "identify", "userId": "u-1", "messageId": "m-1", "traits": traits})
    await Teller(lab.scopes).drain(hook.id)
    assert b"ada@shop" in receiver.posts[0].body
    await erased(lab, "u-1")
    await hook.set(next_attempt_at=None)
    await Teller(lab.scopes).drain(hook.id)
    later = b"".join(post.body for post in receiver.posts[1:])
    assert b"ada@shop" not in later
    assert b"gold" not in later
    assert receiver.items[-1]["ended"]["reason"] == "erased"
    replayed = next(row for row in await hook.log() if row.acknowledged)
    await lab.company.client().post(f"{hook.path}/deliveries/{replayed.id}/replay")
    assert b"gold" not in receiver.posts[-1].body
    async with lab.scopes() as scope:
        kept = str((await scope.session.execute(text("select d::text from cdp_webhook_deliveries d"))).all())
    assert "ada@" not in kept
