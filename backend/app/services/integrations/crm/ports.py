"""What a CRM is to the rest of the application. Every method may raise `PlatformError`.

Ids are the CRM's own, times are UTC-aware and by the CRM's clock, an amount is the exact decimal that the CRM holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, Literal, Protocol, TypeVar, runtime_checkable
from uuid import UUID

from app.core.config import Settings
from app.models.integrations.kinds import CreatedAs, CrmProvider
from app.services.integrations.ports import Credentials, PlatformError, PlatformErrorKind
from app.services.integrations.wire import Line

Kind = Literal["contacts", "deals"]
Row = TypeVar("Row")
ValueKind = Literal["text", "number", "bool", "choice", "date", "other"]
"""What a property holds: `choice` one of its options, `date` a day or a moment, `other` what has parts or is a link."""


@dataclass(frozen=True, slots=True)
class RemoteObject:
    """A contact, or a deal that is compared: those properties of it that were asked for and have a value."""

    id: str
    modified_at: datetime
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteDeal:
    id: str
    modified_at: datetime
    pipeline: str | None
    stage: str | None
    is_closed: bool
    is_won: bool
    amount: str | None
    currency: str | None
    closed_at: datetime | None
    contacts: tuple[str, ...]
    properties: Mapping[str, str] = field(default_factory=dict)
    """Those that were asked for besides and have a value."""


@dataclass(frozen=True, slots=True)
class RemoteProperty:
    """A property that contacts or deals have there."""

    name: str
    label: str
    type: str
    is_read_only: bool = False
    kind: ValueKind = "text"
    options: tuple[str, ...] = ()
    """All that a choice takes; none where it takes any."""
    is_standard: bool = False
    """The CRM made it, and not somebody of the company."""


@dataclass(frozen=True, slots=True)
class RemoteState:
    """An object as it is now; `since` has when each property was set last, of those that this was asked of."""

    row: RemoteObject
    since: Mapping[str, datetime]
    lacks: frozenset[str] = frozenset()
    """Properties that contacts of this type do not have."""


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """Values to be set; None empties a property. The same change again changes nothing."""

    id: str
    values: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a property is not taken: no value of it is (`is_whole`), or that of these contacts, where the CRM tells."""

    property: str
    code: str
    message: str
    is_whole: bool = False
    contacts: tuple[str, ...] = ()


class ValuesRefused(PlatformError):
    """Nothing of a batch was done, for what these say. `message` holds no value of anybody."""

    def __init__(self, code: str, message: str, refusals: Sequence[Refusal], **facts: Any) -> None:
        super().__init__(PlatformErrorKind.INVALID, code, message, **facts)
        self.refusals = tuple(refusals)


@dataclass(frozen=True, slots=True)
class RowFault:
    """Why one object of a batch is not changed: for `refusals`, and what they do not name may be sent again.

    Without any it is the object itself; `is_permanent` where the same again would fail again.
    """

    code: str
    refusals: tuple[Refusal, ...] = ()
    is_permanent: bool = False


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of a batch: objects as they are stored now, and why the others are not changed."""

    stored: Mapping[str, RemoteObject]
    faults: Mapping[str, RowFault]


@dataclass(frozen=True, slots=True)
class RemoteCrm:
    external_id: str
    name: str
    currency: str | None


@dataclass(frozen=True, slots=True)
class Window:
    """What was modified from `since` (None: ever) to `until`, both included."""

    since: datetime | None
    until: datetime


@dataclass(frozen=True, slots=True)
class Gone:
    """An object that is no longer there under its id: deleted, or part of another."""

    id: str
    at: datetime
    merged_into: str | None = None
    privacy: bool = False
    """Deleted for good, since the person asked for it."""


@dataclass(frozen=True, slots=True)
class GonePage:
    """`place` is where the next page begins; None after the last."""

    rows: Sequence[Gone]
    place: str | None


@dataclass(frozen=True, slots=True)
class Looked(Generic[Row]):
    """Of objects that were asked for by their ids: those that are there, and ids that certainly are not.

    An id in neither was not answered for: ask again.
    """

    rows: Sequence[Row]
    gone: frozenset[str]


@dataclass(frozen=True, slots=True)
class Notice:
    """What a CRM says has happened to an object of one of its accounts. `merged_into`: what it is now part of."""

    portal: str
    kind: Kind
    object_id: str
    occurred_at: datetime
    digest: bytes
    """The same each time that it is sent, and for nothing else."""
    privacy: bool = False
    merged_into: str | None = None


class Crm(Protocol):
    page_size: int
    """A page that holds fewer is the last one."""
    sweep_every: timedelta
    """How often its deletions are read."""
    person: Mapping[str, str]
    """Which properties of a contact platforms match a buyer by, and the trait that each is told as."""

    async def account(self) -> RemoteCrm: ...

    async def properties(self, kind: Kind) -> list[RemoteProperty]: ...

    async def newest(self, kind: Kind) -> datetime | None:
        """When one was last modified; None where there is none."""
        ...

    async def contacts(
        self, window: Window, after: str | None, properties: Sequence[str]
    ) -> list[RemoteObject]:
        """The next of the window's, in an order of ids that a modification does not change."""
        ...

    async def contacts_by_id(self, ids: Sequence[str], properties: Sequence[str]) -> list[RemoteObject]:
        """Of any number; one that is gone is left out."""
        ...

    async def deals(
        self, window: Window, after: str | None, properties: Sequence[str] = ()
    ) -> list[RemoteDeal]:
        """As `contacts`, each with whose it is; a property that deals do not have is left out."""
        ...

    async def gone(self, kind: Kind, since: datetime | None, place: str | None) -> GonePage:
        """What was deleted or merged since then, or earlier: a CRM that cannot tell shows all that it still has."""
        ...


