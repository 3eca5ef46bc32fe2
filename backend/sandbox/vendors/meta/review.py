"""Ads under review: Meta's verdict in its own fields, and the account's state."""

from typing import Any

from sandbox.control.refusals import Refused
from sandbox.control.reviews import Review, Standing
from sandbox.vendors.meta.nodes import Node
from sandbox.vendors.meta.state import MetaState

_IN_ORDER = 1
_POLICY = 2_490_408


def judge(meta: MetaState, wanted: Review) -> dict[str, Any]:
    """The time of the ad's change stays: nothing public says that Meta moves it for a verdict."""
    ad = meta.nodes.find(wanted.ad)
    if ad is None or ad.kind != "ad":
        raise Refused("There is no such ad.", 404)
    said = {reason.topic: reason.text or reason.topic for reason in wanted.reasons}
    ad.hidden["review"] = {"verdict": wanted.verdict, "reasons": said}
    meta.nodes.save()
    meta.push(meta.nodes.campaign_of(ad))
    return {"id": ad.id, "effective_status": meta.nodes.effective_status(ad, meta.clock.now())}


def stand(meta: MetaState, wanted: Standing) -> dict[str, Any]:
    account = meta.nodes.find(wanted.account)
    if account is None or account.kind != "adaccount":
        raise Refused("There is no such ad account.", 404)
    status = _IN_ORDER if wanted.status is None else wanted.status
    if not isinstance(status, int):
        raise Refused("Meta's states of an account are numbers.")
    account.data["account_status"] = status
    meta.nodes.save()
    return {"account_id": account.id, "account_status": status}


def feedback(ad: Node) -> dict[str, Any] | None:
    """`ad_review_feedback`: everywhere for an ad that is disapproved, by placement for one that is limited."""
    held: dict[str, Any] = ad.hidden.get("review") or {}
    reasons = held.get("reasons")
    if not reasons:
        return None
    if held["verdict"] == "limited":
        return {"placement_specific": {"instagram": reasons}}
    return {"global": reasons}


def issues(ad: Node) -> list[dict[str, Any]] | None:
    """`issues_info` of an ad that is disapproved."""
    held: dict[str, Any] = ad.hidden.get("review") or {}
    if held.get("verdict") != "disapproved":
        return None
    summary = "Ad Rejected"
    told = {"level": "AD", "error_code": _POLICY, "error_type": "HARD_ERROR", "error_summary": summary}
    return [told | {"error_message": "It does not comply with the Advertising Standards."}]
