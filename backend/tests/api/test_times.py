"""Days and moments in queries: the ends of the calendar are refused by name, on every route that takes one."""

from uuid import uuid4

import pytest
from fastapi import FastAPI

from tests.factories.access import Company

_ENDS = {
    "date": ("0001-01-01", "9999-12-31"),
    "date-time": ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"),
}


@pytest.fixture(scope="module")
def asked(app: FastAPI) -> list[tuple[str, str, str]]:
    """Path, parameter and format of each day or moment that a GET takes."""
    return [
        (path, parameter["name"], variant["format"])
        for path, methods in app.openapi()["paths"].items()
        for parameter in methods.get("get", {}).get("parameters", [])
        for variant in [parameter["schema"], *parameter["schema"].get("anyOf", [])]
        if variant.get("format") in _ENDS
    ]


async def test_no_day_or_moment_is_too_far_to_be_answered_for(
    acme: Company, asked: list[tuple[str, str, str]]
) -> None:
    assert {path for path, *_ in asked} >= {"/api/v1/audit-logs", "/api/v1/campaigns/{campaign_id}/metrics"}
    accepted = []
    for path, name, kind in asked:
        url = _filled(path)
        for end in _ENDS[kind]:
            answer = await acme.client().get(url, params={name: end})
            if answer.status_code != 422 or answer.json()["fields"][0]["field"] != f"query.{name}":
                accepted.append((path, name, end, answer.status_code))
    assert accepted == []


def _filled(path: str) -> str:
    return "/".join(str(uuid4()) if part.startswith("{") else part for part in path.split("/"))
