"""The Data Manager API: `events:ingest` fails fast and whole; what is taken is worked through later."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.vendors.google.book import Entity
from sandbox.vendors.google.constants import EVENTS_SCOPE
from sandbox.vendors.google.errors import EventsError
from sandbox.vendors.google.state import GoogleState
from sandbox.vendors.google.tokens import Grant
from sandbox.world.seasons import DAY

_DOCUMENT = "google_ingestions"
_MOST_EVENTS, _MOST_DESTINATIONS, _MOST_IDENTIFIERS = 2000, 10, 10
_KEPT_REQUESTS = 2000
_OLDEST = 90 * DAY
_RESTATED = "RESTATED"
"""In the place of a verdict: the event is one that counts already, at another worth from now on."""
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_HEX = re.compile(r"([0-9a-fA-F]{2})+")
_CONSENT = {"CONSENT_GRANTED", "CONSENT_DENIED"}
_SOURCES = {"WEB", "APP", "IN_STORE", "PHONE", "OTHER"}
_NAMES = """destinationReferences transactionId eventTimestamp lastUpdatedTimestamp userData consent adIdentifiers
currency conversionValue eventSource eventDeviceInfo cartData customVariables experimentalFields userProperties
userId eventName"""
_FIELDS = frozenset(_NAMES.split())
Violation = tuple[str, str, str]


class Checks:
    """Everything that is wrong with a request, by the fields' own paths."""

    def __init__(self) -> None:
        self.found: list[Violation] = []

    def add(self, field: str, reason: str, text: str) -> None:
        self.found.append((field, text, reason))

    def close(self) -> None:
        if self.found:
            raise EventsError(
                "INVALID_ARGUMENT", "There was a problem with the request.", "INVALID_ARGUMENT", self.found
            )


def ingest(
    google: GoogleState, grant: Grant, body: Mapping[str, Any], *, request: str, refused: frozenset[int]
) -> dict[str, Any]:
    """`refused` are events that an ordered fault has fail in processing."""
    may_send(grant)
    checks = Checks()
    actions = _destinations(google, body, checks)
    events = body.get("events")
    if not isinstance(events, list) or not events:
        checks.add("events", "REQUIRED_FIELD_MISSING", "A required field is missing.")
        events = []
    if len(events) > _MOST_EVENTS:
        checks.add("events", "TOO_MANY_EVENTS", f"A request holds at most {_MOST_EVENTS} events.")
        events = []
    encoding = body.get("encoding")
    references = _references(body, checks)
    for index, event in enumerate(events):
        _check_event(f"events[{index}]", event, encoding, checks)
        _check_references(f"events[{index}]", event, references, checks)
    check_consent("consent", body.get("consent"), checks)
    checks.close()
    if body.get("validateOnly"):
        return {}
    _take(google, actions, body, request, refused)
    return {"requestId": request}


def status(google: GoogleState, grant: Grant, request_id: str) -> dict[str, Any]:
    may_send(grant)
    kept = (google.store.document(_DOCUMENT) or {}).get(request_id)
    if kept is None:
        violation = ("request_id", "The request ID is not valid.", "INVALID_REQUEST_ID")
        raise EventsError(
            "INVALID_ARGUMENT", "There was a problem with the request.", "INVALID_REQUEST_ID", [violation]
        )
    working = google.now() < kept["at"] + google.settings.processing
    return {"requestStatusPerDestination": [_shown(one, working=working) for one in kept["destinations"]]}


def received(google: GoogleState, action: str, since: float) -> list[dict[str, Any]]:
    """What was taken, newest first; duplicates marked."""
    rows = google.store.read(
        "SELECT name, event_id, event_time, received_at, duplicate, body FROM server_events"
        " WHERE pixel = ? AND received_at >= ? ORDER BY id DESC LIMIT 5000",
        (action, since),
    )
    names = ("verdict", "transaction_id", "event_time", "received_at", "duplicate")

    return [dict(zip(names, row, strict=False)) | {"event": json.loads(row[5])} for row in rows]


