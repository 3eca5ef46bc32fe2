"""Times and values of events, and the parser against any JSON that may come."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.ids import uuid7
from app.services.cdp.events.bodies import is_json, members
from app.services.cdp.events.clock_correction import corrected, parse_time
from app.services.cdp.events.commerce import commerce, micros
from app.services.cdp.events.errors import BadBatch, BatchTooLarge
from app.services.cdp.events.identifiers import device_key
from app.services.cdp.events.reading import Delivery, Row, Verdict
from app.services.cdp.events.rules import Refused, VerdictCode
from app.services.cdp.events.service import open_envelope
from app.services.cdp.events.validation import check_shape

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DELIVERY = Delivery(tenant_id=1, source_id=uuid7(), dialect="segment", received_at=NOW)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from(
    ["type", "event", "userId", "anonymousId", "messageId", "timestamp", "properties", "context", "traits"]
)
kinds = st.sampled_from(["track", "identify", "page", "screen", "group", "alias"])
events = st.builds(
    lambda kind, odd, right: {**({"type": kind, "event": "e", "userId": "u"} if right else {}), **odd},
    kinds,
    st.dictionaries(names, anything, max_size=5),
    st.booleans(),
)


@given(event=events, ascii_only=st.booleans())
def test_any_event_is_a_row_or_a_verdict(*, event: Any, ascii_only: bool) -> None:
    raw = json.dumps(event, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    read = DELIVERY.read(raw)
    if isinstance(read, Verdict):
        assert read.reason
        return
    assert isinstance(read, Row)
    assert read.received_at == NOW
    assert isinstance(json.loads(read.properties), dict)
    assert isinstance(json.loads(read.context), dict)
    assert "\x00" not in read.event_name + read.message_id
    assert "\\u0000" not in read.properties.replace("\\\\", "")


@given(body=st.binary(max_size=200) | anything.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_an_envelope_or_refused(body: bytes) -> None:
    try:
        envelope = open_envelope(body, "batch", required=True)
    except (BadBatch, BatchTooLarge):
        return
    assert is_json(body.removeprefix(b"\xef\xbb\xbf"))
    assert all(isinstance(item, bytes) for item in envelope.items)


def test_a_text_that_never_ends_behind_what_is_too_deep_to_decode_is_read_once() -> None:
    """It came without a key, and held its process up for minutes."""
    with pytest.raises(BadBatch):
        open_envelope(b'{"batch":' + b"[" * 100_000 + b'"' + rb"\"" * 200_000, "batch", required=True)


@given(items=st.lists(anything, max_size=6), beside=anything)
def test_cutting_finds_the_items_that_decoding_finds(items: list[Any], beside: Any) -> None:
    body = json.dumps({"before": beside, "batch": items, "after": beside}).encode()
    found, cut = members(body, b"batch")
    assert [json.loads(item) for item in cut] == items
    assert json.loads(found["before"]) == json.loads(found["after"]) == beside


_ABSURD = st.from_regex(rb"-?(0|[1-9][0-9]{0,3})(\.[0-9]{1,3})?[eE][+-]?[5-9][0-9]{2,3}", fullmatch=True)
_BEFORE = st.sampled_from([b'"a":', b'"a": ', b'"a":\r\n\t', b'"a":[', b'"a":[ ', b'"a":[1,', b'"a":["x", '])


@given(number=_ABSURD, before=_BEFORE, message_id=st.uuids().map(lambda id_: str(id_).encode()))
def test_a_number_too_large_or_too_small_to_keep_is_found_wherever_it_stands(
    number: bytes, before: bytes, message_id: bytes
) -> None:
    event = b'{"messageId":"' + message_id + b'","properties":{' + before + number
    with pytest.raises(Refused) as refused:
        check_shape(event + (b"]}}" if b"[" in before else b"}}"))
    assert refused.value.code == VerdictCode.ABSURD_NUMBER


@given(value=st.decimals(min_value=-(10**9), max_value=10**9, places=6))
def test_a_value_is_kept_exactly(value: Decimal) -> None:
    assert micros(str(value)) == int(value * 1_000_000)


@pytest.mark.parametrize("text", ["", "free", "NaN", "Infinity", "1,5", "1" * 100])
def test_what_is_no_number_is_unknown_not_zero(text: str) -> None:
    assert micros(text) is None


def test_a_negative_order_is_a_refund_of_a_positive_value() -> None:
    told = commerce("Order Completed", "o", "-5", "eur")
    assert (told.is_order, told.is_refund, told.value_micros, told.currency) == (
        False,
        True,
        5_000_000,
        "EUR",
    )


def test_without_a_sending_time_the_clients_word_is_taken() -> None:
    said = NOW - timedelta(days=400)
    assert corrected(NOW, None, said) == said


@pytest.mark.parametrize("said", ["2026-11-23T11:00:00Z", "2026-11-23T12:00:00+01:00", 1_795_431_600_000])
def test_times_are_read_in_the_forms_that_clients_send(said: str | int) -> None:
    assert parse_time(said, "timestamp") == datetime(2026, 11, 23, 11, tzinfo=UTC)


def test_a_time_far_ahead_is_refused() -> None:
    with pytest.raises(Refused):
        corrected(NOW, None, NOW + timedelta(days=2))


def test_a_device_id_that_is_longer_than_any_names_nobody() -> None:
    """What is remembered of devices would be the memory of the process."""
    assert device_key("x" * 500, 1) is not None
    assert device_key("x" * 501, 1) is None
