"""Which steps of a draft people are told of: it waits for one of them, it was decided on, its publication ended."""

from app.db.session import TenantScope
from app.models.campaigns.drafts import CampaignDraft
from app.models.campaigns.kinds import DraftStatus
from app.services.notifications.service import (
    Notice,
    NotificationKind,
    Notifications,
    NotificationSeverity,
    NotificationSubject,
)

_KINDS = {
    DraftStatus.SUBMITTED: NotificationKind.DRAFT_WAITS,
    DraftStatus.APPROVED: NotificationKind.DRAFT_DECIDED,
    DraftStatus.REJECTED: NotificationKind.DRAFT_DECIDED,
    DraftStatus.PUBLISHED: NotificationKind.DRAFT_PUBLISHED,
    DraftStatus.FAILED: NotificationKind.DRAFT_FAILED,
}
_INFO = frozenset({NotificationKind.DRAFT_DECIDED, NotificationKind.DRAFT_PUBLISHED})


async def tell_people(scope: TenantScope, draft: CampaignDraft) -> None:
    """In the transaction that put the draft where it is; once for each version and state of it."""
    kind = _KINDS[DraftStatus(draft.status)]
    await Notifications(scope).tell(
        Notice(
            kind=kind,
            severity=NotificationSeverity.INFO if kind in _INFO else NotificationSeverity.WARNING,
            subject=NotificationSubject.DRAFT,
            subject_id=draft.id,
            key=f"{draft.id}:{draft.version}:{draft.status}",
            thread=f"draft:{draft.id}",
            facts={
                "draft": draft.name,
                "platform": draft.platform.title(),
                "decision": draft.status,
                "by": scope.actor.label,
                "reason": draft.decision_reason or "",
                "error": draft.error_detail or "",
            },
        )
    )
