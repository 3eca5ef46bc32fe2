"""An answer that no platform should give is an error of that platform: never a crash, never a success."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from pydantic import SecretStr

from app.core.clock import real_now
from app.core.config import Settings
from app.db.session import Scopes
from app.models.integrations.kinds import Platform
from app.services.integrations.audiences.service import AudienceService
from app.services.integrations.gateway import Gateway, gateway_by
from app.services.integrations.ports import SET_STATUS, AdPlatform, PlatformError
from app.services.integrations.ports import PlatformErrorKind as Kind
from app.services.integrations.vendors import VENDORS
from app.services.integrations.wire import Answer, Call, Line, Wire
from tests.conftest import pointed_at
from tests.sandbox_process import Sandbox
from tests.services.integrations.conftest import Desk
from tests.services.integrations.contract.conftest import CONVERSION, Bench
from tests.services.integrations.contract.raw import Raw, answering
from tests.services.integrations.contract.subjects import SUBJECTS

ODD = {
    "nothing": b"",
    "html": b"<html>Bad gateway</html>",
    "a list": b"[]",
    "a number": b"7",
    "an error that is an object": b'{"error": {"code": {"a": []}}}',
    "an error that is a list": b'{"error": [], "code": 40100.5, "request_status": 5}',
    "deep": b'{"data":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "no rows": b'{"data": 7, "code": 0, "campaigns": 7, "adsquads": {}, "results": 7, "fieldMask": 1}',
    "rows that are none": b'{"data": [7, null], "code": 0, "campaigns": [7], "results": [[]], "fieldMask": ""}',
    "odd pages": b'{"data": {"list": [{}], "page_info": []}, "code": 0, "paging": 7, "campaigns": [], "adsquads": 1}',
    "no number": b'{"data": [{"spend": NaN}], "code": 0, "results": [{"metrics": Infinity}], "fieldMask": ""}',
    "no text": b'{"data": [{"id": "\\u0000\\ud800"}], "code": 0, "error": {"message": "\\ud800\\u0000"}}',
}


@pytest.fixture
async def raw() -> AsyncIterator[Raw]:
    async with answering() as found:
        yield found


@pytest.fixture
async def gateway(settings: Settings, sandbox: Sandbox, raw: Raw) -> AsyncIterator[Gateway]:
    """Every platform is the odd server."""
    told = pointed_at(settings, sandbox).model_dump()
    moved = {
        name: value.replace(sandbox.url, raw.url)
        for name, value in told.items()
        if isinstance(value, str) and not isinstance(value, SecretStr) and sandbox.url in value
    }
    async with gateway_by(settings.model_copy(update=moved)) as opened:
        yield opened


@pytest.fixture(params=list(VENDORS))
async def bench(
    request: pytest.FixtureRequest, scopes: Scopes, sandbox: Sandbox, gateway: Gateway, desk: Desk
) -> Bench:
    subject = SUBJECTS[request.param]
    place = await subject.connect(scopes, sandbox)
    return Bench(request.param, subject, scopes, sandbox, desk, gateway, place)


def calls_of(bench: Bench, platform: AdPlatform) -> dict[str, Callable[[], Awaitable[object]]]:
    now, stop = real_now(), bench.change(SET_STATUS, "paused")
    day = now.date()
    return {
        "campaigns": platform.list_campaigns,
        "ads": platform.list_ads,
        "standing": platform.account_status,
        "figures": lambda: platform.fetch_metrics(day, day, CONVERSION),
        "one": lambda: platform.read_entity("campaign", bench.subject.campaign),
        "edits": lambda: platform.recent_edits(now - timedelta(hours=1), now),
        "quality": lambda: platform.event_match_quality(bench.subject.pixel),
        "stop": lambda: platform.set_status(stop, bench.desk.mint(stop)),
    }


async def error_of(call: Awaitable[object]) -> PlatformError | None:
    try:
        await call
    except PlatformError as error:
        return error
    return None


@pytest.mark.parametrize("body", ODD.values(), ids=list(ODD))
async def test_an_odd_answer_is_the_platforms_error(bench: Bench, raw: Raw, body: bytes) -> None:
    raw.body = body
    platform = await bench.platform()
    for name, call in calls_of(bench, platform).items():
        await bench.gateway.breaker.succeeded(await bench.circuit())
        error = await error_of(call())
        if error is None:
            assert name == "quality", f"{name}: {body[:60]!r} was taken for a success"
        elif await bench.writes():
            assert error.kind in {Kind.AMBIGUOUS, Kind.INVALID}, (name, error)
        else:
            assert error.kind is not Kind.RATE_LIMITED, (name, error)
    for call_of_log in await bench.calls():
        assert call_of_log.outcome != "ok" or call_of_log.status == 200


class Plain:
    platform, name = "plain", "Plain"

    def wait_seconds(self, headers: object) -> int:
        del headers
        return 0

    def trace(self, answer: Answer) -> str | None:
        return answer.headers.get("trace")

    def refusal(self, answer: Answer, *, mutating: bool) -> PlatformError | None:
        if isinstance(answer.body, dict):
            return None
        return PlatformError(Kind.AMBIGUOUS if mutating else Kind.TRANSIENT, "plain.odd", "It is odd.")


class Stumbling(Plain):
    def refusal(self, answer: Answer, *, mutating: bool) -> PlatformError | None:
        raise KeyError(answer.status, mutating)


def wire_of(bench: Bench, dialect: type[Plain], records: list[object]) -> Wire:
    async def keep(record: object) -> None:
        records.append(record)

    return Wire(Line(bench.gateway.http, bench.gateway.breaker, keep, f"circuit:{real_now()}"), dialect())


def call_of(raw: Raw, **facts: object) -> Call:
    return Call(operation="odd", method="GET", url=f"{raw.url}/x", path="x", **facts)  # type: ignore[arg-type]


only_one = pytest.mark.parametrize("bench", [Platform.META], indirect=True)


@only_one
async def test_an_answer_that_trickles_in_for_ever_is_given_up(bench: Bench, raw: Raw) -> None:
    raw.body, raw.drips = b'{"a": "' + b"b" * 600 + b'"}', True
    started = time.monotonic()
    with pytest.raises(PlatformError, match=r"plain\.timeout"):
        await wire_of(bench, Plain, []).ask(call_of(raw))
    assert time.monotonic() - started < 15


@only_one
async def test_what_a_dialect_cannot_read_is_no_success_and_never_a_failed_write(
    bench: Bench, raw: Raw
) -> None:
    records: list[object] = []
    wire = wire_of(bench, Stumbling, records)
    with pytest.raises(PlatformError) as written:
        await wire.write(call_of(raw))
    assert (written.value.kind, written.value.code) == (Kind.AMBIGUOUS, "plain.unreadable")
    with pytest.raises(PlatformError) as asked:
        await wire.ask(call_of(raw))
    assert asked.value.kind is Kind.TRANSIENT
    assert [getattr(record, "outcome", None) for record in records] == ["ambiguous", "transient"]
    assert raw.asked == 2, "the write left once"


@only_one
async def test_what_no_text_of_ours_can_hold_is_marked(bench: Bench, raw: Raw) -> None:
    raw.body = rb'{"na\u0000me": ["half \ud800", "nul \u0000", "whole \ud83d\ude00", "plain"]}'
    found = await wire_of(bench, Plain, []).ask(call_of(raw))
    assert found == {"na\ufffdme": ["half \ufffd", "nul \ufffd", "whole \U0001f600", "plain"]}


@only_one
async def test_no_error_quotes_a_token(bench: Bench, raw: Raw) -> None:
    token = "EAAB-secret-token\r\n"
    with pytest.raises(PlatformError) as caught:
        await wire_of(bench, Plain, []).ask(call_of(raw, headers={"Authorization": f"Bearer {token}"}))
    assert token.strip() not in caught.value.message
    assert token.strip() not in str(caught.value)


@pytest.mark.parametrize("bench", [Platform.TIKTOK], indirect=True)
async def test_a_list_of_fewer_rows_than_it_counts_is_none(bench: Bench, raw: Raw) -> None:
    """A row that moved to a page that was read before: taken for deleted, its campaign would be."""
    pages = b'{"total_page": 1, "total_number": 2}'
    raw.body = (
        b'{"code": 0, "data": {"list": [{"campaign_id": "1", "operation_status": "ENABLE"}], "page_info": %s}}'
        % pages
    )
    with pytest.raises(PlatformError, match=r"tiktok\.list_moved") as caught:
        await (await bench.platform()).list_campaigns()
    assert caught.value.kind is Kind.TRANSIENT


@only_one
async def test_an_audience_that_was_not_deleted_is_not_called_deleted(bench: Bench, raw: Raw) -> None:
    raw.body = b'{"success": false}'
    audiences = await AudienceService(bench.scopes).open(bench.place.account)
    with pytest.raises(PlatformError, match=r"meta\.no_success"):
        await audiences.delete_audience("1")
