"""From a row of a file to the event that it becomes, or what is wrong with it. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from app.core.errors import FieldError
from app.schemas.cdp.imports import ColumnPlan, ImportPlan
from app.services.cdp.consents.rules import Purpose
from app.services.cdp.events import service as events
from app.services.cdp.files.service import unguarded
from app.services.cdp.identity.rules import is_garbage
from app.services.cdp.imports.rules import IDENTIFIERS, NAMED
from app.services.cdp.imports.values import Unfit, boolean, json_value, moment, number

MOST_COLUMNS = 200
Cells = list[str] | str
"""A row as it is kept: the texts of CSV, or the JSON of an object."""

_WRONG = {
    "email": "This is no e-mail address: write it like jo@example.com.",
    "phone": "This is no phone number: write it with its country, like +4915112345678.",
}
_MEMBERS = {"user_id": "userId", "anonymous_id": "anonymousId", "email": "email", "phone": "phone"}


@dataclass(frozen=True, slots=True)
class RowFault:
    row: int
    column: str
    message: str
    code: str


class Faulty(Exception):
    """A row that cannot be taken in."""

    def __init__(self, faults: Sequence[RowFault]) -> None:
        self.faults = faults
        super().__init__(faults[0].message)


@dataclass(slots=True)
class ReadRow:
    """What a row says."""

    row: int
    event: str
    at: datetime
    message_id: str | None = None
    identifiers: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    consents: dict[str, bool] = field(default_factory=dict)


def plan_faults(plan: ImportPlan, columns: Sequence[str], kind: str) -> list[FieldError]:
    """What of the plan cannot be done."""
    faults = list(_column_faults(plan, columns, kind))
    targets = {each.to for each in plan.columns}
    if targets.isdisjoint(IDENTIFIERS):
        message = f"Say which column names the person: {', '.join(IDENTIFIERS)}."
        faults.append(FieldError("body.columns", message, "no_identifier"))
    if kind == "events" and "event" not in targets and not plan.event_name:
        message = "Say which column names the event, or name it here."
        faults.append(FieldError("body.event_name", message, "no_event"))
    if kind == "events" and "time" not in targets:
        faults.append(FieldError("body.columns", "Say which column is the time of the event.", "no_time"))
    if plan.timezone not in available_timezones():
        message = "Name a time zone like Europe/Berlin, or UTC."
        faults.append(FieldError("body.timezone", message, "unknown_timezone"))
    return faults


def _column_faults(plan: ImportPlan, columns: Sequence[str], kind: str) -> Iterator[FieldError]:
    seen: set[tuple[str, str | None]] = set()
    named: set[str] = set()
    wrong = {"property", "properties", "event"} if kind == "people" else {"trait", "traits"}
    for place, each in enumerate(plan.columns):
        where = f"body.columns.{place}"
        if each.column not in columns or each.column in named:
            message = "Name each column of the file, as it is written there, once."
            yield FieldError(f"{where}.column", message, "unknown_column")
        if each.to in NAMED and not each.name:
            yield FieldError(f"{where}.name", f"Name the {each.to}.", "missing")
        elif each.to == "consent" and each.name not in set(Purpose):
            yield FieldError(f"{where}.name", f"Name one of {', '.join(Purpose)}.", "unknown_purpose")
        if each.to in wrong:
            yield FieldError(f"{where}.to", f"A file of {kind} has none: choose another.", "wrong_kind")
        key = (each.to, each.name if each.to in NAMED else None)
        if each.to != "ignore" and key in seen:
            message = "Another column goes there already: choose another."
            yield FieldError(f"{where}.to", message, "twice")
        seen.add(key)
        named.add(each.column)


class RowReader:
    """Reads rows by a plan; `default_time` is when what has no time of its own counts as said."""

    def __init__(self, plan: ImportPlan, columns: Sequence[str], kind: str, default_time: datetime) -> None:
        self._plan = plan
        self._columns = columns
        self._places = {name: place for place, name in enumerate(columns)}
        self._kind = kind
        self._default_time = default_time
        self._zone = ZoneInfo(plan.timezone)
        self._used = [each for each in plan.columns if each.to != "ignore"]

    def read(self, row: int, cells: Cells) -> ReadRow:
        """`Faulty` with everything that is wrong with it."""
        values = self._of_json(row, cells) if isinstance(cells, str) else self._of_csv(row, cells)
        found = ReadRow(row, self._plan.event_name or "", self._default_time)
        if self._kind == "people":
            found.event = "identify"
        faults: list[RowFault] = []
        for each in self._used:
            value = values.get(each.column)
            if value is None or value == "":
                continue
            try:
                self._take(found, each, _without_nul(value))
            except Unfit as unfit:
                faults.append(RowFault(row, each.column, unfit.message, unfit.code))
        faults += self._missing(found, values) if not faults else []
        if faults:
            raise Faulty(faults)
        return found

    def _of_csv(self, row: int, cells: list[str]) -> Mapping[str, Any]:
        if len(cells) > len(self._columns):
            raise Faulty(
                [
                    RowFault(
                        row,
                        "row",
                        f"It has {len(cells)} values for {len(self._columns)} columns: put quotes around values "
                        "that hold the separator.",
                        "too_many_values",
                    )
                ]
            )
        return {name: unguarded(cells[place]) for name, place in self._places.items() if place < len(cells)}

    @staticmethod
    def _of_json(row: int, text: str) -> Mapping[str, Any]:
        try:
            value = msgspec.json.decode(text)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise Faulty([RowFault(row, "row", "This is no JSON: mend it.", "malformed")]) from error
        if not isinstance(value, dict):
            raise Faulty([RowFault(row, "row", "Each row is an object, {…}.", "not_an_object")])
        return value

    def _take(self, found: ReadRow, plan: ColumnPlan, value: Any) -> None:
        name = plan.name or ""
        match plan.to:
            case "trait" | "property":
                found.values[name] = self._typed(plan, value)
            case "traits" | "properties":
                whole = json_value(value) if isinstance(value, str) else value
                if not isinstance(whole, dict):
                    raise Unfit("This is no object: write {…}.", "not_an_object")
                found.values = {**whole, **found.values}
            case "consent":
                found.consents[name] = value if isinstance(value, bool) else boolean(_text(value))
            case "event":
                found.event = _text(value).strip()
            case "time":
                found.at = moment(value, zone=self._zone, date_order=self._plan.date_order)
            case "message_id":
                found.message_id = _text(value)
            case _:
                found.identifiers[plan.to] = _identifier(plan.to, _text(value).strip())

    def _typed(self, plan: ColumnPlan, value: Any) -> Any:
        if plan.type == "as_is" or not isinstance(value, str):
            return value if plan.type != "text" or isinstance(value, str) else _text(value)
        readers: Mapping[str, Callable[[str], Any]] = {
            "number": lambda text: number(text, decimal_comma=self._plan.decimal_comma),
            "boolean": boolean,
            "json": json_value,
        }
        read = readers.get(plan.type)
        return value if read is None else read(value)

    def _missing(self, found: ReadRow, values: Mapping[str, Any]) -> list[RowFault]:
        faults = []
        if not found.identifiers:
            named = " or ".join(each.column for each in self._used if each.to in IDENTIFIERS)
            faults.append(RowFault(found.row, "row", f"Name the person: fill in {named}.", "nobody"))
        if self._kind == "events":
            time = next((each.column for each in self._used if each.to == "time"), None)
            if time is not None and values.get(time) in (None, ""):
                faults.append(RowFault(found.row, time, "Say when it happened.", "no_time"))
            if not found.event:
                column = next((each.column for each in self._used if each.to == "event"), "row")
                faults.append(RowFault(found.row, column, "Name the event.", "no_event"))
        return faults


def _without_nul(value: Any) -> Any:
    if isinstance(value, str) and "\x00" in value:
        raise Unfit("It holds a NUL character: delete it.", "nul_character")
    return value


def _identifier(kind: str, text: str) -> str:
    if kind in ("email", "phone"):
        normal = events.normal_email(text) if kind == "email" else events.normal_phone(text)
        if normal is None:
            raise Unfit(_WRONG[kind], "not_an_identifier")
        return normal
    if is_garbage(text):
        raise Unfit("This names nobody: leave it empty.", "not_an_identifier")
    return text


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def event_of(found: ReadRow, message_id: str, kind: str) -> bytes:
    """The row in the tracking dialect."""
    event: dict[str, Any] = {
        "type": "identify" if kind == "people" else "track",
        "messageId": message_id,
        "timestamp": found.at.astimezone(UTC).isoformat(),
        "traits" if kind == "people" else "properties": found.values,
    }
    if kind == "events":
        event["event"] = found.event
    event |= {_MEMBERS[name]: value for name, value in found.identifiers.items() if name in _MEMBERS}
    context: dict[str, Any] = {}
    if "device_id" in found.identifiers:
        context["device"] = {"id": found.identifiers["device_id"]}
    if found.consents:
        context["consent"] = {"categoryPreferences": found.consents}
    if context:
        event["context"] = context
    return msgspec.json.encode(event)


def row_message_id(import_id: UUID, row: int) -> str:
    """The same for the same row whenever it is read, and in the order of the rows."""
    return f"import-{import_id.hex}-{row:07d}"
