"""The tracking API, point by point of its contract."""

import asyncio
import base64
import gzip
import hashlib
import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient, Response
from sqlalchemy import text

from app.core.config import Settings
from app.core.security import Unsealable
from app.db.session import Scopes
from app.services.cdp.events.reading import Delivery, Row
from app.services.cdp.events.service import open_identifiers
from app.services.cdp.events.store_repository import EventStore, Outcome, Part
from app.services.cdp.ingest.service import BATCH, CALLS
from tests.factories.access import Company
from tests.factories.cdp import Source, make_source, track


@pytest.fixture
async def source(acme: Company) -> Source:
    return await make_source(acme)


async def rows(scopes: Scopes, statement: str = "select * from cdp_events order by event_name") -> list[Any]:
    async with scopes() as scope:
        return list(await scope.session.execute(text(statement)))


async def send(client: AsyncClient, source: Source, *events: Any, **beside: Any) -> Response:
    body = {"batch": list(events), "writeKey": source.key, "sentAt": None, **beside}
    return await client.post("/v1/batch", content=json.dumps(body))


async def test_a_batch_is_stored_and_answered_with_200_and_json(
    anonymous: AsyncClient, source: Source, scopes: Scopes
) -> None:
    answer = await send(anonymous, source, track("A"), track("B"))
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert [row.event_name for row in await rows(scopes)] == ["A", "B"]


async def test_a_resend_changes_nothing(anonymous: AsyncClient, source: Source, scopes: Scopes) -> None:
    events = [track(str(number)) for number in range(20)]
    for _ in range(3):
        assert (await send(anonymous, source, *events, *events[:5])).status_code == 200
    assert len(await rows(scopes)) == 20
    counts = await rows(scopes, "select sum(accepted) a, sum(duplicates) d from cdp_event_counts")
    assert (counts[0].a, counts[0].d) == (20, 55)


def basic(credentials: str) -> str:
    return "Basic " + base64.b64encode(credentials.encode()).decode()


@pytest.mark.parametrize("form", ["body", "basic", "basic without colon", "header", "bearer and body"])
async def test_the_key_is_taken_wherever_a_client_puts_it(
    anonymous: AsyncClient, source: Source, form: str
) -> None:
    headers = {
        "basic": {"Authorization": basic(f"{source.key}:")},
        "basic without colon": {"Authorization": basic(source.key)},
        "header": {"X-Write-Key": source.key},
        "bearer and body": {"Authorization": "Bearer of-an-oauth-server"},
    }.get(form, {})
    beside = {"writeKey": source.key} if "body" in form else {}
    body = json.dumps({"batch": [track()], **beside})
    assert (await anonymous.post("/v1/batch", content=body, headers=headers)).status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "image/png", ""])
async def test_the_content_type_is_not_asked_for(anonymous: AsyncClient, source: Source, kind: str) -> None:
    body = json.dumps({**track(), "writeKey": source.key})
    answer = await anonymous.post("/v1/t", content=body, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()) == (200, {"success": True})


@pytest.mark.parametrize(
    "key", ["", "nonsense", "wk_1_2_3", "wk_99999999999999_x_y", "wk_1_" + "0" * 32 + "_s"]
)
async def test_an_unknown_key_is_401(anonymous: AsyncClient, key: str) -> None:
    answer = await anonymous.post("/v1/batch", json={"batch": [track()], "writeKey": key})
    assert (answer.status_code, answer.json()["code"]) == (401, "cdp.sources.unknown_write_key")


async def test_another_sources_secret_opens_nothing(
    anonymous: AsyncClient, source: Source, acme: Company
) -> None:
    other = await make_source(acme)
    mixed = source.key.rsplit("_", 1)[0] + "_" + other.key.split("_", 3)[3]
    assert (await anonymous.post("/v1/track", json={**track(), "writeKey": mixed})).status_code == 401


