"""What a publication's log says of its parts when it is taken up again."""

from app.models.campaigns.drafts import CampaignPublishStep
from app.models.campaigns.kinds import PublishOutcome
from app.services.campaigns.drafts.standing import progress

STARTED, CREATED, REMOVED = PublishOutcome.STARTED, PublishOutcome.CREATED, PublishOutcome.REMOVED
AD = frozenset({"ad"})


def told(*outcomes: PublishOutcome) -> list[CampaignPublishStep]:
    """Of one ad."""
    return [
        CampaignPublishStep(part="ad", outcome=each, external_id="7" if each is not STARTED else None)
        for each in outcomes
    ]


def test_what_was_made_stands_until_it_is_taken_away() -> None:
    assert progress(told(STARTED, CREATED)) == (AD, {"ad": "7"})
    assert progress(told(STARTED, CREATED, STARTED, REMOVED)) == (AD, {})


def test_after_a_crash_between_a_removal_and_its_line_the_part_is_looked_for() -> None:
    """Read by its id, it would be something that the platform holds otherwise than asked: an incident of nothing."""
    assert progress(told(STARTED, CREATED, STARTED)) == (AD, {})
