"""A sandbox of one's own, as a subprocess: for every test that needs the platforms."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx2

BACKEND = Path(__file__).resolve().parents[1]
START_SECONDS = 60
US_ACCOUNT = "act_102030405060701"
HU_ACCOUNT = "act_102030405060702"
US_PIXEL = "880000000000001"
HU_PIXEL = "880000000000002"
HTTP = httpx2.Client(timeout=60, limits=httpx2.Limits(max_keepalive_connections=0))
"""One for all: each that is made reads the certificates of the machine, which takes longer than most calls."""


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox; `control` speaks its control API and `graph` plain Graph requests."""

    url: str
    smtp_port: int
    meta_token: str
    read_only_token: str
    app_id: str
    app_secret: str
    process: subprocess.Popen[str] | None
    """None where somebody else started it."""

    def control(self, method: str, path: str, **options: Any) -> Any:
        """For example `control("POST", "faults", json={"kind": "pixel_drop"})`; an error status raises."""
        answer = HTTP.request(method, f"{self.url}/control/{path}", timeout=60, **options)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def graph(self, method: str, path: str, version: str = "v25.0", **params: Any) -> httpx2.Response:
        """With the standing token unless `access_token` is given; GET in the query, POST in the form."""
        values = {"access_token": self.meta_token} | params
        url = f"{self.url}/{version}/{path}"
        if method == "POST":
            return HTTP.post(url, data=values, timeout=60)
        return HTTP.request(method, url, params=values, timeout=60)

    def vendor(self, name: str) -> dict[str, Any]:
        """What a vendor's control tells of itself: its tokens, its app, its accounts."""
        found: dict[str, Any] = self.control("GET", name)
        return found

    @cached_property
    def tiktok_facts(self) -> dict[str, Any]:
        """What `/control/tiktok` tells: tokens, the app, its secret."""
        return self.vendor("tiktok")

    def tiktok(self, method: str, path: str, *, token: str | None = None, **params: Any) -> httpx2.Response:
        """A call of the Business API with the standing token; a GET's lists and objects as JSON in the query."""
        url = f"{self.url}/tiktok/open_api/v1.3/{path}/"
        headers = {"Access-Token": token if token is not None else self.tiktok_facts["access_token"]}
        if method == "POST":
            return HTTP.post(url, json=params, headers=headers, timeout=60)
        query = {name: v if isinstance(v, str) else json.dumps(v) for name, v in params.items()}
        return HTTP.request(method, url, params=query, headers=headers, timeout=60)

    @cached_property
    def snapchat_facts(self) -> dict[str, Any]:
        """What `/control/snapchat` tells: tokens, the app, its secret."""
        facts: dict[str, Any] = self.control("GET", "snapchat")
        return facts

    def snapchat(
        self, method: str, path: str, *, token: str | None = None, json: Any = None, **query: str
    ) -> httpx2.Response:
        """A call of the Marketing API, with the standing token unless another is given."""
        headers = {"Authorization": f"Bearer {token or self.snapchat_facts['access_token']}"}
        url = f"{self.url}/snapchat/v1/{path}"
        return HTTP.request(method, url, params=query, json=json, headers=headers, timeout=60)

    def advance(self, hours: float) -> str:
        """Lets simulated time pass, and tells what time it is then (ISO)."""
        now: str = self.control("POST", "clock", json={"advance_hours": hours})["now"]
        return now

    def repair(self) -> None:
        """Every fault ends, and what they distorted is mended."""
        self.control("DELETE", "faults", params={"forget": "true"})

    def mails(self, to: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control("GET", "mailbox", params={"to": to})
        return found


@contextmanager
def running_sandbox(*arguments: str, port: int = 0, module: str = "sandbox") -> Iterator[Sandbox]:
    """Starts `python -m sandbox` on a free port, and ends it with the block."""
    command = [sys.executable, "-m", module, "--port", str(port), *arguments]
    process = subprocess.Popen(command, cwd=BACKEND, stdout=subprocess.PIPE, text=True)
    try:
        yield _greeted(process)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _greeted(process: "subprocess.Popen[str]") -> Sandbox:
    line = process.stdout.readline() if process.stdout is not None else ""
    if not line.startswith("sandbox ready "):
        raise RuntimeError(f"the sandbox did not start: {line!r}")
    return sandbox_at(line.split()[-1], process)


def sandbox_at(url: str, process: "subprocess.Popen[str] | None" = None) -> Sandbox:
    """One that runs already, whoever started it."""
    health = HTTP.get(f"{url}/control/health", timeout=START_SECONDS).json()
    meta = HTTP.get(f"{url}/control/meta", timeout=START_SECONDS).json()
    return Sandbox(
        url=url,
        smtp_port=health["smtp_port"],
        meta_token=meta["access_token"],
        read_only_token=meta["read_only_token"],
        app_id=meta["app_id"],
        app_secret=meta["app_secret"],
        process=process,
    )
