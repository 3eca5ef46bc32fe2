"""What a WhatsApp webhook tells: who wrote, what became of messages, how templates were judged. Pure.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages. What is of
another number than ours, or of a form that is not known here, is left out: Meta adds to these messages all the time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

_OBJECT = "whatsapp_business_account"
_MOST_ENTRIES = 1_000
_LONGEST_ID, _LONGEST_TEXT = 300, 5_000
_STATUSES = frozenset({"sent", "delivered", "read", "failed"})


class Unreadable(ValueError):
    """What is wrong with the message, in a sentence that says what it should be."""


@dataclass(frozen=True, slots=True)
class Written:
    """A person wrote; `text` is empty for a picture, and the like."""

    message_id: str
    sender: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Became:
    """What became of a message of ours; `callback` is what we gave along."""

    message_id: str
    status: str
    callback: str | None
    code: int | None


@dataclass(frozen=True, slots=True)
class Judged:
    """A template was judged anew."""

    name: str
    language: str
    event: str
    category: str | None
    reason: str | None


@dataclass(slots=True)
class Told:
    written: list[Written] = field(default_factory=list)
    became: list[Became] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)


def told(message: Any, *, phone_number_id: str, waba_id: str) -> Told:
    """What of it is this number's and this account's."""
    if not isinstance(message, Mapping) or not isinstance(message.get("object"), str):
        raise Unreadable("Send an object with `object` and `entry`.")
    entries = message.get("entry")
    if not isinstance(entries, list) or len(entries) > _MOST_ENTRIES:
        raise Unreadable(f"`entry` is a list of {_MOST_ENTRIES} at most.")
    found = Told()
    if message["object"] != _OBJECT:
        return found
    for entry in entries:
        if not isinstance(entry, Mapping) or not isinstance(entry.get("changes"), list):
            raise Unreadable("Each of `entry` has `id` and a list `changes`.")
        if str(entry.get("id")) == waba_id:
            for change in entry["changes"]:
                _gather(change, phone_number_id, found)
    return found


def _gather(change: Any, phone_number_id: str, found: Told) -> None:
    if not isinstance(change, Mapping) or not isinstance(value := change.get("value"), Mapping):
        return
    if change.get("field") == "message_template_status_update":
        found.judged += _judged(value)
        return
    metadata = value.get("metadata")
    if change.get("field") != "messages" or not isinstance(metadata, Mapping):
        return
    if str(metadata.get("phone_number_id")) == phone_number_id:
        found.written += filter(None, map(_written, _rows(value, "messages")))
        found.became += filter(None, map(_became, _rows(value, "statuses")))


def _judged(value: Mapping[str, Any]) -> Iterator[Judged]:
    name, event = value.get("message_template_name"), value.get("event")
    if isinstance(name, str) and isinstance(event, str):
        yield Judged(
            name, str(value.get("message_template_language") or ""), event,
            _word(value.get("message_template_category")), _word(value.get("reason")),
        )  # fmt: skip


def _written(row: Mapping[str, Any]) -> Written | None:
    message_id, sender, at = _id(row.get("id")), str(row.get("from") or ""), _moment(row.get("timestamp"))
    if message_id is None or not sender.isascii() or not sender.isdigit() or at is None:
        return None
    text = row.get("text")
    body = text.get("body") if isinstance(text, Mapping) else None
    return Written(message_id, sender, at, body[:_LONGEST_TEXT] if isinstance(body, str) else "")


def _became(row: Mapping[str, Any]) -> Became | None:
    message_id, status = _id(row.get("id")), row.get("status")
    if message_id is None or status not in _STATUSES:
        return None
    callback = row.get("biz_opaque_callback_data")
    codes = [each.get("code") for each in _rows(row, "errors")]
    code = codes[0] if codes and isinstance(codes[0], int) else None
    return Became(message_id, str(status), callback if isinstance(callback, str) else None, code)


def _rows(value: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    rows = value.get(name)
    return [each for each in rows if isinstance(each, Mapping)] if isinstance(rows, list) else []


def _id(value: Any) -> str | None:
    fits = isinstance(value, str) and 0 < len(value) <= _LONGEST_ID and "\0" not in value
    return value if fits else None


def _word(value: Any) -> str | None:
    return value[:200].replace("\0", "") if isinstance(value, str) and value != "NONE" else None


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(value), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
