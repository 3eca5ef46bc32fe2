"""Every platform that takes audiences, as tests meet it: how it is connected, what it finds people by."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.db.session import Scopes
from app.services.integrations.audiences.service import offers
from tests.factories import google, integrations, snapchat, tiktok
from tests.sandbox_process import Sandbox

Connect = Callable[..., Awaitable[Any]]


@dataclass(frozen=True)
class Fills:
    """One platform; `other` is the attribute of its second account."""

    platform: str
    connect: Connect
    other: str
    email: str
    """The key of an address in what the sandbox tells of an entry."""
    phone: str
    phone_form: str
    """As +1 650 555 1212 is hashed there."""
    gmail_form: str
    """As Ava.B+x@gmail.com is hashed there."""
    removes_by: str
    """The method of a request that takes people out."""

    async def account(self, scopes: Scopes, sandbox: Sandbox, **options: Any) -> UUID:
        """An ad account in dollars, connected."""
        account: UUID = (await self.connect(scopes, sandbox, **options)).dollars
        return account


_PLAIN = "ava.b+x@gmail.com"
FILLS = {
    each.platform: each
    for each in (
        Fills("meta", integrations.connect, "forints", "EMAIL", "PHONE", "16505551212", _PLAIN, "DELETE"),
        Fills(
            "tiktok",
            tiktok.connect,
            "forints",
            "EMAIL_SHA256",
            "PHONE_SHA256",
            "+16505551212",
            _PLAIN,
            "POST",
        ),
        Fills(
            "snapchat",
            snapchat.connect,
            "dinars",
            "EMAIL_SHA256",
            "PHONE_SHA256",
            "16505551212",
            _PLAIN,
            "DELETE",
        ),
        Fills(
            "google",
            google.connect,
            "yen",
            "emailAddress",
            "phoneNumber",
            "+16505551212",
            "avab@gmail.com",
            "POST",
        ),
    )
}
PLATFORMS = sorted(offers())
"""Of the table: a vendor that is added to it is tested with the others, once it stands above."""
