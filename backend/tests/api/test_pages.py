"""What is served beside the API gives nothing away, whatever is asked for."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from starlette.types import Message

from app.core.config import Settings
from app.main import create_app
from tests.factories.access import client_of


@pytest.fixture(scope="module")
async def dashboard_app(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[FastAPI]:
    """A dashboard of two files, beside one that is nobody's business."""
    folder = tmp_path_factory.mktemp("dashboard")
    (folder / "secret.txt").write_text("not for you")
    root = folder / "dist"
    root.mkdir()
    (root / "index.html").write_text("the dashboard")
    (root / "icon.svg").write_text("<svg/>")
    app = create_app(settings.model_copy(update={"frontend_dir": str(root)}))
    yield app
    await app.state.redis.aclose()
    await app.state.engine.dispose()


@pytest.fixture(scope="module")
async def dashboard(dashboard_app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with client_of(dashboard_app) as client:
        yield client


async def test_a_file_is_served_and_every_room_is_the_dashboard(dashboard: AsyncClient) -> None:
    assert (await dashboard.get("/icon.svg")).text == "<svg/>"
    answer = await dashboard.get("/trust/decisions")
    assert (answer.status_code, answer.text) == (200, "the dashboard")
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path", ["/%00", "/a%00b", f"/{'a' * 5_000}", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/%ff"]
)
async def test_no_path_leads_out_or_breaks_anything(dashboard: AsyncClient, path: str) -> None:
    answer = await dashboard.get(path)
    assert (answer.status_code, answer.text) == (200, "the dashboard")


@pytest.mark.timeout(20)
async def test_a_name_of_a_megabyte_is_not_looked_for(dashboard_app: FastAPI) -> None:
    """A server sets an address no limit, and to resolve one takes the square of its length."""
    path, told = "/" + "a/" * 500_000, []
    scope: dict[str, Any] = {
        "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": path,
        "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": [],
        "client": ("10.1.2.3", 1), "server": ("testserver", 80),
    }  # fmt: skip

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError("it stays")

    async def send(message: Message) -> None:
        told.append(message)

    await dashboard_app(scope, receive, send)
    assert told[0]["status"] == 200


async def test_metrics_are_for_who_stands_beside_the_server(anonymous: AsyncClient) -> None:
    assert (await anonymous.get("/metrics")).status_code == 200
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        assert (await anonymous.get("/metrics", headers={header: "203.0.113.9"})).status_code == 404
