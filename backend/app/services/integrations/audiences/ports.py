"""What a platform that takes audiences is to the rest of the application.

Who is in is told by hashes that the platform alone understands: `prepare` makes them, and what it made is kept by the
caller, since a person is taken out by the same hashes. Adding whoever is in already, and removing whoever is not, are
no errors: what was lost on the way is sent again. Audiences carry consent receipts, not permits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable

from app.core.config import Settings
from app.services.integrations.vendor import Speaker
from app.services.integrations.wire import Line

Row = tuple[str, ...]
"""One entry: a value for each of the chosen identifiers, in their order; empty where it is not known."""
Person = Mapping[str, Sequence[str]]
"""What somebody is called, in the clear, by our names of identifiers; the best known first."""


class AudienceState(StrEnum):
    """What the platform says of an audience."""

    EMPTY = "empty"
    FILLING = "filling"
    TOO_SMALL = "too_small"
    READY = "ready"
    BLOCKED = "blocked"
    """The platform refuses to use or change it: a person has to see to it there."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteAudience:
    """As the platform has it now. Its size is a range, None where the platform does not know or tell it."""

    external_id: str
    name: str
    description: str | None
    state: AudienceState
    told: str | None
    """The platform's own words for the state."""
    size_lower: int | None
    size_upper: int | None


def described(tag: str) -> str:
    """What an audience of ours says of itself where the platform has a place for it."""
    return f"Kept equal to a segment by Stratum; do not edit ({tag})"


def bears(remote: RemoteAudience, tag: str) -> bool:
    """Whether it was made with this tag, which stands in the name where there is no description."""
    return tag in (remote.description or "") or tag in remote.name


@dataclass(frozen=True, slots=True)
class Batch:
    """A part of an upload: its place in a session, and how many entries the whole is about to have."""

    session: int
    number: int
    last: bool
    total: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What the platform says of a batch."""

    received: int
    invalid: int
    receipts: tuple[str, ...] = ()
    """The platform's names of the requests, where it says later what became of them: see `read_requests`."""


@dataclass(frozen=True, slots=True)
class Processed:
    """What became of a request that was acknowledged before it was worked through."""

    receipt: str
    failed: int
    """Entries that came to nothing."""
    is_removal: bool
    reason: str | None
    """Why, in the platform's words."""


@dataclass(frozen=True, slots=True)
class Matched:
    """How many entries of a session the platform found people for; `people` is None until it knows."""

    received: int
    people: int | None


@dataclass(frozen=True, slots=True)
class AudienceOffer:
    """What a platform takes: our names of identifiers, and those of which at least one has to be among them."""

    identifiers: tuple[str, ...]
    leading: tuple[str, ...]
    expires_after: timedelta | None
    """How long a member stays who is not sent again; None: for ever."""
    replaces: bool
    """Whether `replace_members` is to be had; where not, who is in can only be sent again."""
    tells_matches: bool
    """Whether `read_upload` ever has an answer."""


class AudiencePlatform(Protocol):
    """One ad account's audiences. Every method that asks the platform may raise `PlatformError`."""

    platform: str
    read_only: bool
    most_rows: int

    def prepare(self, chosen: Sequence[str], person: Person) -> list[Row]:
        """The person's entries in the platform's own form; none where nothing could be matched."""
        ...

    async def list_audiences(self) -> list[RemoteAudience]: ...

    async def read_audience(self, external_id: str) -> RemoteAudience:
        """`PlatformError` (invalid, code ending in `audience_gone`) where there is none of this account's."""
        ...

    async def create_audience(self, name: str, tag: str) -> str:
        """Its id. A lost answer may have made one: look it up by the tag, see `bears`, before another try."""
        ...

    async def delete_audience(self, external_id: str) -> None: ...

    async def add_members(
        self, external_id: str, chosen: Sequence[str], rows: Sequence[Row], batch: Batch
    ) -> Taken: ...

    async def remove_members(
        self, external_id: str, chosen: Sequence[str], rows: Sequence[Row], batch: Batch
    ) -> Taken: ...

    async def replace_members(
        self, external_id: str, chosen: Sequence[str], rows: Sequence[Row], batch: Batch
    ) -> Taken:
        """A part of the whole new audience: whoever is in it besides leaves with the first part, or with the last."""
        ...

    async def read_upload(self, external_id: str, session: int) -> Matched | None:
        """None where the platform keeps no account of it."""
        ...

    async def read_requests(self, receipts: Sequence[str]) -> list[Processed]:
        """Those that the platform is through with, of the receipts that it gave."""
        ...


@runtime_checkable
class FillsAudiences(Protocol):
    """A vendor whose platform takes audiences."""

    audience_offer: AudienceOffer

    def audiences(self, settings: Settings, line: Line, speaker: Speaker) -> AudiencePlatform: ...
