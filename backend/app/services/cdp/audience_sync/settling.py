"""Some platforms acknowledge a request, and work through it later: what became of it is asked, and told as it is.

Entries that came to nothing are counted. Where some of a removal did, nobody can say who is still in: the whole
audience is sent anew, in place of whoever is there; one that is switched off waits for a person.
"""

from datetime import timedelta

from app.core.logging import get_logger
from app.db.session import Scopes
from app.models.cdp.audience_sync import CdpAudience
from app.services.audit_logs.service import AuditLog
from app.services.cdp.audience_sync.repository import AudienceRepository
from app.services.integrations.audiences.ports import AudiencePlatform, Processed

log = get_logger(__name__)

_AT_ONCE = 20
_TOLD_WITHIN = timedelta(days=7)


async def settle(scopes: Scopes, audience: CdpAudience, platform: AudiencePlatform) -> None:
    """Raises `PlatformError` where the platform does not answer."""
    async with scopes() as scope:
        since = scope.now() - _TOLD_WITHIN
        waiting = await AudienceRepository(scope).unsettled(audience.id, since, _AT_ONCE)
    if not waiting:
        return
    told = await platform.read_requests([receipt for each in waiting for receipt in each.receipts])
    known = {each.receipt: each for each in told}
    code = f"{audience.platform}.processing_failed"
    async with scopes() as scope:
        rows = AudienceRepository(scope)
        for batch in waiting:
            through = [known[receipt] for receipt in batch.receipts if receipt in known]
            if through:
                left = [receipt for receipt in batch.receipts if receipt not in known]
                failed = sum(each.failed for each in through)
                await rows.settle(batch, left=left, failed=failed, error=code)
        stuck = [each for each in told if each.is_removal and each.failed]
        kept = await rows.find(audience.id, for_update=True) if stuck else None
        if kept is None or kept.ending:
            return
        kept.error_code, kept.error = code, _sentence(stuck, is_kept_up=kept.enabled)
        kept.replace_asked, kept.next_attempt_at = kept.enabled, None
        await AuditLog(scope).record(
            "cdp.audience_sync.removal_failed",
            entity="cdp_audiences",
            entity_id=audience.id,
            after={"entries": sum(each.failed for each in stuck)},
        )
        await scope.enqueue("cdp.audience_sync.run", {"audience_id": str(audience.id)}, unless_pending=True)
    log.warning("cdp.audience_sync.removal_failed", audience_id=str(audience.id))


def _sentence(stuck: list[Processed], *, is_kept_up: bool) -> str:
    """One that is switched off is not filled again unasked."""
    count = sum(each.failed for each in stuck)
    why = next((f" ({each.reason})" for each in stuck if each.reason), "")
    next_step = "everybody is sent anew" if is_kept_up else "it is switched off: send it anew, or delete it"
    return f"Of a removal that the platform acknowledged, {count} entries came to nothing{why}: {next_step}."
