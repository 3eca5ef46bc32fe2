"""One handler renders every error."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import JSONResponse, Response

from app.core import tracking
from app.core.errors import FieldError, Invalid, Malformed, NotFound, StratumError, TooLarge
from app.core.logging import get_logger
from app.middleware.answers import answer
from app.schemas.errors import ErrorBody, TrackingErrorBody

log = get_logger(__name__)


class MethodNotAllowed(StratumError):
    """This address does not take that method."""

    status = 405
    code = "method_not_allowed"


def documented(description: str) -> dict[str, Any]:
    """An answer with our body, by its name: FastAPI builds a validator for each status of each route with the model."""
    schema = {"$ref": f"#/components/schemas/{ErrorBody.__name__}"}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


DOCUMENTED: dict[int | str, dict[str, Any]] = {
    status: documented(description)
    for status, description in {
        400: "The request could not be read",
        401: "No valid credential",
        403: "The role does not allow it",
        404: "No such thing here",
        405: "The address does not take the method",
        409: "The current state does not allow it",
        413: "The body is too large",
        422: "Some input is not valid; `fields` names it",
        429: "Too many requests; see `Retry-After`",
        500: "An unexpected error",
        503: "A part that this needs is down",
    }.items()
}
# One that is declared with the model has FastAPI put the schema into the document.
DOCUMENTED[500] = {"model": ErrorBody, "description": DOCUMENTED[500]["description"]}


def render_for_sdks(error: StratumError) -> JSONResponse:
    return answer(error, body=TrackingErrorBody.of(error, message=error.detail))


async def _stratum_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, StratumError):
        raise error
    if error.status >= 500:  # noqa: PLR2004  (HTTP's own border)
        log.error("api.error", code=error.code, exc_info=error, **error.context)
    if request.url.path.startswith(tracking.PREFIXES):
        return render_for_sdks(error)
    return answer(error)


async def _invalid_input(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    faults = [
        FieldError(".".join(str(part) for part in fault["loc"]), fault["msg"], fault["type"])
        for fault in error.errors()
    ]
    if any(fault.code == "json_invalid" for fault in faults):
        return answer(Malformed("The body is not valid JSON.", fields=faults))
    return answer(Invalid(fields=faults))


async def _not_found(_request: Request, _error: Exception) -> Response:
    return answer(NotFound("Nothing is served at this address."))


async def _method_not_allowed(_request: Request, error: Exception) -> Response:
    return answer(MethodNotAllowed(), dict(getattr(error, "headers", None) or {}))


async def _malformed(_request: Request, _error: Exception) -> Response:
    return answer(Malformed())


async def _too_large(_request: Request, _error: Exception) -> Response:
    return answer(TooLarge())


def install_error_handlers(app: FastAPI) -> None:
    app.add_exception_handler(StratumError, _stratum_error)
    app.add_exception_handler(RequestValidationError, _invalid_input)
    app.add_exception_handler(400, _malformed)
    app.add_exception_handler(404, _not_found)
    app.add_exception_handler(405, _method_not_allowed)
    app.add_exception_handler(413, _too_large)
