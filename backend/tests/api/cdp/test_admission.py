"""What one process holds is bounded: past it senders are told when to come back, and lose nothing."""

import asyncio
import json
import time
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response
from sqlalchemy import text

from app.core.config import Settings
from app.main import create_app
from tests.factories.access import Company, client_of
from tests.factories.cdp import make_source

_BATCH = 2_500


@pytest.fixture
async def narrow(settings: Settings) -> AsyncIterator[FastAPI]:
    """An application that holds eight megabytes of events: one full batch of small ones, and not two."""
    app = create_app(settings.model_copy(update={"cdp_intake_megabytes": 8}))
    async with app.router.lifespan_context(app):
        yield app


def _bodies(key: str, count: int) -> list[str]:
    return [
        json.dumps(
            {
                "writeKey": key,
                "batch": [
                    {"type": "track", "event": "e", "userId": "u", "messageId": f"o-{number}-{each}"}
                    for each in range(_BATCH)
                ],
            }
        )
        for number in range(count)
    ]


async def _send(client: AsyncClient, bodies: list[str]) -> list[Response]:
    return await asyncio.gather(*(client.post("/v1/batch", content=body) for body in bodies))


async def test_under_overload_a_sender_is_told_when_to_come_back(narrow: FastAPI, acme: Company) -> None:
    source = await make_source(acme)
    async with client_of(narrow) as client:
        answers = await _send(client, _bodies(source.key, 6))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert {answer.status_code for answer in answers} == {200, 429}
    for answer in refused:
        assert answer.json()["code"] == "cdp.events.overloaded"
        assert answer.headers["Retry-After"].isdecimal()
        # Milliseconds since 1970, as Segment's Node SDK subtracts `Date.now()` from it.
        wait = int(answer.headers["X-RateLimit-Reset"]) - time.time() * 1000
        assert -1_000 <= wait <= 2_000
    async with acme.scopes() as scope:
        stored = await scope.session.scalar(text("select count(*) from cdp_events"))
    assert stored == _BATCH * sum(answer.status_code == 200 for answer in answers)


async def test_what_was_refused_is_taken_when_it_comes_again(narrow: FastAPI, acme: Company) -> None:
    source = await make_source(acme)
    async with client_of(narrow) as client:
        bodies = _bodies(source.key, 3)
        for _ in range(4):
            answers = await _send(client, bodies)
            bodies = [body for body, answer in zip(bodies, answers, strict=True) if answer.status_code == 429]
        assert bodies == []
        assert narrow.state.ingestion.admission.held == 0
    async with acme.scopes() as scope:
        assert await scope.session.scalar(text("select count(*) from cdp_events")) == 3 * _BATCH
