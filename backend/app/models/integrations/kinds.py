"""The words of the integrations. Free of SQLAlchemy, so that pure rules may speak them."""

from enum import StrEnum
from typing import Literal

CreatedAs = Literal["contact", "lead"]
"""As what somebody is created at a CRM."""


class Platform(StrEnum):
    META = "meta"
    GOOGLE = "google"
    TIKTOK = "tiktok"
    SNAPCHAT = "snapchat"


class CrmProvider(StrEnum):
    HUBSPOT = "hubspot"
    SALESFORCE = "salesforce"


class ShopProvider(StrEnum):
    SHOPIFY = "shopify"


class OrderState(StrEnum):
    """What came of a shop's order.

    `told` by us, `covered` by the shop's own event; `void` was cancelled, or gone, before anybody told of it.
    """

    WAITING = "waiting"
    TOLD = "told"
    COVERED = "covered"
    UNNAMED = "unnamed"
    REFUSED = "refused"
    TEST = "test"
    VOID = "void"
    ERASED = "erased"


class ConnectionStatus(StrEnum):
    """`needs_sign_in`: the platform refused the token; `disconnected`: a person ended it."""

    ACTIVE = "active"
    NEEDS_SIGN_IN = "needs_sign_in"
    DISCONNECTED = "disconnected"


class CallOutcome(StrEnum):
    """How a vendor call ended; `ambiguous` is a write whose effect is not known."""

    OK = "ok"
    TRANSIENT = "transient"
    RATE_LIMITED = "rate_limited"
    AUTH = "auth"
    PERMISSION = "permission"
    INVALID = "invalid"
    AMBIGUOUS = "ambiguous"
    UNSUPPORTED = "unsupported"


class DeliveryStatus(StrEnum):
    """A conversion on its way.

    `skipped` was never to be sent, `dead` may be replayed by a person. `quarantined` has a value far beyond the
    shop's own history, and waits for a person: what trains a platform is guarded.
    """

    QUEUED = "queued"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    FAILED = "failed"
    DEAD = "dead"
    SKIPPED = "skipped"
    QUARANTINED = "quarantined"


class BudgetLevel(StrEnum):
    """Where a campaign's budget lives; `unknown` is one that we do not understand, and so never touch."""

    CAMPAIGN = "campaign"
    AD_SET = "ad_set"
    UNKNOWN = "unknown"


class AdReview(StrEnum):
    """A platform's verdict on an ad; `limited` runs in some places or for some people alone."""

    APPROVED = "approved"
    PENDING = "pending"
    DISAPPROVED = "disapproved"
    LIMITED = "limited"