async def test_gzip_is_understood(anonymous: AsyncClient, source: Source, scopes: Scopes) -> None:
    body = gzip.compress(json.dumps({"batch": [track("Zipped")], "writeKey": source.key}).encode())
    answer = await anonymous.post("/v1/batch", content=body, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 200
    assert [row.event_name for row in await rows(scopes)] == ["Zipped"]


async def test_a_decompression_bomb_is_refused_before_it_grows(
    anonymous: AsyncClient, source: Source
) -> None:
    bomb = gzip.compress(b'{"batch":[' + b" " * 100_000_000 + b"]}")
    headers = {"Content-Encoding": "gzip", "X-Write-Key": source.key}
    answer = await anonymous.post("/v1/batch", content=bomb, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "cdp.events.too_large")


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"", ""),
        (b"{", ""),
        (b"[]", ""),
        (b"null", ""),
        (b'{"batch": 7}', ""),
        (b'{"nothing": []}', ""),
        (b'{"batch": [{"a": NaN}]}', ""),
        (b'{"batch": [{]}', ""),
        (b"not gzip", "gzip"),
        (gzip.compress(b'{"batch": []}', mtime=0)[:-9], "gzip"),
        (b'{"batch": []}', "br"),
        (b"[" * 100_000, ""),
    ],
)
async def test_what_is_no_batch_is_400(
    anonymous: AsyncClient, source: Source, body: bytes, encoding: str
) -> None:
    headers = {"X-Write-Key": source.key, "Content-Encoding": encoding}
    answer = await anonymous.post("/v1/batch", content=body, headers=headers)
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"].startswith("cdp.events.")


async def test_limits_of_a_batch(anonymous: AsyncClient, source: Source, scopes: Scopes) -> None:
    small = {"type": "track", "event": "e", "userId": "u"}
    assert (await send(anonymous, source, *[small] * 2_500)).status_code == 200
    assert (await send(anonymous, source, *[small] * 2_501)).status_code == 400
    padded = [track(properties={"p": "x" * 30_000}) for _ in range(17)]
    assert (await send(anonymous, source, *padded)).status_code == 400
    for size in (600_000, 3_000_000):
        answer = await anonymous.post("/v1/batch", content=b'{"batch":[' + b" " * size + b"]}")
        assert (answer.status_code, answer.json()["code"]) == (400, "cdp.events.too_large")
    assert len(await rows(scopes)) == 2_500


_ODD: list[tuple[str, Any]] = [
    ("event_missing", {"type": "track", "userId": "u"}),
    ("event_missing", {"type": "track", "userId": "u", "event": "  "}),
    ("identity_missing", {"type": "track", "event": "e", "anonymousId": None}),
    ("identity_missing", {"type": "page", "userId": "", "anonymousId": ""}),
    ("unknown_type", {"type": "delete", "userId": "u"}),
    ("unknown_type", {"userId": "u", "event": "e"}),
    ("wrong_type", {"type": "track", "userId": "u", "event": 7}),
    ("wrong_type", {"type": "track", "userId": ["u"], "event": "e"}),
    ("wrong_type", {"type": "track", "userId": True, "event": "e"}),
    ("wrong_type", {"type": "track", "userId": "u", "event": "e", "properties": [1]}),
    ("wrong_type", {"type": "track", "userId": "u", "event": "e", "context": "c"}),
    ("wrong_type", {"type": "track", "userId": "u", "event": "e", "timestamp": {}}),
    ("wrong_type", "no object"),
    ("wrong_type", None),
    ("message_id_too_long", {"type": "track", "userId": "u", "event": "e", "messageId": "m" * 100}),
    ("too_long", {"type": "track", "userId": "u" * 600, "event": "e"}),
    ("too_long", {"type": "track", "userId": "u", "event": "e" * 600}),
    ("too_large", {"type": "track", "userId": "u", "event": "e", "properties": {"p": "x" * 40_000}}),
    ("nul_character", {"type": "track", "userId": "u", "event": "e", "properties": {"a": ["\x00"]}}),
    ("nul_character", {"type": "track", "userId": "u\x00", "event": "e"}),
    ("nul_character", {"type": "track", "userId": "u", "event": "e\x00"}),
    ("nul_character", {"type": "track", "userId": "u", "event": "e", "messageId": "m\x00"}),
    ("nul_character", {"type": "track", "userId": "u", "event": "e", "context": {"a": "\x00"}}),
    ("nul_character", {"type": "track", "userId": "u", "event": "e", "properties": {"\x00": 1}}),
    ("absurd_time", {"type": "track", "userId": "u", "event": "e", "timestamp": "yesterday"}),
    ("absurd_time", {"type": "track", "userId": "u", "event": "e", "timestamp": "9999-12-31T23:59:59Z"}),
    ("absurd_time", {"type": "track", "userId": "u", "event": "e", "timestamp": "1969-01-01T00:00:00Z"}),
    ("absurd_time", {"type": "track", "userId": "u", "event": "e", "timestamp": 1e30}),
    (
        "absurd_number",
        {"type": "track", "userId": "u", "event": "Order Completed", "properties": {"revenue": 1e30}},
    ),
]


