"""Conditions may name somebody: kept out of what cannot be changed later, and taken out when that person is erased."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Self

from app.core.security import keyed_hash
from app.services.cdp.events.service import normal_email, normal_phone

ERASED_TEXT = "[erased]"
_PURPOSE = "cdp.conditions.told"
_HINT = 12
_LONG_ID = 8
_NAMES_AN_ID = re.compile(r"(?:id|key|number|no|nr|code|hash|user|customer|visitor)s?$", re.IGNORECASE)
_Change = Callable[[str, str], str]
"""From a trait's or property's name, and a value's text, to the text that takes its place."""


@dataclass(frozen=True, slots=True)
class Named:
    """What a person is called: addresses in their normal forms, and ids.

    An address is theirs wherever it stands. An id may be a common word, or `1`: it is theirs where it is long, or where
    the name of what is asked says that it is an id.
    """

    addresses: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    _inside: "re.Pattern[str] | None" = field(default=None, compare=False)

    @classmethod
    def of(cls, values: Iterable[str]) -> Self:
        found = {each for each in values if each}
        addresses = {each for each in found if normal_email(each) or (each[0] == "+" and normal_phone(each))}
        inside = "|".join(re.escape(each) for each in sorted(addresses))
        pattern = re.compile(inside, re.IGNORECASE) if addresses else None
        return cls(frozenset(addresses), frozenset(found - addresses), pattern)

    def is_meant(self, name: str, text: str) -> bool:
        if not self.addresses.isdisjoint({text, normal_email(text) or text, normal_phone(text) or text}):
            return True
        if self._inside is not None and self._inside.search(text):
            return True
        return text in self.ids and (len(text) >= _LONG_ID or _NAMES_AN_ID.search(name) is not None)

    def without(self, text: str) -> str:
        """What somebody wrote in their own words, without the addresses in it."""
        return text if self._inside is None else self._inside.sub(ERASED_TEXT, text)

    def renamed(self, name: str, others: Iterable[str]) -> str:
        """A name without the addresses in it, and with a number behind it where that is the name of another."""
        plain = found = self.without(name)
        if plain == name:
            return name
        taken, number = {each.lower() for each in others}, 1
        while found.lower() in taken:
            number += 1
            found = f"{plain} ({number})"
        return found

    def taken_out(self, document: Any) -> Any:
        """The same conditions, with what named the person replaced by what nobody is called."""
        return _rewritten(document, lambda name, text: ERASED_TEXT if self.is_meant(name, text) else text)


def told(document: Any, tenant_id: int) -> Any:
    """The same conditions as the audit log may keep them for ever: each text as a keyed hash, which tells a change."""

    def hashed(_name: str, text: str) -> str:
        return f"hashed:{keyed_hash(text, purpose=_PURPOSE, tenant_id=tenant_id).hex()[:_HINT]}"

    return _rewritten(document, hashed)


def _rewritten(value: Any, change: _Change, name: str = "") -> Any:
    if isinstance(value, dict):
        name = str(value.get("property") or value.get("name") or name)
        return {key: _member(key, item, change, name) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rewritten(each, change, name) for each in value]
    return value


def _member(key: str, item: Any, change: _Change, name: str) -> Any:
    if key == "text" and isinstance(item, str):
        return change(name, item)
    if key == "texts" and isinstance(item, list | tuple):
        return [change(name, str(each)) for each in item]
    if key == "number" and _NAMES_AN_ID.search(name):
        text = str(item)
        changed = change(name, text)
        return item if changed == text else "0"
    return _rewritten(item, change, name)
