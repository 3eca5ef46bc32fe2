"""Snapchat's ads in our words. An ad names its creative, and its ad squad, but no campaign."""

from collections.abc import Mapping
from typing import Any

from app.models.integrations.kinds import AdReview
from app.services.integrations.ads.ports import AdCreative, AdState, reasons, text, words
from app.services.integrations.snapchat.mapping import effective, moment

_VERDICTS = {
    "APPROVED": AdReview.APPROVED,
    "PENDING": AdReview.PENDING,
    "REJECTED": AdReview.DISAPPROVED,
}
_KINDS = {"SNAP_AD": "video"}


def ad(row: Mapping[str, Any], creatives: Mapping[str, Mapping[str, Any]]) -> AdState:
    status = str(row["status"]).lower()
    told = row.get("review_status_reasons")
    creative = str(row["creative_id"]) if row.get("creative_id") else None
    return AdState(
        external_id=str(row["id"]),
        ad_set=str(row["ad_squad_id"]),
        campaign=None,
        name=str(row.get("name", "")),
        status=status,
        effective_status=effective(status, row.get("delivery_status")),
        review=_VERDICTS.get(str(row.get("review_status"))),
        reasons=reasons(words(one) for one in told) if isinstance(told, list) else (),
        creative=_creative(creative, creatives.get(creative or "", {})),
        updated_at=moment(row.get("updated_at")),
    )


def _creative(creative_id: str | None, found: Mapping[str, Any]) -> AdCreative:
    """A snap has a headline of 34 characters and no other text."""
    kind = text(found.get("type"))
    page = found.get("web_view_properties")
    return AdCreative(
        external_id=creative_id,
        kind=_KINDS.get(kind, kind.lower()) if kind else None,
        headline=text(found.get("headline")),
        call_to_action=words(found.get("call_to_action")),
        landing_url=text(page.get("url")) if isinstance(page, dict) else None,
        media=text(found.get("top_snap_media_id")),
    )
