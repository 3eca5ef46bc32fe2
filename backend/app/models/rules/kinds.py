"""The words of rules. Free of SQLAlchemy, so that pure rules may speak them."""

from enum import StrEnum


class Metric(StrEnum):
    """What a rule can read of a campaign. Ratios are shares of 1; money is micros of the campaign's currency."""

    SPEND = "spend"
    IMPRESSIONS = "impressions"
    CLICKS = "clicks"
    CONVERSIONS = "conversions"
    VALUE = "value"
    CTR = "ctr"
    CPC = "cpc"
    CPM = "cpm"
    CVR = "cvr"
    CPA = "cpa"
    ROAS = "roas"
    DAILY_BUDGET = "daily_budget"


class Unknown(StrEnum):
    """Why a figure, or what is asked of it, cannot be known."""

    UNREAD = "unread"
    """The account has not been read since its day began."""
    NOT_STORED = "not_stored"
    """The window begins before what was ever read of the account."""
    CURRENCY = "currency"
    """The campaign's money is in another currency than the rule speaks of."""
    IMMATURE = "immature"
    """Conversions of these days may still be attributed."""
    NO_DENOMINATOR = "no_denominator"
    """A ratio to nothing: no spend, no clicks, no conversions."""
    NO_BUDGET = "no_budget"
    """The campaign has no daily budget of its own."""
    NOT_KEPT = "not_kept"
    """What it was on a past day is not kept."""
    OTHERS = "others"
    """Its rank depends on campaigns whose figures are not known."""


class Idle(StrEnum):
    """Why nothing is done about a campaign for which a rule holds."""

    RESTING = "resting"
    """The rule has acted on it within its cooldown."""
    WAITING = "waiting"
    """Another change of it is open or under way."""
    NOT_BY_A_RULE = "not_by_a_rule"
    """It is paused, and no rule's pause was the last word on that: whoever stopped it starts it again."""
    BLOCKED = "blocked"
    """The gate blocked it the last time and would do so again: nothing is proposed anew."""
    STOPPED = "stopped"
    """Somebody changed the rule, or switched it off, before the evaluation came to it."""
    STANDS = "stands"
    """It is so already."""
    NO_BUDGET = "no_budget"
    CURRENCY = "currency"
    AT_LIMIT = "at_limit"
    """The floor or the ceiling leaves nothing to change."""
    NO_LABEL = "no_label"
    """The label was deleted."""
    LATER = "later"
    """More hold at once than one evaluation acts on: the next one goes on."""


class Overlap(StrEnum):
    """Whether two rules with opposite actions can hold of one campaign."""

    WITNESS = "witness"
    UNDECIDED = "undecided"
