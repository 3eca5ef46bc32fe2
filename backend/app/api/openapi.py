"""The API's own description, and where it may be read."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from fastapi.routing import APIRoute

from app.api.errors import DOCUMENTED, documented
from app.core.config import Settings
from app.core.errors import StratumError


def _address(module: str) -> str:
    """The feature that an endpoint module serves: `cdp.segments`."""
    return module.removeprefix("app.api.").removeprefix("v1.endpoints.")


def _errors(of: type[StratumError] = StratumError) -> Iterator[type[StratumError]]:
    for error in of.__subclasses__():
        yield error
        yield from _errors(error)


def answers(module: str) -> dict[int | str, dict[str, Any]]:
    """The errors that an endpoint module documents: those that all share, and its feature's and area's by their codes.

    The classes are found among those that are loaded; a module's own are, once it is imported.
    """
    address = f"{_address(module)}."
    told: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for error in _errors():
        owner = error.code.rpartition(".")[0]
        if owner and address.startswith(f"{owner}."):
            told[error.status][error.code] = error.sentence()
    own: dict[int | str, dict[str, Any]] = {
        status: documented(
            "\n".join(
                [
                    DOCUMENTED.get(status, {"description": "It is there no longer"})["description"],
                    "",
                    *(f"- `{code}`: {sentence}" for code, sentence in sorted(codes.items())),
                ]
            )
        )
        for status, codes in told.items()
    }
    return {**DOCUMENTED, **own}


def operation_id(route: APIRoute) -> str:
    """What a generated client calls the method: the address, then what of the function's name is new.

    `list_events` of `cdp/events` is `cdp_events_list`, `me` of `auth/sessions` is `auth_sessions_me`.
    """
    said = _address(route.endpoint.__module__).replace(".", "_").split("_")
    singular = {word.removesuffix("s") for word in said}
    new = [word for word in route.name.split("_") if word.removesuffix("s") not in singular]
    return "_".join([*said, *new])


def description(settings: Settings) -> dict[str, Any]:
    """Open outside production; in production it is the committed `openapi.json`, not a page."""
    shown = {"openapi_url": None, "docs_url": None} if settings.is_production else {"docs_url": "/docs"}
    return {"redoc_url": None, "generate_unique_id_function": operation_id, **shown}
