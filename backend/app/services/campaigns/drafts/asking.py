"""What the gate is asked about a part of a draft: by its own limits, its own past, and the person who approved it."""

from dataclasses import replace

from msgspec.structs import replace as altered

from app.db.session import TenantScope
from app.models.campaigns.drafts import CampaignDraft
from app.models.trust_engine.kinds import Origin
from app.services.autopilot.actions.service import AutopilotActions, Wanted
from app.services.campaigns.drafts.parts_rules import Part
from app.services.campaigns.drafts.rules import Fault, Place
from app.services.trust_engine.gate.service import Approval, Change, Decision, Proposal

_NO_CAP = "absent_source_no_cap"
_CAPS = frozenset(
    {"daily_cap", "campaign_cap", "increase_cap", "fx_unknown", "fx_stale", "usual_cap", _NO_CAP}
)
"""Limits in money, and what they cannot be held without: a draft may not go over them in any mode."""


async def proposal_of(
    scope: TenantScope, draft: CampaignDraft, part: Part, change: Change, place: Place
) -> tuple[Proposal, Decision]:
    """The part as the gate is asked of it, and what it would say of it now."""
    wanted = Wanted(
        ad_account_id=draft.ad_account_id,
        campaign_id=None,
        platform=draft.platform,
        account=change.account,
        entity_type=change.entity_type,
        entity=change.entity,
        entity_name=part.name,
        operation=change.operation,
        before=change.before,
        after=change.after,
        currency=place.currency,
        reason=f"Version {draft.version} of a draft was approved.",
        idempotency_key=f"draft:{part.marker}",
        origin=Origin.PERSON,
    )
    asked, decision = await AutopilotActions(scope).trial(wanted)
    if draft.decided_by is None or draft.decided_at is None or draft.approved_version is None:
        return asked, decision
    approval = Approval(by=draft.decided_by, at=draft.decided_at, reason=draft.decision_reason)
    return replace(asked, ask=altered(asked.ask, actor=draft.decided_by, approval=approval)), decision


def over_limits(decision: Decision, field: str) -> list[Fault]:
    return [
        Fault(
            field,
            reason.code,
            f"{reason.sentence} Have a daily cap set under Autopilot."
            if reason.code == _NO_CAP
            else f"{reason.sentence} Plan less, or have the limit changed under Autopilot.",
        )
        for reason in decision.reasons
        if reason.code in _CAPS
    ]
