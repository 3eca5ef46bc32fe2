"""Customer file audiences of the Streaming API: made empty, filled and emptied by hashes.

`/segment/audience/` makes and deletes, `/segment/mapping/` adds and deletes ids: those named by an audience that is
not the advertiser's have the whole request refused. Audiences made of files, by rules or as lookalikes are not
emulated.
"""

import re
from typing import Any

from sandbox.membership import CustomerList, Entry, Knowledge
from sandbox.vendors.tiktok.calls import Call
from sandbox.vendors.tiktok.changelog import Actor
from sandbox.vendors.tiktok.constants import PLATFORM
from sandbox.vendors.tiktok.entities import utc
from sandbox.vendors.tiktok.errors import TikTokError, missing, wrong
from sandbox.vendors.tiktok.reading import advertiser_of
from sandbox.vendors.tiktok.state import TikTokState
from sandbox.world.seasons import DAY

KNOWLEDGE = Knowledge(
    PLATFORM,
    0.54,
    {"EMAIL_SHA256": lambda who: who.email, "PHONE_SHA256": lambda who: who.phone},
    ("EMAIL_SHA256", "PHONE_SHA256", "IDFA_SHA256", "AAID_SHA256", "IDFA_MD5", "AAID_MD5"),
)
FIRST_ID = 194_000_001
SETTLES = DAY
"""Simulated seconds until an audience that was changed has been computed."""
_LASTS = 365 * DAY
_SOON = 60 * DAY
_LONGEST_NAME, _CUT = 70, 67
_MOST_AUDIENCES = 400
_MOST_USERS = 10_000
_MOST_IDS, _MOST_ROWS = 100, 100
_HASH = {"SHA256": re.compile(r"[0-9a-f]{64}"), "MD5": re.compile(r"[0-9a-f]{32}")}
_PARTLY = 20001


def change(state: TikTokState, call: Call, actor: Actor, refused: frozenset[int]) -> dict[str, Any]:
    """`/segment/audience/`."""
    del actor, refused
    advertiser, action = advertiser_of(state, call), call.text("action", "create")
    if action == "delete":
        _delete(state, _own(state, advertiser, call.text("delete_audience_id"), "delete_audience_id"))
        return {}
    if action != "create":
        raise wrong("action: Must be one of: create, delete.")
    name = call.text("custom_audience_name")
    held = state.lists.of(advertiser)
    if len(held) >= _MOST_AUDIENCES:
        raise wrong(f"An advertiser has at most {_MOST_AUDIENCES} custom audiences.")
    shown = name if len(name) <= _LONGEST_NAME else f"{name[:_CUT]}..."
    if any(each.name == shown for each in held):
        raise wrong("custom_audience_name: The audience name already exists.")
    return {"audience_id": state.lists.make(advertiser, shown, state.now).id}


def map_users(state: TikTokState, call: Call, actor: Actor, refused: frozenset[int]) -> dict[str, Any]:
    """`/segment/mapping/`: each user of `batch_data` has an id, or an empty object, for each kind of `id_schema`."""
    del actor
    advertisers = call.words("advertiser_ids")
    if not advertisers or not set(advertisers) <= set(state.advertisers):
        raise TikTokError(40001, "No permission to operate one of the advertisers.")
    action = call.text("action", "add")
    if action not in {"add", "delete"}:
        raise wrong("action: Must be one of: add, delete.")
    schema = _schema(call)
    users = call.params.get("batch_data")
    if not isinstance(users, list) or not users:
        raise missing("batch_data")
    if len(users) > _MOST_USERS:
        raise wrong(f"batch_data: Longer than maximum length {_MOST_USERS}.")
    for held, entries in _by_audience(state, advertisers, schema, users, refused):
        if action == "add":
            state.members.add(_name(held), held.account, entries, state.now)
        else:
            state.members.remove(_name(held), entries, state.now)
        held.changed_at = state.now
        state.lists.save(held)
    if refused:
        raise TikTokError(_PARTLY, "Partial success: some of the users were not processed.")
    return {}


def _by_audience(
    state: TikTokState, advertisers: list[str], schema: list[str], users: list[Any], refused: frozenset[int]
) -> list[tuple[CustomerList, list[Entry]]]:
    """The ids for each audience; all is looked at before anything is taken."""
    found: dict[str, list[Entry]] = {}
    for number, user in enumerate(users):
        for audience, entry in _user(f"batch_data.{number}", schema, user):
            found.setdefault(audience, [])
            if number not in refused:
                found[audience].append(entry)
    return [(_of(state, advertisers, audience), entries) for audience, entries in found.items()]


