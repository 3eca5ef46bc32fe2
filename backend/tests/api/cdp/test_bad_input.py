"""Whatever comes is answered clearly and never with a 5xx; one bad event spoils no other."""

import base64
import gzip
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from httpx2 import AsyncClient
from sqlalchemy import text

from app.db.session import Scopes
from app.services.cdp.events.reading import Delivery
from tests.factories.access import Company
from tests.factories.cdp import Source, make_source, track

_GOOD = json.dumps(track("Good", messageId="good")).encode()
_TRACK = b'"type":"track","userId":"u","event":"e"'


@pytest.fixture
async def source(acme: Company) -> Source:
    return await make_source(acme)


async def _codes(scopes: Scopes) -> list[str]:
    async with scopes() as scope:
        return list(await scope.session.scalars(text("select code from cdp_event_verdicts order by code")))


async def _names(scopes: Scopes) -> list[str]:
    async with scopes() as scope:
        found = await scope.session.scalars(text("select event_name from cdp_events order by event_name"))
        return list(found)


async def test_fifty_megabytes_are_refused_without_being_read(anonymous: AsyncClient, source: Source) -> None:
    read = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(50):
            read += 1
            yield b" " * 1_048_576

    said = await anonymous.post("/v1/batch", content=b" " * 50 * 1_048_576)
    unsaid = await anonymous.post("/v1/batch", content=chunks())
    for answer in (said, unsaid):
        assert (answer.status_code, answer.json()["code"]) == (400, "cdp.events.too_large")


@pytest.mark.parametrize(
    "bomb",
    [
        gzip.compress(b"0" * 200_000_000),
        gzip.compress(gzip.compress(b'{"batch":[]}' + b" " * 50_000_000)),
        gzip.compress(b'{"batch":[]}') + b"something else",
        gzip.compress(b'{"batch":[]}') * 2,
    ],
    ids=["large", "nested", "followed", "twice"],
)
async def test_compressed_bodies_that_are_no_batch(
    anonymous: AsyncClient, source: Source, bomb: bytes
) -> None:
    headers = {"Content-Encoding": "gzip", "X-Write-Key": source.key}
    answer = await anonymous.post("/v1/batch", content=bomb, headers=headers)
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"].startswith("cdp.events.")


@pytest.mark.parametrize("address", ["track", "batch", "identify", "t"])
@pytest.mark.parametrize("body", [b"", b"7", b'"x"', b"null", b"[]", b"[{}]", b"{", b"\xff", b"\x00", b"{}}"])
async def test_a_body_that_is_no_object_is_400(
    anonymous: AsyncClient, source: Source, address: str, body: bytes
) -> None:
    answer = await anonymous.post(f"/v1/{address}", content=body, headers={"X-Write-Key": source.key})
    assert (answer.status_code, answer.json()["success"]) == (400, False)


async def test_an_empty_batch_is_no_error(anonymous: AsyncClient, source: Source, scopes: Scopes) -> None:
    answer = await anonymous.post("/v1/batch", content=b'{"batch":[]}', headers={"X-Write-Key": source.key})
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert await _names(scopes) == []


