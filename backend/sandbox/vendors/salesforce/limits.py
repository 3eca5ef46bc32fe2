"""How many calls the org may make in twenty-four hours, and the header of each answer that tells how many it did.

Wide until somebody narrows it: an Enterprise Edition's is a hundred thousand and more by its licences.
"""

from collections import deque
from time import monotonic
from typing import Any

from sandbox.vendors.salesforce.errors import limit_exceeded

_DAY = 86_400.0
_WIDE = 1_000_000


class Limits:
    def __init__(self) -> None:
        self.most = _WIDE
        self._calls: deque[float] = deque()

    def count(self) -> dict[str, str]:
        """The headers of an answer that is let through."""
        now = monotonic()
        while self._calls and self._calls[0] <= now - _DAY:
            self._calls.popleft()
        if len(self._calls) >= self.most:
            raise limit_exceeded()
        self._calls.append(now)
        return self.headers()

    def headers(self) -> dict[str, str]:
        return {"Sforce-Limit-Info": f"api-usage={len(self._calls)}/{self.most}"}

    def body(self) -> dict[str, Any]:
        return {
            "DailyApiRequests": {"Max": self.most, "Remaining": max(0, self.most - len(self._calls))},
            "ConcurrentAsyncGetReportInstances": {"Max": 200, "Remaining": 200},
        }

    def narrow(self, most: int | None) -> None:
        """None widens again."""
        self.most = most or _WIDE
        self._calls.clear()
