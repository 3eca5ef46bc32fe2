"""Customer Match lists: the Data Manager API's `userLists`, and their members by `audienceMembers`.

Lists take contact ids alone. A request of members is refused whole for one that cannot be read; what is taken is worked
through later, like events. Members of whom consent is denied fail in processing.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from sandbox.membership import CustomerList, Entry, Knowledge
from sandbox.vendors.google.constants import PLATFORM
from sandbox.vendors.google.datamanager import (
    Checks,
    account_of,
    check_consent,
    check_identifier,
    keep_request,
    may_send,
)
from sandbox.vendors.google.errors import EventsError
from sandbox.vendors.google.state import GoogleState
from sandbox.vendors.google.tokens import Grant
from sandbox.world.people import Person
from sandbox.world.seasons import DAY

FIRST_ID = 8_100_000_001
SETTLES = DAY
"""Simulated seconds until a list's sizes tell of a change."""
_MOST_MEMBERS, _MOST_IDENTIFIERS, _MOST_DESTINATIONS = 10_000, 10, 10
_LONGEST_DAYS = 540
_DISPLAY_SHARE = 0.9
"""Of those whom search can find, whom the display network can."""
_ROUNDED = 10
_PARENT = re.compile(r"accountTypes/([A-Z_]+)/accounts/(\d+)")
_DURATION = re.compile(r"(\d+)s")
_STEPS = (
    *((20, "LESS_THAN_20"), (31, "20_TO_30"), (41, "31_TO_40"), (51, "41_TO_50"), (61, "51_TO_60")),
    *((71, "61_TO_70"), (81, "71_TO_80"), (91, "81_TO_90"), (101, "91_TO_100")),
)
"""Below so many percent, a match rate is told so."""
_SETTABLE = frozenset(
    {"displayName", "description", "membershipStatus", "membershipDuration", "integrationCode"}
    | {"ingestedUserListInfo"}
)
Json = dict[str, Any]


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _address_of(who: Person) -> str:
    return _whole_address(
        _sha(who.first_name.lower()), _sha(who.last_name.lower()), who.country, who.postal_code
    )


def _whole_address(given: str, family: str, region: str, postal: str) -> str:
    return f"{given}|{family}|{region.upper()}|{postal}"


KNOWLEDGE = Knowledge(
    PLATFORM,
    0.62,
    {"emailAddress": lambda who: who.email, "phoneNumber": lambda who: who.phone, "address": _address_of},
    ("emailAddress", "phoneNumber", "address"),
)


# The lists.


def create(google: GoogleState, grant: Grant, parent: str, login: str | None, body: Json) -> Json:
    account = _reached(google, grant, parent, login)
    checks = Checks()
    for name in sorted(set(body) - _SETTABLE):
        checks.add(
            f"user_list.{name}", "INVALID_ARGUMENT", f'Unknown name "{name}", or it cannot be set here.'
        )
    called: Any = body.get("displayName")
    if not isinstance(called, str) or not called.strip():
        checks.add("user_list.display_name", "REQUIRED_FIELD_MISSING", "A required field is missing.")
    elif any(each.name == called for each in google.lists.of(account)):
        checks.add("user_list.display_name", "DISPLAY_NAME_ALREADY_USED", "The display name is already used.")
    days = _days(body.get("membershipDuration"), checks)
    info = body.get("ingestedUserListInfo")
    if not isinstance(info, dict) or info.get("uploadKeyTypes") != ["CONTACT_ID"]:
        text = "The sandbox knows lists of CONTACT_ID alone."
        checks.add("user_list.ingested_user_list_info", "UNSUPPORTED_USER_LIST_UPLOAD_KEY_TYPES", text)
    checks.close()
    facts = {"description": str(body.get("description") or ""), "days": days, "status": "OPEN"}
    return _shown(google, google.lists.make(account, str(called), google.now(), **facts))


