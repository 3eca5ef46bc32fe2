"""The process of the front: its certificates, its server, and its end."""

import signal
import sys
from pathlib import Path
from threading import Event

import certifi

from sandbox.vendors.google.constants import NEWEST_VERSION
from sandbox.vendors.google.grpc import certificates, front, methods
from sandbox.vendors.google.grpc.bridge import Bridge

HOST = "127.0.0.1"
ROOTS = "roots.pem"


def run(sandbox: str, port: int, folder: Path) -> None:
    """Until it is told to stop; says where it listens and what a client is to trust."""
    # Its import takes a second for each version of the API: the newest one's, before anybody calls.
    methods.message_class(f"v{NEWEST_VERSION}", "services.types.google_ads_service.SearchGoogleAdsRequest")
    made = certificates.make(HOST)
    folder.mkdir(parents=True, exist_ok=True)
    roots = folder.absolute() / ROOTS
    # A client has one list of authorities for all that it calls: the public ones stay in it.
    roots.write_bytes(Path(certifi.where()).read_bytes() + made.authority)
    ended = Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: ended.set())
    bridge = Bridge(f"{sandbox}/google")
    server, taken = front.serve(bridge, made, f"{HOST}:{port}")
    sys.stdout.write(f"google ads ready {HOST}:{taken} GRPC_DEFAULT_SSL_ROOTS_FILE_PATH={roots}\n")
    sys.stdout.flush()
    ended.wait()
    server.stop(grace=1).wait()
    bridge.close()
