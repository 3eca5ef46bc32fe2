"""The Data Manager API: events are checked at once and whole, and worked through afterwards."""

import copy
from hashlib import sha256
from typing import Any

import pytest

from tests.sandbox.google.conftest import JP, MANAGER, US, Api
from tests.sandbox_process import Sandbox

ACTION = "7010000001"
HASH = sha256(b"alexz@example.com").hexdigest()
_NUMBER = iter(range(10**6))


def event(**changes: Any) -> dict[str, Any]:
    body = {
        "transactionId": f"T-{next(_NUMBER)}",
        "eventTimestamp": "2026-03-02T10:00:00Z",
        "userData": {"userIdentifiers": [{"emailAddress": HASH}]},
        "conversionValue": 12.5,
        "currency": "USD",
        "eventSource": "WEB",
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


def request(*events: Any, **changes: Any) -> dict[str, Any]:
    body = {
        "destinations": [
            {
                "operatingAccount": {"accountType": "GOOGLE_ADS", "accountId": US},
                "productDestinationId": ACTION,
            }
        ],
        "events": list(events),
        "encoding": "HEX",
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


def send(api: Api, body: Any) -> Any:
    return api.call("POST", "/v1/events:ingest", body)


def status(api: Api, request_id: str) -> Any:
    return api.call("GET", f"/v1/requestStatus:retrieve?requestId={request_id}").json()


def test_events_are_taken_and_worked_through(api: Api, sandbox: Sandbox) -> None:
    first, second = event(), event()
    old = event(eventTimestamp="2025-10-01T00:00:00+02:00")
    refused = event(consent={"adUserData": "CONSENT_DENIED"})
    taken = send(api, request(first, second, first, old, refused)).json()
    assert status(api, taken["requestId"])["requestStatusPerDestination"][0]["requestStatus"] == "PROCESSING"
    sandbox.advance(0.02)
    (done,) = status(api, taken["requestId"])["requestStatusPerDestination"]
    assert done["requestStatus"] == "PARTIAL_SUCCESS"
    assert done["eventsIngestionStatus"] == {"recordCount": "5"}
    reasons = {one["reason"]: one["recordCount"] for one in done["errorInfo"]["errorCounts"]}
    assert reasons == {
        "PROCESSING_ERROR_REASON_DENIED_CONSENT": "1",
        "PROCESSING_ERROR_REASON_DUPLICATE_TRANSACTION_ID": "1",
        "PROCESSING_ERROR_REASON_EVENT_TOO_OLD": "1",
    }


def test_what_is_only_validated_is_not_taken(api: Api, sandbox: Sandbox) -> None:
    one = event()
    assert send(api, request(one, validateOnly=True)).json() == {}
    events = sandbox.control("GET", "google/events", params={"limit": 5000})["events"]
    assert one["transactionId"] not in {each["transaction_id"] for each in events}


def test_each_event_goes_where_it_says(api: Api, sandbox: Sandbox) -> None:
    destinations = [
        request()["destinations"][0] | {"reference": "a"},
        request()["destinations"][0] | {"reference": "b", "productDestinationId": "7010000013"},
    ]
    one, other = event(destinationReferences=["a"]), event(destinationReferences=["b"])
    assert send(api, request(one, other, destinations=destinations)).status_code == 200
    leads = sandbox.control("GET", "google/events", params={"conversion_action": "7010000013"})["events"]
    assert [each["transaction_id"] for each in leads][:1] == [other["transactionId"]]


def test_an_account_behind_a_manager_needs_it_as_login(api: Api) -> None:
    target = {
        "operatingAccount": {"accountType": "GOOGLE_ADS", "accountId": JP},
        "productDestinationId": "7010000002",
    }
    answer = send(api, request(event(), destinations=[target]))
    assert (answer.status_code, answer.json()["error"]["status"]) == (403, "PERMISSION_DENIED")
    login = {"loginAccount": {"accountType": "GOOGLE_ADS", "accountId": MANAGER}}
    assert send(api, request(event(), destinations=[target | login])).status_code == 200


BAD = [
    (request(), "events", "REQUIRED_FIELD_MISSING"),
    (request(event(), destinations=[]), "destinations", "REQUIRED_FIELD_MISSING"),
    (request(event(), encoding=None), "encoding", "REQUIRED_FIELD_MISSING"),
    (request(event(eventTimestamp=None)), "events[0].event_timestamp", "REQUIRED_FIELD_MISSING"),
    (request(event(eventTimestamp="2026-03-02")), "events[0].event_timestamp", "INVALID_FORMAT"),
    (request(event(currency="dollars")), "events[0].currency", "INVALID_CURRENCY_CODE"),
    (request(event(conversionValue="12")), "events[0].conversion_value", "INVALID_NUMBER_FORMAT"),
    (request(event(userData=None)), "events[0]", "NO_IDENTIFIERS_PROVIDED"),
    (request(event(eventSource="MOON")), "events[0].event_source", "INVALID_ENUM_VALUE"),
    (request(event(nonsense=1)), "events[0].nonsense", "INVALID_ARGUMENT"),
    (request(event(consent={"adUserData": "YES"})), "events[0].consent.adUserData", "INVALID_ENUM_VALUE"),
    (request(event(destinationReferences=["x"])), "events[0].destination_references", "INVALID_DESTINATION"),
    (request(*[event() for _ in range(2001)]), "events", "TOO_MANY_EVENTS"),
    (request(7), "events[0]", "INVALID_EVENT"),
]


@pytest.mark.parametrize(("body", "field", "reason"), BAD, ids=[f"{f}-{r}" for _, f, r in BAD])
def test_a_bad_request_names_its_field(api: Api, body: dict[str, Any], field: str, reason: str) -> None:
    refused(api, body, field, reason)


@pytest.mark.parametrize(
    ("identifier", "field", "reason"),
    [
        ({"emailAddress": "alexz@example.com"}, "email_address", "INVALID_HEX_ENCODING"),
        ({"phoneNumber": "abcd"}, "phone_number", "INVALID_SHA256_FORMAT"),
        ({"emailAddress": ""}, "email_address", "REQUIRED_FIELD_MISSING"),
        (
            {"address": {"givenName": HASH, "familyName": HASH, "regionCode": "usa", "postalCode": "1"}},
            "address.region_code",
            "INVALID_COUNTRY_CODE",
        ),
        (
            {"address": {"givenName": HASH, "familyName": HASH, "regionCode": "US"}},
            "address.postal_code",
            "INVALID_POSTAL_CODE",
        ),
    ],
)
def test_a_bad_identifier_names_its_field(
    api: Api, identifier: dict[str, Any], field: str, reason: str
) -> None:
    body = request(event(), event(userData={"userIdentifiers": [identifier]}))
    refused(api, body, f"events[1].user_data.user_identifiers[0].{field}", reason)


def test_an_action_that_the_account_does_not_have(api: Api) -> None:
    body = copy.deepcopy(request(event()))
    body["destinations"][0]["productDestinationId"] = "1"
    refused(api, body, "destinations[0].product_destination_id", "INVALID_CONVERSION_ACTION_ID")


def test_a_request_that_nobody_made(api: Api) -> None:
    answer = api.call("GET", "/v1/requestStatus:retrieve?requestId=x")
    assert answer.json()["error"]["details"][0]["reason"] == "INVALID_REQUEST_ID"


def test_an_ended_token_in_this_apis_words(api: Api) -> None:
    answer = api.call("POST", "/v1/events:ingest", request(event()), token="ya29.nobody")
    assert (answer.status_code, answer.json()["error"]["status"]) == (401, "UNAUTHENTICATED")


def refused(api: Api, body: dict[str, Any], field: str, reason: str) -> None:
    """The whole request, and with the same words where it is only validated."""
    for asked in (body, body | {"validateOnly": True}):
        answer = send(api, asked)
        error = answer.json()["error"]
        assert (answer.status_code, error["status"]) == (400, "INVALID_ARGUMENT"), answer.text
        (violations,) = (d["fieldViolations"] for d in error["details"] if "fieldViolations" in d)
        assert (field, reason) in {(one["field"], one["reason"]) for one in violations}
