"""What each of TikTok's refusals becomes; they come in a 200."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.integrations.ports import PlatformErrorKind as Kind
from app.services.integrations.tiktok.errors import from_answer


def body(code: int, message: str = "No.") -> dict[str, Any]:
    return {"code": code, "message": message, "request_id": "r", "data": {}}


@pytest.mark.parametrize(
    ("code", "reading", "writing"),
    [
        (40001, Kind.PERMISSION, Kind.PERMISSION),
        (40002, Kind.INVALID, Kind.INVALID),
        (40007, Kind.INVALID, Kind.INVALID),
        (40100, Kind.RATE_LIMITED, Kind.RATE_LIMITED),
        (51021, Kind.RATE_LIMITED, Kind.RATE_LIMITED),
        (40102, Kind.AUTH, Kind.AUTH),
        (40105, Kind.AUTH, Kind.AUTH),
        (20001, Kind.TRANSIENT, Kind.AMBIGUOUS),
        (50000, Kind.TRANSIENT, Kind.AMBIGUOUS),
        (51010, Kind.TRANSIENT, Kind.AMBIGUOUS),
        (12345, Kind.INVALID, Kind.INVALID),
    ],
)
def test_each_code_has_its_kind(code: int, reading: Kind, writing: Kind) -> None:
    for mutating, kind in ((False, reading), (True, writing)):
        error = from_answer(200, {}, body(code), mutating=mutating)
        assert (error.kind, error.code, error.trace) == (kind, f"tiktok.{code}", "r")


@pytest.mark.parametrize(
    ("message", "headers", "seconds"),
    [
        ("Too many requests. Please retry in some time.", {}, 60),
        ("App reaches the QPS limit.", {}, 2),
        ("App reaches the QPD limit.", {}, 3600),
        ("App reaches the QPS limit.", {"retry-after": "9"}, 9),
    ],
)
def test_how_long_a_limit_is_waited_for(message: str, headers: dict[str, str], seconds: int) -> None:
    assert from_answer(200, headers, body(40100, message), mutating=False).retry_after == seconds


@pytest.mark.parametrize(
    ("status", "kind"), [(429, Kind.RATE_LIMITED), (502, Kind.AMBIGUOUS), (200, Kind.AMBIGUOUS)]
)
def test_an_answer_that_is_none_of_tiktoks_may_have_done_it(status: int, kind: Kind) -> None:
    unreadable: object
    for unreadable in (None, "<html>", [], {}, {"code": True}, {"code": "0"}):
        assert from_answer(status, {}, unreadable, mutating=True).kind is kind


@given(code=st.integers(1, 10**6), status=st.integers(200, 599))
def test_no_refusal_of_a_write_at_tiktoks_own_end_is_called_transient(code: int, status: int) -> None:
    assert from_answer(status, {}, body(code), mutating=True).kind is not Kind.TRANSIENT
