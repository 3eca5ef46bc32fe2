"""Where a document's sealed texts stand, and what a rotation has come to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

SEALED_KEY = "$sealed"

OF_VALUES = "$.*"
"""A document whose values are sealed texts."""
OF_REGISTERS = '$.*[0]."$sealed"'
"""A document of registers, of whose values some stand for a sealed one."""


def rewritten(document: Mapping[str, Any], path: str, anew: Callable[[str], str]) -> dict[str, Any]:
    """The document with each sealed text that `path` leads to made anew; all else as it was."""
    if path == OF_VALUES:
        return {name: anew(value) for name, value in document.items()}
    if path == OF_REGISTERS:
        return {name: _register(value, anew) for name, value in document.items()}
    raise LookupError(f"nobody knows how to rewrite a document by {path}")


def _register(register: Any, anew: Callable[[str], str]) -> Any:
    match register:
        case [dict() as value, *rest] if isinstance(value.get(SEALED_KEY), str):
            return [{**value, SEALED_KEY: anew(value[SEALED_KEY])}, *rest]
        case _:
            return register


@dataclass(slots=True)
class Tally:
    """What became of one column."""

    resealed: int = 0
    unopened: dict[str, int] = field(default_factory=dict)
    """By the reason: a key that is not configured, or a value that no key opens."""

    def could_not_open(self, reason: str) -> None:
        self.unopened[reason] = self.unopened.get(reason, 0) + 1


@dataclass(frozen=True, slots=True)
class Standing:
    """How many values of a column each key has sealed; keys by their ids, the current one named apart."""

    name: str
    by_key: Mapping[str, int]

    def left(self, current: str) -> int:
        """Those that another key sealed."""
        return sum(count for key_id, count in self.by_key.items() if key_id != current)
