"""What the control API says no to: a sentence and what would have been possible."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from sandbox.vendors.meta.errors import GraphError


class Refused(Exception):
    def __init__(self, sentence: str, status: int = 422, **facts: Any) -> None:
        super().__init__(sentence)
        self.status = status
        self.body = {"error": sentence} | facts


async def _render(_: Request, refused: Exception) -> JSONResponse:
    if not isinstance(refused, Refused):
        raise refused
    return JSONResponse(refused.body, refused.status)


async def _failed(request: Request, _: Exception) -> JSONResponse:
    """A fault of the sandbox's own; the server logs it whole. Vendors' paths get the vendor's unknown error."""
    if request.url.path.startswith("/control"):
        return JSONResponse({"error": "The sandbox itself failed; its log says where."}, 500)
    return JSONResponse(GraphError("An unknown error occurred", 1, status=500).body(), 500)


def install(app: FastAPI) -> None:
    app.add_exception_handler(Exception, _failed)
    app.add_exception_handler(Refused, _render)
