"""What a link may do, for how long, and who may have it done. Pure."""

from datetime import timedelta

from app.models.notifications.kinds import LinkVerb, NotificationKind

LIFETIMES = {
    NotificationKind.APPROVAL_WANTED: timedelta(days=3),
    NotificationKind.INCIDENT_OPENED: timedelta(days=7),
}
"""Kinds whose messages carry a link, and how long it works."""

_VERBS = {
    NotificationKind.APPROVAL_WANTED: (LinkVerb.APPROVE, LinkVerb.DISMISS),
    NotificationKind.INCIDENT_OPENED: (LinkVerb.ACKNOWLEDGE,),
}
PERMISSIONS = {
    LinkVerb.APPROVE: "autopilot.actions:approve",
    LinkVerb.DISMISS: "autopilot.actions:approve",
    LinkVerb.ACKNOWLEDGE: "trust_engine.incidents:write",
}
LABELS = {
    LinkVerb.APPROVE: "Approve…",
    LinkVerb.DISMISS: "Reject…",
    LinkVerb.ACKNOWLEDGE: "Acknowledge…",
}
"""The dots say that a page asks first."""
DISMISSED_BY_LINK = "Rejected from the notification."
PATH = "/act"


def verbs_of(kind: NotificationKind) -> tuple[LinkVerb, ...]:
    return _VERBS.get(kind, ())


def address(public_url: str, token: str, verb: LinkVerb | None = None) -> str:
    """The page that asks; `verb` only says which button was pressed."""
    chosen = f"&do={verb}" if verb else ""
    return f"{public_url.rstrip('/')}{PATH}?token={token}{chosen}"
