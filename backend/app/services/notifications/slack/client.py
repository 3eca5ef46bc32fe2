"""Slack by its own SDK. Each call is made once: retries are the delivery log's, where people see them."""

from collections.abc import Awaitable
from typing import Any, TypeVar

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from app.core.config import Settings
from app.services.notifications.slack.blocks_rules import blocks, fallback
from app.services.notifications.slack.ports import (
    SlackChannel,
    SlackIdentity,
    SlackMessage,
    SlackRefused,
)

T = TypeVar("T")

_TIMEOUT_SECONDS = 15
_PAGE = 200
_MOST_PAGES = 25
_RATE_LIMITED = 429
_SERVER_ERROR = 500
_DEFAULT_PAUSE = 30.0
PASSING = frozenset(
    {
        "fatal_error",
        "internal_error",
        "rate_limited",
        "ratelimited",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
    }
)
"""Errors in a 200 that waiting may mend; any other is a matter for a person."""


class SlackClient:
    def __init__(self, settings: Settings, token: str) -> None:
        self._web = AsyncWebClient(
            token=token, base_url=settings.slack_base_url, timeout=_TIMEOUT_SECONDS, retry_handlers=[]
        )
        # As every other way out of ours: no proxy that the environment happens to name.
        self._web.proxy = None

    async def identity(self) -> SlackIdentity:
        said = await _asked(self._web.auth_test())
        return SlackIdentity(
            team_id=str(said["team_id"]),
            team_name=str(said["team"]),
            team_url=said.get("url"),
            bot_user_id=said.get("user_id"),
        )

    async def channels(self) -> list[SlackChannel]:
        found: list[SlackChannel] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            said = await _asked(
                self._web.conversations_list(
                    cursor=cursor, limit=_PAGE, exclude_archived=True, types="public_channel,private_channel"
                )
            )
            found += [
                SlackChannel(
                    str(each["id"]),
                    str(each["name"]),
                    bool(each.get("is_private")),
                    bool(each.get("is_member")),
                )
                for each in said["channels"]
            ]
            cursor = (said.get("response_metadata") or {}).get("next_cursor") or None
            if cursor is None:
                break
        return sorted(found, key=lambda each: each.name)

    async def post(self, channel: str, message: SlackMessage) -> str:
        said = await _asked(
            self._web.chat_postMessage(
                channel=channel,
                text=fallback(message),
                blocks=blocks(message),
                mrkdwn=False,
                unfurl_links=False,
                unfurl_media=False,
            )
        )
        return str(said["ts"])

    async def update(self, channel: str, ts: str, message: SlackMessage) -> None:
        await _asked(
            self._web.chat_update(channel=channel, ts=ts, text=fallback(message), blocks=blocks(message))
        )


async def _asked(call: Awaitable[Any]) -> dict[str, Any]:
    """The body of an `ok` answer; `SlackRefused` in every other case."""
    try:
        answer = await call
    except SlackApiError as error:
        raise _refusal(error.response) from error
    except (TimeoutError, aiohttp.ClientError, SlackClientError, OSError) as error:
        raise SlackRefused(
            "no_answer", permanent=False, unheard=not isinstance(error, aiohttp.ClientConnectorError)
        ) from error
    data = answer.data
    if not isinstance(data, dict):
        raise SlackRefused("unreadable_answer", permanent=False, unheard=True)
    return data


def _refusal(response: Any) -> SlackRefused:
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0) or 0)
    data = getattr(response, "data", None)
    code = data.get("error") if isinstance(data, dict) else None
    if status == _RATE_LIMITED:
        return SlackRefused(str(code or "ratelimited"), permanent=False, retry_after=_pause(response.headers))
    if status >= _SERVER_ERROR:
        return SlackRefused(str(code or f"http_{status}"), permanent=False, unheard=True)
    if not code:
        return SlackRefused("unreadable_answer", permanent=False, unheard=True)
    return SlackRefused(str(code), permanent=code not in PASSING)


def _pause(headers: Any) -> float:
    """Seconds that Slack asks for."""
    try:
        return max(1.0, float(headers.get("Retry-After", _DEFAULT_PAUSE)))
    except ValueError:
        return _DEFAULT_PAUSE
