"""What is served beside the API: the dashboard, the metrics, and who may call from a page."""

from pathlib import Path
from typing import Any

from fastapi import FastAPI
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

from app.core.config import Settings
from app.core.errors import NotFound

_THROUGH_A_PROXY = frozenset({"forwarded", "x-forwarded-for", "x-real-ip"})
_LONGEST_NAME = 1_024
_DASHBOARD_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
        "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def cors(settings: Settings) -> dict[str, Any]:
    """Which origins may call the API with credentials: none but those in the settings."""
    policy = {
        "allow_origins": list(settings.allowed_origins),
        "allow_credentials": True,
        "allow_methods": ["GET", "POST", "PUT", "PATCH", "DELETE"],
        "allow_headers": [
            "Authorization",
            "Content-Type",
            "X-API-Key",
            "X-CSRF-Token",
            "X-Request-ID",
            "Last-Event-ID",
        ],
        "expose_headers": [
            "X-Request-ID",
            "X-Process-Time-Ms",
            "Retry-After",
            "X-RateLimit-Limit",
            "X-RateLimit-Remaining",
            "X-RateLimit-Reset",
        ],
        "max_age": 600,
    }
    return {"collection": _collection(settings), "policy": policy}


def limits(settings: Settings) -> dict[str, Any]:
    """Requests a minute of one caller, by path prefix; collection, which limits itself, apart."""
    per_minute = settings.rate_limit_per_minute
    return {
        "limits": {"/v1/": None, f"{settings.api_v1_prefix}/": per_minute, "/ws": per_minute},
        "collection": _collection(settings),
        "trusted_proxies": settings.trusted_proxies,
    }


def _collection(settings: Settings) -> str:
    """Where events are sent in our own dialect."""
    return f"{settings.api_v1_prefix}/cdp/events"


def install(app: FastAPI, settings: Settings) -> None:
    @app.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        """For Prometheus, which asks directly: what comes through a proxy comes from outside."""
        if _THROUGH_A_PROXY & set(request.headers):
            raise NotFound("Nothing is served at this address.")
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    if settings.frontend_dir and (root := Path(settings.frontend_dir)).is_dir():
        _install_dashboard(app, root)


def _install_dashboard(app: FastAPI, root: Path) -> None:
    if (root / "assets").is_dir():
        app.mount("/assets", StaticFiles(directory=root / "assets"), name="assets")

    @app.get("/{path:path}", include_in_schema=False)
    def dashboard(path: str) -> Response:
        if path.startswith(("api/", "v1/", "health")):
            raise NotFound("Nothing is served at this address.")
        return FileResponse(_file_at(root, path) or root / "index.html", headers=_DASHBOARD_HEADERS)


def _file_at(root: Path, path: str) -> Path | None:
    """The file below `root`; None for what is none, lies outside, or cannot be the name of any."""
    if len(path) > _LONGEST_NAME:  # to resolve it takes the square of its length
        return None
    try:
        asked = (root / path).resolve()
        found = asked.is_file() and asked.is_relative_to(root.resolve())
    except (OSError, ValueError):
        return None
    return asked if found else None
