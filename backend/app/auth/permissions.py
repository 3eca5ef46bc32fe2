"""Roles and what each may do: the one role matrix.

A permission is `area:verb`; the area is a feature's address. Each verb of an area names the least role that has
it; a role has all that the roles below it have. `test_permissions` holds the matrix to this table.
"""

from enum import StrEnum


class Role(StrEnum):
    VIEWER = "viewer"
    ANALYST = "analyst"
    MANAGER = "manager"
    ADMIN = "admin"
    SUPERADMIN = "superadmin"


RANK = {role: rank for rank, role in enumerate(Role)}

_LEAST_ROLE: dict[str, Role] = {
    "api_keys:read": Role.ADMIN,
    "api_keys:write": Role.ADMIN,
    "audit_logs:read": Role.ADMIN,
    "auth.self:read": Role.VIEWER,
    "auth.self:write": Role.VIEWER,
    "autopilot.actions:approve": Role.MANAGER,
    "autopilot.actions:read": Role.VIEWER,
    "autopilot.actions:write": Role.MANAGER,
    "autopilot.enforcement:read": Role.VIEWER,
    "autopilot.enforcement:write": Role.ADMIN,
    "autopilot.envelopes:read": Role.VIEWER,
    "autopilot.envelopes:write": Role.MANAGER,
    "autopilot.kill_switch:write": Role.MANAGER,
    "autopilot.platform_kill_switch:write": Role.SUPERADMIN,
    "autopilot.recommendations:decide": Role.MANAGER,
    "autopilot.recommendations:read": Role.VIEWER,
    "autopilot.stops:read": Role.VIEWER,
    "autopilot.stops:write": Role.MANAGER,
    "autopilot.strategies:read": Role.VIEWER,
    "autopilot.strategies:write": Role.MANAGER,
    "campaigns.assets:read": Role.VIEWER,
    "campaigns.assets:write": Role.ANALYST,
    "campaigns.drafts:approve": Role.MANAGER,
    "campaigns.drafts:publish": Role.MANAGER,
    "campaigns.drafts:read": Role.VIEWER,
    "campaigns.drafts:write": Role.ANALYST,
    "campaigns.labels:read": Role.VIEWER,
    "campaigns.labels:write": Role.ANALYST,
    "campaigns:read": Role.VIEWER,
    "campaigns:write": Role.MANAGER,
    "cdp.audience_sync:approve": Role.MANAGER,
    "cdp.audience_sync:read": Role.VIEWER,
    "cdp.audience_sync:write": Role.MANAGER,
    "cdp.consents:admin": Role.ADMIN,
    "cdp.consents:read": Role.VIEWER,
    "cdp.consents:write": Role.MANAGER,
    "cdp.events:read": Role.VIEWER,
    "cdp.events:write": Role.ANALYST,
    "cdp.exports:read": Role.ANALYST,
    "cdp.exports:write": Role.MANAGER,
    "cdp.funnels:read": Role.VIEWER,
    "cdp.funnels:write": Role.ANALYST,
    "cdp.identity:admin": Role.ADMIN,
    "cdp.identity:read": Role.ANALYST,
    "cdp.identity:write": Role.MANAGER,
    "cdp.imports:read": Role.ANALYST,
    "cdp.imports:write": Role.MANAGER,
    "cdp.privacy:admin": Role.ADMIN,
    "cdp.privacy:read": Role.MANAGER,
    "cdp.profiles.personal:read": Role.MANAGER,
    "cdp.profiles:read": Role.VIEWER,
    "cdp.segments:read": Role.VIEWER,
    "cdp.segments:write": Role.ANALYST,
    "cdp.retention:read": Role.VIEWER,
    "cdp.retention:write": Role.ANALYST,
    "cdp.sources:read": Role.VIEWER,
    "cdp.sources:write": Role.MANAGER,
    "cdp.traits:read": Role.VIEWER,
    "cdp.traits:write": Role.ANALYST,
    "cdp.webhooks:read": Role.MANAGER,
    "cdp.webhooks:write": Role.ADMIN,
    "dashboard:read": Role.VIEWER,
    "events:read": Role.VIEWER,
    "integrations.ad_accounts:read": Role.VIEWER,
    "integrations.ad_accounts:write": Role.MANAGER,
    "integrations.audiences:read": Role.VIEWER,
    "integrations.calls:read": Role.ANALYST,
    "integrations.calls:write": Role.MANAGER,
    "integrations.connections:read": Role.VIEWER,
    "integrations.connections:write": Role.ADMIN,
    "integrations.conversions:read": Role.VIEWER,
    "integrations.conversions:write": Role.MANAGER,
    "integrations.crm:read": Role.VIEWER,
    "integrations.crm:write": Role.ADMIN,
    "integrations.health:read": Role.VIEWER,
    "integrations.shops:read": Role.VIEWER,
    "integrations.shops:write": Role.ADMIN,
    "invitations:read": Role.ADMIN,
    "invitations:write": Role.ADMIN,
    "notifications.channels:read": Role.MANAGER,
    "notifications.channels:write": Role.ADMIN,
    "notifications.preferences:read": Role.VIEWER,
    "notifications.preferences:write": Role.VIEWER,
    "notifications.whatsapp:read": Role.MANAGER,
    "notifications.whatsapp:write": Role.ADMIN,
    "notifications:read": Role.VIEWER,
    "notifications:write": Role.VIEWER,
    "rules:read": Role.VIEWER,
    "rules:write": Role.MANAGER,
    "tenants:admin": Role.ADMIN,
    "tenants:read": Role.VIEWER,
    "tenants:write": Role.ADMIN,
    "trust_engine.calendar:read": Role.VIEWER,
    "trust_engine.calendar:write": Role.MANAGER,
    "trust_engine.fx_rates:read": Role.VIEWER,
    "trust_engine.fx_rates:write": Role.ADMIN,
    "trust_engine.gate:read": Role.VIEWER,
    "trust_engine.health:read": Role.VIEWER,
    "trust_engine.health:write": Role.MANAGER,
    "trust_engine.incidents:read": Role.VIEWER,
    "trust_engine.incidents:write": Role.MANAGER,
    "trust_engine.ledger:read": Role.ANALYST,
    "trust_engine.policies:read": Role.VIEWER,
    "trust_engine.policies:write": Role.ADMIN,
    "trust_engine.replay:read": Role.VIEWER,
    "trust_engine.signals:read": Role.VIEWER,
    "users:read": Role.VIEWER,
    "users:write": Role.ADMIN,
    "work.dead_letters:read": Role.ADMIN,
    "work.dead_letters:write": Role.ADMIN,
}

_OF_PERSONS = ("auth.", "notifications:", "notifications.preferences:")

PERMISSIONS: dict[str, frozenset[Role]] = {
    permission: frozenset(role for role in Role if RANK[role] >= RANK[least])
    for permission, least in _LEAST_ROLE.items()
}


def permissions_of(role: Role) -> frozenset[str]:
    return frozenset(permission for permission, roles in PERMISSIONS.items() if role in roles)


def programs_part_of(role: Role) -> frozenset[str]:
    """What a program may be given of a role: it is no person, and has no account or inbox to read or change."""
    return frozenset(each for each in permissions_of(role) if not each.startswith(_OF_PERSONS))