@pytest.mark.parametrize(("code", "odd"), _ODD)
async def test_one_odd_event_gets_its_verdict_and_the_others_are_stored(
    anonymous: AsyncClient, source: Source, scopes: Scopes, code: str, odd: Any
) -> None:
    answer = await send(anonymous, source, track("Before"), odd, track("After"))
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert [row.event_name for row in await rows(scopes)] == ["After", "Before"]
    verdicts = await rows(scopes, "select * from cdp_event_verdicts")
    assert [row.code for row in verdicts] == [code]
    assert verdicts[0].reason
    assert len(await rows(scopes, "select * from cdp_event_dedupe")) == 2


_RAW: list[tuple[str, bytes]] = [
    (
        "too_deep",
        b'{"type":"track","userId":"u","event":"e","properties":{"a":' + b"[" * 100 + b"]" * 100 + b"}}",
    ),
    (
        "too_deep",
        b'{"type":"track","userId":"u","event":"e","properties":{"a":' + b"[" * 9000 + b"]" * 9000 + b"}}",
    ),
    ("not_unicode", rb'{"type":"track","userId":"u","event":"e","properties":{"a":"\ud83d"}}'),
    ("not_unicode", rb'{"type":"track","userId":"u","event":"e","properties":{"a":"\ude00 x"}}'),
    ("not_unicode", b'{"type":"track","userId":"u","event":"e","properties":{"a":"\xff\xfe"}}'),
    ("absurd_number", b'{"type":"track","userId":"u","event":"e","properties":{"a":1e400}}'),
    ("absurd_number", b'{"type":"track","userId":"u","event":"e","properties":{"a":1e99999}}'),
    ("absurd_number", b'{"type":"track","userId":"u","event":"e","properties":{"a":' + b"9" * 5_000 + b"}}"),
]


@pytest.mark.parametrize(("code", "odd"), _RAW)
async def test_what_a_decoder_or_the_database_would_choke_on_spoils_nothing_else(
    anonymous: AsyncClient, source: Source, scopes: Scopes, code: str, odd: bytes
) -> None:
    others = [json.dumps(track(name)).encode() for name in ("After", "Before")]
    body = b'{"batch":[' + b",".join([others[0], odd, others[1]]) + b"]}"
    answer = await anonymous.post("/v1/batch", content=body, headers={"X-Write-Key": source.key})
    assert answer.status_code == 200, answer.text
    assert [row.event_name for row in await rows(scopes)] == ["After", "Before"]
    assert [row.code for row in await rows(scopes, "select code from cdp_event_verdicts")] == [code]


async def test_odd_but_right_events_are_stored(
    anonymous: AsyncClient, source: Source, scopes: Scopes
) -> None:
    body = (
        b'{"batch":['
        rb'{"type":"track","userId":7,"event":"a","properties":{"b":"\\u0000 \ud83d\ude00","n":1e30}},'
        b'{"type":"track","anonymousId":"x","userId":null,"event":"b","properties":null,"context":null},'
        b'{"type":"page","anonymousId":"x","name":"c","unknown":{"deep":[1]}}]}'
    )
    answer = await anonymous.post("/v1/batch", content=body, headers={"X-Write-Key": source.key})
    assert answer.status_code == 200
    stored = await rows(scopes)
    assert [row.event_name for row in stored] == ["a", "b", "c"]
    assert stored[0].properties["b"] == "\\u0000 \N{GRINNING FACE}"


@pytest.mark.parametrize(
    ("address", "kind"),
    [(address, kind) for address, kind in CALLS.items() if kind != BATCH],
)
async def test_every_call_has_its_address(
    anonymous: AsyncClient, source: Source, scopes: Scopes, address: str, kind: str
) -> None:
    body = {"userId": "u", "event": "e", "previousId": "p", "groupId": "g", "traits": {"plan": "pro"}}
    answer = await anonymous.post(f"/v1/{address}", json=body, headers={"X-Write-Key": source.key})
    assert answer.status_code == 200
    assert [row.event_type for row in await rows(scopes)] == [kind]
    assert (
        await anonymous.post("/v1/b", json={"batch": []}, headers={"X-Write-Key": source.key})
    ).status_code == 200


async def test_a_clock_that_is_wrong_is_corrected(
    anonymous: AsyncClient, source: Source, scopes: Scopes
) -> None:
    wrong = datetime(2031, 5, 1, 12, 0, tzinfo=UTC)
    event = track(timestamp=(wrong - timedelta(minutes=10)).isoformat())
    await send(anonymous, source, event, sentAt=wrong.isoformat())
    stored = (await rows(scopes))[0]
    assert stored.event_time == stored.received_at - timedelta(minutes=10)


