"""What the names of an event's members tell before a value is looked at.

Events of one kind have the same members, so that each object's names are judged once and remembered.
"""

from functools import lru_cache
from typing import Any

from app.services.cdp.events import click_ids
from app.services.cdp.events.identifiers import REMEMBERED_NAMES, is_personal

PERSONAL = 1
CLICK_ID = 2
_CONTAINERS = frozenset({dict, list})


def told_by(value: dict[str, Any], *, traits: bool = False) -> int:
    """`PERSONAL` where a member at any depth is named as a person's data, `CLICK_ID` where one is as a click's."""
    told = _told_by_names(tuple(value), traits)
    for key, item in value.items():
        if item.__class__ in _CONTAINERS:
            told |= _told_inside(item, traits=traits or key == "traits")
    return told


def _told_inside(item: Any, *, traits: bool) -> int:
    if item.__class__ is dict:
        return told_by(item, traits=traits)
    told = 0
    for each in item:
        if each.__class__ in _CONTAINERS:
            told |= _told_inside(each, traits=traits)
    return told


@lru_cache(maxsize=REMEMBERED_NAMES)
def _told_by_names(names: tuple[str, ...], traits: bool) -> int:  # noqa: FBT001  (positional for the cache)
    personal = any(is_personal(name, traits=traits) for name in names)
    return PERSONAL * personal | CLICK_ID * click_ids.is_among(names)
