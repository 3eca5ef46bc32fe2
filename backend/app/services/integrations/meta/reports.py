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
PATIENCE = 120.0
"""Seconds after which no report is waited for any more: a synchronisation ends before its worker is stopped."""
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
    ) -> None:
        self._transport = transport
        self._token = token
        self._own_app = own_app
        self._edge = f"act_{account}/insights"
        self._pauses = pauses
        self._patience = patience

    async def rows(self, since: date, until: date, params: Mapping[str, str]) -> Rows:
        """Of all these days. Raises `PlatformError`: `meta.no_report` where Meta does not get one made in time."""
        return await self._rows(since, until, params, time.monotonic() + self._patience)

    async def _rows(self, since: date, until: date, params: Mapping[str, str], deadline: float) -> Rows:
        days = json.dumps({"since": since.isoformat(), "until": until.isoformat()})
        asked = {**params, "time_range": days}
        try:
            return await self._pages(self._edge, asked)
        except PlatformError as error:
            if error.code != TOO_MUCH:
                raise
        made = await self._made(asked, deadline)
        if made is not None:
            return made
        if since >= until:
            raise _none(f"Meta failed to make the report of {since}.")
        middle = since + (until - since) // 2
        return [
            *await self._rows(since, middle, params, deadline),
            *await self._rows(middle + timedelta(days=1), until, params, deadline),
        ]

    async def _made(self, asked: Mapping[str, str], deadline: float) -> Rows | None:
        """What Meta makes in the background; None where it says that it cannot."""
        started = await self._transport.post(
            _OPERATION, self._edge, asked, token=self._token, own_app=self._own_app
        )
        run = str(started.get("report_run_id") or "")
        if not run.isdigit():
            raise PlatformError(PlatformErrorKind.TRANSIENT, "meta.malformed", "No report's id came back.")
        looks = 0
        while time.monotonic() < deadline:
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
        raise _none("Meta is still making the report.")

    async def _pages(self, path: str, params: Mapping[str, str]) -> Rows:
        pages = self._transport.pages(_OPERATION, path, params, token=self._token, own_app=self._own_app)
        return [row async for row in pages]


def _none(message: str) -> PlatformError:
    return PlatformError(PlatformErrorKind.TRANSIENT, "meta.no_report", message)