async def test_what_a_batch_says_of_all_is_merged_into_each(
    anonymous: AsyncClient, source: Source, scopes: Scopes
) -> None:
    await send(
        anonymous,
        source,
        track("a", context={"locale": "hu", "app": {"name": "own"}}, integrations={"Mixpanel": True}),
        track("b"),
        context={"locale": "en", "timezone": "UTC"},
        integrations={"All": False},
    )
    first, second = await rows(scopes)
    assert first.context == {
        "locale": "hu",
        "timezone": "UTC",
        "app": {"name": "own"},
        "integrations": {"Mixpanel": True},
    }
    assert second.context == {"locale": "en", "timezone": "UTC", "integrations": {"All": False}}


async def test_any_page_may_send_and_its_preflight_is_answered(
    anonymous: AsyncClient, source: Source
) -> None:
    wanted = "authorization, content-type, x-retry-count, x-write-key"
    for path in ("/v1/batch", "/v1/t", "/api/v1/cdp/events"):
        preflight = await anonymous.options(
            path,
            headers={
                "Origin": "https://shop.example",
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": wanted,
            },
        )
        assert preflight.status_code == 200, path
        assert preflight.headers["access-control-allow-origin"] == "*"
        allowed = preflight.headers["access-control-allow-headers"].lower()
        assert all(name in allowed for name in wanted.split(", "))
        assert "access-control-allow-credentials" not in preflight.headers
    answer = await anonymous.post(
        "/v1/t",
        content=json.dumps({**track(), "writeKey": source.key}),
        headers={"Origin": "https://shop.example"},
    )
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_other_addresses_stay_closed_to_foreign_pages(anonymous: AsyncClient) -> None:
    preflight = await anonymous.options(
        "/api/v1/cdp/sources",
        headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"},
    )
    assert "access-control-allow-origin" not in preflight.headers


async def test_the_browser_sdk_is_told_to_send_here(anonymous: AsyncClient, source: Source) -> None:
    answer = await anonymous.get(f"/v1/projects/{source.key}/settings")
    told = answer.json()["integrations"]["Segment.io"]
    assert (told["apiKey"], told["apiHost"], told["protocol"]) == (source.key, "testserver/v1", "http")
    assert (await anonymous.get("/v1/projects/unknown/settings")).status_code == 401


async def test_no_personal_value_lies_in_the_store_in_the_clear(
    anonymous: AsyncClient, source: Source, scopes: Scopes, acme: Company
) -> None:
    address, phone, user = "Jane.Doe@shop.example", "+36 30 123 4567", "customer-zyx-jane"
    await send(
        anonymous,
        source,
        track(
            "Order Completed",
            userId=user,
            properties={
                "email": address,
                "phone": phone,
                "note": f"please write to {address}!",
                "url": "https://shop.example/?email=jane.doe%40shop.example&x=1",
                "nested": [{"billing_address": 1, "address": {"street": "Fő utca 1"}}],
                "revenue": "12.30",
            },
            context={"ip": "203.0.113.9", "traits": {"firstName": "Janka", "name": "Janka Doe"}},
        ),
        {"type": "identify", "userId": address, "messageId": f"m-{address}", "traits": {"email": address}},
        {"type": "track", "event": f"invited {address}", "anonymousId": address},
        {"type": "track", "userId": user, "event": 3, "properties": {"email": address}},
    )
    async with scopes() as scope:
        for table in ("cdp_events", "cdp_event_dedupe", "cdp_event_verdicts", "outbox"):
            dump = str(list(await scope.session.execute(text(f"select t::text from {table} t")))).lower()  # noqa: S608  (a name of ours)
            for secret in (
                "jane.doe",
                "jane",
                "123 4567",
                "1234567",
                "203.0.113.9",
                "janka",
                "fő utca",
                "zyx",
            ):
                assert secret not in dump, (table, secret)
    order = next(row for row in await rows(scopes) if row.event_name == "Order Completed")
    opened = open_identifiers(order.identifiers, acme.id)
    assert opened["user_id"] == user
    assert (opened["email"], opened["phone"], opened["ip"]) == (
        address.lower(),
        "+36301234567",
        "203.0.113.9",
    )
    assert opened["fields"]["context.traits.firstName"] == "Janka"
    same = [row for row in await rows(scopes) if row.email_hash == order.email_hash]
    assert len(same) == 2


