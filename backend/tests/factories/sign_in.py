"""Signing in, as a browser and as a program does."""

from typing import Any

from httpx2 import AsyncClient, Response

from tests.factories.access import PASSWORD, Person

PROGRAM = {"X-Client": "program"}


async def log_in(
    client: AsyncClient, person: Person, password: str = PASSWORD, *, headers: dict[str, str] | None = None
) -> Response:
    return await client.post(
        "/api/v1/auth/login", json={"email": person.email, "password": password}, headers=headers or {}
    )


async def signed_in(client: AsyncClient, person: Person) -> dict[str, Any]:
    """What a program holds after signing in."""
    answer = await log_in(client, person, headers=PROGRAM)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def refreshed(client: AsyncClient, token: str) -> Response:
    return await client.post("/api/v1/auth/refresh", json={"refresh_token": token})


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def me(client: AsyncClient, token: str) -> int:
    return (await client.get("/api/v1/auth/me", headers=bearer(token))).status_code


async def hashes(client: AsyncClient) -> float:
    """How many passwords this process has hashed or checked."""
    metrics = (await client.get("/metrics")).text.splitlines()
    return next(
        float(line.split()[1]) for line in metrics if line.startswith("stratum_password_hashes_total ")
    )