_ODD: list[tuple[str, bytes]] = [
    ("nul_character", b"{" + _TRACK + rb',"properties":{"a\u0000b":1}}'),
    ("nul_character", b"{" + _TRACK + rb',"context":{"page":{"\u0000":{}}}}'),
    ("nul_character", b"{" + _TRACK + rb',"messageId":"m\u0000"}'),
    ("nul_character", rb'{"\u0000":1,"type":"track","userId":"u","event":"e"}'),
    ("nul_character", b"{" + _TRACK + rb',"properties":{"a":"\\\u0000"}}'),
    ("malformed", b"{" + _TRACK + b',"properties":{"a":"\x00"}}'),
    ("malformed", b"{" + _TRACK + b',"properties":{"a":"\n"}}'),
    ("not_unicode", b"{" + _TRACK + rb',"properties":{"\ud83d":1}}'),
    ("not_unicode", b"{" + _TRACK + rb',"messageId":"\udc00"}'),
    ("absurd_number", b"{" + _TRACK + b',"properties":{"a":-1e999}}'),
    ("absurd_number", b"{" + _TRACK + b',"context":{"a":1e999}}'),
    ("absurd_number", b"{" + _TRACK + b',"properties":{"a":[1e-16000,1E-0000016000]}}'),
    ("absurd_number", b"{" + _TRACK + b',"properties":{"a":[1e-20000]}}'),
    ("too_large", b"{" + _TRACK + b',"properties":{"a":[' + b",".join([b"1e308"] * 300) + b"]}}"),
    ("wrong_type", b"{" + _TRACK + b',"messageId":7}'),
    ("wrong_type", b"{" + _TRACK + b',"context":[]}'),
    ("wrong_type", b"{" + _TRACK + b',"integrations":"all"}'),
    ("absurd_time", b"{" + _TRACK + b',"timestamp":"0001-01-01T00:00:00Z"}'),
    ("absurd_time", b"{" + _TRACK + b',"timestamp":99999999999999999999}'),
    ("absurd_time", b"{" + _TRACK + b',"timestamp":"2999-01-01T00:00:00+14:00"}'),
    ("too_deep", b"{" + _TRACK + b',"context":{"a":' + b'{"b":' * 70 + b"1" + b"}" * 70 + b"}}"),
]


@pytest.mark.parametrize(("code", "odd"), _ODD)
async def test_an_odd_event_among_good_ones_gets_its_verdict(
    anonymous: AsyncClient, source: Source, scopes: Scopes, code: str, odd: bytes
) -> None:
    body = b'{"batch":[' + odd + b"," + _GOOD + b"]}"
    answer = await anonymous.post("/v1/batch", content=body, headers={"X-Write-Key": source.key})
    if code == "malformed":
        # A body that is no JSON at all is refused whole: where its events end is not known.
        assert (answer.status_code, answer.json()["code"]) == (400, "cdp.events.bad_batch")
        return
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert await _names(scopes) == ["Good"]
    assert await _codes(scopes) == [code]


@pytest.mark.parametrize(
    ("code", "context"),
    [
        ("nul_character", rb'{"page":"\u0000"}'),
        ("not_unicode", rb'{"page":"\udc00"}'),
        ("absurd_number", b'{"page":1e-20000}'),
        ("too_deep", b'{"page":' + b"[" * 5_000 + b"]" * 5_000 + b"}"),
        ("too_large", b'{"page":"' + b"x" * 32_740 + b'"}'),
    ],
    ids=["nul", "half a pair", "tiny", "deep", "large"],
)
async def test_what_a_batch_says_for_all_is_looked_at_like_what_an_event_says(
    anonymous: AsyncClient, source: Source, scopes: Scopes, code: str, context: bytes
) -> None:
    """Left to the database, each of its events would be a transaction of its own."""
    events = b",".join(json.dumps(track("Any", messageId=f"m-{number}")).encode() for number in range(3))
    body = b'{"context":' + context + b',"batch":[' + events + b"]}"
    answer = await anonymous.post("/v1/batch", content=body, headers={"X-Write-Key": source.key})
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert await _names(scopes) == []
    assert await _codes(scopes) == [code] * 3


async def test_ordinary_exponents_are_kept(anonymous: AsyncClient, source: Source, scopes: Scopes) -> None:
    text_like = rb'"b":",1e-16000 \" :1e-16000"'
    body = (
        b'{"batch":[{'
        + _TRACK
        + b',"properties":{"a":[1.7976931348623157e+308,5e-324,1e-7],'
        + text_like
        + b"}}]}"
    )
    answer = await anonymous.post("/v1/batch", content=body, headers={"X-Write-Key": source.key})
    assert answer.status_code == 200
    assert (await _names(scopes), await _codes(scopes)) == (["e"], [])


