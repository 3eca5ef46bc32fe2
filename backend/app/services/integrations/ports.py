"""What every ad platform's connector is to the rest of the application.

Money is integer micros of the account's currency, ids are the platform's own, times are UTC-aware, and a day
is the account's day. A method that changes delivery, spend, bid, targeting or status is marked `@mutates`:
it takes the exact change and a permit for it, and asks the desk before anything leaves.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable
from uuid import UUID

from app.models.integrations.kinds import CallOutcome
from app.services.integrations.ads.ports import AdState
from app.services.trust_engine.gate.permits import Change, Json, Permit

BudgetedType = Literal["campaign", "ad_set"]

SET_DAILY_BUDGET = "set_daily_budget"
SET_LIFETIME_BUDGET = "set_lifetime_budget"
SET_STATUS = "set_status"
CREATE_CAMPAIGN = "create_campaign"
CREATE_AD_SET = "create_ad_set"


class PlatformErrorKind(StrEnum):
    """What a caller can do about it."""

    TRANSIENT = "transient"
    """Not applied; the same may work in a moment."""
    RATE_LIMITED = "rate_limited"
    """Not applied; wait `retry_after` seconds."""
    AUTH = "auth"
    """The token is expired, revoked or wrong: a person signs in again."""
    PERMISSION = "permission"
    """The token is good and may not do this."""
    INVALID = "invalid"
    """The platform will never take this as it is."""
    AMBIGUOUS = "ambiguous"
    """A write left and no answer came: read it back, never send it again on the same permit."""
    UNSUPPORTED = "unsupported"
    """This connector does not do that."""


class PlatformError(Exception):
    """A platform, or our guard before it, said no. `code` is stable, such as `meta.190.463`."""

    def __init__(
        self,
        kind: PlatformErrorKind,
        code: str,
        message: str,
        *,
        retry_after: int | None = None,
        status: int | None = None,
        trace: str | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.kind = kind
        self.code = code
        self.message = message
        self.retry_after = retry_after
        self.status = status
        self.trace = trace

    @property
    def outcome(self) -> CallOutcome:
        return CallOutcome(self.kind.value)

    @property
    def transient(self) -> bool:
        """Whether a task that met it may be tried again."""
        return self.kind in {PlatformErrorKind.TRANSIENT, PlatformErrorKind.RATE_LIMITED}


class EditsNotReady(PlatformError):
    """The platform is still writing down what was changed: a later reading has it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(PlatformErrorKind.TRANSIENT, code, message)


@dataclass(frozen=True, slots=True)
class RemoteAccount:
    external_id: str
    name: str
    currency: str
    timezone: str
    status: str
    pixels: tuple[tuple[str, str], ...] = ()
    """(id, name) of the conversion data sets that belong to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityState:
    """An entity as the platform holds it now. A budget is None where it lives at another level.

    `status` is `active`, `paused`, `archived`, `deleted`, or the platform's own word in lower case.
    """

    entity_type: BudgetedType
    external_id: str
    account: str
    name: str
    status: str
    effective_status: str
    daily_budget_micros: int | None
    lifetime_budget_micros: int | None
    currency: str
    campaign: str | None = None
    """The campaign that an ad set belongs to."""
    budget_level: str = "unknown"
    objective: str | None = None
    bid_strategy: str | None = None
    learning: bool | None = None
    started_at: datetime | None = None
    ends_at: datetime | None = None
    updated_at: datetime | None = None

    def facts(self, operation: str) -> dict[str, Json]:
        """What a change by `operation` sets, in the words of `Change.before` and `Change.after`."""
        found: dict[str, dict[str, Json]] = {
            SET_DAILY_BUDGET: {"daily_budget_micros": self.daily_budget_micros},
            SET_LIFETIME_BUDGET: {"lifetime_budget_micros": self.lifetime_budget_micros},
            SET_STATUS: {"status": self.status},
        }
        return found[operation]

    def holds(self, change: Change) -> bool:
        """Whether the platform now shows what `change` asked for."""
        return self.facts(change.operation) == dict(change.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsDay:
    """One entity's day. Conversions and value are of the asked-for primary conversion and window."""

    campaign: str
    day: date
    currency: str
    spend_micros: int
    impressions: int
    clicks: int
    conversions: Decimal
    conversion_value_micros: int
    rows: int
    """Ad sets that reported."""


@dataclass(frozen=True, slots=True)
class MetricsReading:
    days: tuple[MetricsDay, ...]
    ad_sets_by_day: Mapping[date, frozenset[str]]


