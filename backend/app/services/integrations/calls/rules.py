"""What a call's outcome means to a person, and by which way it may be made again."""

from dataclasses import dataclass
from enum import StrEnum

from app.models.integrations.kinds import CallOutcome

_MEANINGS: dict[str, str] = {
    CallOutcome.OK: "The platform answered as it should.",
    CallOutcome.TRANSIENT: "The platform or the network failed for a moment; its work is tried again by itself.",
    CallOutcome.RATE_LIMITED: "The platform asked us to slow down; its work goes on when the platform allows it.",
    CallOutcome.AUTH: "The platform refused the connection's token: somebody has to sign in there again.",
    CallOutcome.PERMISSION: "The token is good, and whoever signed in may not do this at the platform.",
    CallOutcome.INVALID: "The platform refused what was asked, and will until the cause is mended.",
    CallOutcome.AMBIGUOUS: "A change left and no answer came: it is read back, never sent again on its permit.",
    CallOutcome.UNSUPPORTED: "The platform does not offer this.",
}

_CONVERSIONS = "send_events"
_AUDIENCE = frozenset(
    {"create_audience", "delete_audience", "add_members", "remove_members", "replace_members"}
)
_OF_A_SYNC = frozenset(
    {
        *("list_campaigns", "list_ad_sets", "list_ads", "list_creatives", "read_ad_reviews"),
        *("fetch_metrics", "recent_edits", "event_match_quality", "account_status"),
    }
)


class Way(StrEnum):
    """How a call that failed is made again."""

    READ = "read"
    """The same question, asked once more."""
    SYNC = "sync"
    """The whole account is read, this read among the rest."""
    CONVERSIONS = "conversions"
    """The conversions that it carried are queued again; the platform drops those that it has."""
    AUDIENCE = "audience"
    """The audience is compared and brought up again; whoever is in already is no error."""
    NONE = "none"


class Place(StrEnum):
    """Where a person goes instead, or looks for what came of it."""

    ACTION = "action"
    CAMPAIGNS = "campaigns"
    CONNECTIONS = "connections"
    CONVERSIONS = "conversions"
    AUDIENCES = "audiences"


@dataclass(frozen=True, slots=True)
class Again:
    """The way, why it is this one, and where to look."""

    way: Way
    why: str
    place: Place | None = None


_DONE = Again(Way.NONE, "It succeeded: there is nothing to make again.")
_GATED = Again(
    Way.NONE,
    "It was to change the ad account, which nothing does but a new permit of the gate. "
    "See what became of it, and ask for the change anew there.",
    Place.CAMPAIGNS,
)
_SIGN_IN = Again(Way.NONE, "It belongs to a sign-in: begin that again at the connection.", Place.CONNECTIONS)
_BATCH = Again(
    Way.CONVERSIONS,
    "What it carried and has not arrived is queued again; the platform drops what it already has.",
    Place.CONVERSIONS,
)
_MEMBERS = Again(
    Way.AUDIENCE,
    "Its audience is compared anew and brought up; consent is asked again before anybody is sent.",
    Place.AUDIENCES,
)
_READ = Again(Way.READ, "It changes nothing: the same is asked once more.")
_SYNC = Again(Way.SYNC, "Not all that it asked is written down: its whole account is read again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a call. `is_whole`: everything that it was asked with is written down."""

    operation: str
    outcome: str
    mutating: bool
    of_account: bool
    is_whole: bool


def meaning(outcome: str) -> str:
    """In a sentence, for people."""
    return _MEANINGS.get(outcome, "Nothing more is known of how it ended.")


def again(call: Facts) -> Again:
    """By which way the call may be made again; a change of an ad account by none but the gate's."""
    if call.outcome == CallOutcome.OK:
        return _DONE
    if call.mutating:
        return _GATED
    if not call.of_account:
        return _SIGN_IN
    if call.operation == _CONVERSIONS:
        return _BATCH
    if call.operation in _AUDIENCE:
        return _MEMBERS
    return _READ if call.is_whole else _SYNC


def is_of_a_sync(operation: str) -> bool:
    """Whether what it brings is kept by the synchronisation of its account alone."""
    return operation in _OF_A_SYNC
