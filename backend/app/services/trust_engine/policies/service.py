"""The tenant's trust policy: the version in force, and how a new one is adopted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from app.core.errors import FieldError
from app.db.readers import Reads
from app.db.session import TenantScope
from app.db.utils import Slice
from app.models.trust_engine.policies import TrustPolicyVersion
from app.services.audit_logs.service import AuditLog
from app.services.trust_engine.policies.errors import PolicyUnsound
from app.services.trust_engine.policies.repository import PolicyReads, PolicyRepository
from app.services.trust_engine.policies.rules import DEFAULT_POLICY, TrustPolicy, faults

__all__ = ["Adopted", "Policies", "PolicyInForce", "TrustPolicy", "drafted"]


@dataclass(frozen=True, slots=True)
class Adopted:
    """A version, and who brought it in; the default was brought in by nobody."""

    policy: TrustPolicy
    note: str
    adopted_by: str | None
    adopted_at: datetime | None


_DEFAULT = Adopted(DEFAULT_POLICY, "The default.", None, None)


class PolicyInForce:
    """The newest version, by either door."""

    def __init__(self, reads: Reads) -> None:
        self._newest = PolicyReads(reads)

    async def current(self) -> TrustPolicy:
        return (await self.adopted()).policy

    async def adopted(self) -> Adopted:
        row = await self._newest.newest()
        return _DEFAULT if row is None else _adopted(row)


class Policies(PolicyInForce):
    def __init__(self, scope: TenantScope) -> None:
        super().__init__(scope)
        self._scope = scope
        self._rows = PolicyRepository(scope)

    async def versions(self, *, page: int, limit: int) -> Slice[Adopted]:
        """The newest first; the default, which no row holds, is the last of the last page."""
        found = await self._rows.page(page=page, limit=limit)
        adopted = [_adopted(row) for row in found.items]
        if (page - 1) * limit <= found.total < page * limit:
            adopted.append(_DEFAULT)
        return Slice(adopted, found.total + 1, found.total_capped, page, limit)

    async def every(self) -> list[Adopted]:
        """All versions, the default first."""
        return [_DEFAULT, *(_adopted(row) for row in await self._rows.every())]

    async def adopt(self, changes: Mapping[str, Any], *, note: str) -> Adopted:
        """Bring in the next version: the one in force with `changes`; what was decided keeps its own."""
        await self._rows.lock()
        before = await self.current()
        policy = drafted(before, changes)
        row = TrustPolicyVersion(
            version=policy.version,
            body=msgspec.json.encode(policy, order="sorted"),
            note=note,
            adopted_by=self._scope.actor.label,
            adopted_at=self._scope.now(),
        )
        self._rows.add(row)
        await self._scope.enqueue("trust_engine.health.evaluate", {}, unless_pending=True)
        await AuditLog(self._scope).record(
            "trust_engine.policies.adopted",
            entity="trust_engine.policies",
            entity_id=policy.version,
            before=msgspec.to_builtins(before),
            after=msgspec.to_builtins(policy),
        )
        return _adopted(row)


def drafted(before: TrustPolicy, changes: Mapping[str, Any]) -> TrustPolicy:
    """The version that `changes` would make of the one in force; `PolicyUnsound` says what is wrong, and where."""
    merged = {**msgspec.to_builtins(before), **changes, "version": before.version + 1}
    try:
        policy = msgspec.convert(merged, TrustPolicy)
    except msgspec.ValidationError as error:
        raise PolicyUnsound(f"{error}.") from error
    found = faults(policy)
    if found:
        fields = [FieldError("body.document", fault, PolicyUnsound.code) for fault in found]
        raise PolicyUnsound(" ".join(found), fields=fields)
    return policy


def _adopted(row: TrustPolicyVersion) -> Adopted:
    policy = msgspec.json.decode(row.body, type=TrustPolicy)
    return Adopted(policy, row.note, row.adopted_by, row.adopted_at)
