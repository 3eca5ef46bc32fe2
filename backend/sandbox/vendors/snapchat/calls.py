"""A request to the Marketing API, before HTTP and after it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.vendors.snapchat.errors import invalid, request_id
from sandbox.vendors.snapchat.tokens import Token


@dataclass(frozen=True, slots=True)
class Call:
    """`parts` is the path behind the version; `refused` the items of the body that an ordered fault refuses.

    `rows` is how many a page holds at most, whatever is asked for.
    """

    method: str
    url: str
    parts: tuple[str, ...]
    query: Mapping[str, str]
    body: Any
    token: Token
    refused: frozenset[int] = frozenset()
    rows: int = 1_000
    file: bytes | None = None
    """What a form brought under `file`."""

    def only(self, *names: str) -> None:
        """A parameter that is not emulated is refused, never swallowed."""
        unknown = sorted(set(self.query) - set(names))
        if unknown:
            raise invalid(f"Unsupported query parameter: {unknown[0]}")

    def flag(self, name: str, *, default: bool = False) -> bool:
        text = self.query.get(name, str(default)).lower()
        if text not in {"true", "false"}:
            raise invalid(f"{name} must be true or false")
        return text == "true"


def success(plural: str, items: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"request_status": "SUCCESS", "request_id": request_id(), **more, plural: items}


def item(singular: str, value: Any) -> dict[str, Any]:
    return {"sub_request_status": "SUCCESS", singular: value}
