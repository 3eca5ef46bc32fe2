from app.core.errors import Invalid


class ReplayTookTooLong(Invalid):
    """There are too many evaluations to score again while you wait: ask for a shorter time, or for fewer decisions."""

    code = "trust_engine.replay.took_too_long"


class PeriodBackwards(Invalid):
    """The time ends before it begins."""

    code = "trust_engine.replay.period_backwards"


class PolicyUnreadable(Invalid):
    """The file holds no policy: YAML with the fields of one, or with those that are to change."""

    code = "trust_engine.replay.policy_unreadable"
