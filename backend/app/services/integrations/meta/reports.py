"""Meta's reports by day: at once where they are small, made by Meta in the background where they are not."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from app.services.integrations.meta.errors import TOO_MUCH
from app.services.integrations.meta.transport import GraphTransport
from app.services.integrations.ports import PlatformError, PlatformErrorKind

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds between looks at a report that Meta is making; the last of them again and again."""
PATIENCE = 30.0
"""Seconds that one report is waited for; what takes longer is asked for by halves."""
ENOUGH = 150.0
"""Seconds in which all of a connector's reports are to be made: a synchronisation ends before its worker is stopped."""
_OPERATION = "fetch_metrics"
_READY = "Job Completed"
_OVER = frozenset({"Job Failed", "Job Skipped"})

Rows = list[dict[str, Any]]


class Reports:
    """Of one ad account."""

    def __init__(
        self,
        transport: GraphTransport,
        *,
        token: str,
        account: str,
        own_app: bool,
        pauses: Sequence[float] = PAUSES,
        patience: float = PATIENCE,
        enough: float = ENOUGH,
    ) -> None:
        self._transport = transport
        self._token = token
        self._own_app = own_app
        self._edge = f"act_{account}/insights"
        self._pauses = pauses
        self._patience = patience
        self._enough = enough
        self._ends_at: float | None = None

    async def rows(self, since: date, until: date, params: Mapping[str, str]) -> Rows:
        """Of all these days. Raises `PlatformError`: `meta.no_report` where Meta does not get one made in time."""
        days = json.dumps({"since": since.isoformat(), "until": until.isoformat()})
        asked = {**params, "time_range": days}
        try:
            return await self._pages(self._edge, asked)
        except PlatformError as error:
            if error.code != TOO_MUCH:
                raise
        made = await self._made(asked)
        if made is not None:
            return made
        if since >= until:
            raise _none(f"Meta did not get the report of {since} made.")
        middle = since + (until - since) // 2
        return [
            *await self.rows(since, middle, params),
            *await self.rows(middle + timedelta(days=1), until, params),
        ]

    async def _made(self, asked: Mapping[str, str]) -> Rows | None:
        """What Meta makes in the background; None where it cannot, or takes too long for it."""
        now = time.monotonic()
        self._ends_at = self._ends_at or now + self._enough
        if now >= self._ends_at:
            raise _none("Meta did not get the reports made in time.")
        started = await self._transport.post(
            _OPERATION, self._edge, asked, token=self._token, own_app=self._own_app
        )
        run = str(started.get("report_run_id") or "")
        if not run.isdigit():
            raise PlatformError(PlatformErrorKind.TRANSIENT, "meta.malformed", "No report's id came back.")
        looks = 0
        while time.monotonic() < now + self._patience:
            told = await self._transport.read(
                _OPERATION, run, {"fields": "async_status"}, token=self._token, own_app=self._own_app
            )
            if told.get("async_status") == _READY:
                limit = {"limit": asked["limit"]} if "limit" in asked else {}
                return await self._pages(f"{run}/insights", limit)
            if told.get("async_status") in _OVER:
                return None
            await asyncio.sleep(self._pauses[min(looks, len(self._pauses) - 1)])
            looks += 1
        return None

    async def _pages(self, path: str, params: Mapping[str, str]) -> Rows:
        pages = self._transport.pages(_OPERATION, path, params, token=self._token, own_app=self._own_app)
        return [row async for row in pages]


def _none(message: str) -> PlatformError:
    return PlatformError(PlatformErrorKind.TRANSIENT, "meta.no_report", message)
