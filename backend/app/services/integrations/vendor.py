"""What one platform brings to the table of platforms (`vendors.py`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from app.core.config import Settings
from app.models.integrations.kinds import Platform
from app.services.integrations.ports import (
    AdPlatform,
    AskedRead,
    ConversionSettings,
    Permits,
    PlatformSignIn,
)
from app.services.integrations.wire import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """For whom a connector speaks: an ad account, and the token that reaches it."""

    token: str = field(repr=False)
    app_id: str | None
    """The platform's app that the token belongs to."""
    account: str
    currency: str
    timezone: str
    read_only: bool
    lead_event: str | None
    """What stands for a lead, at a platform that has none."""


class Vendor(Protocol):
    platform: Platform
    name: str
    """As people read it."""
    writing_scope: str
    """A token without it may only read."""
    refresh_ahead: timedelta
    """How long before its end a token is exchanged for a new one."""
    restates: bool
    """Whether a conversion sent again under its id, at another worth, is the same one at that worth: no second one."""

    @property
    def events(self) -> Mapping[str, str]:
        """The platform's names of the events that it takes, by ours."""
        ...

    def has_app(self, settings: Settings) -> bool:
        """Whether people can sign in there: our own app's id and secret are set."""
        ...

    def sign_in(self, settings: Settings, line: Line) -> PlatformSignIn: ...

    def connector(self, settings: Settings, line: Line, permits: Permits, speaker: Speaker) -> AdPlatform: ...

    async def read_again(self, settings: Settings, line: Line, speaker: Speaker, read: AskedRead) -> None:
        """Make a read once more, just as it was asked: what came of it is in the log of calls.

        `PlatformError` as it was met; (unsupported) for what is no read of one account.
        """
        ...

    def demand(self, conversion: ConversionSettings) -> None:
        """Raises `PlatformError` unless the platform counts this conversion in these windows."""
        ...
