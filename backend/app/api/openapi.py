"""The API's own description, and where it may be read."""

from typing import Any

from fastapi.routing import APIRoute

from app.core.config import Settings


def operation_id(route: APIRoute) -> str:
    """What a generated client calls the method: the address, then what of the function's name is new.

    `list_events` of `cdp/events` is `cdp_events_list`, `me` of `auth/sessions` is `auth_sessions_me`.
    """
    address = route.endpoint.__module__.removeprefix("app.api.").removeprefix("v1.endpoints.")
    said = address.replace(".", "_").split("_")
    singular = {word.removesuffix("s") for word in said}
    new = [word for word in route.name.split("_") if word.removesuffix("s") not in singular]
    return "_".join([*said, *new])


def description(settings: Settings) -> dict[str, Any]:
    """Open outside production; in production it is the committed `openapi.json`, not a page."""
    shown = {"openapi_url": None, "docs_url": None} if settings.is_production else {"docs_url": "/docs"}
    return {"redoc_url": None, "generate_unique_id_function": operation_id, **shown}
