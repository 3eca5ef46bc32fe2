"""An app's calls a minute, after which TikTok refuses; they are counted in real time."""

from collections import deque
from time import monotonic

from sandbox.vendors.tiktok.errors import rate_limited

_MINUTE = 60.0


class Quota:
    def __init__(self) -> None:
        self.per_minute = 100_000
        self._calls: deque[float] = deque()

    def count(self) -> None:
        edge = monotonic() - _MINUTE
        while self._calls and self._calls[0] < edge:
            self._calls.popleft()
        if len(self._calls) >= self.per_minute:
            raise rate_limited()
        self._calls.append(monotonic())
