"""TikTok's ads in our words. Why one was turned down is told by the review alone, a hundred ads at a time."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.models.integrations.kinds import AdReview
from app.services.integrations.ads.ports import AdCreative, AdState, reasons, text, words
from app.services.integrations.ports import PlatformError, PlatformErrorKind
from app.services.integrations.tiktok import mapping
from app.services.integrations.tiktok.mapping import bare, moment, status
from app.services.integrations.tiktok.transport import BusinessTransport

FIELDS = (
    "advertiser_id", "campaign_id", "adgroup_id", "ad_id", "ad_name", "operation_status", "secondary_status",
    "ad_format", "ad_text", "call_to_action", "landing_page_url", "image_ids", "video_id", "modify_time",
)  # fmt: skip
_PAGE = 1_000
_MOST_REVIEWS = 100
_ODD = (KeyError, IndexError, ValueError, TypeError, AttributeError)
"""What reading a row of another shape raises."""
_PASSED = frozenset({"AD_STATUS_DELIVERY_OK"})
_KINDS = {"SINGLE_IMAGE": "image", "SINGLE_VIDEO": "video", "CAROUSEL_ADS": "carousel"}
_EFFECTIVE = {
    "AD_STATUS_DELIVERY_OK": "active",
    "AD_STATUS_PARTIAL_AUDIT_DELIVERY_OK": "active",
    "AD_STATUS_DISABLE": "paused",
    "AD_STATUS_CAMPAIGN_DISABLE": "campaign_paused",
    "AD_STATUS_ADGROUP_DISABLE": "adset_paused",
    "AD_STATUS_DELETE": "deleted",
    "AD_STATUS_AUDIT": "pending_review",
    "AD_STATUS_REAUDIT": "pending_review",
    "AD_STATUS_AUDIT_DENY": "disapproved",
}


async def listed(transport: BusinessTransport, account: str, *, token: str) -> list[AdState]:
    params = {"advertiser_id": account, "fields": list(FIELDS), "page_size": _PAGE}
    rows: dict[str, dict[str, Any]] = {}
    try:
        # Looked at as they come: rows without what tells them apart are no list that moved.
        async for row in transport.pages("list_ads", "ad/get", params, token=token):
            rows[str(row["ad_id"])] = row
        wanted = under_review(rows.values())
        reviews: dict[str, Any] = {}
        for start in range(0, len(wanted), _MOST_REVIEWS):
            some = {"advertiser_id": account, "ad_ids": wanted[start : start + _MOST_REVIEWS]}
            data = await transport.read("read_ad_reviews", "ad/review_info", some, token=token)
            reviews |= data["ad_review_map"]
        return [ad(row, reviews) for row in rows.values()]
    except _ODD as error:
        raise _malformed("An ad", error) from error


async def account_status(transport: BusinessTransport, account: str, *, token: str) -> str:
    params = {"advertiser_ids": [account], "fields": ["advertiser_id", "status"]}
    data = await transport.read("account_status", "advertiser/info", params, token=token)
    try:
        return mapping.account_status(data["list"][0])
    except _ODD as error:
        raise _malformed("An account", error) from error


def under_review(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Those with something to ask the review about: an ad that is waiting has no reasons yet."""
    wanted = (AdReview.DISAPPROVED, AdReview.LIMITED)
    return [str(row["ad_id"]) for row in rows if _verdict(str(row.get("secondary_status"))) in wanted]


def ad(row: Mapping[str, Any], reviews: Mapping[str, Any]) -> AdState:
    secondary = str(row.get("secondary_status") or "")
    found = reviews.get(str(row["ad_id"]))
    pictures = row.get("image_ids")
    kind = text(row.get("ad_format"))
    return AdState(
        external_id=str(row["ad_id"]),
        ad_set=str(row["adgroup_id"]),
        campaign=str(row["campaign_id"]),
        name=str(row.get("ad_name", "")),
        status=status(row),
        effective_status=_EFFECTIVE.get(secondary) or bare(secondary) or status(row),
        review=_verdict(secondary),
        reasons=reasons(_reasons(found if isinstance(found, dict) else {})),
        creative=AdCreative(
            kind=_KINDS.get(kind, kind.lower()) if kind else None,
            body=text(row.get("ad_text")),
            call_to_action=words(row.get("call_to_action")),
            landing_url=text(row.get("landing_page_url")),
            media=text(row.get("video_id"))
            or (text(pictures[0]) if isinstance(pictures, list) and pictures else None),
        ),
        updated_at=moment(row.get("modify_time")),
    )


def _verdict(secondary: str) -> AdReview | None:
    """By where an ad stands: the review itself calls an ad available that nobody has looked at yet.

    A stop of its own or of what is above hides it.
    """
    if secondary in _PASSED:
        return AdReview.APPROVED
    if secondary.endswith("AUDIT_DENY"):
        return AdReview.DISAPPROVED
    if "PARTIAL_AUDIT" in secondary:
        return AdReview.LIMITED
    return AdReview.PENDING if secondary.endswith("AUDIT") else None


def _reasons(found: Mapping[str, Any]) -> Iterator[str]:
    """Each with what TikTok suggests."""
    told = found.get("reject_info")
    for one in told if isinstance(told, list) else ():
        if not isinstance(one, dict):
            continue
        why = one.get("reasons")
        said = "; ".join(each for each in map(text, why) if each) if isinstance(why, list) else ""
        yield ": ".join(each for each in (said, text(one.get("suggestion"))) if each)


def _malformed(what: str, error: Exception) -> PlatformError:
    return PlatformError(PlatformErrorKind.TRANSIENT, "tiktok.malformed", f"{what} came without {error}.")
