"""What the control API says no to: a sentence and what would have been possible."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse


class Refused(Exception):
    def __init__(self, sentence: str, status: int = 422, **facts: Any) -> None:
        super().__init__(sentence)
        self.status = status
        self.body = {"error": sentence} | facts


async def _render(_: Request, refused: Exception) -> JSONResponse:
    if not isinstance(refused, Refused):
        raise refused
    return JSONResponse(refused.body, refused.status)


def install(app: FastAPI) -> None:
    app.add_exception_handler(Refused, _render)
