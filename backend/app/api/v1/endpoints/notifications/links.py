"""Links in messages that act: a page asks first, and only a POST acts."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.api.deps import DoorsDep, LimiterDep
from app.auth.deps import MaybePrincipal
from app.core.clock import real_now
from app.schemas.notifications.links import ActingLinkRead, LinkAct, LinkOpen
from app.services.notifications.links.service import LinkAnswer, LinkPreview

router = APIRouter(prefix="/notifications/links", tags=["notifications"])


async def link_answer(doors: DoorsDep, limiter: LimiterDep) -> LinkAnswer:
    return LinkAnswer(doors, limiter)


Answer = Annotated[LinkAnswer, Depends(link_answer)]


@router.post("/preview")
async def preview_link(body: LinkOpen, answer: Answer, response: Response) -> ActingLinkRead:
    """What the link is about and what it may do; nothing is done, and it is not used up."""
    response.headers["Cache-Control"] = "no-store"
    return _read(await answer.preview(body.token))


@router.post("/act")
async def act_by_link(
    body: LinkAct, answer: Answer, caller: MaybePrincipal, response: Response
) -> ActingLinkRead:
    """Do it, once, in the name of whom the link was sent to.

    One that was posted in a channel names nobody: it acts for whoever is signed in.
    """
    response.headers["Cache-Control"] = "no-store"
    return _read(await answer.act(body.token, body.verb, reason=body.reason, caller=caller))


def _read(found: LinkPreview) -> ActingLinkRead:
    return ActingLinkRead(
        company=found.company,
        kind=found.kind,
        severity=found.severity,
        title=found.worded.title,
        text=found.worded.text,
        room=found.worded.room,
        occurred_at=found.occurred_at,
        verbs=list(found.verbs),
        person=found.person,
        expires_at=found.expires_at,
        has_expired=found.expires_at <= real_now(),
        used_at=found.used_at,
        used_verb=found.used_verb,
        state=found.state,
    )
