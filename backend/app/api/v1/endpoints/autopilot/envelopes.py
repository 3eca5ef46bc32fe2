"""Standing envelopes: a person's yes, given beforehand."""

from typing import Annotated

from fastapi import APIRouter, Depends

from app.api.deps import CursorQuery, ScopeDep
from app.api.ids import EnvelopeId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.autopilot.envelopes import EnvelopeCreate, EnvelopeRead, EnvelopeRevoke
from app.schemas.pages import CursorPage
from app.services.autopilot.envelopes.service import Envelopes, EnvelopeWanted, Given

router = APIRouter(prefix="/autopilot/envelopes", tags=["autopilot"])

Reader = Annotated[Principal, requires("autopilot.envelopes:read")]
Writer = Annotated[Principal, requires("autopilot.envelopes:write")]


async def envelopes(scope: ScopeDep) -> Envelopes:
    return Envelopes(scope)


All = Annotated[Envelopes, Depends(envelopes)]


def _shown(found: Given) -> EnvelopeRead:
    row = found.row
    return EnvelopeRead(
        id=row.id,
        ad_account_id=row.ad_account_id,
        campaign_ids=row.campaign_ids,
        currency=row.currency,
        most_daily_micros=row.most_daily_micros,
        most_raised_micros=row.most_raised_micros,
        raised_micros=found.raised_micros,
        actions=found.actions,
        reason=row.reason,
        given_by=row.given_label,
        giver_may=found.giver_may,
        given_at=row.given_at,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        revoked_by=row.revoked_label,
        revoked_at=row.revoked_at,
        revoked_reason=row.revoked_reason,
    )


@router.get("")
async def list_envelopes(found: All, asked: CursorQuery, _: Reader) -> CursorPage[EnvelopeRead]:
    """Newest first, those that have ended too, each with what came of it."""
    rows, cursor = await found.listed(cursor=asked.cursor, limit=asked.limit)
    return CursorPage(items=[_shown(row) for row in rows], next_cursor=cursor, limit=asked.limit)


@router.post("", status_code=201)
async def give_envelope(wanted: EnvelopeCreate, found: All, _: Writer) -> EnvelopeRead:
    """Approve beforehand what automation wants within it, where its level asks for a person's approval.

    The gate decides each action as ever: an envelope stands in for the approval, and for nothing else.
    """
    return _shown(await found.give(EnvelopeWanted(**wanted.model_dump())))


@router.get("/{envelope_id}")
async def get_envelope(envelope_id: EnvelopeId, found: All, _: Reader) -> EnvelopeRead:
    """One envelope, with what came of it so far."""
    return _shown(await found.get(envelope_id))


@router.post("/{envelope_id}/revoke")
async def revoke_envelope(
    envelope_id: EnvelopeId, said: EnvelopeRevoke, found: All, _: Writer
) -> EnvelopeRead:
    """From now on it covers nothing; what it has covered goes its way."""
    return _shown(await found.revoke(envelope_id, reason=said.reason))
