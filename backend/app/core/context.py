"""Who acts, and from where: set once at the edge, read by logs and the audit trail."""

from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class ActorKind(StrEnum):
    USER = "user"
    SUPERADMIN = "superadmin"
    API_KEY = "api_key"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from. `ip` is the peer's, or what a configured proxy says of it."""

    request_id: str | None = None
    ip: str | None = None
    user_agent: str | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person, a key, or the system itself (`id` is None, `label` names the part)."""

    kind: ActorKind
    label: str
    id: UUID | None = None


SYSTEM = Actor(ActorKind.SYSTEM, "system")

origin: ContextVar[Origin] = ContextVar("origin", default=Origin())  # noqa: B039  (frozen)
