"""The sandbox's gRPC front and Google's own client before it, each in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launcher import install
from tests.sandbox.google.conftest import US
from tests.sandbox_process import BACKEND, Sandbox

CLIENT = BACKEND / "tests" / "sdks" / "google_ads_client.py"
Json = dict[str, Any]


@dataclass(frozen=True)
class Official:
    endpoint: str
    process: "subprocess.Popen[str]"

    def ask(self, **asked: Any) -> Json:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{json.dumps(asked)}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the client ended"
        found: Json = json.loads(line)
        return found

    def call(
        self, service: str, method: str, customer: str, *, login: str | None = None, **request: Any
    ) -> Json:
        request = {"customer_id": customer, **request}
        return self.ask(service=service, method=method, request=request, login=login)

    def search(self, query: str, customer: str = US, *, login: str | None = None, **more: Any) -> Json:
        return self.call("GoogleAdsService", "search", customer, login=login, query=query, **more)


@contextmanager
def official_client(sandbox: Sandbox, folder: Path) -> Iterator[Official]:
    """It is there already where `make` has installed it; its import takes seconds, hence one for many tests."""
    subprocess.run([sys.executable, install.__file__, "google-ads"], check=True)
    environment = {
        **os.environ,
        "PYTHONPATH": str(install.beside("google-ads")),
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(folder / "roots.pem"),
    }
    front = (sys.executable, "-m", "sandbox.vendors.google.grpc", "--sandbox", sandbox.url, "--port", "0")
    with (
        _started((*front, "--folder", str(folder)), environment) as serving,
        _started((sys.executable, str(CLIENT)), environment) as client,
    ):
        assert serving.stdout is not None
        assert client.stdin is not None
        line = serving.stdout.readline()
        assert line.startswith("google ads ready "), line
        told = sandbox.vendor("google")
        credentials = {name: told[name] for name in ("refresh_token", "client_id", "client_secret")}
        credentials["token_uri"] = f"{sandbox.url}/google/token"
        config: Json = {"endpoint": line.split()[3], "credentials": credentials}
        client.stdin.write(f"{json.dumps(config)}\n")
        yield Official(config["endpoint"], client)


@contextmanager
def _started(command: tuple[str, ...], environment: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        command, cwd=BACKEND, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
