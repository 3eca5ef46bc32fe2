"""TikTok's change log: a CSV in the spelling of Python's bytes, inside JSON, inside a task's answer. Pure."""

import ast
import csv
import hashlib
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.services.integrations.ports import RemoteEdit

_OBJECTS = {"campaign": "campaign", "ad group": "ad_set", "ad": "ad", "advertiser": "account"}
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_BYTES = re.compile(r"""^b(['"])(.*)\1$""", re.DOTALL)
_HEAD = re.compile(r"^Time,", re.MULTILINE)
_OUR_SOURCE = "marketing api"


class NotALog(ValueError):
    """The text is no change log as TikTok writes them."""


def edits(changelog: str, timezone: str) -> list[RemoteEdit]:
    """The log's entries; its times are those of `timezone`, to the minute.

    Two that are alike within a minute are told apart by their order.
    """
    times: Counter[str] = Counter()
    found = []
    for row in _rows(_file(changelog)):
        told = json.dumps(row, sort_keys=True)
        times[told] += 1
        found.append(_edit(row, f"{told}#{times[told]}", ZoneInfo(timezone)))
    return found


def _file(changelog: str) -> str:
    """The CSV's text; the object around it comes as JSON or as Python writes one."""
    try:
        told = json.loads(changelog)
    except (ValueError, RecursionError):
        try:
            told = ast.literal_eval(changelog)
        except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
            raise NotALog("It is neither JSON nor a literal.") from error
    if not isinstance(told, dict) or not isinstance(told.get("file_data"), str | bytes):
        raise NotALog("There is no file_data.")
    data = told["file_data"]
    return data.decode() if isinstance(data, bytes) else _spelt(data)


def _spelt(text: str) -> str:
    r"""What Python's `b'…'` stands for.

    >>> _spelt("b'a,1\\r\\nb'"), _spelt("50.00 USD")
    ('a,1\r\nb', '50.00 USD')
    """
    if not (found := _BYTES.match(text)):
        return text
    try:
        return (
            found[2].encode("latin-1", "backslashreplace").decode("unicode_escape").encode("latin-1").decode()
        )
    except ValueError:
        return found[2].replace("\\r\\n", "\r\n")


def _rows(text: str) -> Iterator[dict[str, str]]:
    """The entries, below the counts that the file begins with."""
    begin = _HEAD.search(text)
    if begin is None:
        return
    try:
        for row in csv.DictReader(io.StringIO(text[begin.start() :], newline="")):
            yield {
                key.strip().lower(): (value or "").strip()
                for key, value in row.items()
                if isinstance(key, str)
            }
    except csv.Error as error:
        raise NotALog("It is no CSV.") from error


def _edit(row: dict[str, str], told: str, zone: ZoneInfo) -> RemoteEdit:
    details = _details(row.get("activity details", ""))
    kind = row.get("log_object_type", "")
    by_program = row.get("source", "").lower() == _OUR_SOURCE
    try:
        at = datetime.strptime(row["time"], "%Y-%m-%d %H:%M").replace(tzinfo=zone).astimezone(UTC)
    except (KeyError, ValueError) as error:
        raise NotALog("An entry has no time.") from error
    return RemoteEdit(
        fingerprint=hashlib.sha256(told.encode()).hexdigest(),
        at=at,
        entity_type=_OBJECTS.get(kind.lower(), "other"),
        entity=row.get("object id", ""),
        event_type=_event(row.get("object", ""), details),
        actor_name=row.get("operator") or None,
        application_id=(row.get("app id") or None) if by_program else None,
        detail={"changes": details},
        renames=bool(details) and all(_word(str(one.get("name", ""))) == "name" for one in details),
    )


def _event(changed: str, details: list[dict[str, Any]]) -> str:
    """What was done to what, such as `change_budget`; else the group that TikTok puts it in."""
    if not details:
        return _word(changed) or "change"
    first = details[0]
    return _word(f"{first.get('action', '')} {first.get('name', '')}") or "change"


def _details(text: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(text or "[]")
        return [_plain(one) for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    except (ValueError, RecursionError):
        return []


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return _spelt(value).strip() if isinstance(value, str) else value


def _word(text: str) -> str:
    return _NOT_WORD.sub("_", text.lower()).strip("_")
