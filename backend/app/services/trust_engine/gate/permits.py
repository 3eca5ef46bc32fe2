"""What a permit is bound to: the exact change, as bytes.

A connector is given absolute values before and after, never a delta; two changes are the same change only
when their canonical bytes are the same. Everything here is pure, so that the gate, the connectors and the
ledger agree on those bytes.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

EntityType = Literal["account", "campaign", "ad_set", "ad", "creative", "image"]

Json = str | int | bool | None | Sequence["Json"] | Mapping[str, "Json"]

PERMIT_LIFETIME = timedelta(minutes=5)
"""How long a permit may wait for its use, on real time."""

_DOMAIN = b"stratum.change.1\x00"
_STATE_DOMAIN = b"stratum.state.1\x00"


class NotCanonical(ValueError):
    """A change holds a value that has no single spelling, such as a float."""


def canonical_bytes(value: object) -> bytes:
    """JSON with sorted keys, no spaces and no floats: one spelling for one value.

    >>> canonical_bytes({"b": 1, "a": [True, None]})
    b'{"a":[true,null],"b":1}'
    """
    return msgspec.json.encode(_plain(value), order="sorted")


@dataclass(frozen=True, slots=True)
class Change:
    """One mutation of one entity: money in micros of the account's currency, ids as the platform's."""

    platform: str
    account: str
    entity_type: EntityType
    entity: str
    operation: str
    before: Mapping[str, Json]
    after: Mapping[str, Json]

    def canonical(self) -> bytes:
        return canonical_bytes(
            {
                "platform": self.platform,
                "account": self.account,
                "entity_type": self.entity_type,
                "entity": self.entity,
                "operation": self.operation,
                "before": self.before,
                "after": self.after,
            }
        )

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of the canonical bytes under a domain of their own."""
        return hashlib.sha256(_DOMAIN + self.canonical()).hexdigest()

    @property
    def state_digest(self) -> str:
        """The entity's state that the decision saw; the permit is void if the platform shows another."""
        return hashlib.sha256(_STATE_DOMAIN + canonical_bytes(self.before)).hexdigest()

    def reversed(self) -> "Change":
        """Swap before and after: what restores the entity."""
        return Change(
            platform=self.platform,
            account=self.account,
            entity_type=self.entity_type,
            entity=self.entity,
            operation=self.operation,
            before=self.after,
            after=self.before,
        )


@dataclass(frozen=True, slots=True)
class Permit:
    """The right to make one change once, soon; the desk that minted it says whether it still holds."""

    tenant_id: int
    id: UUID
    digest: str
    expires_at: datetime


def _plain(value: object) -> Json:
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise NotCanonical("Keys are text.")
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    raise NotCanonical(f"{type(value).__name__} has no canonical form; money is integer micros.")
