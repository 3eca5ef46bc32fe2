"""The API's own description, and where it may be read."""

from typing import Any

from app.core.config import Settings


def addresses(settings: Settings) -> dict[str, Any]:
    """Open outside production; in production the description is the committed `openapi.json`, not a page."""
    if settings.is_production:
        return {"openapi_url": None, "docs_url": None, "redoc_url": None}
    return {"openapi_url": "/openapi.json", "docs_url": "/docs", "redoc_url": None}
