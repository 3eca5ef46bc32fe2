"""An error as an answer, in the one body of all errors; the API's handlers and the middleware around them give it."""

from collections.abc import Mapping

from starlette.responses import JSONResponse

from app.core.errors import StratumError
from app.core.metrics import ERRORS
from app.schemas.errors import ErrorBody


def answer(
    error: StratumError, headers: Mapping[str, str] | None = None, *, body: ErrorBody | None = None
) -> JSONResponse:
    """The error's status, body and headers, and these headers over its own; counted by its code."""
    ERRORS.labels(error.code).inc()
    said = {name.lower(): value for name, value in {**error.headers, **(headers or {})}.items()}
    return JSONResponse((body or ErrorBody.of(error)).model_dump(), error.status, headers=said)
