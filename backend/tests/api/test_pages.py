"""What is served beside the API gives nothing away, whatever is asked for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx2 import AsyncClient

from app.core.config import Settings
from app.main import create_app
from tests.factories.access import client_of


@pytest.fixture
async def dashboard(settings: Settings, tmp_path: Path) -> AsyncIterator[AsyncClient]:
    """A dashboard of two files, beside one that is nobody's business."""
    (tmp_path / "secret.txt").write_text("not for you")
    root = tmp_path / "dist"
    root.mkdir()
    (root / "index.html").write_text("the dashboard")
    (root / "icon.svg").write_text("<svg/>")
    app = create_app(settings.model_copy(update={"frontend_dir": str(root)}))
    async with client_of(app) as client:
        yield client
    await app.state.redis.aclose()
    await app.state.engine.dispose()


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


async def test_metrics_are_for_who_stands_beside_the_server(anonymous: AsyncClient) -> None:
    assert (await anonymous.get("/metrics")).status_code == 200
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        assert (await anonymous.get("/metrics", headers={header: "203.0.113.9"})).status_code == 404
