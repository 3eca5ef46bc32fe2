"""One call: its protobuf into REST's JSON, REST's answer into protobuf. State and rules are the REST side's alone."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import httpx2
from google.protobuf import json_format

from sandbox.vendors.google.errors import AdsError, Fault, request_fault, request_id
from sandbox.vendors.google.grpc import refusals
from sandbox.vendors.google.grpc.methods import Method, response_class
from sandbox.vendors.google.grpc.refusals import Refused, Wire

_CARRIED = ("authorization", "login-customer-id")
_REFUSED = 400
_SECONDS = 120.0


class Bridge:
    """`url` is where the sandbox answers as Google over HTTP: `http://127.0.0.1:8900/google`."""

    def __init__(self, url: str) -> None:
        self._http = httpx2.Client(base_url=url, timeout=_SECONDS)

    def close(self) -> None:
        self._http.close()

    def call(
        self, version: str, method: Method, request: Any, metadata: Mapping[str, str]
    ) -> tuple[Wire, Sequence[Any]]:
        """What came back, message by message; raises `Refused`."""
        body = _json(request, version)
        customer = str(body.pop("customerId", ""))
        if not customer and "{customer}" in method.path:
            raise _refused_here(request_fault("INVALID_CUSTOMER_ID", "Invalid customer ID ''."), version)
        try:
            answer = self._http.request(
                method.verb,
                f"/{version}/{method.path_for(customer)}",
                json=None if method.verb == "GET" else body,
                headers={name: metadata[name] for name in _CARRIED if name in metadata},
            )
        except httpx2.TransportError as error:
            raise refusals.closed() from error
        wire = Wire(version, answer.headers.get("request-id", ""))
        return wire, _messages(answer, method, wire)


def _json(request: Any, version: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json_format.MessageToDict(request)
    except (ValueError, json_format.Error) as error:
        # JSON has no spelling for a path of a mask that is not in snake_case; neither has Google such a field.
        unknown = Fault("fieldMaskError", "FIELD_NOT_FOUND", "The field mask contained an invalid field.")
        raise _refused_here(AdsError("INVALID_ARGUMENT", unknown), version) from error
    return found


def _refused_here(error: AdsError, version: str) -> Refused:
    """What REST has no way to be asked."""
    wire = Wire(version, request_id())
    return refusals.of_rest(error.body(version, wire.request), wire)


def _messages(answer: httpx2.Response, method: Method, wire: Wire) -> Sequence[Any]:
    told = answer.headers.get("content-type", "").startswith("application/json")
    if answer.status_code >= _REFUSED and not told:
        raise refusals.unresolved()
    try:
        body = answer.json()
        if answer.status_code >= _REFUSED:
            raise refusals.of_rest(body, wire)
        return [_message(one, method, wire) for one in (body if method.streams else [body])]
    except (ValueError, KeyError, TypeError, json_format.Error) as error:
        # Cut off by a fault that was ordered, or not what Google's own messages can hold: then it is a defect here.
        sys.stderr.write(f"google over grpc | {method.message}: {type(error).__name__}: {error}\n")
        raise refusals.garbled(wire) from error


def _message(body: Any, method: Method, wire: Wire) -> Any:
    return json_format.ParseDict(body, response_class(wire.version, method)())
