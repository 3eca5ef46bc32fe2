"""Rate limits: so many requests a second and token, with nothing but a 429 to tell of it."""

from collections import deque
from time import monotonic

from sandbox.vendors.snapchat.errors import rate_limited

_WINDOW = 1.0


class Limits:
    """The documented averages are 10 a second and token, 20 and app; here they are wide until somebody narrows them."""

    def __init__(self) -> None:
        self.per_second = 10_000
        self._calls: dict[str, deque[float]] = {}

    def count(self, token: str) -> None:
        calls = self._calls.setdefault(token, deque())
        edge = monotonic() - _WINDOW
        while calls and calls[0] < edge:
            calls.popleft()
        if len(calls) >= self.per_second:
            raise rate_limited()
        calls.append(monotonic())