@runtime_checkable
class Notifying(Protocol):
    """A CRM that says by itself to which objects something has happened: these are looked at by their ids."""

    async def look_at_contacts(
        self, ids: Sequence[str], properties: Sequence[str]
    ) -> Looked[RemoteObject]: ...

    async def look_at_deals(
        self, ids: Sequence[str], properties: Sequence[str] = ()
    ) -> Looked[RemoteDeal]: ...


class CrmWriter(Protocol):
    """A CRM that takes values for its contacts and deals, and new contacts. Nothing there is deleted by it."""

    batch_size: int
    names: Sequence[str]
    """The properties in which a new contact's first and last name stand."""

    async def properties(self, kind: Kind) -> list[RemoteProperty]: ...

    async def states(
        self, kind: Kind, ids: Sequence[str], properties: Sequence[str], dated: Sequence[str]
    ) -> list[RemoteState]:
        """Of any number, read past any index that lags; one that is gone is left out. `dated` are those of `since`."""
        ...

    async def change(self, kind: Kind, changes: Sequence[ObjectChange]) -> Changed:
        """One batch. `ValuesRefused`, or `PlatformError` (invalid), where what it does not take refuses all of it."""
        ...

    async def known_emails(self, emails: Sequence[str]) -> set[str]:
        """Which of these some contact has, asked past any index that lags; one batch."""
        ...

    async def create_contacts(self, people: Sequence[ObjectChange], kind: CreatedAs) -> Changed:
        """One batch of those whom `known_emails` does not know. Each has their address for an id, also in the answer.

        As `change` otherwise.
        """
        ...


class CrmSignIn(Protocol):
    """`attempt` is the one that a sign-in began as: a CRM that wants a proof of who asks is given one made of it."""

    def authorize_url(self, *, redirect_uri: str, state: str, attempt: UUID) -> str: ...

    async def exchange_code(self, code: str, *, redirect_uri: str, attempt: UUID) -> Credentials: ...

    async def refresh(self, token: str, refresh_token: str | None) -> Credentials: ...

    async def revoke(self, token: str, refresh_token: str | None) -> None: ...


class CrmVendor(Protocol):
    provider: CrmProvider
    name: str
    refresh_ahead: timedelta
    standard_mapping: Sequence[tuple[str, str, str | None]]
    """(property, target, name) of what is told of a contact until somebody says otherwise."""

    def has_app(self, settings: Settings) -> bool: ...

    def sign_in(self, settings: Settings, line: Line) -> CrmSignIn: ...

    def crm(self, settings: Settings, line: Line, token: str, host: str | None = None) -> Crm:
        """`host` as the connection keeps it, of a CRM whose accounts have their own."""
        ...


class CrmWritingVendor(CrmVendor, Protocol):
    """A CRM that can be written, by whoever signed in for it."""

    writing_scopes: Mapping[Kind, str]
    """A token without them may only read."""
    creates_as: Sequence[CreatedAs]
    """As what a new contact may be created."""

    def writing_sign_in(self, settings: Settings, line: Line, kinds: Sequence[Kind]) -> CrmSignIn:
        """One that asks for the right to write these besides."""
        ...

    def writer(self, settings: Settings, line: Line, token: str, host: str | None = None) -> CrmWriter: ...
