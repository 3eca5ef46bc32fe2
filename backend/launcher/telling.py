"""What a story is told with: the public API of a running Stratum, the sandbox's control, and a voice."""

import json
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx2

from launcher.errors import LauncherError

_PATIENCE = 300.0
_BETWEEN = 0.4


class StoryBroke(LauncherError):
    """What the story said would happen did not happen."""


class Teller:
    def __init__(self, home: Path, say: Callable[[str], None]) -> None:
        try:
            self._demo: dict[str, Any] = json.loads((home / "demo.json").read_text(encoding="utf-8"))
        except OSError as error:
            raise StoryBroke("Stratum is not running here: start it with `make run` first.") from error
        self._say = say
        self._started = time.monotonic()
        self._api = httpx2.Client(base_url=f"{self._demo['url']}/api/v1", timeout=60)
        self._sandbox = httpx2.Client(base_url=self._demo["sandbox_url"], timeout=120)

    @property
    def tenant_id(self) -> int:
        return int(self._demo["tenant_id"])

    def close(self) -> None:
        self._api.close()
        self._sandbox.close()

    def _until(self, what: str, look: Callable[[], Any]) -> Any:
        for _ in self._ticks():
            if found := look():
                return found
        raise StoryBroke(f"Waited {_PATIENCE:.0f} s in vain for {what}.")

    @staticmethod
    def _ticks() -> Iterator[None]:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            yield
            time.sleep(_BETWEEN)

    def _get(self, path: str) -> Any:
        return self._send("GET", path)

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        return self._send("POST", path, body)

    def _sign_in(self) -> None:
        """Whoever tells signs in by a way of their own; a story without one needs nobody."""

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self._api.request(method, path, json=body)
        if answer.status_code == HTTPStatus.UNAUTHORIZED and "Authorization" in self._api.headers:
            # A story may be longer than a token lives.
            del self._api.headers["Authorization"]
            self._sign_in()
            answer = self._api.request(method, path, json=body)
        if answer.is_error:
            raise StoryBroke(f"{method} {path} answered {answer.status_code}: {answer.text[:500]}")
        return answer.json() if answer.content else None

    def _control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self._sandbox.request(method, f"/control/{path}", json=body)
        if answer.is_error:
            raise StoryBroke(f"The sandbox answered {answer.status_code}: {answer.text[:500]}")
        return answer.json() if answer.content else None

    def _chapter(self, title: str) -> None:
        self._say("")
        self._say(title)

    def _line(self, text: str) -> None:
        self._say(f"  {text}")
