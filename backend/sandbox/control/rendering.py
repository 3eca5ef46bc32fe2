"""How refusals and the sandbox's own failures are answered: the vendors' paths in the vendors' words."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from sandbox.control.refusals import Refused
from sandbox.vendors.table import Vendors


async def _render(_: Request, refused: Exception) -> JSONResponse:
    if not isinstance(refused, Refused):
        raise refused
    return JSONResponse(refused.body, refused.status)


def install(app: FastAPI, vendors: Vendors) -> None:
    async def failed(request: Request, _: Exception) -> Response:
        """A fault of the sandbox's own; the server logs it whole."""
        path = request.url.path
        vendor = None if path.startswith("/control") else vendors.at(path)
        if vendor is None:
            return JSONResponse({"error": "The sandbox itself failed; its log says where."}, 500)
        words = vendor.failed(path)
        return Response(words.body, words.status, words.headers, words.content_type)

    app.add_exception_handler(Exception, failed)
    app.add_exception_handler(Refused, _render)
