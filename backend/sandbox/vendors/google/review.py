"""Ads under review: Google's verdict as a policy summary, and the customer's state."""

from typing import Any

from sandbox.control.refusals import Refused
from sandbox.control.reviews import Reason, Review, Standing
from sandbox.vendors.google.book import Entity
from sandbox.vendors.google.state import GoogleState

_APPROVALS = {"approved": "APPROVED", "limited": "APPROVED_LIMITED", "disapproved": "DISAPPROVED"}
_TYPES = {"disapproved": "PROHIBITED", "limited": "LIMITED"}
STATUSES = frozenset({"ENABLED", "CANCELED", "SUSPENDED", "CLOSED"})


def judge(google: GoogleState, wanted: Review) -> dict[str, Any]:
    ad = google.book.find(wanted.ad)
    if ad is None or ad.kind != "ad_group_ad":
        raise Refused("There is no such ad.", 404)
    kind = _TYPES.get(wanted.verdict, "DESCRIPTIVE")
    ad.hidden["review"] = {
        "verdict": wanted.verdict,
        "entries": [_entry(reason, kind) for reason in wanted.reasons],
    }
    google.book.save()
    google.push_of(ad)
    return {"resource_name": ad.name, **summary(ad, google.now())}


def stand(google: GoogleState, wanted: Standing) -> dict[str, Any]:
    if wanted.account not in google.customers:
        raise Refused("There is no such customer.", 404)
    status = str(wanted.status or "ENABLED")
    if status not in STATUSES:
        raise Refused(f"A customer is one of {', '.join(sorted(STATUSES))}.")
    google.settings.standing[wanted.account] = status
    return {"customer": wanted.account, "status": status}


def summary(ad: Entity, at: float) -> dict[str, Any]:
    """The parts of `ad_group_ad.policy_summary`; one under review has no approval yet."""
    held: dict[str, Any] = ad.hidden.get("review") or {}
    verdict = ad.verdict(at)
    waits = verdict == "pending"
    found = {
        "policy_summary.approval_status": "UNKNOWN" if waits else _APPROVALS[verdict],
        "policy_summary.review_status": "REVIEW_IN_PROGRESS" if waits else "REVIEWED",
    }
    return found | ({"policy_summary.policy_topic_entries": held["entries"]} if held.get("entries") else {})


def _entry(reason: Reason, kind: str) -> dict[str, Any]:
    evidence = [{"textList": {"texts": [reason.text]}}] if reason.text else []
    return {"topic": reason.topic, "type": kind} | ({"evidences": evidence} if evidence else {})
