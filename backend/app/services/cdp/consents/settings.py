"""What silence means to a tenant, and what its SDKs' categories stand for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.db.session import TenantScope
from app.services.audit_logs.service import AuditLog
from app.services.cdp.consents.repository import ConsentRepository
from app.services.cdp.consents.rules import Decision, Policy, Purpose


@dataclass(frozen=True, slots=True)
class ConsentRules:
    policy: Policy
    categories: Mapping[str, Sequence[Purpose]]
    version: int


class ConsentSettings:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = ConsentRepository(scope)

    async def current(self) -> ConsentRules:
        row = await self._rows.settings()
        if row is None:
            return ConsentRules(Policy(), {}, 0)
        countries = {code: Decision(said) for code, said in row.policy.get("countries", {}).items()}
        policy = Policy(Decision(row.policy.get("elsewhere", Decision.GRANTED)), countries)
        categories = {name: [Purpose(each) for each in said] for name, said in row.categories.items()}
        return ConsentRules(policy, categories, row.version)

    async def set_policy(self, policy: Policy) -> ConsentRules:
        """From now on silence means this, outside the countries where it is a refusal by law."""
        before = await self.current()
        await self._save(policy, before.categories)
        await AuditLog(self._scope).record(
            "cdp.consents.policy_changed",
            entity="cdp_consent_settings",
            before=_shown(before.policy),
            after=_shown(policy),
        )
        return await self.current()

    async def set_categories(self, categories: Mapping[str, Sequence[Purpose]]) -> ConsentRules:
        """From now on these categories stand for these purposes; receipts of the past stay what they are."""
        before = await self.current()
        await self._save(before.policy, categories)
        await AuditLog(self._scope).record(
            "cdp.consents.categories_changed",
            entity="cdp_consent_settings",
            before=dict(before.categories),
            after=dict(categories),
        )
        return await self.current()

    async def _save(self, policy: Policy, categories: Mapping[str, Sequence[Purpose]]) -> None:
        plain = {name: [each.value for each in purposes] for name, purposes in categories.items()}
        await self._rows.save_settings(
            _shown(policy), plain, by=self._scope.actor.label, at=self._scope.now()
        )


def _shown(policy: Policy) -> dict[str, object]:
    return {
        "elsewhere": policy.elsewhere.value,
        "countries": {code: said.value for code, said in policy.countries.items()},
    }