@dataclass(frozen=True, slots=True)
class ConversionSettings:
    """Which conversion counts, and how long after a click or a view."""

    event: str = "purchase"
    click_days: int = 7
    view_days: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteEdit:
    """An entry of the platform's activity log."""

    fingerprint: str
    at: datetime
    entity_type: str
    entity: str
    event_type: str
    actor_name: str | None
    application_id: str | None
    detail: Mapping[str, Any]
    renames: bool = False
    """The log says that the name was changed, and nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionEvent:
    """A conversion in our words, with the person's identifiers in the clear: each platform normalises its own.

    `identifiers` keys: email, phone, first_name, last_name, city, state, zip, country, gender,
    date_of_birth, external_id, fbc, fbp, gclid, gbraid, wbraid, ttclid, ttp, sc_click_id, sc_cookie, ip, user_agent.
    """

    dedupe_key: str
    name: str
    at: datetime
    identifiers: Mapping[str, str]
    value_micros: int | None = None
    currency: str | None = None
    order_id: str | None = None
    url: str | None = None
    action_source: str = "website"
    contents: Sequence[Mapping[str, Any]] = ()
    limited_data_use: bool = False


@dataclass(frozen=True, slots=True)
class PreparedEvent:
    """An event in the platform's own form, and which identifiers it carries."""

    body: Mapping[str, Any]
    match_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EventRefused:
    """Why an event will not be sent: it would be rejected, or have the whole request rejected."""

    reason: str


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    received: int
    response: Mapping[str, Any]
    receipts: tuple[str, ...] = ()
    """Where single events may still be refused afterwards: by what the platform is asked about them."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a platform made of a request that it had acknowledged, once it is through with it.

    `refused` counts the events that came to nothing, by our code of the reason; which ones they are it does not tell.
    """

    receipt: str
    refused: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Applied:
    """The platform said yes to a write; only a read-back confirms it."""

    trace: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a sign-in yields. `scopes` are the platform's words, `expires_at` None for a standing token.

    `refresh_token` is None where the platform has none, or gave no new one: the one before stays good. `host` is the
    account's own, checked, at a platform that has one for each; None elsewhere.
    """

    token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    external_user_id: str
    external_user_name: str | None
    app_id: str | None
    scopes: tuple[str, ...]
    expires_at: datetime | None
    host: str | None = None


class Permits(Protocol):
    """The desk that says whether a permit still holds, once: `PermitDesk` of the trust gate."""

    async def use(self, permit: Permit, change: Change) -> None:
        """Spend the permit in a committed step of its own; raises unless it was good for this change."""
        ...


class AdPlatform(Protocol):
    """One ad account of one connection. Every method may raise `PlatformError`."""

    platform: str
    read_only: bool

    async def list_campaigns(self) -> list[EntityState]: ...

    async def list_ad_sets(self) -> list[EntityState]: ...

    async def list_ads(self) -> list[AdState]:
        """All that are not deleted, with what they show and the platform's verdict on them."""
        ...

    async def account_status(self) -> str:
        """The ad account's state: `active`, `unsettled`, `disabled`, or the platform's own word in lower case."""
        ...

    async def read_entity(self, entity_type: BudgetedType, external_id: str) -> EntityState: ...

    async def fetch_metrics(
        self, since: date, until: date, conversion: ConversionSettings
    ) -> MetricsReading: ...

    async def recent_edits(self, since: datetime, until: datetime) -> list[RemoteEdit]: ...

    async def event_match_quality(self, pixel_id: str) -> Mapping[str, float]:
        """The platform's own figure, 0 to 10, by our name of the event; empty where it reports none."""
        ...

    def prepare_event(self, event: ConversionEvent, now: datetime) -> PreparedEvent | EventRefused: ...

    async def send_events(self, pixel_id: str, events: Sequence[PreparedEvent]) -> Acknowledgement:
        """Conversions carry consent, not permits. Resending is safe: the platform deduplicates by event id."""
        ...

    async def set_daily_budget(self, change: Change, permit: Permit) -> Applied: ...

    async def set_lifetime_budget(self, change: Change, permit: Permit) -> Applied: ...

    async def set_status(self, change: Change, permit: Permit) -> Applied: ...


@runtime_checkable
class TellsLater(Protocol):
    """A platform that acknowledges events before it has worked through them."""

    async def read_verdicts(self, receipts: Sequence[str]) -> list[Verdict]:
        """Of the requests that it is through with, of those asked about."""
        ...


class PlatformSignIn(Protocol):
    """How a person connects an account of a platform."""

    platform: str

    def authorize_url(self, *, redirect_uri: str, state: str, read_only: bool) -> str: ...

    async def exchange_code(self, code: str, *, redirect_uri: str) -> Credentials: ...

    async def inspect(self, token: str) -> Credentials:
        """What a pasted token is and may do; `PlatformError` (auth) when it is worth nothing."""
        ...

    async def refresh(self, token: str, refresh_token: str | None) -> Credentials:
        """A new token; `PlatformError` (auth) when a person must sign in, (unsupported) with nothing to redeem."""
        ...

    async def revoke(self, token: str, refresh_token: str | None) -> None: ...

    async def list_accounts(self, token: str) -> list[RemoteAccount]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One request to a platform, as it ended."""

    started_at: datetime
    platform: str
    operation: str
    method: str
    path: str
    mutating: bool
    attempt: int
    duration_ms: int
    outcome: CallOutcome
    status: int | None = None
    error_code: str | None = None
    error_message: str | None = None
    trace: str | None = None
    permit_id: UUID | None = None
    asked: Mapping[str, Any] | None = None
    """What it was asked with, in the vendor's words; None for what is never written down: people, tokens, codes."""


@dataclass(frozen=True, slots=True)
class AskedRead:
    """A read as it once left: enough to make it again."""

    operation: str
    path: str
    asked: Mapping[str, Any]


CallLog = Callable[[CallRecord], Awaitable[None]]
"""Writes a call down, in a transaction of its own."""

Method = TypeVar("Method", bound=Callable[..., Any])

MUTATING: list[Callable[..., Any]] = []
"""Every mutating method of every connector: a test tries each without a valid permit."""


def mutates(method: Method) -> Method:
    MUTATING.append(method)
    return method
