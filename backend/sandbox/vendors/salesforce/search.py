"""What a query finds: its fields looked up, its tests made, its rows put in order and written down."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Any

from sandbox.vendors.salesforce import ids
from sandbox.vendors.salesforce.errors import SalesforceError, no_such_field
from sandbox.vendors.salesforce.records import Record, Records, told
from sandbox.vendors.salesforce.schema import NUMBERS, TEXTS, Field, Schema, moment
from sandbox.vendors.salesforce.soql import Both, Literal, Node, Not, Order, Query, Test, Token, place

_MOST_OFFSET = 2000
_DEEPEST_PARENT = 5
_WANTED = {
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
    **dict.fromkeys(NUMBERS, "number"),
    **dict.fromkeys((*TEXTS, "id", "reference"), "text"),
}
_WORDS = {"datetime": "dateTime", "id": "ID", "reference": "ID"}
_ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda held, asked: held < asked,
    "<=": lambda held, asked: held <= asked,
    ">": lambda held, asked: held > asked,
    ">=": lambda held, asked: held >= asked,
}
Check = Callable[[Record], bool]


@dataclass(frozen=True, slots=True)
class Path:
    """A field, of the type itself or of a parent by way of others."""

    through: tuple[Field, ...]
    field: Field


class Search:
    """`version` stands in the addresses of what is found."""

    def __init__(self, schema: Schema, records: Records) -> None:
        self._schema = schema
        self._records = records

    def run(self, query: Query, *, deleted: bool) -> list[Record]:
        kind = self._schema.kind(query.kind)
        seen: set[str] = set()
        for each in query.fields:
            self._path(query.text, kind, each)
            if each.text.lower() in seen:
                message = f"duplicate field selected: {each.text}"
                raise SalesforceError("MALFORMED_QUERY", place(query.text, each.at) + message)
            seen.add(each.text.lower())
        if query.offset > _MOST_OFFSET:
            raise SalesforceError(
                "NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {_MOST_OFFSET}"
            )
        check = None if query.where is None else self._check(query.text, kind, query.where)
        order = [(each, self._path(query.text, kind, each.field)) for each in query.order]
        for asked, path in order:
            if path.field.type in {"address", "textarea"}:
                message = f"field '{asked.field.text}' can not be sorted in a query call"
                raise SalesforceError("INVALID_FIELD", place(query.text, asked.field.at) + message)
        rows = [e for e in self._records.all(kind, deleted=deleted) if check is None or check(e)]
        for asked, path in reversed(order):
            rows.sort(key=cmp_to_key(self._comparing(asked, path)))
        return rows[query.offset :] if query.limit is None else rows[query.offset :][: query.limit]

    def written(self, query: Query, row: Record, version: str) -> dict[str, Any]:
        """A row with the fields that were asked for, parents within."""
        names = [tuple(each.text.split(".")) for each in query.fields]
        return self.fields(row, names, version)

    def fields(self, row: Record, names: list[tuple[str, ...]], version: str) -> dict[str, Any]:
        found: dict[str, Any] = {"attributes": attributes(row, version)}
        parents: dict[str, list[tuple[str, ...]]] = {}
        for first, *rest in names:
            if rest:
                parents.setdefault(first, []).append(tuple(rest))
                continue
            field = self._schema.find(row.kind, first)
            if field is not None:
                found[field.name] = written(field, row)
        for name, inner in parents.items():
            behind = self._schema.related(row.kind, name)
            parent = None if behind is None else self._parent(row, behind)
            shown = (behind.relationship if behind else None) or name
            found[shown] = None if parent is None else self.fields(parent, inner, version)
        return found

    def _path(self, text: str, kind: str, token: Token) -> Path:
        *through, last = token.text.split(".")
        if len(through) > _DEEPEST_PARENT:
            raise SalesforceError("INVALID_FIELD", place(text, token.at) + "maximum 5 relationship levels")
        if through and through[0].lower() == kind.lower() and self._schema.related(kind, through[0]) is None:
            through = through[1:]
        way: list[Field] = []
        for each in through:
            behind = self._schema.related(kind, each)
            if behind is None or behind.refers is None:
                message = f"Didn't understand relationship '{each}' in field path."
                raise SalesforceError("INVALID_FIELD", place(text, token.at) + message)
            way.append(behind)
            kind = behind.refers
        field = self._schema.find(kind, last)
        if field is None:
            raise no_such_field(last, kind, place(text, token.at))
        return Path(tuple(way), field)

    def _check(self, text: str, kind: str, node: Node) -> Check:
        if isinstance(node, Not):
            inner = self._check(text, kind, node.part)
            return lambda row: not inner(row)
        if isinstance(node, Both):
            parts = [self._check(text, kind, each) for each in node.parts]
            together = any if node.either else all
            return lambda row: together(part(row) for part in parts)
        return self._test(text, kind, node)

    def _test(self, text: str, kind: str, test: Test) -> Check:
        path = self._path(text, kind, test.field)
        field, operator = path.field, test.operator
        if field.type == "address":
            message = f"field '{field.name}' can not be filtered in a query call"
            raise SalesforceError("INVALID_FIELD", place(text, test.field.at) + message)
        asked = [self._asked(text, test.field, field, each) for each in test.values]
        if operator in {"in", "not in"}:
            chosen = set(asked)
            return lambda row: (self._held(row, path) in chosen) == (operator == "in")
        [value] = asked
        if operator == "like":
            if field.type not in TEXTS or value is None:
                raise SalesforceError(
                    "INVALID_QUERY_FILTER_OPERATOR", place(text, test.field.at) + "invalid operator"
                )
            pattern = re.compile(_pattern(value), re.DOTALL)
            return lambda row: pattern.fullmatch(self._held(row, path) or "") is not None
        if operator in {"=", "!="}:
            return lambda row: (self._held(row, path) == value) == (operator == "=")
        compare = _ORDERED[operator]
        if value is None or field.type == "boolean":
            raise SalesforceError(
                "INVALID_QUERY_FILTER_OPERATOR", place(text, test.field.at) + "invalid operator"
            )

        def ordered(row: Record) -> bool:
            held = self._held(row, path)
            return held is not None and compare(held, value)

        return ordered

    def _asked(self, text: str, at: Token, field: Field, literal: Literal) -> Any:
        if literal.kind == "null":
            return None
        if literal.kind != _WANTED[field.type]:
            quoted = " and should not be enclosed in quotes" if literal.kind == "text" else ""
            word = _WORDS.get(field.type, field.type)
            message = f"value of filter criterion for field '{field.name}' must be of type {word}{quoted}"
            raise SalesforceError("INVALID_FIELD", place(text, at.at) + message)
        if field.type in {"id", "reference"}:
            found = ids.read(literal.value)
            if found is None:
                message = f"invalid ID field: {literal.value}"
                raise SalesforceError("INVALID_QUERY_FILTER_OPERATOR", place(text, at.at) + message)
            return found
        if field.type == "datetime":
            at_ms = moment(literal.value)
            if at_ms is None:
                raise SalesforceError("MALFORMED_QUERY", place(text, at.at) + "Invalid dateTime")
            return at_ms
        if literal.kind == "number":
            return float(literal.value)
        if literal.kind == "boolean":
            return literal.value == "true"
        return literal.value.lower() if field.type in TEXTS else literal.value

    def _held(self, row: Record, path: Path) -> Any:
        """Texts are compared in whatever case; ids are not."""
        found: Record | None = row
        for behind in path.through:
            found = None if found is None else self._parent(found, behind)
        value = None if found is None else found.value(path.field.name)
        if path.field.type == "boolean":
            return bool(value)
        return value.lower() if path.field.type in TEXTS and isinstance(value, str) else value

    def _parent(self, row: Record, behind: Field) -> Record | None:
        name = row.value(behind.name)
        return None if name is None or behind.refers is None else self._records.find(behind.refers, name)

    def _comparing(self, asked: Order, path: Path) -> Callable[[Record, Record], int]:
        def compare(one: Record, other: Record) -> int:
            left, right = self._held(one, path), self._held(other, path)
            if left == right:
                return 0
            if left is None or right is None:
                return 1 if (left is None) == asked.nulls_last else -1
            return (1 if left > right else -1) * (-1 if asked.descending else 1)

        return compare


def attributes(row: Record, version: str) -> dict[str, str]:
    return {"type": row.kind, "url": f"/services/data/v{version}/sobjects/{row.kind}/{row.id}"}


def written(field: Field, row: Record) -> Any:
    """A value as an answer has it."""
    value = row.value(field.name)
    if field.type == "datetime":
        return None if value is None else told(value)
    if field.type == "boolean":
        return bool(value)
    if field.type == "int" and value is not None:
        return int(value)
    if field.type == "address":
        prefix = field.name.removesuffix("Address")
        parts = ("Street", "City", "State", "PostalCode", "Country")
        found = {each[0].lower() + each[1:]: row.value(prefix + each) for each in parts}
        return found if any(found.values()) else None
    return value


def _pattern(text: str) -> str:
    return "".join(".*" if each == "%" else "." if each == "_" else re.escape(each) for each in text)
