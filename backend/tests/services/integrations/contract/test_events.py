"""Conversions: what arrives counts once however often it is sent, and what a platform refuses is told as refused."""

from datetime import timedelta

import pytest

from app.core.clock import real_now
from app.services.integrations.ports import EventRefused, PlatformError, PlatformErrorKind
from app.services.integrations.vendors import vendor_of
from tests.services.integrations.contract.conftest import Bench
from tests.services.integrations.contract.subjects import refused_at


async def test_a_conversion_counts_once_however_often_it_is_sent(bench: Bench) -> None:
    platform, event = await bench.platform(), bench.event()
    for _ in range(2):
        answer = await platform.send_events(bench.subject.pixel, [await bench.prepared(event)])
        assert answer.received == 1
    arrived = bench.subject.arrived(bench.sandbox, event.dedupe_key)
    assert sorted(arrived) == [False, True]


async def test_a_batch_with_one_that_is_refused_is_refused_whole(bench: Bench) -> None:
    platform, good, bad = await bench.platform(), bench.event(), bench.event()
    events = [await bench.prepared(good), *refused_at(bench.subject, [await bench.prepared(bad)])]
    with pytest.raises(PlatformError) as caught:
        await platform.send_events(bench.subject.pixel, events)
    assert caught.value.kind is PlatformErrorKind.INVALID
    for event in (good, bad):
        assert bench.subject.arrived(bench.sandbox, event.dedupe_key) == []


async def test_what_would_have_its_request_refused_stays_out(bench: Bench) -> None:
    platform, now = await bench.platform(), real_now()
    for event, reason in (
        (bench.event(at=now - timedelta(days=400)), "older_than"),
        (bench.event(at=now + timedelta(hours=1)), "in_the_future"),
        (bench.event(identifiers={"country": "US"}), "nobody_to_match"),
        (bench.event(value_micros=None), "purchase_without_value"),
        (bench.event(name="moonwalk"), "no_such_event"),
    ):
        refused = platform.prepare_event(event, now)
        assert isinstance(refused, EventRefused)
        assert refused.reason.startswith(reason)


async def test_every_event_that_is_mapped_has_a_name_there(bench: Bench) -> None:
    for name in vendor_of(bench.name).events:
        await bench.prepared(bench.event(name=name))


async def test_no_identifier_leaves_in_the_clear(bench: Bench) -> None:
    body = str((await bench.prepared(bench.event())).body)
    assert "ada@example.com" not in body


async def test_a_value_leaves_as_what_it_is(bench: Bench) -> None:
    body = str((await bench.prepared(bench.event(value_micros=1_234_567_890_123))).body)
    assert "1234567.890123" in body


async def test_an_unknown_match_quality_is_no_figure(bench: Bench) -> None:
    figures = await (await bench.platform()).event_match_quality(bench.subject.pixel)
    assert all(0 <= one <= 10 for one in figures.values())


@pytest.mark.parametrize("pixel", ["x/../../v1/me", "a?daily_budget=100&x=", "a#", "../me"])
async def test_a_pixel_id_is_no_way_to_another_call(bench: Bench, pixel: str) -> None:
    platform, held = await bench.platform(), bench.subject.held(bench.sandbox)
    with pytest.raises(PlatformError) as refused:
        await platform.send_events(pixel, [await bench.prepared(bench.event())])
    assert refused.value.kind is PlatformErrorKind.INVALID
    assert bench.subject.held(bench.sandbox) == held
    assert await bench.writes() == []
