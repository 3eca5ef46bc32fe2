"""The committed description is the code's, and a client can be generated from it."""

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from tests.house.source import BACKEND, below

Operation = dict[str, Any]
ALWAYS = {"401", "404", "405", "413", "422", "429", "500", "503"}


@pytest.fixture(scope="module")
def described(app: FastAPI) -> dict[str, Any]:
    return json.loads(json.dumps(app.openapi()))  # type: ignore[no-any-return]  # JSON in, JSON out


def operations(described: dict[str, Any]) -> Iterator[tuple[str, Operation]]:
    for path, item in described["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def test_the_committed_description_is_current(described: dict[str, Any]) -> None:
    committed = json.loads((BACKEND / "openapi.json").read_text(encoding="utf-8"))
    assert committed == described, "Write it anew: cd backend && python -m app.cli openapi -o openapi.json"


def test_every_operation_has_a_name_of_its_own(described: dict[str, Any]) -> None:
    names = Counter(operation["operationId"] for _, operation in operations(described))
    assert [name for name, times in names.items() if times > 1] == []
    assert [name for name in names if not name.isidentifier() or name != name.lower()] == []


def test_every_operation_of_the_api_documents_its_errors(described: dict[str, Any]) -> None:
    silent = {
        place: sorted(ALWAYS - set(operation["responses"]))
        for place, operation in operations(described)
        if " /api/v1/" in place and not set(operation["responses"]) >= ALWAYS
    }
    assert silent == {}


def test_errors_are_described_by_one_schema(described: dict[str, Any]) -> None:
    for place, operation in operations(described):
        if " /api/v1/" not in place:
            continue
        for status, answer in operation["responses"].items():
            if status >= "400":
                schemas = {body["schema"].get("$ref") for body in answer["content"].values()}
                assert schemas == {"#/components/schemas/ErrorBody"}, (place, status)


def test_answers_are_typed(described: dict[str, Any]) -> None:
    """A generated client that gets `unknown` is no help."""
    untyped = [
        place
        for place, operation in operations(described)
        for status, answer in operation["responses"].items()
        if " /api/v1/" in place and status.startswith("2") and status not in {"204", "205"}
        for body in answer.get("content", {"": {}}).values()
        if not body.get("schema")
    ]
    assert untyped == []


def test_every_operation_and_every_parameter_says_what_it_means(described: dict[str, Any]) -> None:
    silent = [place for place, operation in operations(described) if not operation.get("description")]
    silent += [
        f"{place}: {parameter['name']}"
        for place, operation in operations(described)
        for parameter in operation.get("parameters", [])
        if not (parameter.get("description") or parameter["schema"].get("description"))
    ]
    assert silent == []


def test_every_field_says_what_it_means(described: dict[str, Any]) -> None:
    """A field that is nothing but another schema may leave it to that schema."""
    schemas = described["components"]["schemas"]
    silent = [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, meaning in schema.get("properties", {}).items()
        if not meaning.get("description")
        and not schemas.get(meaning.get("$ref", "").rpartition("/")[2], {}).get("description")
    ]
    assert silent == []


def test_every_error_of_a_feature_stands_by_its_code_where_it_may_be_met(described: dict[str, Any]) -> None:
    told = {
        code
        for _, operation in operations(described)
        for answer in operation["responses"].values()
        for code in re.findall(r"`([a-z_.]+)`: ", answer["description"])
    }
    served = _addresses()
    silent = [code for code in _codes() if code.rpartition(".")[0] in served and code not in told]
    assert silent == []


def _addresses() -> set[str]:
    """The features that have an endpoint, and the areas that they lie in."""
    served = [module.parts[4:] for module in below("app.api.v1.endpoints.")]
    return {".".join(parts[:length]) for parts in served for length in range(1, len(parts) + 1)}


def _codes() -> Iterator[str]:
    for module in below("app.services."):
        if module.parts[-1] != "errors":
            continue
        for node in ast.walk(module.tree):
            match node:
                case ast.Assign(targets=[ast.Name(id="code")], value=ast.Constant(value=str(code))):
                    yield code


def test_no_two_schemas_share_a_name(described: dict[str, Any]) -> None:
    """FastAPI tells namesakes apart by their modules, which a generated client then has in its names."""
    assert [name for name in described["components"]["schemas"] if "__" in name] == []


OPAQUE = {
    *(
        "cursor",
        "last_event_id",
        "Last-Event-ID",
        "ticket",
        "state",
        "code",
        "auth_code",
    ),  # decoded or looked up, stored nowhere
    *(
        "X-Client",
        "X-CSRF-Token",
        "stratum_connect",
        "stratum_connect_crm",
        "stratum_connect_shop",
        "write_key",
    ),  # compared
    "timezone",  # read as what it is, by name
}
BY_THE_LINE = {
    "POST /api/v1/cdp/events",
    "POST /api/v1/cdp/imports",
    "POST /api/v1/cdp/segments/lists",
    "PUT /api/v1/cdp/segments/{segment_id}/list",
}
"""Bodies whose lines are judged one by one: `tests/api/cdp` has their tests."""


def test_no_text_that_comes_in_can_hold_a_nul(described: dict[str, Any]) -> None:
    """PostgreSQL stores none: what lets it through answers 500."""
    seen: set[str] = set()
    open_to_it = [
        where
        for place, operation in operations(described)
        if place not in BY_THE_LINE
        for name, schema in _inputs(operation)
        for where in _free_texts(described["components"]["schemas"], schema, f"{place} {name}", seen)
        if where.rpartition(" ")[2].rpartition(".")[2] not in OPAQUE
    ]
    assert open_to_it == []


def _inputs(operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
    for parameter in operation.get("parameters", ()):
        yield parameter["name"], parameter["schema"]
    for body in operation.get("requestBody", {}).get("content", {}).values():
        yield "body", body["schema"]


def _is_a_decimals_text(schema: dict[str, Any], beside: list[dict[str, Any]]) -> bool:
    """A decimal comes as a number or as its text, and is read as a number or refused."""
    return schema == {"type": "string"} and any(each.get("type") == "number" for each in beside)


def _free_texts(schemas: dict[str, Any], schema: dict[str, Any], where: str, seen: set[str]) -> Iterator[str]:
    """Where a text may be anything at all: it has neither a pattern nor a format, nor is it one of a few."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name in seen:
            return
        seen.add(name)
        schema, where = schemas[name], name
    if schema.get("type") == "string" and not schema.keys() & {"pattern", "format", "enum", "const"}:
        yield where
    inside = [
        (where, each)
        for key in ("anyOf", "oneOf", "allOf", "prefixItems")
        for each in schema.get(key, ())
        if not _is_a_decimals_text(each, schema[key])
    ]
    inside += [(f"{where}.{name}", each) for name, each in schema.get("properties", {}).items()]
    inside += [
        (where, schema[key]) for key in ("items", "additionalProperties") if isinstance(schema.get(key), dict)
    ]
    for place, each in inside:
        yield from _free_texts(schemas, each, place, seen)