def listed(state: TikTokState, call: Call) -> dict[str, Any]:
    """`/dmp/custom_audience/list/`."""
    found = _asked(state, call, call.words("custom_audience_ids", [], most=_MOST_IDS))
    return call.page([_shown(state, each) for each in found], most=_MOST_ROWS)


def details(state: TikTokState, call: Call) -> dict[str, Any]:
    """`/dmp/custom_audience/get/`; what is not there is left out. Their history is not emulated."""
    found = _asked(state, call, call.words("custom_audience_ids", most=_MOST_IDS))
    return {"list": [{"audience_details": _shown(state, each), "audience_history": []} for each in found]}


def delete(state: TikTokState, call: Call, actor: Actor, refused: frozenset[int]) -> dict[str, Any]:
    """`/dmp/custom_audience/delete/`: all of them, or none."""
    del actor, refused
    advertiser = advertiser_of(state, call)
    wanted = call.words("custom_audience_ids", most=_MOST_IDS)
    for each in [_own(state, advertiser, one, "custom_audience_ids") for one in wanted]:
        _delete(state, each)
    return {}


def inside(state: TikTokState, audience: str) -> dict[str, Any] | None:
    """For the control API; None where there is no such audience."""
    held = state.lists.find(audience)
    return None if held is None else {"id": held.id, **state.members.shown(_name(held))}


def every(state: TikTokState) -> list[dict[str, Any]]:
    return [
        {"id": each.id, "account": each.account, "name": each.name}
        | {"entries": len(state.members.members(_name(each)))}
        for each in state.lists.all()
    ]


def _asked(state: TikTokState, call: Call, wanted: list[str]) -> list[CustomerList]:
    held = state.lists.of(advertiser_of(state, call))
    return [each for each in held if not wanted or each.id in wanted]


def _schema(call: Call) -> list[str]:
    found = [each.upper() for each in call.words("id_schema")]
    for name in found:
        if name not in KNOWLEDGE.alone:
            raise wrong(f"id_schema: Must be one of: {', '.join(KNOWLEDGE.alone)}.")
    if not found or len(set(found)) < len(found):
        raise wrong("id_schema: Name each type of ID once.")
    return found


def _user(at: str, schema: list[str], user: Any) -> list[tuple[str, Entry]]:
    """Each of the user's ids, with an audience that it is for: every one comes and goes by itself."""
    if not isinstance(user, list) or len(user) != len(schema):
        raise wrong(f"{at}: It must have as many IDs as id_schema has types.")
    found: list[tuple[str, Entry]] = []
    for name, one in zip(schema, user, strict=True):
        if one in ({}, None):
            continue
        value = one.get("id") if isinstance(one, dict) else None
        audiences = one.get("audience_ids") if isinstance(one, dict) else None
        if not isinstance(value, str) or not _HASH[name.rpartition("_")[2]].fullmatch(value):
            raise wrong(f"{at}.id: It must be a {name}.")
        if not isinstance(audiences, list) or not audiences:
            raise missing(f"{at}.audience_ids")
        found += [(str(audience), {name: value}) for audience in audiences]
    if not found:
        raise missing(f"{at}.id")
    return found


def _of(state: TikTokState, advertisers: list[str], audience: str) -> CustomerList:
    held = state.lists.find(audience)
    if held is None or held.account not in advertisers:
        raise wrong(f"audience_ids: The audience {audience} does not exist, or is not the advertiser's.")
    return held


def _own(state: TikTokState, advertiser: str, audience: str, field: str) -> CustomerList:
    held = state.lists.find(audience)
    if held is None or held.account != advertiser:
        raise wrong(f"{field}: The audience {audience} does not exist.")
    return held


def _delete(state: TikTokState, held: CustomerList) -> None:
    state.members.forget(_name(held))
    state.lists.remove(held.id)


def _name(held: CustomerList) -> str:
    return f"{PLATFORM}:{held.id}"


def _shown(state: TikTokState, held: CustomerList) -> dict[str, Any]:
    size = state.members.size(_name(held), state.now - SETTLES)
    expires = held.made_at + _LASTS
    return {
        "audience_id": held.id,
        "name": held.name,
        "audience_type": "Customer File Audience",
        "audience_sub_type": "NORMAL",
        "cover_num": size or 0,
        "shared": False,
        "is_creator": True,
        "is_valid": size is not None and state.now < expires,
        "is_expiring": expires - _SOON < state.now < expires,
        "owner_id": held.account,
        "msg": "" if size is not None else "The audience is being computed.",
        "error_msg": "",
        "create_time": utc(held.made_at),
        "expired_time": utc(expires),
    }
