"""Every error has one body, its request id and its CORS headers; what nobody expected too."""

from collections.abc import AsyncIterator
from typing import Annotated

import pytest
from fastapi import Body, FastAPI
from httpx2 import AsyncClient

from app.core.config import Settings
from app.core.errors import Conflict, TooManyRequests
from app.main import create_app
from tests.factories.access import Company, client_of

ORIGIN = "https://dashboard.example"
BODY = {"success", "error", "code", "fields", "request_id"}


class Taken(Conflict):
    """This name is taken."""

    code = "stand.taken"


def _with_faults(settings: Settings) -> FastAPI:
    app = create_app(settings)

    @app.get("/api/v1/stand/broken")
    async def broken() -> None:
        raise RuntimeError("the inside of it")

    @app.get("/api/v1/stand/taken")
    async def taken() -> None:
        raise Taken(name="acme")

    @app.get("/api/v1/stand/often")
    async def often() -> None:
        raise TooManyRequests(retry_after=7)

    @app.post("/api/v1/stand/input")
    async def given(number: Annotated[int, Body(embed=True)]) -> dict[str, str]:
        return {"text": str(number) * 2_000}

    return app


async def _client(settings: Settings, **changes: object) -> AsyncIterator[AsyncClient]:
    app = _with_faults(settings.model_copy(update={"allowed_origins": (ORIGIN,), **changes}))
    async with client_of(app) as client:
        client.headers["Origin"] = ORIGIN
        yield client
    await app.state.redis.aclose()
    await app.state.engine.dispose()


@pytest.fixture(scope="module")
async def production(settings: Settings) -> AsyncIterator[AsyncClient]:
    async for client in _client(settings, app_env="production"):
        yield client


@pytest.fixture(scope="module")
async def development(settings: Settings) -> AsyncIterator[AsyncClient]:
    async for client in _client(settings, app_env="development"):
        yield client


async def test_in_production_an_unexpected_error_tells_nothing(production: AsyncClient) -> None:
    answer = await production.get("/api/v1/stand/broken")
    body = answer.json()
    assert answer.status_code == 500
    assert set(body) == BODY
    assert body["error"] == "An unexpected error occurred"
    assert body["request_id"] == answer.headers["X-Request-ID"]
    assert "inside" not in answer.text


async def test_in_development_it_tells_all(development: AsyncClient) -> None:
    body = (await development.get("/api/v1/stand/broken")).json()
    assert (body["success"], body["error"]) == (False, "the inside of it")
    assert "RuntimeError" in body["traceback"]


async def test_with_debug_on_it_tells_all_elsewhere_too(settings: Settings) -> None:
    async for client in _client(settings, app_env="staging", debug=True):
        body = (await client.get("/api/v1/stand/broken")).json()
        assert "RuntimeError" in body["traceback"]


@pytest.mark.parametrize(
    ("path", "status"), [("broken", 500), ("often", 429), ("taken", 409), ("nothing", 404)]
)
async def test_every_error_can_be_read_by_a_page(production: AsyncClient, path: str, status: int) -> None:
    answer = await production.get(f"/api/v1/stand/{path}")
    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["X-Request-ID"]
    assert float(answer.headers["X-Process-Time-Ms"]) >= 0


async def test_too_many_requests_says_when_to_come_back(production: AsyncClient) -> None:
    answer = await production.get("/api/v1/stand/often")
    assert (answer.headers["Retry-After"], answer.json()["code"]) == ("7", "too_many_requests")


async def test_an_error_is_its_classs_sentence_and_code(production: AsyncClient) -> None:
    body = (await production.get("/api/v1/stand/taken")).json()
    assert (body["success"], body["error"], body["code"], body["fields"]) == (
        False,
        "This name is taken.",
        "stand.taken",
        None,
    )


async def test_wrong_input_is_named_field_by_field(production: AsyncClient) -> None:
    answer = await production.post("/api/v1/stand/input", json={"number": "many"})
    assert answer.status_code == 422
    (fault,) = answer.json()["fields"]
    assert fault["field"] == "body.number"


async def test_what_is_no_json_is_malformed(production: AsyncClient) -> None:
    answer = await production.post(
        "/api/v1/stand/input", content=b"{", headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_a_method_that_is_not_taken_says_which_are(production: AsyncClient) -> None:
    answer = await production.put("/api/v1/stand/input")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "POST"


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_past_the_limit_is_refused(
    production: AsyncClient, settings: Settings, declared: bool
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(settings.max_body_bytes // 65_536 + 2):
            yield b"x" * 65_536

    content = b"x" * (settings.max_body_bytes + 1) if declared else chunks()
    answer = await production.post(
        "/api/v1/stand/input", content=content, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_large_answers_are_compressed_and_streams_never(production: AsyncClient) -> None:
    headers = {"Accept-Encoding": "gzip"}
    large = await production.post("/api/v1/stand/input", json={"number": 7}, headers=headers)
    assert large.headers["Content-Encoding"] == "gzip"
    stream = await production.get("/api/v1/events/stream", headers=headers)
    assert stream.status_code == 401
    assert "Content-Encoding" not in stream.headers


async def test_another_origin_gets_no_cors_headers(production: AsyncClient) -> None:
    answer = await production.get("/api/v1/stand/taken", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in answer.headers


async def test_an_error_is_logged_under_the_id_that_the_caller_gets(acme: Company) -> None:
    answer = await acme.client().get(
        "/api/v1/work/dead-letters/not-an-id", headers={"X-Request-ID": "12345678"}
    )
    assert (answer.status_code, answer.json()["request_id"]) == (422, "12345678")
