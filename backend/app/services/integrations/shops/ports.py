"""What a shop is to the rest of the application. Every method may raise `PlatformError`.

Ids are the shop's own, times are UTC-aware and by the shop's clock, money is exact millionths.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from app.core.config import Settings
from app.models.integrations.kinds import ShopProvider
from app.services.integrations.ports import Credentials
from app.services.integrations.wire import Line


@dataclass(frozen=True, slots=True)
class Money:
    micros: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteRefund:
    """`given` is in the shop's own currency, `presented` in the buyer's."""

    id: str
    at: datetime
    given: Money
    presented: Money


@dataclass(frozen=True, slots=True)
class Consent:
    """What a buyer says of one channel; None of `granted` is silence. `value` is the address that it is about."""

    channel: str
    value: str
    granted: bool | None
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteBuyer:
    """`traits` by the words of the tracking dialects. `no_sale` is an opt-out of selling and sharing their data."""

    customer: str | None
    email: str | None
    phone: str | None
    traits: Mapping[str, str]
    consents: Sequence[Consent]
    no_sale: bool


@dataclass(frozen=True, slots=True)
class RemoteLine:
    sku: str | None
    name: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteOrder:
    """Money is the shop's own, but for `presented`. `total` is as it was ordered, `current` what is left of it."""

    id: str
    name: str
    aliases: Sequence[str]
    """Under which other ids the shop's own events may tell it."""
    ordered_at: datetime
    updated_at: datetime
    cancelled_at: datetime | None
    test: bool
    total: Money
    presented: Money
    current: Money
    refunds: Sequence[RemoteRefund]
    buyer: RemoteBuyer
    lines: Sequence[RemoteLine]


@dataclass(frozen=True, slots=True)
class RemoteShop:
    domain: str
    name: str
    currency: str


@dataclass(frozen=True, slots=True)
class OrderPage:
    """`after` goes on behind it; None at the end."""

    orders: Sequence[RemoteOrder]
    after: str | None


class ShopClient(Protocol):
    async def shop(self) -> RemoteShop: ...

    async def orders(self, since: datetime | None, after: str | None) -> OrderPage:
        """Those updated since then (None: ever), the longest ago first."""
        ...

    async def orders_by_id(self, ids: Sequence[str]) -> list[RemoteOrder]:
        """Of any number; one that is gone is left out."""
        ...

    async def subscribe(self, address: str) -> None:
        """Have the shop tell of its orders and of our removal there; asked again, nothing is added."""
        ...


class ShopSignIn(Protocol):
    def authorize_url(self, *, redirect_uri: str, state: str) -> str: ...

    async def exchange_code(self, code: str, *, redirect_uri: str) -> Credentials: ...

    async def refresh(self, token: str, refresh_token: str | None) -> Credentials: ...

    async def revoke(self, token: str) -> None:
        """Give up our place in the shop."""
        ...


class ShopVendor(Protocol):
    provider: ShopProvider
    name: str
    example: str
    """A shop's address, as people write it."""
    refresh_ahead: timedelta

    def has_app(self, settings: Settings) -> bool: ...

    def domain(self, text: str) -> str | None:
        """The shop's own host, or None for what is none: whatever is called is made of it alone."""
        ...

    def came_from(self, settings: Settings, query: Sequence[tuple[str, str]]) -> bool:
        """Whether the provider itself sent the browser back with this query."""
        ...

    def order_id(self, text: str) -> str:
        """An order's id, of whichever form the shop's events may have it in; what is none stays as it is."""
        ...

    def sign_in(self, settings: Settings, line: Line, domain: str) -> ShopSignIn: ...

    def client(self, settings: Settings, line: Line, domain: str, token: str) -> ShopClient: ...
