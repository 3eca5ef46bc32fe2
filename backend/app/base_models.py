"""The catalogue of every table: Alembic and the row-level-security audit read it."""

from app.db.base import Base
from app.db.outbox import OutboxMessage
from app.models.api_keys import ApiKey
from app.models.audit_logs import AuditLogEntry
from app.models.auth.passwords import OneTimeToken
from app.models.auth.sessions import UserSession
from app.models.autopilot.actions import AutopilotAction, AutopilotActionEvent, AutopilotPlan
from app.models.autopilot.enforcement import AutopilotIntervention, EnforcementSettings
from app.models.autopilot.envelopes import AutopilotEnvelope
from app.models.autopilot.recommendations import AutopilotRecommendation
from app.models.autopilot.stops import AutopilotStop, AutopilotStopCampaign
from app.models.autopilot.strategies import AutopilotStrategy
from app.models.campaigns import AdSet, Campaign
from app.models.campaigns.ads import Ad, AdReviewed
from app.models.campaigns.assets import CampaignAsset, CampaignAssetFile, CampaignDraftAsset
from app.models.campaigns.drafts import CampaignDraft, CampaignPublishStep
from app.models.campaigns.labels import CampaignLabel, CampaignLabelLink
from app.models.campaigns.metrics import AccountTelling, CampaignMetricsDay, CampaignMetricsObservation
from app.models.cdp.arrivals import CdpEventArrival
from app.models.cdp.audience_sync import (
    CdpAudience,
    CdpAudienceBatch,
    CdpAudienceMember,
    CdpAudienceRun,
)
from app.models.cdp.consents import (
    CdpConsent,
    CdpConsentReceipt,
    CdpConsentSettings,
    CdpConsentString,
    CdpConsentSummary,
)
from app.models.cdp.events import CdpEvent, CdpEventCount, CdpEventDedupe, CdpEventVerdict
from app.models.cdp.exports import CdpExport, CdpExportPart, CdpExportSubject
from app.models.cdp.funnels import CdpFunnel
from app.models.cdp.identity import (
    CdpIdentifier,
    CdpIdentityEdge,
    CdpIdentityQuarantined,
    CdpIdentityQueueItem,
    CdpIdentitySettings,
    CdpProfileChange,
)
from app.models.cdp.imports import CdpImport, CdpImportPart, CdpImportReject
from app.models.cdp.privacy import (
    CdpPrivacyExportPart,
    CdpPrivacyRequest,
    CdpPrivacySettings,
    CdpTombstone,
)
from app.models.cdp.profiles import CdpProfile
from app.models.cdp.retention import CdpRetentionReport
from app.models.cdp.schemas import CdpSourceSchema
from app.models.cdp.segments import (
    CdpSegment,
    CdpSegmentCursor,
    CdpSegmentListEntry,
    CdpSegmentMember,
    CdpSegmentTimer,
    CdpSegmentTransition,
)
from app.models.cdp.sources import CdpSource
from app.models.cdp.traits import CdpRfm, CdpTrait, CdpTraitCursor, CdpTraitTimer
from app.models.cdp.webhooks import CdpWebhook, CdpWebhookDelivery
from app.models.integrations.ad_accounts import AccountSync, AdAccount, PlatformEdit, WriteLease
from app.models.integrations.calls import PlatformCall
from app.models.integrations.connections import Connection, SignInAttempt
from app.models.integrations.conversions import ConversionAdjustment, ConversionDelivery, ConversionValue
from app.models.integrations.crm import (
    CrmAccount,
    CrmContact,
    CrmContactKey,
    CrmDeal,
    CrmDealContact,
    CrmDeparture,
    CrmDepartureKey,
    CrmNotice,
    CrmPush,
    CrmSync,
    CrmWebhook,
    CrmWrite,
)
from app.models.integrations.shops import Shop, ShopOrder, ShopSync
from app.models.integrations.webhooks import PlatformWebhookReceipt
from app.models.invitations import Invitation
from app.models.notifications import Notification, NotificationReceipt
from app.models.notifications.channels import NotificationDelivery, NotificationWebhook, SlackWorkspace
from app.models.notifications.links import NotificationLink
from app.models.notifications.preferences import NotificationPreferences
from app.models.notifications.whatsapp import (
    WhatsAppAccount,
    WhatsAppConsent,
    WhatsAppHeard,
    WhatsAppPerson,
    WhatsAppTemplate,
)
from app.models.rules import Rule, RuleEvaluation, RuleFiring
from app.models.tenants import Membership, Tenant
from app.models.trust_engine.calendar import TrustCalendarEntry
from app.models.trust_engine.fx_rates import FxRate
from app.models.trust_engine.health import TrustEvaluation
from app.models.trust_engine.incidents import TrustIncident
from app.models.trust_engine.kill_switches import KillSwitchRow, PlatformKillSwitchRow
from app.models.trust_engine.ledger import LedgerEntry, LedgerHead
from app.models.trust_engine.permits import TrustPermit
from app.models.trust_engine.policies import TrustPolicyVersion
from app.models.trust_engine.signals import TrustSignal
from app.models.users import User
from app.models.work.dead_letters import DeadLetter

