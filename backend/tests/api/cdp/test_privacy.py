"""A person's data: handed over whole; erased, and not to be brought back; kept no longer than the tenant says."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from httpx2 import AsyncClient
from sqlalchemy import select, text

from app.auth.permissions import Role
from app.base_models import Base
from app.core.clock import real_now
from app.core.ids import uuid7
from app.db.session import Scopes, TenantScope
from app.models.cdp.events import CdpEvent
from app.models.cdp.privacy import CdpPrivacyRequest
from app.models.integrations.conversions import ConversionDelivery
from app.services.cdp.arrivals.service import Arrivals
from app.services.cdp.consents.service import Consents
from app.services.cdp.events.service import Ingestion
from app.services.cdp.identity.service import Resolver
from app.services.cdp.privacy.rules import ERASED, KEPT
from app.services.cdp.privacy.service import Forgetting, PrivacyWork
from app.services.cdp.sources.service import Sender
from tests.factories.access import Company
from tests.factories.cdp import Source, ingest, make_source
from tests.factories.trust import make_account
from tests.workers.processes import eventually, relay, worker

PRIVACY = "/api/v1/cdp/privacy"
PROFILES = "/api/v1/cdp/profiles"

NO_CUSTOMER = {
    "cdp_audience_runs": "numbers of people that a platform took in or out",
    "cdp_audiences": "which segment is an audience where",
    "cdp_consent_settings": "a tenant's own rules",
    "cdp_consent_summaries": "numbers of people by purpose",
    "cdp_event_counts": "numbers of events by source and hour",
    "cdp_identity_settings": "a tenant's own rules",
    "cdp_imports": "which file was handed in when, and how its columns are read",
    "cdp_privacy_settings": "a tenant's own limits",
    "cdp_rfm": "where the quintiles of a tenant's customers end, and how many are in each cell",
    "cdp_segment_cursors": "how far the feed was read",
    "cdp_sources": "where events come from",
    "cdp_trait_cursors": "how far the feed was read",
    "cdp_webhooks": "addresses of receivers, and how far the feed was told",
    "crm_accounts": "which CRM is connected, and how its contacts are read",
    "crm_pushes": "numbers of contacts that were written",
    "crm_webhooks": "how often a CRM said something by itself, and was refused",
    "crm_syncs": "numbers of contacts and deals of a synchronisation",
    "shops": "which shop is connected, and how its orders are told",
    "shop_syncs": "numbers of orders of a synchronisation",
    "notifications": "what happened to accounts, connections and tasks, told to colleagues",
    "whatsapp_consents": "members' own agreement to be written to, by a number that is no customer's",
    "whatsapp_heard": "names of messages that members wrote",
}
"""Tables of the customer data platform that hold nothing of a customer, and what they hold."""

CUSTOMERS_COLUMNS = {
    *(
        "person_key",
        "profile_id",
        "profile_ids",
        "a_key",
        "b_key",
        "anonymous_id",
        "user_id_hash",
        "email_hash",
    ),
    *(
        "phone_hash",
        "identifiers",
        "traits",
        "message_id",
        "event_id",
        "event_ids",
        "dedupe_key",
        "match_keys",
        "keys",
    ),
}


def happened(user: str, event: str = "Order Completed", **members: Any) -> dict[str, Any]:
    return {
        "type": "track",
        "event": event,
        "userId": user,
        "anonymousId": f"a-{user}",
        "messageId": f"m-{uuid7()}",
        "timestamp": (real_now() - timedelta(minutes=5)).isoformat(),
        "properties": {
            "email": f"{user}@shop.example",
            "order_id": f"o-{user}",
            "total": 5,
            "currency": "USD",
        },
        "context": {"consent": {"categoryPreferences": {"Advertising": True}}, "tcf": "CPXxRfA"},
        **members,
    }


async def told(company: Company, source: Source, *events: dict[str, Any]) -> None:
    began = real_now() - timedelta(seconds=1)
    answer = await company.client().post("/v1/batch", json={"batch": list(events)}, auth=(source.key, ""))
    assert answer.status_code == 200, answer.text
    await Resolver(company.scopes).drain()
    async with company.scopes() as scope:
        await Consents(scope).take_in(began, real_now())


async def profile_of(client: AsyncClient, identifier: str) -> str | None:
    items = (await client.get(PROFILES, params={"identifier": identifier})).json()["items"]
    return items[0]["id"] if items else None


async def asked(company: Company, kind: str, profile_id: str | None) -> str:
    body = {"kind": kind, "profile_id": profile_id, "reason": "They asked."}
    answer = await company.client().post(f"{PRIVACY}/requests", json=body)
    assert answer.status_code == 202, answer.text
    await PrivacyWork(company.scopes).run(UUID(answer.json()["id"]))
    return str(answer.json()["id"])


async def rows(scopes: Scopes, table: str) -> int:
    async with scopes() as scope:
        return int(await scope.session.scalar(text(f"select count(*) from {table}")) or 0)  # noqa: S608  (a name of ours)


async def test_an_erased_person_replayed_does_not_come_back(acme: Company, client: AsyncClient) -> None:
    source = await make_source(acme)
    past = [happened("u-1"), happened("u-1", "Product Viewed"), happened("u-2")]
    await told(acme, source, *past)
    profile = await profile_of(client, "u-1")
    request = await asked(acme, "erasure", profile)
    assert await profile_of(client, "u-1") is None
    async with acme.scopes() as scope:  # the ids of messages are forgotten: a replay is no duplicate
        left = await scope.session.scalar(
            text("select count(*) from cdp_events where user_id_hash is not null")
        )
    assert left == 1
    again = [{**event, "messageId": f"m-{uuid7()}"} for event in past[:2]]
    by_mail = {**again[0], "messageId": f"m-{uuid7()}", "userId": "u-new", "anonymousId": "a-new"}
    await told(acme, source, *past, *again, by_mail)
    for identifier in ("u-1", "a-u-1", "u-1@shop.example", "u-new"):
        assert await profile_of(client, identifier) is None
    assert await rows(acme.scopes, "cdp_events") == 1
    verdicts = (await client.get("/api/v1/cdp/events/verdicts", params={"code": "erased"})).json()["items"]
    assert {each["message_id"] for each in verdicts} == {
        event["messageId"] for event in (*past[:2], *again, by_mail)
    }
    assert not any(each["replayable"] or each["payload"] for each in verdicts)
    assert await profile_of(client, "u-2") is not None
    answer = (await client.get(f"{PRIVACY}/requests/{request}")).json()
    assert (answer["status"], answer["steps_done"]) == ("done", answer["steps_total"])


async def test_a_customer_who_comes_back_is_a_new_one(acme: Company, client: AsyncClient) -> None:
    source = await make_source(acme)
    await told(acme, source, happened("u-1"), happened("u-1"))
    await asked(acme, "erasure", await profile_of(client, "u-1"))
    await told(acme, source, happened("u-1", timestamp=(real_now() + timedelta(seconds=1)).isoformat()))
    profile = await profile_of(client, "u-1")
    assert profile is not None
    assert (await client.get(f"{PROFILES}/{profile}")).json()["event_count"] == 1


async def test_the_certificate_names_every_store_and_nobody_can_alter_it(
    acme: Company, client: AsyncClient
) -> None:
    source = await make_source(acme)
    await told(acme, source, happened("u-1"))
    request = await asked(acme, "erasure", await profile_of(client, "u-1"))
    answer = (await client.get(f"{PRIVACY}/requests/{request}/certificate")).json()
    assert answer["valid"]
    stores = {each["store"]: each for each in answer["certificate"]["stores"]}
    assert stores.keys() == ERASED.keys() | KEPT.keys()
    counted = {name: each["rows"] for name, each in stores.items() if each["rows"]}
    assert counted["cdp_events"] == 1
    assert counted["cdp_identifiers"] == counted["cdp_tombstones"] == 3
    assert counted["cdp_profiles"] == counted["cdp_consents"] == counted["cdp_consent_receipts"] == 1
    assert "u-1@shop" not in str(answer)
    async with acme.scopes() as scope:
        await scope.session.execute(
            text("update cdp_privacy_requests set certificate = replace(certificate, 'erased', 'kept')")
        )
    assert not (await client.get(f"{PRIVACY}/requests/{request}/certificate")).json()["valid"]


def test_no_table_with_something_of_a_customer_is_forgotten() -> None:
    """A new table is erased, or kept with a reason, or holds nothing of a customer: here it is said which."""
    known = ERASED.keys() | KEPT.keys() | NO_CUSTOMER.keys()
    forgotten = {
        table.name
        for table in Base.metadata.tables.values()
        if table.name not in known
        and (table.name.startswith("cdp_") or not CUSTOMERS_COLUMNS.isdisjoint(table.columns.keys()))
    }
    assert forgotten == set()
    assert (ERASED.keys() | KEPT.keys() | NO_CUSTOMER.keys()) - Base.metadata.tables.keys() == {"redis"}


async def test_nothing_readable_of_the_person_is_left_in_any_table(
    acme: Company, client: AsyncClient
) -> None:
    source = await make_source(acme)
    refused = {"type": "track", "messageId": f"m-{uuid7()}", "userId": "u-1", "event": None}
    await told(acme, source, happened("u-1"), happened("u-1", userId=None), refused, happened("u-9"))
    other = {**refused, "userId": "u-9", "messageId": f"m-{uuid7()}"}
    await told(acme, source, other)
    profile = await profile_of(client, "u-1")
    before = await asked(acme, "export", profile)
    await asked(acme, "erasure", profile)
    assert (await client.get(f"{PRIVACY}/requests/{before}/export")).status_code == 410
    verdicts = (await client.get("/api/v1/cdp/events/verdicts")).json()["items"]
    kept = {each["message_id"]: each["replayable"] for each in verdicts}
    assert kept == {refused["messageId"]: False, other["messageId"]: True}
    async with acme.scopes() as scope:
        for table in Base.metadata.tables.values():
            if "tenant_id" in table.columns and table.name != "audit_logs":
                every = text(f"select x::text from {table.name} x where tenant_id = :t")  # noqa: S608  (a name of ours)
                found = await scope.session.scalars(every, {"t": acme.id})
                assert not [row for row in found if "u-1@" in row or "o-u-1" in row or "a-u-1" in row], table


@pytest.mark.parametrize(
    ("context", "properties"),
    [
        (b"{}", b'{"a":' * 600 + b"1" + b"}" * 600),
        (b'{"page":' + b"[" * 5_000 + b"]" * 5_000 + b"}", b"{}"),
        (rb'{"page":"\udc00"}', b"{}"),
        (b'{"page":1e-20000}', b"{}"),
    ],
    ids=["deep", "deep beside", "half a pair", "tiny"],
)
async def test_nothing_that_was_refused_is_too_odd_to_be_shown_or_erased(
    acme: Company, client: AsyncClient, context: bytes, properties: bytes
) -> None:
    source = await make_source(acme)
    await told(acme, source, happened("u-1"))
    odd = b'{"type":"track","event":"e","userId":"u-1","messageId":"m","properties":' + properties + b"}"
    body = b'{"context":' + context + b',"batch":[' + odd + b"]}"
    await client.post("/v1/batch", content=body, auth=(source.key, ""))
    [verdict] = (await client.get("/api/v1/cdp/events/verdicts")).json()["items"]
    assert verdict["replayable"]
    request = await asked(acme, "erasure", await profile_of(client, "u-1"))
    assert (await client.get(f"{PRIVACY}/requests/{request}")).json()["status"] == "done"
    [verdict] = (await client.get("/api/v1/cdp/events/verdicts")).json()["items"]
    assert not verdict["replayable"]


def conditions(*tests: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "all", "of": list(tests)}


async def test_what_named_the_person_in_a_question_goes_with_them(acme: Company, client: AsyncClient) -> None:
    source = await make_source(acme)
    await told(acme, source, happened("u-1815-ada"), happened("u-9"))
    by_mail = {"kind": "trait", "name": "email", "test": {"op": "is", "text": "U-1815-Ada@shop.example"}}
    among = {
        "kind": "trait",
        "name": "email",
        "test": {"op": "one_of", "texts": ["x@y.example", "u-9@shop.example"]},
    }
    by_id = {
        "kind": "event",
        "event": "Order Completed",
        "where": [{"property": "referrer_id", "test": {"op": "is", "text": "u-1815-ada"}}],
    }
    body = {"name": "Friends of u-1815-ada@shop.example", "rule": conditions(by_mail, among, by_id)}
    made = (await client.post("/api/v1/cdp/segments", json=body)).json()
    steps = [{"event": "Viewed"}, {"event": "Order Completed", "where": by_id["where"]}]
    funnel = {"name": "Hers", "definition": {"steps": steps, "days": {"kind": "last", "days": 7}}}
    assert (await client.post("/api/v1/cdp/funnels", json=funnel)).status_code == 201
    trait = {
        "name": "hers",
        "definition": {"kind": "count", **{k: v for k, v in by_id.items() if k != "kind"}},
    }
    assert (await client.post("/api/v1/cdp/traits", json=trait)).status_code == 201
    export = {
        "name": "Hers",
        "what": "people",
        "columns": ["profile_id"],
        "selection": {"trait": "email", "value": "u-1815-ada@shop.example"},
    }
    answered = await client.post("/api/v1/cdp/exports", json=export)
    assert answered.status_code < 300, answered.text
    request = await asked(acme, "erasure", await profile_of(client, "u-1815-ada"))
    answer = (await client.get(f"{PRIVACY}/requests/{request}/certificate")).json()["certificate"]
    stores = {each["store"]: each["rows"] for each in answer["stores"]}
    assert (stores["cdp_segments"], stores["cdp_funnels"], stores["cdp_retention_reports"]) == (1, 1, 0)
    assert (stores["cdp_traits"], stores["cdp_exports"]) == (1, 1)
    kept = (await client.get(f"/api/v1/cdp/segments/{made['id']}")).json()
    assert (kept["name"], kept["version"]) == ("Friends of [erased]", 2)
    assert [each["test"] for each in kept["rule"]["of"][:2]] == [
        {"op": "is", "text": "[erased]"},
        {"op": "one_of", "texts": ["x@y.example", "u-9@shop.example"]},
    ]
    async with acme.scopes() as scope:
        for table in ("cdp_segments", "cdp_funnels", "cdp_traits", "cdp_exports", "audit_logs"):
            every = text(f"select lower(x::text) from {table} x")  # noqa: S608  (a name of ours)
            found = "".join(await scope.session.scalars(every))
            assert "1815" not in found, table


async def test_names_that_are_alike_without_the_people_in_them_stay_apart(
    acme: Company, client: AsyncClient
) -> None:
    source = await make_source(acme)
    await told(acme, source, happened("u-1"), happened("u-2"))
    days = {"steps": [{"event": "Viewed"}, {"event": "Paid"}], "days": {"kind": "last", "days": 7}}
    for user in ("u-1", "u-2"):
        name = f"Friends of {user}@shop.example"
        segment = {"name": name, "rule": {"kind": "event", "event": "Viewed"}}
        assert (await client.post("/api/v1/cdp/segments", json=segment)).status_code == 201
        funnel = {"name": name, "definition": days}
        assert (await client.post("/api/v1/cdp/funnels", json=funnel)).status_code == 201
    for user in ("u-1", "u-2"):
        await asked(acme, "erasure", await profile_of(client, user))
    for path in ("segments", "funnels"):
        kept = (await client.get(f"/api/v1/cdp/{path}", params={"sort": "name"})).json()["items"]
        assert [each["name"] for each in kept] == ["Friends of [erased]", "Friends of [erased] (2)"]


async def test_who_shared_a_device_with_an_erased_person_stays(acme: Company, client: AsyncClient) -> None:
    source = await make_source(acme)
    shared = {"anonymousId": "a-shared"}
    await told(acme, source, happened("u-1", **shared), happened("u-2", **shared))
    await asked(acme, "erasure", await profile_of(client, "u-1"))
    profile = await profile_of(client, "u-2")
    assert (await client.get(f"{PROFILES}/{profile}")).json()["order_count"] == 1


async def test_everything_of_a_merged_person_goes_with_them(acme: Company, client: AsyncClient) -> None:
    source = await make_source(acme)
    await told(acme, source, happened("u-1"), {**happened("x", userId=None), "properties": {}})
    one, other = await profile_of(client, "u-1"), await profile_of(client, "a-x")
    merge = {"profile_id": one, "other_profile_id": other, "reason": "They are one."}
    assert (await client.post(f"{PROFILES}/merges", json=merge)).status_code == 200
    await asked(acme, "erasure", other)
    assert await rows(acme.scopes, "cdp_events") == 0
    assert await rows(acme.scopes, "cdp_identifiers") == 0
    assert await rows(acme.scopes, "cdp_identity_edges") == 0


async def test_an_export_holds_all_of_a_person_and_expires(acme: Company, client: AsyncClient) -> None:
    source = await make_source(acme)
    identify = {**happened("u-1"), "type": "identify", "traits": {"firstName": "Jo", "plan": "pro"}}
    await told(acme, source, identify, happened("u-1"), happened("u-2"))
    request = await asked(acme, "export", await profile_of(client, "u-1"))
    url = f"{PRIVACY}/requests/{request}/export"
    assert (await acme.client(Role.MANAGER).get(url)).status_code == 403
    whole = (await client.get(url)).json()
    assert whole["profile"]["traits"] == {"firstName": "Jo", "plan": "pro"}
    assert {each["value"] for each in whole["identifiers"]} == {"u-1", "a-u-1", "u-1@shop.example"}
    assert len(whole["events"]) == 2
    assert any(each["identifiers"].get("email") == "u-1@shop.example" for each in whole["events"])
    assert whole["consents"]["ads"]["decision"] == "granted"
    assert {"segments", "deliveries", "consent_receipts", "consent_strings"} <= whole.keys()
    assert "u-2" not in str(whole)
    actions = [each["action"] for each in (await client.get("/api/v1/audit-logs")).json()["items"]]
    assert {"cdp.privacy.export_requested", "cdp.privacy.export_fetched"} <= set(actions)
    async with acme.scopes() as scope:
        await scope.session.execute(
            text("update cdp_privacy_requests set expires_at = now() - interval '1 s'")
        )
    assert (await client.get(url)).status_code == 410
    await Forgetting(acme.scopes).run()
    assert await rows(acme.scopes, "cdp_privacy_export_parts") == 0


class WorkerDiedError(Exception):
    """A process that was killed: its open transaction is rolled back."""


def scopes_that(scopes: Scopes, at: int, do: Callable[[], Awaitable[None]]) -> Scopes:
    """The same scopes, where `do` happens before the one numbered `at` is opened."""
    numbers = count(1)

    @asynccontextmanager
    async def opened() -> AsyncIterator[TenantScope]:
        if next(numbers) == at:
            await do()
        async with scopes() as scope:
            yield scope

    return opened


async def die() -> None:
    raise WorkerDiedError


MOMENTS = range(1, 20)
"""More than an erasure has transactions: at the last ones it is over."""


async def requested(company: Company, kind: str, profile_id: str | None) -> UUID:
    """What a worker is to do."""
    body = {"kind": kind, "profile_id": profile_id, "reason": "They asked."}
    return UUID((await company.client().post(f"{PRIVACY}/requests", json=body)).json()["id"])


async def nothing_is_left(company: Company) -> None:
    for table in ("cdp_events", "cdp_identifiers", "cdp_profiles", "cdp_identity_edges"):
        assert await rows(company.scopes, table) == 0, table
    for table in ("cdp_consents", "cdp_consent_receipts", "cdp_privacy_export_parts"):
        assert await rows(company.scopes, table) == 0, table


@pytest.mark.parametrize("moment", MOMENTS)
async def test_an_erasure_whose_worker_died_goes_on_where_it_was(acme: Company, moment: int) -> None:
    await told(acme, await make_source(acme), happened("u-1"), happened("u-1"))
    request = await requested(acme, "erasure", await profile_of(acme.client(), "u-1"))
    with contextlib.suppress(WorkerDiedError):
        await PrivacyWork(scopes_that(acme.scopes, moment, die)).run(request)
    for _ in range(2):  # and once more, as a copy of the task would
        await PrivacyWork(acme.scopes).run(request)
    await nothing_is_left(acme)
    answer = (await acme.client().get(f"{PRIVACY}/requests/{request}/certificate")).json()
    rows_of = {each["store"]: each["rows"] for each in answer["certificate"]["stores"]}
    assert (answer["valid"], rows_of["cdp_events"], rows_of["cdp_identifiers"]) == (True, 2, 3)


@pytest.mark.long
@pytest.mark.timeout(400)
async def test_an_erasure_survives_the_kill_of_each_worker_that_is_at_it(acme: Company) -> None:
    """Real workers, killed with their transactions open, over a person of many events."""
    await told(acme, await make_source(acme), happened("u-1"))
    await copies_of_events(acme, 40_000)
    with relay(TASK_REDELIVERY_SECONDS="1") as relaying:
        request = await requested(acme, "erasure", await profile_of(acme.client(), "u-1"))

        async def has_done(steps: int) -> bool:
            async with acme.scopes() as scope:
                found = await scope.session.get_one(CdpPrivacyRequest, (acme.id, request))
                return found.steps_done >= steps

        async def is_over() -> bool:
            async with acme.scopes() as scope:
                found = await scope.session.get_one(CdpPrivacyRequest, (acme.id, request))
                return found.finished_at is not None

        for steps in (1, 5):  # a third death would make it a dead letter
            with worker() as working:
                await eventually(partial(has_done, steps), watched=(relaying, working))
                working.kill()
        with worker() as working:
            await eventually(is_over, within=150, watched=(relaying, working))
    await nothing_is_left(acme)
    answer = (await acme.client().get(f"{PRIVACY}/requests/{request}/certificate")).json()
    assert answer["valid"]


async def copies_of_events(company: Company, times: int) -> None:
    columns = [each.name for each in Base.metadata.tables["cdp_events"].columns]
    kept = ", ".join(each for each in columns if each not in ("id", "message_id"))
    async with company.scopes() as scope:
        await scope.session.execute(
            text(
                f"insert into cdp_events (id, message_id, {kept}) select gen_random_uuid(), 'c' || n, {kept} "  # noqa: S608
                f"from cdp_events, generate_series(1, {times}) as n"
            )
        )


@pytest.mark.parametrize("moment", MOMENTS)
async def test_an_export_at_any_moment_of_an_erasure_leaves_nothing(acme: Company, moment: int) -> None:
    await told(acme, await make_source(acme), happened("u-1"), happened("u-1"))
    profile = await profile_of(acme.client(), "u-1")
    export, erasure = await requested(acme, "export", profile), await requested(acme, "erasure", profile)

    async def meanwhile() -> None:
        await PrivacyWork(acme.scopes).run(export)

    await PrivacyWork(scopes_that(acme.scopes, moment, meanwhile)).run(erasure)
    await PrivacyWork(acme.scopes).run(export)
    await nothing_is_left(acme)
    assert (await acme.client().get(f"{PRIVACY}/requests/{export}/export")).status_code == 410


@pytest.mark.parametrize("moment", range(1, 4))
async def test_an_erasure_in_the_middle_of_an_export_leaves_nothing(acme: Company, moment: int) -> None:
    await told(acme, await make_source(acme), happened("u-1"), happened("u-1"))
    profile = await profile_of(acme.client(), "u-1")
    export, erasure = await requested(acme, "export", profile), await requested(acme, "erasure", profile)

    async def meanwhile() -> None:
        await PrivacyWork(acme.scopes).run(erasure)

    await PrivacyWork(scopes_that(acme.scopes, moment, meanwhile)).run(export)
    await nothing_is_left(acme)
    assert (await acme.client().get(f"{PRIVACY}/requests/{export}/export")).status_code == 410


async def test_an_export_that_an_erasure_ended_does_not_go_on_with_who_comes_back(acme: Company) -> None:
    source = await make_source(acme)
    await told(acme, source, happened("u-1"))
    profile = await profile_of(acme.client(), "u-1")
    export, erasure = await requested(acme, "export", profile), await requested(acme, "erasure", profile)

    async def erased_and_back() -> None:
        await PrivacyWork(acme.scopes).run(erasure)
        later = (real_now() + timedelta(seconds=1)).isoformat()
        await told(acme, source, happened("u-1", timestamp=later))

    await PrivacyWork(scopes_that(acme.scopes, 3, erased_and_back)).run(export)
    assert await profile_of(acme.client(), "u-1") == profile, "under the same id"
    assert await rows(acme.scopes, "cdp_privacy_export_parts") == 0
    assert (await acme.client().get(f"{PRIVACY}/requests/{export}/export")).status_code == 410


@pytest.mark.parametrize("moment", MOMENTS)
async def test_of_two_erasures_of_one_person_neither_says_what_it_has_not_done(
    acme: Company, moment: int
) -> None:
    await told(acme, await make_source(acme), happened("u-1"), happened("u-1"))
    profile = await profile_of(acme.client(), "u-1")
    first, second = await requested(acme, "erasure", profile), await requested(acme, "erasure", profile)

    async def begun() -> None:
        """The second buries the person too, and its worker dies."""
        with contextlib.suppress(WorkerDiedError):
            await PrivacyWork(scopes_that(acme.scopes, 3, die)).run(second)

    await PrivacyWork(scopes_that(acme.scopes, moment, begun)).run(first)
    await nothing_is_left(acme)
    await PrivacyWork(acme.scopes).run(second)
    assert (await acme.client().get(f"{PRIVACY}/requests/{second}")).json()["status"] == "done"


@pytest.mark.parametrize("moment", MOMENTS)
async def test_events_that_arrive_at_any_moment_of_an_erasure_bring_nobody_back(
    acme: Company, ingestion: Ingestion, moment: int
) -> None:
    """From before it they stay out, be they anchored to the person or only name them; from after it they come in."""
    source = await make_source(acme)
    await told(acme, source, happened("u-1"))
    request = await requested(acme, "erasure", await profile_of(acme.client(), "u-1"))

    async def arrive() -> None:
        past = [happened("u-1"), {**happened("u-1"), "userId": "u-else", "anonymousId": "a-else"}]
        await ingest(ingestion, Sender(acme.id, source.id), *past)

    await PrivacyWork(scopes_that(acme.scopes, moment, arrive)).run(request)
    await Resolver(acme.scopes).drain()
    await Forgetting(acme.scopes).run()
    for identifier in ("u-1", "a-u-1", "u-1@shop.example"):
        assert await profile_of(acme.client(), identifier) is None
    async with acme.scopes() as scope:
        held = await scope.session.scalar(text("select count(*) from cdp_identifiers where type = 'email'"))
        kept = await scope.session.scalar(
            text("select count(*) from cdp_events where email_hash is not null")
        )
    assert (held, kept) == (0, 0)


@pytest.mark.parametrize("moment", MOMENTS)
async def test_what_follows_from_events_at_any_moment_of_an_erasure_leaves_nothing(
    acme: Company, ingestion: Ingestion, moment: int
) -> None:
    """Their consents and conversions are taken in while they are being erased, before their events go."""
    await make_account(acme.scopes, with_orders=False)
    async with acme.scopes() as scope:
        await scope.session.execute(text("update ad_accounts set pixel_id = '123'"))
    await ingest(ingestion, Sender(acme.id, None), happened("u-1", messageId="m-theirs"))
    await Resolver(acme.scopes).drain()
    request = await requested(acme, "erasure", await profile_of(acme.client(), "u-1"))

    async def follow() -> None:
        await Arrivals(acme.scopes).drain()

    await PrivacyWork(scopes_that(acme.scopes, moment, follow)).run(request)
    await nothing_is_left(acme)
    assert await rows(acme.scopes, "cdp_consent_strings") == 0
    assert await rows(acme.scopes, "conversion_deliveries where dedupe_key = 'm-theirs'") == 0


@pytest.mark.parametrize("moment", MOMENTS)
async def test_what_a_person_refuses_after_their_erasure_began_stands(
    acme: Company, ingestion: Ingestion, moment: int
) -> None:
    source = await make_source(acme)
    await told(acme, source, happened("u-1"))
    request = await requested(acme, "erasure", await profile_of(acme.client(), "u-1"))
    refusing = {"consent": {"categoryPreferences": {"Advertising": False}}, "tcf": "CPXxRfB"}

    async def come_back() -> None:
        back = happened("u-1", timestamp=(real_now() + timedelta(minutes=1)).isoformat(), context=refusing)
        await ingest(ingestion, Sender(acme.id, source.id), back)
        await Arrivals(acme.scopes).drain()

    await PrivacyWork(scopes_that(acme.scopes, 2 + moment, come_back)).run(request)
    await Resolver(acme.scopes).drain()
    profile = await profile_of(acme.client(), "u-1")
    if profile is not None:  # else it was over before they came
        said = (await acme.client().get(f"/api/v1/cdp/consents/{profile}")).json()
        assert said["purposes"]["ads"]["because"] == "they_refused"
        assert [each["value"] for each in said["strings"]] == ["CPXxRfB"]


async def test_whoever_becomes_one_with_a_person_being_erased_keeps_what_names_them(
    acme: Company, client: AsyncClient
) -> None:
    """And what the person was called stays theirs, whosever it becomes."""
    source = await make_source(acme)
    refused = [
        {"type": "track", "messageId": f"m-{number}", "userId": name, "event": None}
        for number, name in enumerate(("u-1", "u-1@shop.example", "u-2"))
    ]
    await told(acme, source, happened("u-1"), happened("u-2"), *refused)
    profile, other = await profile_of(client, "u-1"), await profile_of(client, "u-2")
    request = await requested(acme, "erasure", profile)

    async def change() -> None:
        held = (await client.get(f"{PROFILES}/{profile}")).json()["identifiers"]
        mail = [each["key"] for each in held if each["type"] == "email"]
        split = await client.post(f"{PROFILES}/{profile}/split", json={"keys": mail, "reason": "Another."})
        merged = {"profile_id": profile, "other_profile_id": other, "reason": "The same."}
        assert (split.status_code, (await client.post(f"{PROFILES}/merges", json=merged)).status_code) == (
            200,
            200,
        )

    await PrivacyWork(scopes_that(acme.scopes, 3, change)).run(request)
    verdicts = (await client.get("/api/v1/cdp/events/verdicts")).json()["items"]
    kept = {each["message_id"]: each["replayable"] for each in verdicts}
    assert kept == {"m-0": False, "m-1": False, "m-2": True}


@pytest.mark.parametrize(
    ("columns", "sent"),
    [
        ({"status": "queued"}, False),
        (
            {"status": "queued", "attempts": 1, "first_tried_at": real_now()},
            True,
        ),  # on its way while the person is erased
        (
            {"status": "failed", "attempts": 1, "first_tried_at": real_now()},
            True,
        ),  # perhaps only the answer was lost
        ({"status": "skipped", "attempts": 1}, False),
        ({"status": "acknowledged", "attempts": 1, "sent_at": real_now()}, True),
    ],
)
async def test_the_certificate_claims_of_no_platform_what_it_cannot_know(
    acme: Company, columns: dict[str, Any], sent: bool
) -> None:
    await told(acme, await make_source(acme), happened("u-1"))
    account = await make_account(acme.scopes, with_orders=False)
    async with acme.scopes() as scope:
        event = (await scope.session.scalars(select(CdpEvent))).one()
        scope.session.add(
            ConversionDelivery(
                ad_account_id=account.id,
                platform="meta",
                event_id=event.id,
                event_received_at=event.received_at,
                dedupe_key="o-u-1",
                event_name="purchase",
                platform_event="Purchase",
                event_time=event.event_time,
                queued_at=event.received_at,
                **columns,
            )
        )
    request = await asked(acme, "erasure", await profile_of(acme.client(), "u-1"))
    answer = (await acme.client().get(f"{PRIVACY}/requests/{request}/certificate")).json()
    [meta] = [each for each in answer["certificate"]["stores"] if each["store"] == "platform:meta"]
    assert (meta["status"], meta["rows"]) == (("impossible", 1) if sent else ("erased", 0))


async def test_what_runs_as_its_owner_reaches_no_neighbours_rows(acme: Company, globex: Company) -> None:
    """Told a neighbour's request, or its very events, each function that deletes finds nothing."""
    await told(globex, await make_source(globex), happened("u-1"))
    profile = await profile_of(globex.client(), "u-1")
    request = await requested(globex, "erasure", profile)
    with contextlib.suppress(WorkerDiedError):
        await PrivacyWork(scopes_that(globex.scopes, 4, die)).run(request)
    later = real_now() + timedelta(days=400)
    calls: dict[str, dict[str, Any]] = {
        "cdp_events_erase(:request, 100)": {"request": request},
        "cdp_consent_receipts_erase(:request)": {"request": request},
        "cdp_segment_transitions_erase(:request)": {"request": request},
        "cdp_events_expire(:later, 100)": {"later": later},
        "cdp_event_verdicts_expire(:later, 100)": {"later": later},
        "cdp_events_bar(:received, :ids)": {},
    }
    async with globex.scopes() as scope:
        events = (await scope.session.execute(text("select received_at, id from cdp_events"))).all()
        await scope.session.execute(text("update cdp_event_verdicts set last_at = now() - interval '9 days'"))
    calls["cdp_events_bar(:received, :ids)"] = {
        "received": [each.received_at for each in events],
        "ids": [each.id for each in events],
    }
    async with acme.scopes() as scope:
        found = {
            call: await scope.session.scalar(text(f"select {call}"), values) for call, values in calls.items()
        }
    assert set(found.values()) == {0}, found
    assert await rows(globex.scopes, "cdp_events") == 1
    async with globex.scopes() as scope:
        own = await scope.session.scalar(
            text("select cdp_events_bar(:received, :ids)"), calls["cdp_events_bar(:received, :ids)"]
        )
    assert own == 1, "its owner's call finds what the neighbour's did not"


