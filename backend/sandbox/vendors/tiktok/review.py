"""Ads under review: TikTok's verdict in its own fields, and the advertiser's state."""

from typing import Any

from sandbox.control.refusals import Refused
from sandbox.control.reviews import Review, Standing
from sandbox.vendors.tiktok.calls import Call
from sandbox.vendors.tiktok.entities import Entity, utc
from sandbox.vendors.tiktok.errors import no_such
from sandbox.vendors.tiktok.reading import advertiser_of
from sandbox.vendors.tiktok.state import TikTokState

_MOST_ADS = 100
_RULED = {"approved": "ALL_AVAILABLE", "limited": "PART_AVAILABLE", "disapproved": "UNAVAILABLE"}


def judge(state: TikTokState, wanted: Review) -> dict[str, Any]:
    ad = state.entities.any(wanted.ad)
    if ad is None or ad.kind != "ad":
        raise Refused("There is no such ad.", 404)
    rejected = [
        {"reasons": [reason.topic], "suggestion": reason.text, "content_info": {"content_type": "VIDEO"}}
        for reason in wanted.reasons
    ]
    ad.hidden["review"] = {"verdict": wanted.verdict, "reject_info": rejected, "at": utc(state.now)}
    state.entities.save()
    state.push(state.entities.campaign_of(ad))
    return {"ad_id": ad.id, "secondary_status": state.entities.secondary_status(ad)}


def stand(state: TikTokState, wanted: Standing) -> dict[str, Any]:
    if wanted.account not in state.advertisers:
        raise Refused("There is no such advertiser.", 404)
    advertiser = state.entities.get(wanted.account)
    advertiser.data["status"] = str(wanted.status or "STATUS_ENABLE")
    state.entities.save()
    return {"advertiser_id": advertiser.id, "status": advertiser.data["status"]}


def info(state: TikTokState, call: Call) -> dict[str, Any]:
    """`/ad/review_info/`: by the ad's id. One that nobody has looked at yet counts as available, as at TikTok."""
    advertiser = advertiser_of(state, call)
    found = {}
    for each in call.words("ad_ids", most=_MOST_ADS):
        ad = state.entities.find("ad", each, advertiser)
        if ad is None:
            raise no_such(f"ad_ids: {each} does not exist, or does not belong to this advertiser.")
        found[each] = _told(ad)
    return {"ad_review_map": found}


def _told(ad: Entity) -> dict[str, Any]:
    held: dict[str, Any] = ad.hidden.get("review") or {}
    status = _RULED.get(str(held.get("verdict")), "ALL_AVAILABLE")
    return {
        "id": ad.id,
        "is_approved": status != "UNAVAILABLE",
        "review_status": status,
        "reject_info": held.get("reject_info", []) if status != "ALL_AVAILABLE" else [],
        "last_audit_time": held.get("at"),
    }
