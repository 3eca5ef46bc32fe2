"""Meta's ads in our words: a creative keeps its words in one of several places, and a verdict in several fields."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from app.models.integrations.kinds import AdReview
from app.services.integrations.ads.ports import AdCreative, AdState, reasons, text, words

_CREATIVE = (
    "object_type,title,body,call_to_action_type,link_url,image_url,thumbnail_url,video_id,object_story_spec,"
    "asset_feed_spec"
)
FIELDS = (
    "name,adset_id,campaign_id,status,effective_status,ad_review_feedback,issues_info,updated_time,account_id,"
    f"creative{{{_CREATIVE}}}"
)
PAGE = "100"
"""Creatives are large: Meta refuses a page of too much data."""
STATUSES = (
    *("ACTIVE", "PAUSED", "ARCHIVED", "IN_PROCESS", "WITH_ISSUES", "CAMPAIGN_PAUSED", "ADSET_PAUSED"),
    *("PENDING_REVIEW", "DISAPPROVED", "PREAPPROVED", "PENDING_BILLING_INFO"),
)
_VERDICTS = {
    "PENDING_REVIEW": AdReview.PENDING,
    "IN_PROCESS": AdReview.PENDING,
    "PREAPPROVED": AdReview.APPROVED,
    "ACTIVE": AdReview.APPROVED,
}
_KINDS = {"SHARE": "image", "PHOTO": "image", "VIDEO": "video"}


def ad(row: Mapping[str, Any]) -> AdState:
    effective = str(row["effective_status"])
    return AdState(
        external_id=str(row["id"]),
        ad_set=str(row["adset_id"]),
        campaign=str(row["campaign_id"]),
        name=str(row.get("name", "")),
        status=str(row["status"]).lower(),
        effective_status=effective.lower(),
        review=_review(effective, _part(row, "ad_review_feedback")),
        reasons=reasons(_reasons(row)),
        creative=_creative(_part(row, "creative")),
        updated_at=_time(row.get("updated_time")),
    )


def _review(effective: str, feedback: Mapping[str, Any]) -> AdReview | None:
    """A stop of its own or of what is above hides the verdict: then the feedback alone tells of one."""
    if effective == "DISAPPROVED" or feedback.get("global"):
        return AdReview.DISAPPROVED
    if feedback.get("placement_specific"):
        return AdReview.LIMITED
    return _VERDICTS.get(effective)


def _reasons(row: Mapping[str, Any]) -> Iterator[str | None]:
    feedback = _part(row, "ad_review_feedback")
    yield from _feedback(_part(feedback, "global"))
    for place, told in _part(feedback, "placement_specific").items():
        for one in _feedback(told if isinstance(told, dict) else {}):
            yield f"{place}: {one}"
    issues = row.get("issues_info")
    for issue in issues if isinstance(issues, list) else ():
        if isinstance(issue, dict) and issue.get("level") == "AD":
            said = [text(issue.get(name)) for name in ("error_summary", "error_message")]
            yield ": ".join(one for one in said if one)


def _feedback(told: Mapping[str, Any]) -> Iterator[str]:
    for key, description in told.items():
        said = text(description)
        yield f"{words(key)}: {said}" if said and said != key else str(words(key))


def _creative(found: Mapping[str, Any]) -> AdCreative:
    """Out of the story that is shown, the feed that stories are made of, or the creative itself."""
    story, feed = _part(found, "object_story_spec"), _part(found, "asset_feed_spec")
    link, video = _part(story, "link_data"), _part(story, "video_data")
    shown = video or link
    action = _part(shown, "call_to_action")
    pieces = link.get("child_attachments")
    kind = "carousel" if pieces else "video" if video else _KINDS.get(str(found.get("object_type")))
    return AdCreative(
        external_id=str(found["id"]) if found.get("id") else None,
        kind=kind or _lower(found.get("object_type")),
        headline=_first(
            shown.get("title"), shown.get("name"), found.get("title"), _fed(feed, "titles", "text")
        ),
        body=_first(shown.get("message"), found.get("body"), _fed(feed, "bodies", "text")),
        call_to_action=words(
            _first(
                action.get("type"), found.get("call_to_action_type"), _listed(feed, "call_to_action_types")
            )
        ),
        landing_url=_first(
            link.get("link"),
            _part(action, "value").get("link"),
            found.get("link_url"),
            _fed(feed, "link_urls", "website_url"),
        ),
        image_url=_first(
            found.get("image_url"), found.get("thumbnail_url"), shown.get("picture"), shown.get("image_url")
        ),
        media=_first(
            found.get("video_id"),
            video.get("video_id"),
            link.get("image_hash"),
            _fed(feed, "videos", "video_id"),
        ),
    )


def _first(*told: object) -> str | None:
    return next((found for one in told if (found := text(one))), None)


def _fed(feed: Mapping[str, Any], name: str, key: str) -> str | None:
    """The first of several that Meta chooses among."""
    found = feed.get(name)
    one = found[0] if isinstance(found, list) and found else None
    return text(one.get(key)) if isinstance(one, dict) else None


def _listed(feed: Mapping[str, Any], name: str) -> str | None:
    found = feed.get(name)
    return text(found[0]) if isinstance(found, list) and found else None


def _part(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = row.get(name)
    return found if isinstance(found, dict) else {}


def _lower(told: object) -> str | None:
    found = text(told)
    return found.lower() if found else None


def _time(told: Any) -> datetime | None:
    return datetime.strptime(str(told), "%Y-%m-%dT%H:%M:%S%z") if told else None
