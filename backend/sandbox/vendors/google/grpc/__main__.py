"""`python -m sandbox.vendors.google.grpc --sandbox http://127.0.0.1:8900`: its Google Ads, over gRPC too."""

import argparse
import sys
from importlib import import_module
from pathlib import Path

import httpx2

MISSING = (
    "Google Ads over gRPC needs the package google-ads, of which its messages are and which is not installed "
    "here ({error}). `make google-grpc` installs it beside the environment; nothing else of Stratum needs it."
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandbox.vendors.google.grpc", description=__doc__)
    parser.add_argument("--sandbox", default="http://127.0.0.1:8900", help="where it answers over HTTP")
    parser.add_argument("--port", type=int, default=8901, help="0 takes a free one")
    parser.add_argument(
        "--folder", type=Path, default=Path(".stratum/google-grpc"), help="for the list of authorities"
    )
    return parser.parse_args()


def main() -> None:
    chosen = arguments()
    try:
        import_module("google.ads.googleads")
        serving = import_module("sandbox.vendors.google.grpc.serving")
    except ImportError as error:
        sys.exit(MISSING.format(error=error))
    try:
        httpx2.get(f"{chosen.sandbox}/control/health").raise_for_status()
    except httpx2.HTTPError as error:
        sys.exit(f"There is no sandbox at {chosen.sandbox}: {error}")
    serving.run(chosen.sandbox, chosen.port, chosen.folder)


if __name__ == "__main__":
    main()
