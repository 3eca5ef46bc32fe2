from typing import Annotated

from fastapi import APIRouter, Depends, Query, status
from pydantic import Field

from app.api.deps import DoorsDep, LimiterDep, PageParams, ScopeDep
from app.api.ids import InvitationId
from app.auth.deps import CurrentPrincipal, requires
from app.auth.principals import Principal
from app.schemas.invitations import (
    InvitationAccept,
    InvitationAccepted,
    InvitationCreate,
    InvitationRead,
    InvitationSort,
)
from app.schemas.pages import Page
from app.services.invitations.service import InvitationAnswer, InvitationService

router = APIRouter(prefix="/invitations", tags=["invitations"])

CanRead = Annotated[Principal, requires("invitations:read")]
CanWrite = Annotated[Principal, requires("invitations:write")]


async def invitation_service(
    scope: ScopeDep, principal: CurrentPrincipal, limiter: LimiterDep
) -> InvitationService:
    return InvitationService(scope, principal, limiter)


async def invitation_answer(doors: DoorsDep, limiter: LimiterDep) -> InvitationAnswer:
    return InvitationAnswer(doors, limiter)


Invitations = Annotated[InvitationService, Depends(invitation_service)]
Answer = Annotated[InvitationAnswer, Depends(invitation_answer)]


class InvitationFilter(PageParams):
    sort: InvitationSort = Field("-created_at", description="A leading minus turns the order round.")
    open: bool | None = Field(None, description="Only those that can still be answered, or only the others.")


@router.get("")
async def list_invitations(
    query: Annotated[InvitationFilter, Query()], invitations: Invitations, _: CanRead
) -> Page[InvitationRead]:
    """Open and answered ones."""
    found = await invitations.page(page=query.page, limit=query.limit, sort=query.sort, is_open=query.open)
    return Page[InvitationRead].of(found, [InvitationRead.model_validate(each) for each in found.items])


@router.post("", status_code=status.HTTP_201_CREATED)
async def invite(body: InvitationCreate, invitations: Invitations, _: CanWrite) -> InvitationRead:
    """Invite somebody by mail to be a member here."""
    return InvitationRead.model_validate(await invitations.invite(body.email, body.role))


@router.delete("/{invitation_id}", status_code=status.HTTP_204_NO_CONTENT)
async def revoke_invitation(invitation_id: InvitationId, invitations: Invitations, _: CanWrite) -> None:
    """Withdraw an invitation: its link opens nothing any more."""
    await invitations.revoke(invitation_id)


@router.post("/accept")
async def accept_invitation(body: InvitationAccept, answer: Answer) -> InvitationAccepted:
    """Become a member; `invitations.account_needed` asks for a name and a password first."""
    email = await answer.accept(body.token, full_name=body.full_name, password=body.password)
    return InvitationAccepted(message="You are a member now: sign in.", email=email)
