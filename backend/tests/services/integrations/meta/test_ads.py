"""Meta's fields of an ad in our words: a stop hides a verdict unless feedback stands on it."""

from typing import Any

import pytest

from app.models.integrations.kinds import AdReview
from app.services.integrations.meta.ads import ad

GLOBAL = {"global": {"TEXT_OVERLAY": "Too much text."}}
PLACED = {"placement_specific": {"instagram": {"Claims": "No coat does."}}}
ISSUE = {"level": "AD", "error_summary": "Page unpublished", "error_message": "Publish it."}


def row(status: str, **more: Any) -> dict[str, Any]:
    facts = {"id": "1", "adset_id": "2", "campaign_id": "3", "name": "Ad", "status": "ACTIVE"}
    return {**facts, "effective_status": status, **more}


@pytest.mark.parametrize(
    ("status", "feedback", "review", "reasons"),
    [
        ("DISAPPROVED", {}, AdReview.DISAPPROVED, ()),
        ("DISAPPROVED", PLACED, AdReview.DISAPPROVED, ("instagram: Claims: No coat does.",)),
        ("PAUSED", GLOBAL, AdReview.DISAPPROVED, ("Text overlay: Too much text.",)),
        ("ACTIVE", PLACED, AdReview.LIMITED, ("instagram: Claims: No coat does.",)),
        ("PENDING_REVIEW", {}, AdReview.PENDING, ()),
        ("CAMPAIGN_PAUSED", {}, None, ()),
        ("SOMETHING_NEW", {}, None, ()),
    ],
)
def test_a_verdict_and_why(
    status: str, feedback: dict[str, Any], review: AdReview | None, reasons: tuple[str, ...]
) -> None:
    found = ad(row(status, ad_review_feedback=feedback))
    assert (found.review, found.reasons) == (review, reasons)


def test_issues_that_are_not_the_reviews_are_reasons_without_a_verdict() -> None:
    above = {**ISSUE, "level": "AD_SET"}
    found = ad(row("WITH_ISSUES", issues_info=[above, ISSUE]))
    assert (found.review, found.reasons) == (None, ("Page unpublished: Publish it.",))


def test_what_an_ad_shows_is_found_wherever_it_is_kept() -> None:
    feed = {
        "titles": [{"text": "One"}, {"text": "Two"}],
        "bodies": [{"text": "Said"}],
        "link_urls": [{"website_url": "https://a.example/"}],
        "call_to_action_types": ["SIGN_UP"],
        "videos": [{"video_id": "77"}],
    }
    fed = ad(row("ACTIVE", creative={"id": "9", "asset_feed_spec": feed})).creative
    assert (fed.headline, fed.body, fed.landing_url) == ("One", "Said", "https://a.example/")
    assert (fed.call_to_action, fed.media, fed.kind) == ("Sign up", "77", None)
    pieces = {"link_data": {"link": "https://b.example/", "child_attachments": [{"name": "x"}]}}
    assert ad(row("ACTIVE", creative={"id": "9", "object_story_spec": pieces})).creative.kind == "carousel"
    bare = ad(row("ACTIVE", creative={"id": "9", "title": " T ", "object_type": "SHARE"})).creative
    assert (bare.headline, bare.body, bare.kind) == ("T", None, "image")
    assert ad(row("ACTIVE")).creative.external_id is None
