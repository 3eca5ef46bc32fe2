"""Custom audiences of a customer list: made, read, filled, emptied and replaced, as the Marketing API does.

The Custom Audience reference and its guide "Customer File Custom Audiences" say what is taken; codes of refused
replacements are those of its error table.
"""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.membership import Entry
from sandbox.vendors.meta.audience_book import REPLACED_WITHIN, SETTLES, Replacement, Session
from sandbox.vendors.meta.calls import COMMON, Call
from sandbox.vendors.meta.constants import BUSINESS_ID, BUSINESS_NAME
from sandbox.vendors.meta.errors import GraphError, invalid, missing_parameter, unsupported
from sandbox.vendors.meta.fields import parse
from sandbox.vendors.meta.nodes import Node
from sandbox.vendors.meta.state import MetaState

KIND = "customaudience"
_MOST = 10_000
_SHA = re.compile(r"[0-9a-f]{64}")
_HASHED = frozenset(
    {"EMAIL", "PHONE", "GEN", "DOBY", "DOBM", "DOBD", "LN", "FN", "FI", "CT", "ST", "ZIP", "COUNTRY"}
)
_PLAIN = frozenset({"MADID", "EXTERN_ID"})
_SINGLE = {"EMAIL_SHA256": "EMAIL", "PHONE_SHA256": "PHONE", "MOBILE_ADVERTISER_ID": "MADID"}
_ORIGINS = ("USER_PROVIDED_ONLY", "PARTNER_PROVIDED_ONLY", "BOTH_USER_AND_PARTNER_PROVIDED")
_CREATABLE = frozenset({"name", "description", "subtype", "customer_file_source"})
_PAYLOAD = frozenset({"schema", "data", "is_raw", "data_source"})
_SAMPLES = 5
_FEWEST = 1_000
"""A smaller audience is said to have this many."""
_ROUNDED = 100
_SESSION_FIELDS = (
    "session_id",
    "start_time",
    "end_time",
    "num_received",
    "num_invalid_entries",
    "num_matched",
    "progress",
    "stage",
)


def _title(code: int, subcode: int, title: str, text: str, *, status: int = 400) -> GraphError:
    message = {200: "Permissions error", 2650: "(#2650) Failed to update the custom audience"}[code]
    extra = {"is_transient": False, "error_user_title": title, "error_user_msg": text}
    return GraphError(message, code, subcode=subcode, status=status, extra=extra)


def _demand_terms(meta: MetaState, account: str) -> None:
    if account in meta.audiences.without_terms:
        address = f"https://business.facebook.com/ads/manage/customaudiences/tos/?act={account}"
        raise _title(
            200,
            1870090,
            "Custom Audience Terms Not Accepted",
            f"To create or edit an audience with an uploaded customer list, please agree to the Custom Audience terms at {address}.",  # noqa: E501 - Meta's sentence, whole
            status=403,
        )


def create(meta: MetaState, account: str, params: Mapping[str, str]) -> Node:
    for name in params:
        if name not in COMMON and name not in _CREATABLE:
            raise invalid(f"(#100) Param {name} is not supported on this {KIND} by this sandbox")
    for name in ("name", "subtype"):
        if not params.get(name):
            raise missing_parameter(name)
    if params["subtype"] != "CUSTOM":
        raise invalid("(#100) Param subtype must be CUSTOM in this sandbox")
    if params.get("customer_file_source") not in _ORIGINS:
        if "customer_file_source" not in params:
            raise GraphError("(#100) Missing parameter(s): customer_file_source", 100)
        raise invalid(f"(#100) Param customer_file_source must be one of {{{', '.join(_ORIGINS)}}}")
    _demand_terms(meta, account)
    now = int(meta.clock.now())
    data: dict[str, Any] = {name: params[name] for name in _CREATABLE if name in params}
    data |= {"time_created": now, "time_updated": now, "time_content_updated": now}
    node = Node(meta.nodes.new_id(), KIND, account, data)
    meta.nodes.put(node)
    meta.nodes.save()
    return node


def update(meta: MetaState, node: Node, params: Mapping[str, str]) -> None:
    _demand_terms(meta, node.account)
    for name, value in params.items():
        if name in COMMON:
            continue
        if name not in {"name", "description"} or not value.strip():
            raise invalid(f"(#100) Param {name} is not supported on this {KIND} by this sandbox")
        node.data[name] = value
    node.data["time_updated"] = int(meta.clock.now())
    meta.nodes.save()


