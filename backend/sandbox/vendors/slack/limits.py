"""Rate limits: calls of a method in the last minute; messages are counted for each channel."""

from collections import deque
from math import ceil
from time import monotonic

from sandbox.vendors.slack.errors import SlackError

_MINUTE = 60.0
A_MINUTE = {"auth.test": 600, "chat.postMessage": 60, "chat.update": 50, "conversations.list": 20}


class Limits:
    def __init__(self) -> None:
        self.per_minute = dict(A_MINUTE)
        self._calls: dict[tuple[str, str], deque[float]] = {}

    def count(self, method: str, channel: str = "") -> None:
        """One call, or a 429 that says how many seconds to wait."""
        now = monotonic()
        calls = self._calls.setdefault((method, channel), deque())
        while calls and calls[0] <= now - _MINUTE:
            calls.popleft()
        if len(calls) >= self.per_minute[method]:
            waits = calls[0] + _MINUTE - now if calls else _MINUTE
            raise SlackError("ratelimited", retry_after=max(1, ceil(waits)))
        calls.append(now)

    def reset(self) -> None:
        self._calls.clear()
        self.per_minute = dict(A_MINUTE)
