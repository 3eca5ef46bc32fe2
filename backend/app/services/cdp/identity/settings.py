"""A tenant's own rules of identity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.db.session import TenantScope
from app.services.cdp.events import service as events
from app.services.cdp.identity.match_rules import MatchKeySpec, MatchPart
from app.services.cdp.identity.rules import DEFAULT_LIMITS, IdentifierType, Rules
from app.services.cdp.identity.settings_repository import SettingsRepository

_HASHED = (
    IdentifierType.USER_ID,
    IdentifierType.EMAIL,
    IdentifierType.PHONE,
    IdentifierType.DEVICE_ID,
    IdentifierType.ANONYMOUS_ID,
)


@dataclass(frozen=True, slots=True)
class Current:
    """The rules in force, and the keys of the values that the tenant calls garbage."""

    rules: Rules
    version: int
    garbage_keys: frozenset[UUID]
    match_keys: tuple[MatchKeySpec, ...] = ()


class IdentitySettings:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._settings = SettingsRepository(scope)

    async def current(self) -> Current:
        row = await self._settings.row()
        stored = row.rules if row else {}
        rules = rules_from(stored)
        return Current(
            rules,
            row.version if row else 0,
            garbage_keys(rules.garbage, self._scope.tenant_id),
            _match_keys_from(stored),
        )

    async def change(self, stored: Mapping[str, Any]) -> None:
        await self._settings.save(stored, self._scope.actor.label, self._scope.now())


def rules_from(stored: Mapping[str, Any]) -> Rules:
    """What is stored over the defaults."""
    defaults = Rules()
    limits = {IdentifierType(kind): int(limit) for kind, limit in stored.get("limits", {}).items()}
    return Rules(
        limits=dict(DEFAULT_LIMITS) | limits,
        max_merges=int(stored.get("max_merges", defaults.max_merges)),
        max_identifiers=int(stored.get("max_identifiers", defaults.max_identifiers)),
        garbage=frozenset(filter(None, stored.get("garbage", ()))),
        churn_days=int(stored.get("churn_days", defaults.churn_days)),
    )


def _match_keys_from(stored: Mapping[str, Any]) -> tuple[MatchKeySpec, ...]:
    return tuple(
        tuple(MatchPart(tuple(part["traits"]), phonetic=part["phonetic"]) for part in spec)
        for spec in stored.get("match_keys", ())
    )


def stored_from(rules: Rules, match_keys: Sequence[MatchKeySpec]) -> dict[str, Any]:
    """What to store of rules: all of them, so that a later default changes nobody's graph."""
    return {
        "match_keys": [
            [{"traits": list(part.traits), "phonetic": part.phonetic} for part in spec] for spec in match_keys
        ],
        "limits": {kind.value: limit for kind, limit in rules.limits.items()},
        "max_merges": rules.max_merges,
        "max_identifiers": rules.max_identifiers,
        "garbage": sorted(rules.garbage),
        "churn_days": rules.churn_days,
    }


def garbage_keys(values: frozenset[str], tenant_id: int) -> frozenset[UUID]:
    """The keys of these values as any type of identifier, in the ways of writing that programs use."""
    spelled = {form for value in values for form in (value, value.upper(), value.title(), value.capitalize())}
    return frozenset(events.identifier_key(kind, form, tenant_id) for kind in _HASHED for form in spelled)
