"""What a workspace must be able to do for us."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class SlackRefused(Exception):
    """Slack did not do it. `code` is its own word, or ours where it said none."""

    def __init__(
        self, code: str, *, permanent: bool, retry_after: float | None = None, unheard: bool = False
    ) -> None:
        super().__init__(code)
        self.code = code
        self.permanent = permanent
        self.retry_after = retry_after
        self.unheard = unheard
        """No answer came: it may have been done."""


@dataclass(frozen=True, slots=True)
class SlackIdentity:
    team_id: str
    team_name: str
    team_url: str | None
    bot_user_id: str | None


@dataclass(frozen=True, slots=True)
class SlackChannel:
    id: str
    name: str
    is_private: bool
    is_member: bool


@dataclass(frozen=True, slots=True)
class SlackButton:
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """Plain words: nothing in it is read as a link, a mention or a format."""

    title: str
    lines: Sequence[str]
    context: str
    buttons: Sequence[SlackButton] = ()


class Slack(Protocol):
    async def identity(self) -> SlackIdentity:
        """Whose token it is."""
        ...

    async def channels(self) -> list[SlackChannel]:
        """The channels that are not archived and that the bot can see, by name."""
        ...

    async def post(self, channel: str, message: SlackMessage) -> str:
        """Send once; answers the message's `ts`."""
        ...

    async def update(self, channel: str, ts: str, message: SlackMessage) -> None:
        """Put other words in the place of a message of ours."""
        ...
