"""When ads are read, and what an ad account's state means to a person. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.models.trust_engine.kinds import IncidentSeverity
from app.services.integrations.ad_accounts.rules import SYNC_EVERY

_ADS_EVERY = timedelta(hours=1)
"""Domain time between two whole readings of an account's ads."""
ACTIVE = "active"
UNKNOWN = frozenset({"unknown", "unspecified"})
_BILLS = {
    "unsettled": "has an unpaid bill, and its ads are stopped",
    "pending_settlement": "has a payment that is not settled yet, and its ads are stopped",
    "in_grace_period": "has an unpaid bill; its ads run until the time to pay is over",
}
_STOPS = {
    "disabled": "was disabled by the platform, and nothing of it is shown",
    "disable": "was disabled by the platform, and nothing of it is shown",
    "limit": "was punished by the platform, and nothing of it is shown",
    "pending_risk_review": "is under review by the platform, and nothing of it is shown meanwhile",
    "pending_closure": "is about to be closed",
    "closed": "is closed",
}
_PAY = "Pay what is due, or replace the means of payment, in the platform's billing settings."
_ASK = "Look at the account's own page at the platform for what it objects to, and ask for a review there."


def ads_are_due(read_at: datetime | None, now: datetime) -> bool:
    """Whether all of them are read: a verdict may move without the ad being changed."""
    return read_at is None or now - read_at >= _ADS_EVERY


def ads_wait(limited_at: datetime | None, now: datetime) -> bool:
    """Whether they are left alone, since asking for them met the platform's limit of requests not long ago."""
    return limited_at is not None and now - limited_at < _ADS_EVERY


def ads_since(now: datetime) -> datetime:
    """Changed since the last whole reading, and a little more."""
    return now - _ADS_EVERY - SYNC_EVERY


@dataclass(frozen=True, slots=True)
class Trouble:
    sentence: str
    mend: str
    severity: IncidentSeverity


def trouble(account: str, status: str) -> Trouble | None:
    """None for an account in order."""
    if status == ACTIVE:
        return None
    severity = IncidentSeverity.WARNING if status == "in_grace_period" else IncidentSeverity.CRITICAL
    if said := _BILLS.get(status):
        return Trouble(f"{account}: the ad account {said}.", _PAY, severity)
    said = _STOPS.get(status) or f"is not active: the platform says “{status.replace('_', ' ')}”"
    return Trouble(f"{account}: the ad account {said}.", _ASK, severity)
