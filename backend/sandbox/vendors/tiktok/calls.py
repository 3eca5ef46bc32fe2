"""One call of the Business API: its parameters, in the query as JSON or in a JSON body."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.vendors.tiktok.errors import missing, wrong
from sandbox.vendors.tiktok.tokens import Token

_DEFAULT_PAGE = 10
_MOST_ROWS = 1_000
_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    path: str
    params: Mapping[str, Any]
    token: Token
    base_url: str

    def text(self, name: str, default: str | None = None) -> str:
        value = self.params.get(name, default)
        if value is None or value == "":
            raise missing(name)
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise wrong(f"{name}: Not a valid string.")
        return str(value)

    def whole(self, name: str, default: int, most: int) -> int:
        value = self.params.get(name, default)
        if isinstance(value, str) and value.isdecimal() and len(value) <= _MOST_DIGITS:
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise wrong(f"{name}: Not a valid integer.")
        if not 1 <= value <= most:
            raise wrong(f"{name}: Must be greater than or equal to 1 and less than or equal to {most}.")
        return value

    def words(self, name: str, default: list[str] | None = None, *, most: int = 1_000) -> list[str]:
        value = self._structured(name, default)
        if value is None:
            raise missing(name)
        if not isinstance(value, list) or not all(isinstance(one, str | int) for one in value):
            raise wrong(f"{name}: Not a valid list.")
        if len(value) > most:
            raise wrong(f"{name}: Longer than maximum length {most}.")
        return [str(one) for one in value]

    def members(self, name: str) -> dict[str, Any]:
        """An object; empty when it is not given."""
        value = self._structured(name, {})
        if not isinstance(value, dict):
            raise wrong(f"{name}: Not a valid object.")
        return value

    def objects(self, name: str) -> list[dict[str, Any]]:
        """A list of objects; empty when it is not given."""
        value = self._structured(name, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise wrong(f"{name}: Not a valid list of objects.")
        return value

    def flag(self, name: str) -> bool:
        value = self.params.get(name, False)
        told = str(value).lower()
        if told not in {"true", "false"}:
            raise wrong(f"{name}: Not a valid boolean.")
        return told == "true"

    def page(self, rows: list[Any], key: str = "list", most: int = _MOST_ROWS) -> dict[str, Any]:
        """The page that was asked for, with the count of all."""
        page = self.whole("page", 1, 10**9)
        size = self.whole("page_size", _DEFAULT_PAGE, most)
        return {
            key: rows[(page - 1) * size : page * size],
            "page_info": {
                "page": page,
                "page_size": size,
                "total_number": len(rows),
                "total_page": -(-len(rows) // size),
            },
        }

    def _structured(self, name: str, default: Any) -> Any:
        value = self.params.get(name)
        if value is None or value == "":
            return default
        if not isinstance(value, str):
            return value
        return parsed(name, value)


def parsed(name: str, text: str | bytes) -> Any:
    """JSON that can be written again: not too deep, and of whole characters."""
    try:
        found = json.loads(text)
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise wrong(f"{name}: It must be valid JSON.") from error
    return found
