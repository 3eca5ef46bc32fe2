import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from pydantic import SecretStr
from sqlalchemy import make_url

from app.core.config import Settings
from app.main import create_app
from tests.factories.access import Company, client_of


async def test_health_has_the_prescribed_shape(anonymous: AsyncClient) -> None:
    answer = await anonymous.get("/health")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "healthy",
        "version": "1.0.0",
        "environment": "test",
        "database": "healthy",
        "redis": "healthy",
    }


async def test_ready_when_every_part_is(anonymous: AsyncClient) -> None:
    answer = await anonymous.get("/health/ready")
    assert (answer.status_code, answer.json()["migrations"]) == (200, "current")


async def test_with_redis_down_health_is_degraded_and_not_ready(settings: Settings) -> None:
    app = create_app(
        settings.model_copy(update={"redis_url": type(settings.redis_url)("redis://127.0.0.1:9/0")})
    )
    async with client_of(app) as client:
        health, ready = await client.get("/health"), await client.get("/health/ready")
    await _close(app)
    assert (health.status_code, health.json()["status"], health.json()["redis"]) == (
        200,
        "degraded",
        "unhealthy",
    )
    assert (ready.status_code, ready.json()["redis"]) == (503, "unhealthy")


@pytest.mark.parametrize("where", ["127.0.0.1:9/nothing", None])
async def test_with_the_database_down_every_answer_says_so(
    settings: Settings, acme: Company, where: str | None
) -> None:
    """Nobody listens there, or a server that refuses: 503 and when to come again, never a 500."""
    ours = make_url(settings.database_url.get_secret_value())
    gone = f"postgresql://a:b@{where}" if where else ours.set(database="no_such_one").render_as_string(False)
    app = create_app(settings.model_copy(update={"database_url": SecretStr(gone)}))
    async with client_of(app) as client:
        health, ready = await client.get("/health"), await client.get("/health/ready")
        read = await client.get(
            "/api/v1/tenants/current", headers={"Authorization": f"Bearer {acme.person().token}"}
        )
        login = await client.post(
            "/api/v1/auth/login", json={"email": "a@b.example", "password": "a long password"}
        )
    await _close(app)
    assert (health.status_code, health.json()["status"], health.json()["database"]) == (
        200,
        "unhealthy",
        "unhealthy",
    )
    assert (ready.status_code, ready.json()["migrations"]) == (503, "unknown")
    for answer in (read, login):
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert answer.headers["Retry-After"]


async def test_every_answer_carries_a_request_id_and_a_duration(anonymous: AsyncClient) -> None:
    answer = await anonymous.get("/nothing/here", headers={"X-Request-ID": "chosen-by-me"})
    assert answer.status_code == 404
    assert answer.headers["X-Request-ID"] == "chosen-by-me" == answer.json()["request_id"]
    assert float(answer.headers["X-Process-Time-Ms"]) >= 0


async def test_production_shows_neither_docs_nor_description(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"app_env": "production"}))
    async with client_of(app) as client:
        answers = [(await client.get(path)).status_code for path in ("/docs", "/redoc", "/openapi.json")]
    await _close(app)
    assert answers == [404, 404, 404]


async def test_the_description_is_served_in_development(anonymous: AsyncClient) -> None:
    answer = await anonymous.get("/openapi.json")
    assert answer.status_code == 200
    assert "/health/ready" in answer.json()["paths"]


async def _close(app: FastAPI) -> None:
    await app.state.redis.aclose()
    await app.state.engine.dispose()