def delete(meta: MetaState, node: Node) -> None:
    meta.audiences.forget(node.id)
    meta.nodes.remove(node)
    meta.nodes.save()


def change_users(meta: MetaState, node: Node, edge: str, call: Call) -> dict[str, Any]:
    """`/users` and `/usersreplace`: what came is counted at once, and shows in the counts later."""
    if (edge, call.method) not in {("users", "POST"), ("users", "DELETE"), ("usersreplace", "POST")}:
        raise unsupported(call.method, node.id)
    _demand_terms(meta, node.account)
    entries, bad = _entries(call)
    session, batch, last = _session(call, meta.clock.now())
    now = meta.clock.now()
    if edge == "usersreplace":
        matched = _replace(meta, node, entries, at=(session, batch, last))
    elif call.method == "DELETE":
        meta.audiences.remove(node.id, entries, now)
        matched = 0
    else:
        matched = meta.audiences.add(node.id, node.account, entries, now)
    counts = (len(entries) + len(bad), len(bad), matched)
    meta.audiences.note(node.id, session, now, counts=counts, last=last)
    node.data["time_content_updated"] = int(now)
    return {
        "audience_id": node.id,
        "session_id": str(session),
        "num_received": len(entries) + len(bad),
        "num_invalid_entries": len(bad),
        "invalid_entry_samples": dict(list(bad.items())[:_SAMPLES]),
    }


def _replace(meta: MetaState, node: Node, entries: list[Entry], *, at: tuple[int, int, bool]) -> int:
    """Nothing changes until the last batch has come, in its order, within an hour and a half."""
    session, batch, last = at
    book, now = meta.audiences, meta.clock.now()
    under_way = book.replacing.get(node.id)
    if under_way is not None and now > under_way.began + REPLACED_WITHIN:
        del book.replacing[node.id]
        if under_way.session == session:
            text = "You started replacing users more than 90 minutes ago: start a new session."
            raise _title(2650, 1870158, "Session Timed Out", text)
        under_way = None
    if under_way is not None and under_way.session != session:
        text = "The audience is being replaced: wait until that is done."
        raise _title(2650, 1870145, "Audience Update In Progress", text)
    if under_way is None:
        under_way = book.replacing[node.id] = Replacement(session, now)
    if batch < under_way.next_batch:
        return 0  # it has come before
    if batch != under_way.next_batch:
        del book.replacing[node.id]
        raise _title(2650, 1870147, "Invalid Batch Sequence", "Start again, with batch_seq 1.")
    under_way.entries += entries
    under_way.next_batch += 1
    if not last:
        return 0
    del book.replacing[node.id]
    return book.replace(node.id, node.account, under_way.entries, now)


def _session(call: Call, now: float) -> tuple[int, int, bool]:
    """(id, batch, last): without a session, one of this request alone."""
    wanted = call.json("session")
    if wanted is None:
        return int(now * 1_000_000), 1, True
    if not isinstance(wanted, dict):
        raise invalid("(#100) param session must be an object.")
    found = {name: wanted.get(name) for name in ("session_id", "batch_seq")}
    for name, value in found.items():
        if not isinstance(value, int | str) or isinstance(value, bool) or not str(value).isdecimal():
            raise invalid(f"(#100) param session['{name}'] must be a positive integer.")
    batch = int(found["batch_seq"] or 0)
    if batch < 1:
        raise invalid("(#100) param session['batch_seq'] must be a positive integer.")
    return int(found["session_id"] or 0), batch, wanted.get("last_batch_flag") in (True, "true", 1, "1")


