"""The gRPC server: takes every call by its name, hands it to the bridge, and words what comes back."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

import grpc

from sandbox.vendors.google.grpc import methods, refusals
from sandbox.vendors.google.grpc.bridge import Bridge
from sandbox.vendors.google.grpc.certificates import Certificates
from sandbox.vendors.google.grpc.methods import Method
from sandbox.vendors.google.grpc.refusals import Refused

_CALLS_AT_ONCE = 16
_MOST_BYTES = 64 * 1024 * 1024
_OPTIONS = (("grpc.max_receive_message_length", _MOST_BYTES), ("grpc.max_send_message_length", _MOST_BYTES))


class Calls:
    """A `grpc.GenericRpcHandler`: by name, as versions come and go in the package.

    What is not served is refused as Google's front refuses it.
    """

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge

    def service(self, handler_call_details: Any) -> Any:
        known = methods.found(handler_call_details.method)
        if known is None:
            return _nothing()
        version, method = known
        try:
            reads = methods.request_class(version, method).FromString
        except ImportError:
            return _nothing()

        def one(request: Any, context: grpc.ServicerContext) -> Any:
            return next(self._answered(version, method, request, context))

        def several(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
            yield from self._answered(version, method, request, context)

        if method.streams:
            return grpc.unary_stream_rpc_method_handler(several, reads, _written)
        return grpc.unary_unary_rpc_method_handler(one, reads, _written)

    def _answered(
        self, version: str, method: Method, request: Any, context: grpc.ServicerContext
    ) -> Iterator[Any]:
        try:
            wire, found = self._bridge.call(version, method, request, dict(context.invocation_metadata()))
        except Refused as no:
            _abort(context, no)
        context.send_initial_metadata(wire.metadata)
        context.set_trailing_metadata(wire.metadata)
        yield from found


def _abort(context: grpc.ServicerContext, no: Refused) -> NoReturn:
    context.set_trailing_metadata(no.metadata)
    context.abort(no.code, no.message)
    raise no


def _nothing() -> Any:
    def refuse(_: bytes, context: grpc.ServicerContext) -> None:
        _abort(context, refusals.unresolved())

    return grpc.unary_unary_rpc_method_handler(refuse)


def _written(message: Any) -> bytes:
    found: bytes = message.SerializeToString()
    return found


def serve(bridge: Bridge, certificates: Certificates, address: str) -> tuple[grpc.Server, int]:
    """A started server and its port; port 0 of the address takes a free one."""
    server = grpc.server(ThreadPoolExecutor(_CALLS_AT_ONCE), handlers=[Calls(bridge)], options=_OPTIONS)
    secret = grpc.ssl_server_credentials([(certificates.key, certificates.chain)])
    port = server.add_secure_port(address, secret)
    server.start()
    return server, port