__all__ = [
    "AccountSync",
    "AccountTelling",
    "Ad",
    "AdAccount",
    "AdReviewed",
    "AdSet",
    "ApiKey",
    "AuditLogEntry",
    "AutopilotAction",
    "AutopilotActionEvent",
    "AutopilotEnvelope",
    "AutopilotIntervention",
    "AutopilotPlan",
    "AutopilotRecommendation",
    "AutopilotStop",
    "AutopilotStopCampaign",
    "AutopilotStrategy",
    "Base",
    "Campaign",
    "CampaignAsset",
    "CampaignAssetFile",
    "CampaignDraft",
    "CampaignDraftAsset",
    "CampaignLabel",
    "CampaignLabelLink",
    "CampaignMetricsDay",
    "CampaignMetricsObservation",
    "CampaignPublishStep",
    "CdpAudience",
    "CdpAudienceBatch",
    "CdpAudienceMember",
    "CdpAudienceRun",
    "CdpConsent",
    "CdpConsentReceipt",
    "CdpConsentSettings",
    "CdpConsentString",
    "CdpConsentSummary",
    "CdpEvent",
    "CdpEventArrival",
    "CdpEventCount",
    "CdpEventDedupe",
    "CdpEventVerdict",
    "CdpExport",
    "CdpExportPart",
    "CdpExportSubject",
    "CdpFunnel",
    "CdpIdentifier",
    "CdpIdentityEdge",
    "CdpIdentityQuarantined",
    "CdpIdentityQueueItem",
    "CdpIdentitySettings",
    "CdpImport",
    "CdpImportPart",
    "CdpImportReject",
    "CdpPrivacyExportPart",
    "CdpPrivacyRequest",
    "CdpPrivacySettings",
    "CdpProfile",
    "CdpProfileChange",
    "CdpRetentionReport",
    "CdpRfm",
    "CdpSegment",
    "CdpSegmentCursor",
    "CdpSegmentListEntry",
    "CdpSegmentMember",
    "CdpSegmentTimer",
    "CdpSegmentTransition",
    "CdpSource",
    "CdpSourceSchema",
    "CdpTombstone",
    "CdpTrait",
    "CdpTraitCursor",
    "CdpTraitTimer",
    "CdpWebhook",
    "CdpWebhookDelivery",
    "Connection",
    "ConversionAdjustment",
    "ConversionDelivery",
    "ConversionValue",
    "CrmAccount",
    "CrmContact",
    "CrmContactKey",
    "CrmDeal",
    "CrmDealContact",
    "CrmDeparture",
    "CrmDepartureKey",
    "CrmNotice",
    "CrmPush",
    "CrmSync",
    "CrmWebhook",
    "CrmWrite",
    "DeadLetter",
    "EnforcementSettings",
    "FxRate",
    "Invitation",
    "KillSwitchRow",
    "LedgerEntry",
    "LedgerHead",
    "Membership",
    "Notification",
    "NotificationDelivery",
    "NotificationLink",
    "NotificationPreferences",
    "NotificationReceipt",
    "NotificationWebhook",
    "OneTimeToken",
    "OutboxMessage",
    "PlatformCall",
    "PlatformEdit",
    "PlatformKillSwitchRow",
    "PlatformWebhookReceipt",
    "Rule",
    "RuleEvaluation",
    "RuleFiring",
    "Shop",
    "ShopOrder",
    "ShopSync",
    "SignInAttempt",
    "SlackWorkspace",
    "Tenant",
    "TrustCalendarEntry",
    "TrustEvaluation",
    "TrustIncident",
    "TrustPermit",
    "TrustPolicyVersion",
    "TrustSignal",
    "User",
    "UserSession",
    "WhatsAppAccount",
    "WhatsAppConsent",
    "WhatsAppHeard",
    "WhatsAppPerson",
    "WhatsAppTemplate",
    "WriteLease",
]
