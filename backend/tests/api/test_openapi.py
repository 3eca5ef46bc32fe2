"""The committed description is the code's, and a client can be generated from it."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from tests.house.source import BACKEND

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
