"""The application behind a real port, in processes of its own, over this run's servers: for real clients."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

from launcher.system import free_port
from tests.house.source import BACKEND

_READY_WITHIN = 60.0


@dataclass
class LiveServer:
    """One uvicorn process; it can be killed and started again on the same port."""

    url: str
    port: int
    environment: dict[str, str]
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        command = [sys.executable, "-m", "uvicorn", "app.main:create_app", "--factory"]
        command += ["--port", str(self.port), "--no-access-log", "--log-level", "warning"]
        self.process = subprocess.Popen(command, cwd=BACKEND, env={**os.environ, **self.environment})
        deadline = time.monotonic() + _READY_WITHIN
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode} before it answered")
            with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
                urllib.request.urlopen(f"{self.url}/health/live", timeout=2).close()  # noqa: S310  (loopback)
                return
            time.sleep(0.05)
        raise RuntimeError(f"{self.url} did not answer within {_READY_WITHIN:.0f} s")

    def kill(self) -> None:
        """As a machine that loses power would."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()


@contextlib.contextmanager
def serving(**environment: str) -> Iterator[LiveServer]:
    port = free_port()
    server = LiveServer(f"http://127.0.0.1:{port}", port, environment)
    try:
        server.start()
        yield server
    finally:
        server.stop()