async def test_an_export_that_was_given_up_is_dropped_like_one_that_expired(acme: Company) -> None:
    await told(acme, await make_source(acme), happened("u-1"))
    request = await requested(acme, "export", await profile_of(acme.client(), "u-1"))
    with contextlib.suppress(WorkerDiedError):
        await PrivacyWork(scopes_that(acme.scopes, 3, die)).run(request)
    await Forgetting(acme.scopes).run()
    assert await rows(acme.scopes, "cdp_privacy_export_parts") > 0
    async with acme.scopes() as scope:
        await scope.session.execute(
            text("update cdp_privacy_requests set requested_at = requested_at - interval '73 hours'")
        )
    await Forgetting(acme.scopes).run()
    assert await rows(acme.scopes, "cdp_privacy_export_parts") == 0


async def test_a_tenant_keeps_its_events_as_long_as_it_says_and_no_longer(
    acme: Company, globex: Company, client: AsyncClient
) -> None:
    body = {"event_days": 7, "verdict_days": 7, "export_hours": 24}
    assert (await client.put(f"{PRIVACY}/settings", json=body)).json() == body
    bad = {"type": "track", "messageId": "m-bad", "userId": "u-1"}
    for company in (acme, globex):
        await told(company, await make_source(company), happened("u-1"), bad)
    await Forgetting(acme.scopes).run()
    assert (await rows(acme.scopes, "cdp_events"), await rows(acme.scopes, "cdp_event_verdicts")) == (1, 1)
    for company in (acme, globex):
        async with company.scopes() as scope:
            await scope.session.execute(
                text("update cdp_event_verdicts set last_at = now() - interval '8 days'")
            )
        await old_event(company)
        await Forgetting(company.scopes).run()
    assert (await rows(acme.scopes, "cdp_events"), await rows(acme.scopes, "cdp_event_verdicts")) == (1, 0)
    assert (await rows(globex.scopes, "cdp_events"), await rows(globex.scopes, "cdp_event_verdicts")) == (
        2,
        1,
    )


async def old_event(company: Company) -> None:
    """A copy of an event that was received eight days ago."""
    async with company.scopes() as scope:
        columns = [
            each.name
            for each in Base.metadata.tables["cdp_events"].columns
            if each.name not in ("id", "received_at")
        ]
        names = ", ".join(columns)
        await scope.session.execute(
            text(
                f"insert into cdp_events (id, received_at, {names}) "  # noqa: S608  (a name of ours)
                f"select gen_random_uuid(), received_at - interval '8 days', {names} from cdp_events"
            )
        )
