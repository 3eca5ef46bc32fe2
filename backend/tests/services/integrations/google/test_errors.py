"""Each of Google's refusals becomes what a caller can do about it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.integrations.google.errors import refusal, trace_of
from app.services.integrations.ports import PlatformErrorKind as Kind
from app.services.integrations.wire import Answer


def failure(
    group: str, code: str, *, status: int, word: str, details: dict[str, Any] | None = None
) -> Answer:
    error: dict[str, Any] = {"errorCode": {group: code}, "message": "Told."}
    if details:
        error["details"] = details
    body = {
        "error": {
            "code": status,
            "message": "General.",
            "status": word,
            "details": [
                {
                    "@type": "type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure",
                    "errors": [error],
                    "requestId": "abc",
                }
            ],
        }
    }
    return Answer(status, {"request-id": "abc"}, body)


EXPIRED = (401, "UNAUTHENTICATED")
DENIED = (403, "PERMISSION_DENIED")
LIMITED = (429, "RESOURCE_EXHAUSTED")
BAD = (400, "INVALID_ARGUMENT")
TABLE = [
    ("authenticationError.OAUTH_TOKEN_EXPIRED", EXPIRED, Kind.AUTH, Kind.AUTH),
    ("authenticationError.OAUTH_TOKEN_REVOKED", EXPIRED, Kind.AUTH, Kind.AUTH),
    ("authenticationError.NOT_ADS_USER", EXPIRED, Kind.PERMISSION, Kind.PERMISSION),
    ("authorizationError.USER_PERMISSION_DENIED", DENIED, Kind.PERMISSION, Kind.PERMISSION),
    (
        "authorizationError.CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION",
        DENIED,
        Kind.PERMISSION,
        Kind.PERMISSION,
    ),
    ("quotaError.RESOURCE_EXHAUSTED", LIMITED, Kind.RATE_LIMITED, Kind.RATE_LIMITED),
    ("quotaError.RESOURCE_TEMPORARILY_EXHAUSTED", LIMITED, Kind.RATE_LIMITED, Kind.RATE_LIMITED),
    ("quotaError.ACCESS_PROHIBITED", DENIED, Kind.PERMISSION, Kind.PERMISSION),
    ("internalError.TRANSIENT_ERROR", (503, "UNAVAILABLE"), Kind.TRANSIENT, Kind.AMBIGUOUS),
    ("internalError.INTERNAL_ERROR", (500, "INTERNAL"), Kind.TRANSIENT, Kind.AMBIGUOUS),
    ("databaseError.CONCURRENT_MODIFICATION", BAD, Kind.TRANSIENT, Kind.TRANSIENT),
    ("queryError.UNRECOGNIZED_FIELD", BAD, Kind.INVALID, Kind.INVALID),
    ("campaignBudgetError.NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT", BAD, Kind.INVALID, Kind.INVALID),
    ("requestError.UNSUPPORTED_VERSION", BAD, Kind.UNSUPPORTED, Kind.UNSUPPORTED),
]


@pytest.mark.parametrize(("error", "told", "read", "written"), TABLE)
def test_a_failure_of_the_ads_api(error: str, told: tuple[int, str], read: Kind, written: Kind) -> None:
    group, _, code = error.partition(".")
    answer = failure(group, code, status=told[0], word=told[1])
    for mutating, kind in ((False, read), (True, written)):
        found = refusal(answer, mutating=mutating)
        assert found is not None
        assert (found.kind, found.message, found.trace) == (kind, "Told.", "abc")
        assert found.code == f"google.{code.lower()}"


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [("40591s", 40591), ("0.2s", 1), ("31.5s", 32), ("", 60), ("soon", 60), ("9999999s", 86400)],
)
def test_a_limit_is_obeyed_for_as_long_as_google_says(delay: str, seconds: int) -> None:
    details = {"quotaErrorDetails": {"rateScope": "DEVELOPER", "rateName": "x", "retryDelay": delay}}
    answer = failure(
        "quotaError", "RESOURCE_EXHAUSTED", status=429, word="RESOURCE_EXHAUSTED", details=details
    )
    found = refusal(answer, mutating=False)
    assert found is not None
    assert found.retry_after == seconds


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (400, {"error": "invalid_grant", "error_description": "Bad."}, Kind.AUTH, "google.invalid_grant"),
        (401, {"error": "invalid_client"}, Kind.PERMISSION, "google.invalid_client"),
        (400, {"error": "invalid_request"}, Kind.INVALID, "google.invalid_request"),
        (503, {"error": "internal_failure"}, Kind.TRANSIENT, "google.internal_failure"),
    ],
)
def test_a_refusal_of_the_token_endpoint(status: int, body: dict[str, Any], kind: Kind, code: str) -> None:
    found = refusal(Answer(status, {}, body), mutating=False)
    assert found is not None
    assert (found.kind, found.code) == (kind, code)


def test_a_refusal_of_the_data_manager_names_the_field() -> None:
    body = {
        "error": {
            "code": 400,
            "message": "There was a problem with the request.",
            "status": "INVALID_ARGUMENT",
            "details": [
                {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "INVALID_ARGUMENT"},
                {"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": "r1"},
                {
                    "@type": "type.googleapis.com/google.rpc.BadRequest",
                    "fieldViolations": [
                        {
                            "field": "events[3].currency",
                            "description": "Not supported.",
                            "reason": "INVALID_CURRENCY_CODE",
                        }
                    ],
                },
            ],
        }
    }
    found = refusal(Answer(400, {}, body), mutating=False)
    assert found is not None
    assert (found.kind, found.code, found.trace) == (Kind.INVALID, "google.invalid_currency_code", "r1")
    assert found.message == "events[3].currency: Not supported."


@pytest.mark.parametrize(
    ("status", "read", "written"),
    [
        (200, Kind.TRANSIENT, Kind.AMBIGUOUS),
        (404, Kind.UNSUPPORTED, Kind.UNSUPPORTED),
        (429, Kind.RATE_LIMITED, Kind.RATE_LIMITED),
        (502, Kind.TRANSIENT, Kind.AMBIGUOUS),
    ],
)
def test_an_answer_that_is_none_of_googles(status: int, read: Kind, written: Kind) -> None:
    for mutating, kind in ((False, read), (True, written)):
        found = refusal(Answer(status, {}, None), mutating=mutating)
        assert found is not None
        assert found.kind is kind


def test_a_good_answer_is_no_refusal() -> None:
    assert refusal(Answer(200, {}, {"results": []}), mutating=True) is None


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["error", "details", "errors", "errorCode", "status", "message", "fieldViolations", "location",
             "quotaErrorDetails", "retryDelay", "fieldPathElements", "requestId", "reason"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip


@given(body=junk, status=st.sampled_from([200, 400, 401, 403, 404, 429, 500, 503]), mutating=st.booleans())
def test_no_answer_is_too_strange_to_be_read(body: Any, status: int, mutating: bool) -> None:
    answer = Answer(status, {}, body)
    trace_of(answer)
    found = refusal(answer, mutating=mutating)
    if not isinstance(body, dict) or "error" in body or status >= 400:
        assert found is not None
        assert not (
            found.kind is Kind.TRANSIENT and mutating and status >= 500 and "error" not in (body or {})
        )
