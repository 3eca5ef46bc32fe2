"""A Graph request and its answer, before HTTP and after it (a batch makes many of one)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.vendors.meta.errors import GraphError
from sandbox.vendors.meta.tokens import Token

# Request furniture that belongs to no object.
COMMON = frozenset(
    {
        "access_token",
        "appsecret_proof",
        "fields",
        "locale",
        "method",
        "pretty",
        "format",
        "summary",
        "include_headers",
        "suppress_http_code",
        "execution_options",
        "debug",
        "date_format",
        "transport",
        "appsecret_time",
    }
)


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    base_url: str
    version: str
    path: str
    params: Mapping[str, str]
    token: Token
    files: Mapping[str, bytes] = field(default_factory=dict)
    """What a form brought beside its fields, by the files' names."""

    @property
    def url(self) -> str:
        return f"{self.base_url}/{self.version}/{self.path}"

    def json(self, name: str) -> Any:
        """A parameter that holds JSON; a GraphError where it does not parse."""
        text = self.params.get(name)
        if text is None:
            return None
        try:
            return json.loads(text)
        except ValueError as error:
            raise GraphError(f"(#100) Param {name} must be valid JSON", 100) from error

    def words(self, name: str) -> list[str]:
        """A JSON list, or words with commas."""
        text = self.params.get(name, "")
        if text.startswith("["):
            return [str(word) for word in self.json(name)]
        return [word for word in text.split(",") if word]

    def filters(self, *fields: str) -> list[tuple[str, set[str]]]:
        """`filtering` as (field, accepted values), for IN and EQUAL on these fields; anything else is refused."""
        rules = self.json("filtering") or []
        if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
            raise GraphError("(#100) filtering must be a list of objects", 100)
        found = []
        for rule in rules:
            name, values = str(rule.get("field", "")), rule.get("value")
            if name not in fields or rule.get("operator") not in {"IN", "EQUAL"}:
                raise GraphError(f"(#100) filtering is supported on {', '.join(fields)} by this sandbox", 100)
            found.append((name, {str(v) for v in (values if isinstance(values, list) else [values])}))
        return found


@dataclass(frozen=True, slots=True)
class Reply:
    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    account: str | None = None