def may_send(grant: Grant) -> None:
    if EVENTS_SCOPE not in grant.scopes:
        raise EventsError(
            "PERMISSION_DENIED",
            "Request had insufficient authentication scopes.",
            "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        )


def _destinations(google: GoogleState, body: Mapping[str, Any], checks: Checks) -> list[Entity]:
    given = body.get("destinations")
    if not isinstance(given, list) or not given:
        checks.add("destinations", "REQUIRED_FIELD_MISSING", "A required field is missing.")
        return []
    if len(given) > _MOST_DESTINATIONS:
        checks.add("destinations", "TOO_MANY_DESTINATIONS", "A request names at most 10 destinations.")
        return []
    found = [_destination(google, f"destinations[{n}]", one, checks) for n, one in enumerate(given)]
    return [one for one in found if one is not None]


def _references(body: Mapping[str, Any], checks: Checks) -> set[str]:
    given = body.get("destinations")
    found = [
        one.get("reference") for one in (given if isinstance(given, list) else ()) if isinstance(one, dict)
    ]
    named = [str(one) for one in found if one]
    if len(named) != len(set(named)):
        checks.add(
            "destinations", "DUPLICATE_DESTINATION_REFERENCE", "Two destinations have the same reference."
        )
    return set(named)


def _check_references(at: str, event: Any, known: set[str], checks: Checks) -> None:
    wanted = event.get("destinationReferences") if isinstance(event, dict) else None
    if wanted is not None and not (isinstance(wanted, list) and set(map(str, wanted)) <= known):
        checks.add(f"{at}.destination_references", "INVALID_DESTINATION", "There is no such destination.")


def _goes_to(event: Mapping[str, Any], destination: Mapping[str, Any]) -> bool:
    """To every destination, unless it names some."""
    wanted = event.get("destinationReferences")
    return not wanted or destination.get("reference") in wanted


def _destination(google: GoogleState, at: str, given: Any, checks: Checks) -> Entity | None:
    given = given if isinstance(given, dict) else {}
    account = account_of(given.get("operatingAccount"), f"{at}.operating_account", checks)
    login = account_of(
        given.get("loginAccount") or given.get("operatingAccount"), f"{at}.login_account", checks
    )
    if account is None or login is None:
        return None
    if account not in google.customers or not google.may(account, login):
        raise EventsError(
            "PERMISSION_DENIED",
            "The user does not have permission, or the resource is not found.",
            "PERMISSION_DENIED",
        )
    action_id = str(given.get("productDestinationId") or "")
    if not action_id:
        checks.add(f"{at}.product_destination_id", "REQUIRED_FIELD_MISSING", "A required field is missing.")
        return None
    action = google.book.find(f"customers/{account}/conversionActions/{action_id}")
    if action is None or not action.lives:
        checks.add(
            f"{at}.product_destination_id",
            "INVALID_CONVERSION_ACTION_ID",
            "Conversion action ID is not valid.",
        )
    return action


def account_of(given: Any, at: str, checks: Checks) -> str | None:
    given = given if isinstance(given, dict) else {}
    if given.get("accountType", given.get("product")) != "GOOGLE_ADS":
        checks.add(f"{at}.account_type", "INVALID_ENUM_VALUE", "Only GOOGLE_ADS is known to the sandbox.")
        return None
    if not str(given.get("accountId") or "").isdecimal():
        checks.add(f"{at}.account_id", "INVALID_FORMAT", "The account ID has digits alone.")
        return None
    return str(given["accountId"])


def _check_event(at: str, event: Any, encoding: Any, checks: Checks) -> None:
    if not isinstance(event, dict):
        checks.add(at, "INVALID_EVENT", "This event is not valid.")
        return
    for name in sorted(set(event) - _FIELDS):
        checks.add(f"{at}.{name}", "INVALID_ARGUMENT", f'Unknown name "{name}".')
    _check_moment(f"{at}.event_timestamp", event.get("eventTimestamp"), checks)
    _check_money(at, event, checks)
    if event.get("eventSource") not in {None, *_SOURCES}:
        checks.add(f"{at}.event_source", "INVALID_ENUM_VALUE", "Enum value cannot be used.")
    check_consent(f"{at}.consent", event.get("consent"), checks)
    identifiers = (event.get("userData") or {}).get("userIdentifiers") or []
    if not identifiers and not event.get("adIdentifiers"):
        checks.add(at, "NO_IDENTIFIERS_PROVIDED", "The event has no user or ad identifiers.")
    if len(identifiers) > _MOST_IDENTIFIERS:
        checks.add(f"{at}.user_data", "TOO_MANY_USER_IDENTIFIERS", "At most 10 identifiers of a user.")
    if identifiers and encoding != "HEX":
        checks.add("encoding", "REQUIRED_FIELD_MISSING", "The sandbox reads hashes in HEX alone: name it.")
        return
    for number, one in enumerate(identifiers):
        check_identifier(f"{at}.user_data.user_identifiers[{number}]", one, checks)


def _check_moment(at: str, value: Any, checks: Checks) -> None:
    if not value:
        checks.add(at, "REQUIRED_FIELD_MISSING", "A required field is missing.")
    elif _moment(value) is None:
        checks.add(at, "INVALID_FORMAT", "Format is invalid.")


def _moment(value: Any) -> float | None:
    """RFC 3339, which names its offset."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return None if found.tzinfo is None else found.timestamp()


def _check_money(at: str, event: Mapping[str, Any], checks: Checks) -> None:
    currency, value = event.get("currency"), event.get("conversionValue")
    if currency is not None and not re.fullmatch(r"[A-Z]{3}", str(currency)):
        checks.add(f"{at}.currency", "INVALID_CURRENCY_CODE", "The currency code is not supported.")
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        checks.add(f"{at}.conversion_value", "INVALID_NUMBER_FORMAT", "Invalid number format.")


def check_consent(at: str, consent: Any, checks: Checks) -> None:
    if consent is None:
        return
    for name, value in (consent if isinstance(consent, dict) else {"": None}).items():
        if name not in {"adUserData", "adPersonalization"} or value not in _CONSENT:
            checks.add(f"{at}.{name}", "INVALID_ENUM_VALUE", "Enum value cannot be used.")


def check_identifier(at: str, one: Any, checks: Checks) -> None:
    if not isinstance(one, dict) or len(one) != 1:
        checks.add(at, "INVALID_ARGUMENT", "Exactly one identifier must be specified.")
        return
    for name, field in (("emailAddress", "email_address"), ("phoneNumber", "phone_number")):
        if name in one:
            _check_hash(f"{at}.{field}", one[name], checks)
            return
    address = one.get("address")
    if not isinstance(address, dict):
        checks.add(at, "INVALID_ARGUMENT", "Unknown identifier.")
        return
    _check_hash(f"{at}.address.given_name", address.get("givenName"), checks)
    _check_hash(f"{at}.address.family_name", address.get("familyName"), checks)
    if not re.fullmatch(r"[A-Z]{2}", str(address.get("regionCode", ""))):
        checks.add(f"{at}.address.region_code", "INVALID_COUNTRY_CODE", "Country code is not valid.")
    if not str(address.get("postalCode") or "").strip():
        checks.add(f"{at}.address.postal_code", "INVALID_POSTAL_CODE", "Postal code is not valid.")


def _check_hash(at: str, value: Any, checks: Checks) -> None:
    if not value:
        checks.add(at, "REQUIRED_FIELD_MISSING", "A required field is missing.")
    elif not _HEX.fullmatch(str(value)):
        checks.add(at, "INVALID_HEX_ENCODING", "The HEX encoded value is malformed.")
    elif not _SHA256.fullmatch(str(value)):
        checks.add(at, "INVALID_SHA256_FORMAT", "The SHA256 encoded value is malformed.")


def _take(
    google: GoogleState,
    actions: list[Entity],
    body: Mapping[str, Any],
    request: str,
    refused: frozenset[int],
) -> None:
    with google.store.together():
        outcomes = []
        for action, given in zip(actions, body["destinations"], strict=True):
            verdicts = [
                _keep(google, action, body, event, broken=n in refused)
                for n, event in enumerate(body["events"])
                if _goes_to(event, given)
            ]
            errors = Counter(verdict for verdict in verdicts if verdict)
            status = {"eventsIngestionStatus": {"recordCount": str(len(verdicts))}}
            outcomes.append(
                {"destination": given, "records": len(verdicts), "errors": errors, "status": status}
            )
    keep_request(google, request, outcomes)


def keep_request(google: GoogleState, request: str, outcomes: list[dict[str, Any]]) -> None:
    """What became of a request at each destination: `records`, `errors` by their reason, and `status`."""
    kept = google.store.document(_DOCUMENT) or {}
    kept[request] = {"at": google.now(), "destinations": outcomes}
    google.store.keep(_DOCUMENT, dict(list(kept.items())[-_KEPT_REQUESTS:]))


def _keep(
    google: GoogleState, action: Entity, body: Mapping[str, Any], event: dict[str, Any], *, broken: bool
) -> str:
    """The verdict of processing: empty where the event counts."""
    now, at = google.now(), _moment(event["eventTimestamp"]) or 0.0
    transaction = str(event["transactionId"]) if event.get("transactionId") else None
    counted = _counted(google, action, transaction)
    seen = counted is not None
    consent = event.get("consent") or body.get("consent") or {}
    verdict = ""
    if broken:
        verdict = "INVALID_EVENT"
    elif at < now - _OLDEST:
        verdict = "EVENT_TOO_OLD"
    elif consent.get("adUserData") == "CONSENT_DENIED":
        verdict = "DENIED_CONSENT"
    elif counted is not None and _worth(event) in {_worth(counted), (None, None)}:
        verdict = "DUPLICATE_TRANSACTION_ID"
    name = _RESTATED if seen and not verdict else verdict
    row = (action.id, name, transaction, at, now, int(seen), json.dumps(event))
    google.store.write(
        "INSERT INTO server_events (pixel, name, event_id, event_time, received_at, duplicate, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [row],
    )
    return verdict


def _counted(google: GoogleState, action: Entity, transaction: str | None) -> dict[str, Any] | None:
    """The conversion that counts under this id, as it was restated last."""
    rows = google.store.read(
        "SELECT body FROM server_events WHERE pixel = ? AND event_id = ? AND name IN ('', ?)"
        " ORDER BY id DESC LIMIT 1",
        (action.id, transaction, _RESTATED),
    )
    found: dict[str, Any] | None = json.loads(rows[0][0]) if transaction is not None and rows else None
    return found


def _worth(event: Mapping[str, Any]) -> tuple[Any, Any]:
    return event.get("conversionValue"), event.get("currency")


def _shown(outcome: Mapping[str, Any], *, working: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"destination": outcome["destination"]}
    if working:
        return shown | {"requestStatus": "PROCESSING"}
    errors = outcome["errors"]
    failed = sum(errors.values())
    state = "SUCCESS" if not failed else "FAILED" if failed == outcome["records"] else "PARTIAL_SUCCESS"
    shown |= {"requestStatus": state, **outcome["status"]}
    if failed:
        counts = [
            {"recordCount": str(count), "reason": f"PROCESSING_ERROR_REASON_{reason}"}
            for reason, count in sorted(errors.items())
        ]
        shown["errorInfo"] = {"errorCounts": counts}
    return shown
