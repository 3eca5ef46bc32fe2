"""The endpoints of `/api/v1`."""

from fastapi import APIRouter

from app.api.errors import DOCUMENTED
from app.api.v1.endpoints import (
    api_keys,
    audit_logs,
    campaigns,
    dashboard,
    events,
    invitations,
    tenants,
    users,
)
from app.api.v1.endpoints.auth import mfa, passwords, registration, sessions
from app.api.v1.endpoints.autopilot import actions as autopilot_actions
from app.api.v1.endpoints.autopilot import enforcement as autopilot_enforcement
from app.api.v1.endpoints.autopilot import strategies as autopilot_strategies
from app.api.v1.endpoints.campaigns import metrics as campaign_metrics
from app.api.v1.endpoints.cdp import consents as cdp_consents
from app.api.v1.endpoints.cdp import events as cdp_events
from app.api.v1.endpoints.cdp import identity as cdp_identity
from app.api.v1.endpoints.cdp import privacy as cdp_privacy
from app.api.v1.endpoints.cdp import profiles as cdp_profiles
from app.api.v1.endpoints.cdp import segments as cdp_segments
from app.api.v1.endpoints.cdp import sources as cdp_sources
from app.api.v1.endpoints.integrations import ad_accounts, calls, connections, conversions
from app.api.v1.endpoints.integrations import health as integration_health
from app.api.v1.endpoints.trust_engine import calendar as trust_calendar
from app.api.v1.endpoints.trust_engine import fx_rates as trust_fx_rates
from app.api.v1.endpoints.trust_engine import gate as trust_gate
from app.api.v1.endpoints.trust_engine import health as trust_health
from app.api.v1.endpoints.trust_engine import incidents as trust_incidents
from app.api.v1.endpoints.trust_engine import ledger as trust_ledger
from app.api.v1.endpoints.trust_engine import policies as trust_policies
from app.api.v1.endpoints.trust_engine import signals as trust_signals
from app.api.v1.endpoints.work import dead_letters

api_router = APIRouter(responses=DOCUMENTED)
api_router.include_router(api_keys.router)
api_router.include_router(audit_logs.router)
api_router.include_router(autopilot_actions.router)
api_router.include_router(autopilot_enforcement.router)
api_router.include_router(autopilot_strategies.router)
api_router.include_router(campaigns.router)
api_router.include_router(campaign_metrics.router)
api_router.include_router(cdp_consents.router)
api_router.include_router(cdp_events.router)
api_router.include_router(cdp_identity.router)
api_router.include_router(cdp_privacy.router)
api_router.include_router(cdp_profiles.router)
api_router.include_router(cdp_segments.router)
api_router.include_router(cdp_sources.router)
api_router.include_router(dashboard.router)
api_router.include_router(dead_letters.router)
api_router.include_router(events.router)
api_router.include_router(ad_accounts.router)
api_router.include_router(calls.router)
api_router.include_router(connections.router)
api_router.include_router(conversions.router)
api_router.include_router(integration_health.router)
api_router.include_router(invitations.router)
api_router.include_router(mfa.router)
api_router.include_router(passwords.router)
api_router.include_router(registration.router)
api_router.include_router(sessions.router)
api_router.include_router(tenants.router)
api_router.include_router(users.router)
api_router.include_router(trust_calendar.router)
api_router.include_router(trust_fx_rates.router)
api_router.include_router(trust_gate.router)
api_router.include_router(trust_health.router)
api_router.include_router(trust_incidents.router)
api_router.include_router(trust_ledger.router)
api_router.include_router(trust_policies.router)
api_router.include_router(trust_signals.router)
