"""Ads under review: Snapchat's verdict in its own fields, and the account's state."""

from typing import Any

from sandbox.control.refusals import Refused
from sandbox.control.reviews import Review, Standing
from sandbox.vendors.snapchat import writes
from sandbox.vendors.snapchat.state import SnapState

_STATUSES = {"disapproved": "REJECTED", "pending": "PENDING", "approved": "APPROVED"}


def judge(snap: SnapState, wanted: Review) -> dict[str, Any]:
    """Snapchat knows three: an ad runs, waits or does not run."""
    ad = snap.entities.find(wanted.ad, "ad")
    if ad is None:
        raise Refused("There is no such ad.", 404)
    if wanted.verdict not in _STATUSES:
        raise Refused("Snapchat limits no ad: it approves or rejects it.")
    reasons = [reason.text or reason.topic for reason in wanted.reasons]
    ad.hidden["review"] = {"status": _STATUSES[wanted.verdict], "reasons": reasons}
    snap.entities.save()
    snap.push(snap.entities.campaign_of(ad))
    return writes.shown(snap, ad)


def stand(snap: SnapState, wanted: Standing) -> dict[str, Any]:
    account = snap.entities.find(wanted.account, "adaccount")
    if account is None:
        raise Refused("There is no such ad account.", 404)
    account.data["status"] = str(wanted.status or "ACTIVE")
    snap.entities.save()
    return {"id": account.id, **account.data}