def listed(
    google: GoogleState, grant: Grant, parent: str, login: str | None, query: Mapping[str, str]
) -> Json:
    account = _reached(google, grant, parent, login)
    if query.get("filter"):
        raise _wrong("filter", "INVALID_FILTER", "Filters are not emulated by this sandbox.")
    size, start = query.get("pageSize") or "50", query.get("pageToken") or "0"
    if not size.isdecimal() or not start.isdecimal():
        raise _wrong("page_token", "INVALID_PAGE_TOKEN", "The page token is not valid.")
    rows, first, most = google.lists.of(account), int(start), min(1_000, int(size) or 50)
    found: Json = {"userLists": [_shown(google, each) for each in rows[first : first + most]]}
    return found | ({"nextPageToken": str(first + most)} if first + most < len(rows) else {})


def read(google: GoogleState, grant: Grant, name: str, login: str | None) -> Json:
    return _shown(google, _named(google, grant, name, login))


def delete(google: GoogleState, grant: Grant, name: str, login: str | None) -> Json:
    held = _named(google, grant, name, login)
    google.members.forget(_key(held))
    google.lists.remove(held.id)
    return {}


# Their members.


def ingest(google: GoogleState, grant: Grant, body: Json, *, request: str, refused: frozenset[int]) -> Json:
    """`audienceMembers:ingest`; `refused` are members that an ordered fault has fail in processing."""
    held, entries = _asked(google, grant, body)
    if body.get("validateOnly"):
        return {}
    outcomes = []
    for destination, each in zip(body["destinations"], held, strict=True):
        errors: Counter[str] = Counter()
        taken: list[Entry] = []
        for number, one in enumerate(entries):
            consent = body["audienceMembers"][number].get("consent") or body.get("consent") or {}
            if number in refused:
                errors["INTERNAL_ERROR"] += 1
            elif (
                consent.get("adUserData") == "CONSENT_DENIED"
                or consent.get("adPersonalization") == "CONSENT_DENIED"
            ):
                errors["DENIED_CONSENT"] += 1
            else:
                taken += one
        matched = google.members.add(_key(each), each.account, taken, google.now())
        counts = _counts(entries) | {"uploadMatchRateRange": _range(matched, len(taken))}
        status = {"audienceMembersIngestionStatus": {"userDataIngestionStatus": counts}}
        outcomes.append(_outcome(google, each, destination, entries, errors) | {"status": status})
    keep_request(google, request, outcomes)
    return {"requestId": request}


def remove(google: GoogleState, grant: Grant, body: Json, *, request: str, refused: frozenset[int]) -> Json:
    held, entries = _asked(google, grant, body)
    if body.get("validateOnly"):
        return {}
    outcomes = []
    for destination, each in zip(body["destinations"], held, strict=True):
        errors = Counter({"INTERNAL_ERROR": len(refused)} if refused else {})
        gone = [entry for number, one in enumerate(entries) if number not in refused for entry in one]
        google.members.remove(_key(each), gone, google.now())
        status = {"audienceMembersRemovalStatus": {"userDataRemovalStatus": _counts(entries)}}
        outcomes.append(_outcome(google, each, destination, entries, errors) | {"status": status})
    keep_request(google, request, outcomes)
    return {"requestId": request}


def remove_all(google: GoogleState, grant: Grant, body: Json, *, request: str) -> Json:
    """`audienceMembers:removeAll`, of whoever is in now."""
    may_send(grant)
    checks = Checks()
    if body.get("removeAsOfTime"):
        checks.add("remove_as_of_time", "INVALID_ARGUMENT", "Another time than now is not emulated.")
    held = _destinations(google, body, checks)
    checks.close()
    outcomes = []
    for destination, each in zip(body["destinations"], held, strict=True):
        google.members.empty(_key(each), google.now())
        status: Json = {"removeAllAudienceMembersStatus": {}}
        outcomes.append(_outcome(google, each, destination, [], Counter()) | {"status": status})
    keep_request(google, request, outcomes)
    return {"requestId": request}


# For the control API.


def inside(google: GoogleState, user_list: str) -> Json | None:
    """None where there is no such list."""
    held = google.lists.find(user_list)
    return None if held is None else {"id": held.id, **google.members.shown(_key(held))}


