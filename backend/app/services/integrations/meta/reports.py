"""Meta's reports by day: at once where they are small, made by Meta in the background where they are not."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from app.services.integrations.meta.errors import TOO_MUCH
from app.services.integrations.ports import PlatformError, PlatformErrorKind

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds between looks at a report that Meta is making; the last of them again and again."""
PATIENCE = 120.0
"""Seconds after which no report is waited for any more: a synchronisation ends before its worker is stopped."""
_OPERATION = "fetch_metrics"
_READY = "Job Completed"
_OVER = frozenset({"Job Failed", "Job Skipped"})

Rows = list[dict[str, Any]]
Pages = Callable[[str, str, Mapping[str, str]], AsyncIterator[dict[str, Any]]]
Ask = Callable[[str, str, Mapping[str, str]], Awaitable[dict[str, Any]]]


class Reports:
    """Of one ad account; `pages` reads a paged edge, `look` an object, `start` posts what may be posted again."""

    def __init__(
        self,
        account: str,
        *,
        pages: Pages,
        look: Ask,
        start: Ask,
        pauses: Sequence[float] = PAUSES,
        patience: float = PATIENCE,
    ) -> None:
        self._edge = f"act_{account}/insights"
        self._pages, self._look, self._start = pages, look, start
        self._pauses = pauses
        self._patience = patience

    async def rows(self, since: date, until: date, params: Mapping[str, str]) -> Rows:
        """Of all these days. Raises `PlatformError`: `meta.no_report` where Meta does not get one made in time."""
        return await self._rows(since, until, params, time.monotonic() + self._patience)

    async def _rows(self, since: date, until: date, params: Mapping[str, str], deadline: float) -> Rows:
        days = json.dumps({"since": since.isoformat(), "until": until.isoformat()})
        asked = {**params, "time_range": days}
        try:
            return [row async for row in self._pages(_OPERATION, self._edge, asked)]
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
        run = str((await self._start(_OPERATION, self._edge, asked)).get("report_run_id") or "")
        if not run.isdigit():
            raise PlatformError(PlatformErrorKind.TRANSIENT, "meta.malformed", "No report's id came back.")
        looks = 0
        while time.monotonic() < deadline:
            told = await self._look(_OPERATION, run, {"fields": "async_status,async_percent_completion"})
            if told.get("async_status") == _READY:
                limit = {"limit": asked["limit"]} if "limit" in asked else {}
                return [row async for row in self._pages(_OPERATION, f"{run}/insights", limit)]
            if told.get("async_status") in _OVER:
                return None
            await asyncio.sleep(self._pauses[min(looks, len(self._pauses) - 1)])
            looks += 1
        raise _none("Meta is still making the report.")


def _none(message: str) -> PlatformError:
    return PlatformError(PlatformErrorKind.TRANSIENT, "meta.no_report", message)
