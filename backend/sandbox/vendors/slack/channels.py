"""The workspace's channels, and pages of them."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.vendors.slack.errors import SlackError

TEAM_ID, TEAM_NAME, TEAM_URL = "T0NORTHWND", "Northwind", "https://northwind.slack.com/"
BOT_USER_ID, BOT_ID, BOT_NAME, APP_ID = "U0STRATUM1", "B0STRATUM1", "stratum", "A0STRATUM1"
_CREATED = 1_767_225_600
_DEFAULT_LIMIT, _LARGEST_LIMIT = 100, 1_000
_TYPES = frozenset({"public_channel", "private_channel", "mpim", "im"})


@dataclass(frozen=True, slots=True)
class Channel:
    id: str
    name: str
    is_member: bool = True
    is_private: bool = False
    is_archived: bool = False

    def body(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": not self.is_private,
            "is_group": self.is_private,
            "is_im": False,
            "is_mpim": False,
            "is_private": self.is_private,
            "is_archived": self.is_archived,
            "is_general": self.name == "general",
            "is_member": self.is_member,
            "is_shared": False,
            "is_ext_shared": False,
            "is_org_shared": False,
            "created": _CREATED,
            "creator": "U0DANA0001",
            "num_members": 4,
            "topic": {"value": "", "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
            "previous_names": [],
        }


CHANNELS = (
    Channel("C0GENERAL1", "general", is_member=False),
    Channel("C0ALERTS01", "growth-alerts"),
    Channel("C0ADOPS001", "ad-ops"),
    Channel("C0RANDOM01", "random", is_member=False),
    Channel("C0OLDCAMP1", "old-campaigns", is_archived=True),
    Channel("C0FINANCE1", "finance", is_private=True),
    Channel("C0BOARD001", "board", is_member=False, is_private=True),
)


def seen() -> list[Channel]:
    """What the bot sees: a private channel that it is not in does not exist for it."""
    return [each for each in CHANNELS if each.is_member or not each.is_private]


def found(text: str | None) -> Channel:
    """By its id, or its name."""
    wanted = (text or "").removeprefix("#")
    for each in seen():
        if wanted in {each.id, each.name}:
            return each
    raise SlackError("channel_not_found")


def listed(arguments: Mapping[str, Any]) -> dict[str, Any]:
    kinds = {each.strip() for each in str(arguments.get("types") or "public_channel").split(",")}
    if not kinds <= _TYPES:
        raise SlackError("invalid_types")
    without_archived = str(arguments.get("exclude_archived", "")).lower() in {"1", "true"}
    rows = [
        each
        for each in seen()
        if ("private_channel" if each.is_private else "public_channel") in kinds
        and not (without_archived and each.is_archived)
    ]
    start, limit = _start(arguments.get("cursor")), _limit(arguments.get("limit"))
    following = start + limit
    cursor = _cursor(following) if following < len(rows) else ""
    return {
        "channels": [each.body() for each in rows[start:following]],
        "response_metadata": {"next_cursor": cursor},
    }


def _limit(text: Any) -> int:
    if text in {None, ""}:
        return _DEFAULT_LIMIT
    try:
        limit = int(text)
    except (TypeError, ValueError) as error:
        raise SlackError("invalid_limit") from error
    if not 0 < limit <= _LARGEST_LIMIT:
        raise SlackError("invalid_limit")
    return limit


def _cursor(place: int) -> str:
    return base64.b64encode(f"team:{place}".encode()).decode()


def _start(cursor: Any) -> int:
    if not cursor:
        return 0
    try:
        name, _, place = base64.b64decode(str(cursor), validate=True).decode().partition(":")
        if name != "team":
            raise SlackError("invalid_cursor")
        return int(place)
    except ValueError as error:
        raise SlackError("invalid_cursor") from error
