"""Asking for TikTok's change log: a file that TikTok writes when asked, and that is looked for until it is there."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from app.services.integrations.ports import EditsNotReady, PlatformError, PlatformErrorKind
from app.services.integrations.tiktok.transport import BusinessTransport, data_of

PAUSES = (0.2, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0)
"""Seconds between looks at a change log that TikTok is writing."""


class ChangeLogs:
    def __init__(
        self,
        transport: BusinessTransport,
        *,
        token: str,
        account: str,
        timezone: str,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self._transport = transport
        self._token = token
        self._account = account
        self._timezone = timezone
        self._pauses = pauses

    async def text(self, since: datetime, until: datetime) -> str:
        """As TikTok wrote it; `EditsNotReady` while it has not."""
        zone = ZoneInfo(self._timezone)
        body = {
            "advertiser_id": self._account,
            "start_time": f"{since.astimezone(zone):%Y-%m-%d %H:%M:%S}",
            "end_time": f"{until.astimezone(zone):%Y-%m-%d %H:%M:%S}",
            "timezone": self._timezone,
        }
        made = await self._transport.post("recent_edits", "changelog/task/create", body, token=self._token)
        task = data_of(made).get("task_id")
        if not task:
            raise PlatformError(
                PlatformErrorKind.TRANSIENT, "tiktok.malformed", "No task for the change log came back."
            )
        params = {"advertiser_id": self._account, "task_id": str(task)}
        for pause in self._pauses:
            told = await self._transport.read(
                "recent_edits", "changelog/task/check", params, token=self._token
            )
            if told.get("status") == "SUCCESS":
                file = await self._transport.read(
                    "recent_edits", "changelog/task/download", params, token=self._token
                )
                return str(file.get("changelog") or "")
            if told.get("status") == "FAILED":
                break
            await asyncio.sleep(pause)
        raise EditsNotReady("tiktok.no_change_log", "TikTok has not written the change log yet.")