def every(google: GoogleState) -> list[Json]:
    return [
        {"id": each.id, "account": each.account, "name": each.name, "description": each.facts["description"]}
        | {"entries": len(google.members.members(_key(each)))}
        for each in google.lists.all()
    ]


def _asked(google: GoogleState, grant: Grant, body: Json) -> tuple[list[CustomerList], list[list[Entry]]]:
    """The lists, and of each member the entries."""
    may_send(grant)
    checks = Checks()
    held = _destinations(google, body, checks)
    members = body.get("audienceMembers")
    if not isinstance(members, list) or not members:
        checks.add("audience_members", "REQUIRED_FIELD_MISSING", "A required field is missing.")
        members = []
    if len(members) > _MOST_MEMBERS:
        text = f"A request holds at most {_MOST_MEMBERS} members."
        checks.add("audience_members", "TOO_MANY_AUDIENCE_MEMBERS", text)
        members = []
    if members and body.get("encoding") != "HEX":
        checks.add("encoding", "REQUIRED_FIELD_MISSING", "The sandbox reads hashes in HEX alone: name it.")
    for number, member in enumerate(members):
        _check_member(f"audience_members[{number}]", member, checks)
    check_consent("consent", body.get("consent"), checks)
    checks.close()
    return held, [_entries(member) for member in members]


def _check_member(at: str, member: Any, checks: Checks) -> None:
    data = member.get("userData") if isinstance(member, dict) else None
    if not isinstance(data, dict):
        checks.add(at, "INVALID_AUDIENCE_MEMBER", "The sandbox knows members of user_data alone.")
        return
    check_consent(f"{at}.consent", member.get("consent"), checks)
    identifiers = data.get("userIdentifiers")
    if not isinstance(identifiers, list) or not identifiers:
        checks.add(f"{at}.user_data", "NO_IDENTIFIERS_PROVIDED", "The member has no user identifiers.")
        return
    if len(identifiers) > _MOST_IDENTIFIERS:
        checks.add(f"{at}.user_data", "TOO_MANY_USER_IDENTIFIERS", "At most 10 identifiers of a member.")
    for number, one in enumerate(identifiers):
        check_identifier(f"{at}.user_data.user_identifiers[{number}]", one, checks)


def _entries(member: Json) -> list[Entry]:
    """Every identifier comes and goes by itself."""
    found: list[Entry] = []
    for one in member["userData"]["userIdentifiers"]:
        if "address" in one:
            parts = one["address"]
            whole = _whole_address(
                parts["givenName"].lower(),
                parts["familyName"].lower(),
                parts["regionCode"],
                parts["postalCode"],
            )
            found.append({"address": _sha(whole)})
        else:
            found.append({name: value.lower() for name, value in one.items()})
    return found


def _destinations(google: GoogleState, body: Json, checks: Checks) -> list[CustomerList]:
    given = body.get("destinations")
    if not isinstance(given, list) or not given:
        checks.add("destinations", "REQUIRED_FIELD_MISSING", "A required field is missing.")
        return []
    if len(given) > _MOST_DESTINATIONS:
        checks.add("destinations", "TOO_MANY_DESTINATIONS", "A request names at most 10 destinations.")
        return []
    found = []
    for number, named in enumerate(given):
        at, one = f"destinations[{number}]", named if isinstance(named, dict) else {}
        account = account_of(one.get("operatingAccount"), f"{at}.operating_account", checks)
        login = account_of(
            one.get("loginAccount") or one.get("operatingAccount"), f"{at}.login_account", checks
        )
        if account is None or login is None:
            continue
        _demand_reach(google, account, login)
        held = google.lists.find(str(one.get("productDestinationId") or ""))
        if held is None or held.account != account:
            checks.add(
                f"{at}.product_destination_id", "INVALID_USER_LIST_ID", "The user list ID is not valid."
            )
        else:
            found.append(held)
        if account in google.settings.without_terms:
            text = "The Customer Match terms have not been signed: a person accepts them in Google Ads."
            checks.add(at, "TERMS_AND_CONDITIONS_NOT_SIGNED", text)
    return found


