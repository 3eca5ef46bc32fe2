"""Google's refusals as gRPC carries them: a status, and what explains it in the trailing metadata."""

from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import json_format
from google.rpc import status_pb2

from sandbox.vendors.google.grpc.methods import message_class

Metadata = tuple[tuple[str, str | bytes], ...]
_FAILURE = "errors.types.errors.GoogleAdsFailure"


class Refused(Exception):
    """To be told to the client; raised where a call cannot go on."""

    def __init__(self, code: grpc.StatusCode, message: str, metadata: Metadata = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.metadata = metadata


@dataclass(frozen=True, slots=True)
class Wire:
    """Of one call: the version of its API and the id that Google gave it."""

    version: str
    request: str

    @property
    def metadata(self) -> Metadata:
        return (("request-id", self.request),) if self.request else ()


def unresolved() -> Refused:
    """A method, or a version of the API, that is not there."""
    return Refused(grpc.StatusCode.UNIMPLEMENTED, "GRPC target method can't be resolved.")


def closed() -> Refused:
    """The connection ended before there was an answer: whether the call was carried out is not known."""
    return Refused(grpc.StatusCode.UNAVAILABLE, "Socket closed")


def garbled(wire: Wire) -> Refused:
    return Refused(grpc.StatusCode.INTERNAL, "Failed to parse the answer.", wire.metadata)


def of_rest(body: Any, wire: Wire) -> Refused:
    """The same refusal that REST gave: `body` is its `{"error": {"status", "message", "details"}}`."""
    error = body["error"]
    code = grpc.StatusCode[error["status"]]
    explained = message_class(wire.version, _FAILURE)  # registers the type that the details are of
    status = status_pb2.Status(code=code.value[0], message=error["message"])
    metadata = wire.metadata
    for detail in error.get("details", ()):
        packed = status.details.add()
        json_format.ParseDict(detail, packed)
        failure = explained()
        if packed.Unpack(failure):
            key = f"google.ads.googleads.{wire.version}.errors.googleadsfailure-bin"
            metadata = (*metadata, (key, failure.SerializeToString()))
    if status.details:
        metadata = (*metadata, ("grpc-status-details-bin", status.SerializeToString()))
    return Refused(code, error["message"], metadata)
