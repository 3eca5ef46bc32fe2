"""The words of campaigns that are still being planned."""

from enum import StrEnum


class DraftStatus(StrEnum):
    """How far a draft has come. An edit leads back to `draft`, and takes an approval away."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    REJECTED = "rejected"
    APPROVED = "approved"
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    FAILED = "failed"


class PublishOutcome(StrEnum):
    """What became of one step of a publication."""

    STARTED = "started"
    """The gate let it pass; the request is about to leave."""
    CREATED = "created"
    FOUND = "found"
    """No answer had come; the platform holds it by our marker."""
    VERIFIED = "verified"
    """Read back: the platform holds what was asked."""
    REFUSED = "refused"
    """By the gate, or by its permit."""
    RETRIED = "retried"
    FAILED = "failed"
    LEFT_PAUSED = "left_paused"
    """Created before something else failed: it stands paused at the platform."""
    REMOVED = "removed"
    """An ad or its creative, taken away again because something else failed: it was ours, paused and untouched."""
