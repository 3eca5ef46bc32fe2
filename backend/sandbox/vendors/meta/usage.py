"""Business-use-case rate limits: what the headers say, and the refusal once an hour's calls are spent."""

import json
from collections import deque
from time import monotonic

from sandbox.vendors.meta.constants import BUSINESS_ID
from sandbox.vendors.meta.errors import rate_limited

_HOUR = 3600.0
_FULL = 100


class Usage:
    """Calls are counted in real time over a sliding hour; `per_hour` is per ad account.

    A report of more than `report_rows` is refused where it is asked for at once; nothing is by default. The next
    `failing_reports` that are made in the background fail.
    """

    def __init__(self) -> None:
        self.per_hour = 100_000
        self.report_rows: int | None = None
        self.failing_reports = 0
        self._calls: dict[str, deque[float]] = {}

    def set(self, per_hour: int | None, report_rows: int | None, failing_reports: int | None = None) -> None:
        """None leaves a limit as it is; no rows are no limit."""
        self.per_hour = self.per_hour if per_hour is None else per_hour
        if report_rows is not None:
            self.report_rows = report_rows or None
        if failing_reports is not None:
            self.failing_reports = failing_reports

    def is_report_doomed(self) -> bool:
        """One of those that are to fail; counts it."""
        if self.failing_reports == 0:
            return False
        self.failing_reports -= 1
        return True

    def count(self, account: str) -> None:
        """One call, or error 80004 when the hour's calls are spent."""
        calls = self._recent(account)
        if len(calls) >= self.per_hour:
            raise rate_limited(80004, headers=self.headers(account))
        calls.append(monotonic())

    def headers(self, account: str | None, wait_minutes: int | None = None) -> dict[str, str]:
        calls = self._recent(account) if account else deque[float]()
        share = min(100, round(100 * len(calls) / max(1, self.per_hour)))
        wait = wait_minutes
        if wait is None:
            wait = 0
            if share >= _FULL and calls:
                wait = max(1, round((_HOUR - (monotonic() - calls[0])) / 60))
        if wait_minutes is not None:
            share = 100
        app = {"call_count": min(100, share // 4), "total_cputime": 0, "total_time": min(100, share // 5)}
        found = {"X-App-Usage": json.dumps(app)}
        if account:
            entry = {
                "type": "ads_management",
                "call_count": share,
                "total_cputime": share // 2,
                "total_time": share // 2,
                "estimated_time_to_regain_access": wait,
                "ads_api_access_tier": "standard_access",
            }
            found["X-Business-Use-Case-Usage"] = json.dumps({BUSINESS_ID: [entry]})
            found["X-Ad-Account-Usage"] = json.dumps(
                {"acc_id_util_pct": float(share), "reset_time_duration": wait * 60}
            )
        return found

    def _recent(self, account: str) -> "deque[float]":
        calls = self._calls.setdefault(account, deque())
        edge = monotonic() - _HOUR
        while calls and calls[0] < edge:
            calls.popleft()
        return calls
