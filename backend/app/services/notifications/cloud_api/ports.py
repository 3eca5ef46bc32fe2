"""What a number in WhatsApp must be able to do for us."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


class WhatsAppRefused(Exception):
    """It was not done. `code` is Meta's number, None where none came; `word` names it for a log."""

    def __init__(
        self,
        code: int | None,
        word: str,
        *,
        details: str = "",
        status: int | None = None,
        unheard: bool = False,
    ) -> None:
        super().__init__(word)
        self.code = code
        self.word = word
        self.details = details
        self.status = status
        self.unheard = unheard
        """No answer came: it may have been done."""


@dataclass(frozen=True, slots=True)
class Credentials:
    phone_number_id: str
    waba_id: str
    token: str = field(repr=False)
    app_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NumberIdentity:
    phone_number_id: str
    display_number: str
    verified_name: str
    quality: str | None


@dataclass(frozen=True, slots=True)
class TemplateFound:
    """A template as Meta has it; `components` in Meta's own words."""

    name: str
    language: str
    status: str
    category: str
    reason: str | None
    components: Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Filled:
    """A template by its name, and what fills its holes: the body's, and each button's by its place."""

    name: str
    language: str
    values: Sequence[str]
    buttons: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class WhatsAppMessage:
    """Text of one's own, or a template. `callback` comes back with what became of it."""

    to: str
    callback: str
    text: str | None = None
    template: Filled | None = None


class WhatsApp(Protocol):
    async def number(self) -> NumberIdentity:
        """Whose number it is, and that number, account, token and secret belong together."""
        ...

    async def subscribe(self) -> None:
        """Have the token's app told of what happens in the account."""
        ...

    async def templates(self) -> list[TemplateFound]:
        """All that the account has."""
        ...

    async def create(self, template: dict[str, Any]) -> None:
        """Hand a template in for review."""
        ...

    async def send(self, message: WhatsAppMessage) -> str:
        """Send once; answers the message's `wamid`. That it was taken does not say that it arrived."""
        ...
