"""What stands in the columns of one row: of a person, or of an event."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from app.models.cdp.events import CdpEvent
from app.models.cdp.identity import CdpIdentifier
from app.models.cdp.profiles import CdpProfile
from app.services.cdp.events.service import SEALED
from app.services.cdp.exports.rules import digits, for_google, sha256
from app.services.cdp.identity.rules import IdentifierType

_IDENTIFIERS = frozenset({"user_id", "email", "phone", "device_id", "anonymous_id"})
Shown = Callable[[str], str]


def clear(text: str) -> str:
    return text


def shown_by(*, raw: bool) -> Shown:
    """How what names a person is shown: as it is, or as the hash of its normal form."""
    return clear if raw else sha256


def _within(values: Mapping[str, Any], name: str) -> Any:
    """The value of this name; else dots lead into objects, as where segments ask for it."""
    if name in values:
        return values[name]
    first, dot, rest = name.partition(".")
    inner = values.get(first)
    return _within(inner, rest) if dot and isinstance(inner, dict) else None


@dataclass(frozen=True, slots=True)
class PersonRow:
    profile: CdpProfile
    identifiers: Sequence[tuple[CdpIdentifier, str]]
    """Each with its value, the one first seen last at the end."""
    personal: Mapping[str, Any]
    allowed: Mapping[str, bool]
    computed: Mapping[str, Any]
    """With what moves with time, as of when the row is written."""

    def value(self, name: str, shown: Shown) -> Any:
        prefix, mark, rest = name.partition(":")
        if mark:
            return self._named(prefix, rest, shown)
        own: dict[str, Callable[[], Any]] = {
            "traits": lambda: self.profile.traits | (dict(self.personal) if shown is clear else {}),
            "computed": lambda: self.computed,
            "profile_id": lambda: self.profile.id,
            "identifiers": lambda: self._all(shown),
            "email_google": lambda: self._last("email", shown, for_google),
            "phone_digits": lambda: self._last("phone", shown, digits),
            **{kind: partial(self._last, kind, shown, clear) for kind in _IDENTIFIERS},
        }
        return own[name]() if name in own else getattr(self.profile, name)

    def _named(self, prefix: str, name: str, shown: Shown) -> Any:
        if prefix == "trait":
            found = _within(self.profile.traits, name)
            return self._personal(name, shown) if found is None else found
        return _within(self.computed, name) if prefix == "computed" else self.allowed.get(name)

    def _all(self, shown: Shown) -> list[dict[str, str]]:
        return [
            {"type": each.type, "value": shown(value)}
            for each, value in self.identifiers
            if each.type != IdentifierType.MATCH_KEY
        ]

    def _last(self, kind: str, shown: Shown, form: Shown) -> str | None:
        values = [value for each, value in self.identifiers if each.type == kind and value]
        return shown(form(values[-1])) if values else None

    def _personal(self, name: str, shown: Shown) -> Any:
        if name not in self.personal:
            return None
        value = self.personal[name]
        if shown is clear:
            return value
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        return shown(text.strip().lower())


@dataclass(frozen=True, slots=True)
class EventRow:
    event: CdpEvent
    profile_id: UUID | None
    named: Mapping[str, Any]
    """What was sealed of it, opened."""

    def value(self, name: str, shown: Shown) -> Any:
        prefix, mark, rest = name.partition(":")
        if mark and prefix == "property":
            return self._properties(shown).get(rest)
        if name in ("user_id", "email", "phone"):
            value = self.named.get(name)
            return None if value is None else shown(str(value))
        own: dict[str, Any] = {
            "properties": self._properties(shown),
            "event": self.event.event_name,
            "time": self.event.event_time,
            "profile_id": self.profile_id,
            "anonymous_id": self.event.anonymous_id and shown(self.event.anonymous_id),
        }
        return own[name] if name in own else getattr(self.event, name)

    def _properties(self, shown: Shown) -> Mapping[str, Any]:
        """In the clear what was sealed is put back into its place."""
        fields = self.named.get("fields")
        if shown is not clear or not fields:
            return self.event.properties
        restored = _restored(self.event.properties, "properties", fields)
        return restored if isinstance(restored, dict) else {}


def _restored(value: Any, path: str, fields: Mapping[str, Any]) -> Any:
    if value == SEALED:
        return fields.get(path, value)
    if isinstance(value, dict):
        return {key: _restored(item, f"{path}.{key}", fields) for key, item in value.items()}
    if isinstance(value, list):
        return [_restored(item, f"{path}.{index}", fields) for index, item in enumerate(value)]
    return value


def plain(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(value) if isinstance(value, UUID) else value