async def test_a_stored_hash_can_be_neither_guessed_nor_compared_across_tenants(
    anonymous: AsyncClient, source: Source, scopes: Scopes, globex: Company
) -> None:
    address, phone, user = "jane.doe@shop.example", "+36301234567", "customer-1"
    event = track("Order Completed", userId=user, properties={"email": address, "phone": phone})
    await send(anonymous, source, event)
    await send(anonymous, await make_source(globex), event)
    (ours,), (theirs,) = await rows(scopes), await rows(globex.scopes)
    for name, value in (("email_hash", address), ("phone_hash", phone), ("user_id_hash", user)):
        stored = getattr(ours, name)
        assert stored not in {hashlib.sha256(text.encode()).digest() for text in (value, value.lstrip("+"))}
        assert stored != getattr(theirs, name), name


async def test_a_sealed_value_that_was_moved_or_altered_does_not_open(
    anonymous: AsyncClient, source: Source, scopes: Scopes, acme: Company, globex: Company
) -> None:
    await send(anonymous, source, track())
    sealed = (await rows(scopes))[0].identifiers
    with pytest.raises(Unsealable):
        open_identifiers(sealed, globex.id)
    with pytest.raises(Unsealable):
        open_identifiers(sealed[:-1] + bytes([sealed[-1] ^ 1]), acme.id)


async def test_concurrent_senders_of_the_same_events_store_each_once(
    anonymous: AsyncClient, source: Source, scopes: Scopes
) -> None:
    """Twenty-five at once, each in an order of its own: no error, no deadlock, no double."""
    events = [track(f"e{number}") for number in range(200)]
    shuffled = [sorted(events, key=lambda _: random.random()) for _ in range(25)]  # noqa: S311  (an order)
    answers = await asyncio.gather(*(send(anonymous, source, *batch) for batch in shuffled))
    assert {answer.status_code for answer in answers} == {200}
    assert len(await rows(scopes)) == 200
    counts = (await rows(scopes, "select sum(accepted) a, sum(duplicates) d from cdp_event_counts"))[0]
    assert (counts.a, counts.d) == (200, 200 * 24)


async def test_writers_of_the_same_events_in_any_order_wait_for_each_other_and_not_in_a_ring(
    settings: Settings, acme: Company, scopes: Scopes
) -> None:
    """Within a process one group at a time is written for a tenant: it is between processes that orders meet."""
    delivery = Delivery(acme.id, None, "segment", datetime.now(UTC))
    read = [delivery.read(json.dumps(track(f"e{number}")).encode()) for number in range(600)]
    rows_of = [each for each in read if isinstance(each, Row)]
    parts = [
        Part(delivery, random.sample(rows_of, len(rows_of)), [b"{}"] * len(rows_of), (), Outcome())
        for _ in range(6)
    ]
    store = EventStore(settings, connections=len(parts))
    written = await asyncio.gather(*(store.write(acme.id, [part]) for part in parts))
    await store.close()
    assert sum(sum(each.accepted) for each in written) == len(rows_of) == len(await rows(scopes))


async def test_tenants_may_use_the_same_message_ids(
    anonymous: AsyncClient, source: Source, globex: Company, scopes: Scopes
) -> None:
    other = await make_source(globex)
    event = track()
    for each in (source, other):
        assert (await send(anonymous, each, event)).status_code == 200
    assert len(await rows(scopes)) == len(await rows(globex.scopes)) == 1


async def test_a_rejection_leaves_nothing_but_its_verdict(
    anonymous: AsyncClient, source: Source, scopes: Scopes
) -> None:
    await send(anonymous, source, {"type": "track", "userId": "u", "messageId": "m-1"})
    assert await rows(scopes) == []
    assert await rows(scopes, "select * from cdp_event_dedupe") == []
    told = await rows(scopes, "select * from outbox")
    assert [(each.kind, each.name) for each in told] == [("live", "cdp_verdict")]
    await send(anonymous, source, {"type": "track", "userId": "u", "messageId": "m-1", "event": "now right"})
    assert [row.event_name for row in await rows(scopes)] == ["now right"]


async def test_the_same_rejection_again_is_counted_not_repeated(
    anonymous: AsyncClient, source: Source, scopes: Scopes
) -> None:
    odd = {"type": "track", "userId": "u", "messageId": "m-1"}
    for _ in range(3):
        await send(anonymous, source, odd, odd)
    assert [row.times for row in await rows(scopes, "select times from cdp_event_verdicts")] == [6]
