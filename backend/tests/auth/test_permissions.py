"""The role matrix, spelled out: a change of who may do what is a change of this table."""

import itertools

from app.auth.permissions import PERMISSIONS, Role, permissions_of

MATRIX = {
    "api_keys:read": "admin superadmin",
    "api_keys:write": "admin superadmin",
    "audit_logs:read": "admin superadmin",
    "auth.self:read": "viewer analyst manager admin superadmin",
    "auth.self:write": "viewer analyst manager admin superadmin",
    "autopilot.actions:approve": "manager admin superadmin",
    "autopilot.actions:read": "viewer analyst manager admin superadmin",
    "autopilot.actions:write": "manager admin superadmin",
    "autopilot.enforcement:read": "viewer analyst manager admin superadmin",
    "autopilot.enforcement:write": "admin superadmin",
    "autopilot.kill_switch:write": "manager admin superadmin",
    "autopilot.platform_kill_switch:write": "superadmin",
    "autopilot.strategies:read": "viewer analyst manager admin superadmin",
    "autopilot.strategies:write": "manager admin superadmin",
    "campaigns:read": "viewer analyst manager admin superadmin",
    "campaigns:write": "manager admin superadmin",
    "cdp.consents:admin": "admin superadmin",
    "cdp.consents:read": "viewer analyst manager admin superadmin",
    "cdp.consents:write": "manager admin superadmin",
    "cdp.events:read": "viewer analyst manager admin superadmin",
    "cdp.events:write": "analyst manager admin superadmin",
    "cdp.exports:read": "analyst manager admin superadmin",
    "cdp.exports:write": "manager admin superadmin",
    "cdp.funnels:read": "viewer analyst manager admin superadmin",
    "cdp.funnels:write": "analyst manager admin superadmin",
    "cdp.identity:admin": "admin superadmin",
    "cdp.identity:read": "analyst manager admin superadmin",
    "cdp.identity:write": "manager admin superadmin",
    "cdp.imports:read": "analyst manager admin superadmin",
    "cdp.imports:write": "manager admin superadmin",
    "cdp.privacy:admin": "admin superadmin",
    "cdp.privacy:read": "manager admin superadmin",
    "cdp.profiles.personal:read": "manager admin superadmin",
    "cdp.profiles:read": "viewer analyst manager admin superadmin",
    "cdp.segments:read": "viewer analyst manager admin superadmin",
    "cdp.segments:write": "analyst manager admin superadmin",
    "cdp.retention:read": "viewer analyst manager admin superadmin",
    "cdp.retention:write": "analyst manager admin superadmin",
    "cdp.sources:read": "viewer analyst manager admin superadmin",
    "cdp.sources:write": "manager admin superadmin",
    "cdp.traits:read": "viewer analyst manager admin superadmin",
    "cdp.traits:write": "analyst manager admin superadmin",
    "cdp.webhooks:read": "manager admin superadmin",
    "cdp.webhooks:write": "admin superadmin",
    "dashboard:read": "viewer analyst manager admin superadmin",
    "events:read": "viewer analyst manager admin superadmin",
    "integrations.ad_accounts:read": "viewer analyst manager admin superadmin",
    "integrations.ad_accounts:write": "manager admin superadmin",
    "integrations.calls:read": "analyst manager admin superadmin",
    "integrations.calls:write": "manager admin superadmin",
    "integrations.connections:read": "viewer analyst manager admin superadmin",
    "integrations.connections:write": "admin superadmin",
    "integrations.conversions:read": "viewer analyst manager admin superadmin",
    "integrations.conversions:write": "manager admin superadmin",
    "integrations.health:read": "viewer analyst manager admin superadmin",
    "invitations:read": "admin superadmin",
    "invitations:write": "admin superadmin",
    "tenants:admin": "admin superadmin",
    "tenants:read": "viewer analyst manager admin superadmin",
    "tenants:write": "admin superadmin",
    "trust_engine.calendar:read": "viewer analyst manager admin superadmin",
    "trust_engine.calendar:write": "manager admin superadmin",
    "trust_engine.fx_rates:read": "viewer analyst manager admin superadmin",
    "trust_engine.fx_rates:write": "admin superadmin",
    "trust_engine.gate:read": "viewer analyst manager admin superadmin",
    "trust_engine.health:read": "viewer analyst manager admin superadmin",
    "trust_engine.health:write": "manager admin superadmin",
    "trust_engine.incidents:read": "viewer analyst manager admin superadmin",
    "trust_engine.incidents:write": "manager admin superadmin",
    "trust_engine.ledger:read": "analyst manager admin superadmin",
    "trust_engine.policies:read": "viewer analyst manager admin superadmin",
    "trust_engine.policies:write": "admin superadmin",
    "trust_engine.signals:read": "viewer analyst manager admin superadmin",
    "users:read": "viewer analyst manager admin superadmin",
    "users:write": "admin superadmin",
    "work.dead_letters:read": "admin superadmin",
    "work.dead_letters:write": "admin superadmin",
}


def test_the_matrix_is_this_table() -> None:
    assert {
        name: " ".join(role for role in Role if role in roles) for name, roles in PERMISSIONS.items()
    } == MATRIX


def test_a_role_has_all_that_the_roles_below_it_have() -> None:
    ladder = [permissions_of(role) for role in Role]
    assert all(lower <= higher for lower, higher in itertools.pairwise(ladder))
