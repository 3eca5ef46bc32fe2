"""What the stack adds to every answer."""

import tracemalloc

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from app.core.config import Settings
from app.main import create_app
from tests.factories.access import client_of

_BIG = "/openapi.json"


async def test_a_big_answer_is_compressed_for_who_takes_it(anonymous: AsyncClient) -> None:
    packed = await anonymous.get(_BIG, headers={"Accept-Encoding": "gzip"})
    plain = await anonymous.get(_BIG, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 4
    for answer in (packed, plain):
        assert "Accept-Encoding" in answer.headers["vary"]


async def test_a_small_answer_goes_as_it_is(anonymous: AsyncClient) -> None:
    answer = await anonymous.get("/health/live", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert answer.json() == {"status": "alive"}


async def test_only_a_page_of_a_known_origin_is_let_in_and_caches_are_told(settings: Settings) -> None:
    known = "https://shop.example"
    app: FastAPI = create_app(settings.model_copy(update={"allowed_origins": (known,)}))
    async with client_of(app) as client:
        page = await client.get("/health/live", headers={"Origin": known})
        other = await client.get("/health/live", headers={"Origin": "https://evil.example"})
        program = await client.get("/health/live")
    assert page.headers["access-control-allow-origin"] == known
    for answer in (other, program):
        assert "access-control-allow-origin" not in answer.headers
    for answer in (page, other, program):
        assert "Origin" in answer.headers["vary"]
        assert "x-request-id" in answer.headers


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
async def test_made_up_credentials_are_not_remembered_however_long(
    anonymous: AsyncClient, header: str
) -> None:
    """Thousands of them would be the memory of the process."""
    megabyte = 1_048_576
    await anonymous.get("/health/live", headers={header: "Bearer " + "x" * megabyte})
    tracemalloc.start()
    try:
        for number in range(20):
            await anonymous.get("/health/live", headers={header: f"Bearer {number}" + "x" * megabyte})
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 5 * megabyte
