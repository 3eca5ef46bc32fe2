"""Google's ads in our words. Of an ad that Google puts together itself, the first of its texts is told."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.models.integrations.kinds import AdReview
from app.services.integrations.ads.ports import AdCreative, AdState, reasons, text, words
from app.services.integrations.google.mapping import effective, status

Row = Mapping[str, Any]

_VERDICTS = {
    "APPROVED": AdReview.APPROVED,
    "APPROVED_LIMITED": AdReview.LIMITED,
    "AREA_OF_INTEREST_ONLY": AdReview.LIMITED,
    "DISAPPROVED": AdReview.DISAPPROVED,
}
_WAITS = frozenset({"REVIEW_IN_PROGRESS", "ELIGIBLE_MAY_SERVE"})
_SAYS_NOTHING = frozenset({"DESCRIPTIVE", "BROADENING", "AREA_OF_INTEREST_ONLY", "UNKNOWN", "UNSPECIFIED"})
"""Kinds of findings that keep no ad from being shown."""
_KINDS = {
    "RESPONSIVE_SEARCH_AD": "text",
    "EXPANDED_TEXT_AD": "text",
    "IMAGE_AD": "image",
    "VIDEO_AD": "video",
    "DEMAND_GEN_MULTI_ASSET_AD": "image",
}


def ad(row: Row) -> AdState:
    found, policy = row["adGroupAd"], _part(row["adGroupAd"], "policySummary")
    shown = found["ad"]
    return AdState(
        external_id=f"{row['adGroup']['id']}~{shown['id']}",
        ad_set=str(row["adGroup"]["id"]),
        campaign=str(row["campaign"]["id"]),
        name=text(shown.get("name")) or f"Ad {shown['id']}",
        status=status(found["status"]),
        effective_status=effective(found),
        review=_review(policy),
        reasons=reasons(_reasons(policy)),
        creative=_creative(shown),
    )


def _review(policy: Row) -> AdReview | None:
    """One that is approved until somebody has looked at it is still waiting for that."""
    verdict = _VERDICTS.get(str(policy.get("approvalStatus")))
    if verdict is AdReview.DISAPPROVED or policy.get("reviewStatus") not in _WAITS:
        return verdict
    return AdReview.PENDING


def _reasons(policy: Row) -> Iterator[str]:
    for entry in _list(policy, "policyTopicEntries"):
        if entry.get("type") in _SAYS_NOTHING:
            continue
        topic = words(entry.get("topic")) or "A policy"
        proofs = [proof for each in _list(entry, "evidences") for proof in _evidence(each)]
        yield f"{topic}: {', '.join(proofs)}" if proofs else topic


def _evidence(proof: Row) -> Iterator[str]:
    for name, key in (("textList", "texts"), ("websiteList", "websites")):
        told = _part(proof, name).get(key)
        yield from (str(one) for one in told if text(one)) if isinstance(told, list) else ()
    broken = _part(proof, "destinationNotWorking")
    if broken:
        why = broken.get("httpErrorCode") or words(broken.get("dnsErrorType")) or "it does not answer"
        yield f"{broken.get('expandedUrl') or 'the landing page'} ({why})"
    url = text(_part(proof, "destinationMismatch").get("expandedUrl"))
    if url:
        yield url


def _creative(shown: Row) -> AdCreative:
    """A kind that is not read further tells its name and its landing page alone."""
    kind = str(shown.get("type", "UNKNOWN"))
    parts = (
        _part(shown, "responsiveSearchAd")
        or _part(shown, "responsiveDisplayAd")
        or _part(shown, "demandGenMultiAssetAd")
    )
    urls = shown.get("finalUrls")
    long = text(_part(parts, "longHeadline").get("text"))
    return AdCreative(
        external_id=str(shown["id"]),
        kind=None if kind == "UNKNOWN" else _KINDS.get(kind, kind.lower()),
        headline=long or _text_of(parts, "headlines"),
        body=_text_of(parts, "descriptions"),
        call_to_action=text(parts.get("callToActionText")),
        landing_url=text(urls[0]) if isinstance(urls, list) and urls else None,
        media=_first_image(parts),
    )


def _first_image(parts: Row) -> str | None:
    found = [*_list(parts, "marketingImages"), *_list(parts, "squareMarketingImages")]
    name = text(found[0].get("asset")) if found else None
    return None if name is None else name.rpartition("/")[2]


def _text_of(parts: Row, name: str) -> str | None:
    found = _list(parts, name)
    return text(found[0].get("text")) if found else None


def _part(row: Row, name: str) -> dict[str, Any]:
    found = row.get(name)
    return found if isinstance(found, dict) else {}


def _list(row: Row, name: str) -> list[dict[str, Any]]:
    found = row.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