def _entries(call: Call) -> tuple[list[Entry], dict[str, str]]:
    """The entries that can be taken, and what is wrong with the others, by their place."""
    payload = call.json("payload")
    if payload is None:
        raise missing_parameter("payload")
    if not isinstance(payload, dict) or not isinstance(payload.get("data"), list):
        raise invalid("(#100) param payload must be an object with schema and data.")
    for name in payload:
        if name not in _PAYLOAD:
            raise invalid(f"(#100) Param payload['{name}'] is not supported by this sandbox")
    schema = _schema(payload.get("schema"))
    rows = payload["data"]
    if not rows:
        raise invalid("(#100) param payload['data'] must be non-empty.")
    if len(rows) > _MOST:
        raise GraphError(
            f"(#105) The number of parameters exceeded the maximum for this operation: {_MOST}", 105
        )
    good: list[Entry] = []
    bad: dict[str, str] = {}
    for place, row in enumerate(rows):
        values = row if isinstance(row, list) else [row]
        entry = _entry(schema, values)
        if entry is None:
            bad[str(place)] = str(values)[:200]
        else:
            good.append(entry)
    return good, bad


def _schema(wanted: Any) -> list[str]:
    names = [wanted] if isinstance(wanted, str) else wanted
    if not isinstance(names, list) or not names:
        raise missing_parameter("payload['schema']")
    found = [_SINGLE.get(str(name), str(name)) for name in names]
    for name in found:
        if name not in _HASHED | _PLAIN:
            raise invalid(f"(#100) Param payload['schema'] has an unknown key: {name}")
    if len(set(found)) < len(found):
        raise invalid("(#100) Param payload['schema'] has a key twice")
    return found


def _entry(schema: list[str], values: list[Any]) -> Entry | None:
    if len(values) != len(schema) or not all(isinstance(value, str) for value in values):
        return None
    entry = {name: value for name, value in zip(schema, values, strict=True) if value}
    if not entry or any(name in _HASHED and not _SHA.fullmatch(value) for name, value in entry.items()):
        return None
    return entry


def sessions(meta: MetaState, node: Node, call: Call) -> list[tuple[str, dict[str, str]]]:
    """`/sessions`; `session_id` narrows it to one."""
    wanted = [one.name for one in parse(call.params.get("fields", ""))] or list(_SESSION_FIELDS)
    for name in wanted:
        if name not in _SESSION_FIELDS:
            raise invalid(
                f"(#100) Tried accessing nonexisting field ({name}) on node type (CustomAudienceSession)"
            )
    only = call.params.get("session_id")
    return [
        (f"{each.began:020.6f}", {name: value for name, value in _shown(each).items() if name in wanted})
        for each in meta.audiences.sessions(node.id, meta.clock.now())
        if only is None or only == str(each.id)
    ]


def _shown(session: Session) -> dict[str, str]:
    done = session.matched is not None
    shown = {
        "session_id": str(session.id),
        "start_time": str(int(session.began)),
        "num_received": str(session.received),
        "num_invalid_entries": str(session.invalid),
        "progress": "100" if done else "50",
        "stage": "FINISHED" if done else "PROCESSING" if session.ended else "UPLOADING",
    }
    if session.ended:
        shown["end_time"] = str(int(session.ended))
    return shown | ({"num_matched": str(session.matched)} if done else {})


def size(meta: MetaState, node: Node) -> tuple[int, int]:
    """The bounds that Meta shows: -1 until they are known, 1,000 for what is smaller."""
    matched = meta.audiences.size(node.id, meta.clock.now() - SETTLES)
    if matched is None:
        return -1, -1
    if matched <= _FEWEST:
        return _FEWEST, _FEWEST
    lower = matched // _ROUNDED * _ROUNDED
    return lower, lower + max(_ROUNDED, lower // 10)


def operation_status(meta: MetaState, node: Node) -> dict[str, Any]:
    now = meta.clock.now()
    if meta.audiences.size(node.id, now) is None:
        return {"code": 410, "description": "No upload: no file has been uploaded to this audience."}
    if now - float(node.data["time_content_updated"]) < SETTLES:
        return {"code": 441, "description": "We're finding people who fit your audience criteria."}
    return {"code": 200, "description": "Normal"}


def delivery_status(meta: MetaState, node: Node) -> dict[str, Any]:
    matched = meta.audiences.size(node.id, meta.clock.now() - SETTLES)
    if matched is None or matched < _FEWEST // 10:
        return {"code": 300, "description": "This audience is too small: it needs at least 100 people."}
    return {"code": 200, "description": "This audience is ready for use."}


def owner(_meta: MetaState, _node: Node) -> dict[str, str]:
    return {"id": BUSINESS_ID, "name": BUSINESS_NAME}