def _reached(google: GoogleState, grant: Grant, parent: str, login: str | None) -> str:
    """The account of a parent's name, if the token's person reaches it by the account that the call names."""
    may_send(grant)
    found = _PARENT.fullmatch(parent)
    if found is None or found[1] != "GOOGLE_ADS":
        raise _wrong("parent", "INVALID_RESOURCE_NAME", "The resource name is not valid.")
    named = _PARENT.fullmatch(login) if login else None
    if login and named is None:
        raise _wrong("login-account", "INVALID_RESOURCE_NAME", "The login account's name is not valid.")
    _demand_reach(google, found[2], named[2] if named else found[2])
    return found[2]


def _demand_reach(google: GoogleState, account: str, login: str) -> None:
    if account not in google.customers or not google.may(account, login):
        raise EventsError(
            "PERMISSION_DENIED",
            "The user does not have permission, or the resource is not found.",
            "PERMISSION_DENIED",
        )


def _named(google: GoogleState, grant: Grant, name: str, login: str | None) -> CustomerList:
    parent, _, number = name.rpartition("/userLists/")
    account = _reached(google, grant, parent, login)
    held = google.lists.find(number)
    if held is None or held.account != account:
        raise EventsError("NOT_FOUND", "The user list was not found.", "NOT_FOUND")
    return held


def _days(duration: Any, checks: Checks) -> int:
    if duration is None:
        return _LONGEST_DAYS
    found = _DURATION.fullmatch(str(duration))
    if found is None or int(found[1]) % int(DAY) or not int(found[1]):
        checks.add("user_list.membership_duration", "INVALID_FORMAT", "It must be whole days, in seconds.")
        return _LONGEST_DAYS
    days = int(found[1]) // int(DAY)
    if days > _LONGEST_DAYS:
        text = f"The longest duration is {_LONGEST_DAYS} days."
        checks.add("user_list.membership_duration", "MEMBERSHIP_DURATION_TOO_LONG", text)
    return days


def _outcome(
    google: GoogleState,
    held: CustomerList,
    destination: Json,
    entries: list[list[Entry]],
    errors: Counter[str],
) -> Json:
    held.changed_at = google.now()
    google.lists.save(held)
    return {"destination": destination, "records": len(entries), "errors": errors}


def _counts(entries: list[list[Entry]]) -> Json:
    return {
        "recordCount": str(len(entries)),
        "userIdentifierCount": str(sum(len(one) for one in entries)),
    }


def _range(matched: int, of: int) -> str:
    """Google's steps of a match rate."""
    percent = round(100 * matched / of) if of else 0
    return "MATCH_RATE_RANGE_" + next(name for below, name in _STEPS if percent < below)


def _shown(google: GoogleState, held: CustomerList) -> Json:
    shown: Json = {
        "name": f"accountTypes/GOOGLE_ADS/accounts/{held.account}/userLists/{held.id}",
        "id": held.id,
        "displayName": held.name,
        "description": held.facts["description"],
        "membershipStatus": held.facts["status"],
        "membershipDuration": f"{held.facts['days'] * int(DAY)}s",
        "accessReason": "OWNED",
        "accountAccessStatus": "ENABLED",
        "ingestedUserListInfo": {"uploadKeyTypes": ["CONTACT_ID"], "contactIdInfo": {}},
    }
    size = google.members.size(_key(held), google.now() - SETTLES)
    if size is None:
        return shown
    search, display = size // _ROUNDED * _ROUNDED, int(size * _DISPLAY_SHARE) // _ROUNDED * _ROUNDED
    counts = {"searchNetworkMembersCount": search, "displayNetworkMembersCount": display}
    counts |= {"youtubeMembersCount": display, "gmailMembersCount": display}
    return shown | {"sizeInfo": {name: str(count) for name, count in counts.items()}}


def _wrong(field: str, reason: str, text: str) -> EventsError:
    return EventsError(
        "INVALID_ARGUMENT", "There was a problem with the request.", reason, [(field, text, reason)]
    )


def _key(held: CustomerList) -> str:
    return f"{PLATFORM}:{held.id}"