async def test_of_two_members_of_one_name_the_last_counts(
    anonymous: AsyncClient, source: Source, scopes: Scopes
) -> None:
    twice = (
        b'{"event":"First","type":"track","userId":"u","event":"Second",'
        b'"properties":{"a":1,"a":2},"messageId":"x","messageId":"y"}'
    )
    body = b'{"batch":[],"batch":[' + twice + b"]}"
    answer = await anonymous.post("/v1/batch", content=body, headers={"X-Write-Key": source.key})
    assert answer.status_code == 200
    async with scopes() as scope:
        row = (await scope.session.execute(text("select * from cdp_events"))).one()
    assert (row.event_name, row.message_id, row.properties) == ("Second", "y", {"a": 2})


async def test_large_whole_numbers_are_kept_to_the_last_digit(
    anonymous: AsyncClient, source: Source, scopes: Scopes
) -> None:
    number = b"123456789012345678901234567890"
    body = b'{"batch":[{' + _TRACK + b',"properties":{"a":' + number + b',"b":1.10}}]}'
    answer = await anonymous.post("/v1/batch", content=body, headers={"X-Write-Key": source.key})
    assert answer.status_code == 200
    async with scopes() as scope:
        kept = await scope.session.scalar(text("select properties::text from cdp_events"))
    assert kept == '{"a": 123456789012345678901234567890, "b": 1.10}'


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Write-Key", b"\xc3\xa9"),
        ("X-Write-Key", b"wk_" * 2_000),
        ("Authorization", b"Basic ////"),
        ("Authorization", b"Basic \xff\xfe"),
        ("Authorization", b"Basic d2tf"),
        ("Content-Encoding", b"gzip, gzip"),
        ("Content-Encoding", b"\xff"),
    ],
)
async def test_odd_headers_are_the_senders_fault(
    anonymous: AsyncClient, source: Source, name: str, value: bytes
) -> None:
    answer = await anonymous.post("/v1/batch", content=b'{"batch":[]}', headers=[(name.encode(), value)])
    assert answer.status_code in {400, 401}, answer.text


async def test_a_time_of_sending_at_the_calendars_end_mends_nothing(
    client: AsyncClient, anonymous: AsyncClient, source: Source
) -> None:
    body = b'{"sentAt":"9999-12-31T23:59:59.999999Z","batch":[{"type":"track","userId":"u"}]}'
    await anonymous.post("/v1/batch", content=body, headers={"X-Write-Key": source.key})
    [verdict] = (await client.get("/api/v1/cdp/events/verdicts")).json()["items"]
    answer = await client.post(f"/api/v1/cdp/events/verdicts/{verdict['id']}/replay")
    assert (answer.status_code, answer.json()["replay_outcome"]) == (200, "rejected")


@pytest.mark.parametrize("lead", [timedelta(days=1), timedelta(days=-1)])
@pytest.mark.parametrize("sent_at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_nor_does_it_where_our_clock_is_another_than_the_worlds(lead: timedelta, sent_at: str) -> None:
    delivery = Delivery(1, None, "segment", datetime.now(UTC), clock_lead=lead)
    assert delivery.read(b"{" + _TRACK + b',"sentAt":"' + sent_at.encode() + b'"}').message_id


async def test_half_a_character_in_a_corrected_event_is_refused(
    client: AsyncClient, anonymous: AsyncClient, source: Source
) -> None:
    body = b'{"batch":[{"type":"track","userId":"u"}]}'
    await anonymous.post("/v1/batch", content=body, headers={"X-Write-Key": source.key})
    [verdict] = (await client.get("/api/v1/cdp/events/verdicts")).json()["items"]
    answer = await client.post(
        f"/api/v1/cdp/events/verdicts/{verdict['id']}/replay",
        content=rb'{"payload":{"type":"track","user_id":"u","event_name":"\ud800"}}',
        headers={"content-type": "application/json"},
    )
    assert (answer.status_code, answer.json()["replay_outcome"]) == (200, "rejected")


@pytest.mark.parametrize(
    "at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-01T00:00:00"]
)
async def test_a_cursor_that_no_list_gave_out_is_refused(client: AsyncClient, at: str) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps([at, str(uuid4())]).encode()).decode()
    for path in ("profiles", "events", "identity/refusals", "identity/quarantine", "privacy/requests"):
        answer = await client.get(f"/api/v1/cdp/{path}", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (422, "pages.bad_cursor"), path
