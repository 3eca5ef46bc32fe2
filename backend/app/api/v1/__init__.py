"""The endpoints of `/api/v1`."""

from fastapi import APIRouter

from app.api.openapi import answers
from app.api.v1.endpoints import (
    api_keys,
    audit_logs,
    campaigns,
    dashboard,
    events,
    invitations,
    notifications,
    rules,
    tenants,
    users,
)
from app.api.v1.endpoints.auth import mfa, passwords, registration, sessions
from app.api.v1.endpoints.autopilot import actions as autopilot_actions
from app.api.v1.endpoints.autopilot import enforcement as autopilot_enforcement
from app.api.v1.endpoints.autopilot import envelopes as autopilot_envelopes
from app.api.v1.endpoints.autopilot import recommendations as autopilot_recommendations
from app.api.v1.endpoints.autopilot import stops as autopilot_stops
from app.api.v1.endpoints.autopilot import strategies as autopilot_strategies
from app.api.v1.endpoints.campaigns import ads as campaign_ads
from app.api.v1.endpoints.campaigns import assets as campaign_assets
from app.api.v1.endpoints.campaigns import drafts as campaign_drafts
from app.api.v1.endpoints.campaigns import labels as campaign_labels
from app.api.v1.endpoints.campaigns import metrics as campaign_metrics
from app.api.v1.endpoints.cdp import audience_sync as cdp_audience_sync
from app.api.v1.endpoints.cdp import consents as cdp_consents
from app.api.v1.endpoints.cdp import events as cdp_events
from app.api.v1.endpoints.cdp import exports as cdp_exports
from app.api.v1.endpoints.cdp import funnels as cdp_funnels
from app.api.v1.endpoints.cdp import identity as cdp_identity
from app.api.v1.endpoints.cdp import imports as cdp_imports
from app.api.v1.endpoints.cdp import privacy as cdp_privacy
from app.api.v1.endpoints.cdp import profiles as cdp_profiles
from app.api.v1.endpoints.cdp import retention as cdp_retention
from app.api.v1.endpoints.cdp import segments as cdp_segments
from app.api.v1.endpoints.cdp import sources as cdp_sources
from app.api.v1.endpoints.cdp import traits as cdp_traits
from app.api.v1.endpoints.cdp import webhooks as cdp_webhooks
from app.api.v1.endpoints.integrations import ad_accounts, audiences, calls, connections, conversions, crm
from app.api.v1.endpoints.integrations import health as integration_health
from app.api.v1.endpoints.integrations import shops as integration_shops
from app.api.v1.endpoints.integrations import webhooks as integration_webhooks
from app.api.v1.endpoints.notifications import channels as notification_channels
from app.api.v1.endpoints.notifications import links as notification_links
from app.api.v1.endpoints.notifications import preferences as notification_preferences
from app.api.v1.endpoints.notifications import whatsapp as notification_whatsapp
from app.api.v1.endpoints.rules import templates as rule_templates
from app.api.v1.endpoints.trust_engine import calendar as trust_calendar
from app.api.v1.endpoints.trust_engine import fx_rates as trust_fx_rates
from app.api.v1.endpoints.trust_engine import gate as trust_gate
from app.api.v1.endpoints.trust_engine import health as trust_health
from app.api.v1.endpoints.trust_engine import incidents as trust_incidents
from app.api.v1.endpoints.trust_engine import ledger as trust_ledger
from app.api.v1.endpoints.trust_engine import policies as trust_policies
from app.api.v1.endpoints.trust_engine import replay as trust_replay
from app.api.v1.endpoints.trust_engine import signals as trust_signals
from app.api.v1.endpoints.work import dead_letters

_MODULES = (
    api_keys,
    audit_logs,
    autopilot_actions,
    autopilot_enforcement,
    autopilot_recommendations,
    autopilot_envelopes,
    autopilot_stops,
    autopilot_strategies,
    # These before /campaigns/{campaign_id}, which would take their addresses for ids.
    campaign_ads,
    campaign_assets,
    campaign_drafts,
    campaign_labels,
    campaigns,
    campaign_metrics,
    cdp_audience_sync,
    cdp_consents,
    cdp_events,
    cdp_exports,
    cdp_funnels,
    cdp_identity,
    cdp_imports,
    cdp_privacy,
    cdp_profiles,
    cdp_retention,
    cdp_segments,
    cdp_sources,
    cdp_traits,
    cdp_webhooks,
    dashboard,
    dead_letters,
    events,
    ad_accounts,
    audiences,
    calls,
    connections,
    conversions,
    crm,
    integration_shops,
    integration_webhooks,
    integration_health,
    invitations,
    mfa,
    notifications,
    notification_channels,
    notification_links,
    notification_preferences,
    notification_whatsapp,
    passwords,
    registration,
    # Before /rules/{rule_id}, which would take its address for an id.
    rule_templates,
    rules,
    sessions,
    tenants,
    users,
    trust_calendar,
    trust_fx_rates,
    trust_gate,
    trust_health,
    trust_incidents,
    trust_ledger,
    trust_policies,
    trust_replay,
    trust_signals,
)

api_router = APIRouter()
for _module in _MODULES:
    api_router.include_router(_module.router, responses=answers(_module.__name__))
