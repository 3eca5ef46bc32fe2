from typing import Annotated

from fastapi import APIRouter, Depends, Query, status
from pydantic import Field

from app.api.deps import PageParams, ScopeDep
from app.api.ids import UserId
from app.auth.deps import CurrentPrincipal, requires
from app.auth.principals import Principal
from app.schemas.pages import Page
from app.schemas.roles import MemberRole
from app.schemas.text import NO_NUL
from app.schemas.users import MemberPatch, MemberRead, MemberSort
from app.services.users.service import MemberService

router = APIRouter(prefix="/users", tags=["users"])

CanRead = Annotated[Principal, requires("users:read")]
CanWrite = Annotated[Principal, requires("users:write")]


async def member_service(scope: ScopeDep, principal: CurrentPrincipal) -> MemberService:
    return MemberService(scope, principal)


Members = Annotated[MemberService, Depends(member_service)]


class MemberFilter(PageParams):
    sort: MemberSort = Field("name", description="A leading minus turns the order round.")
    q: str | None = Field(None, max_length=100, pattern=NO_NUL, description="In name or address.")
    role: MemberRole | None = Field(None, description="Only members with this role.")


@router.get("")
async def list_users(
    query: Annotated[MemberFilter, Query()], members: Members, _: CanRead
) -> Page[MemberRead]:
    """The company's people."""
    found = await members.page(
        q=query.q, role=query.role, sort=query.sort, page=query.page, limit=query.limit
    )
    return Page[MemberRead].of(found, [MemberRead.model_validate(each) for each in found.items])


@router.patch("/{user_id}")
async def change_user(user_id: UserId, body: MemberPatch, members: Members, _: CanWrite) -> MemberRead:
    """Another role, or access switched off or on; nobody gives a role above their own."""
    return MemberRead.model_validate(await members.change(user_id, role=body.role, is_active=body.is_active))


@router.delete("/{user_id}", status_code=status.HTTP_204_NO_CONTENT)
async def remove_user(user_id: UserId, members: Members, _: CanWrite) -> None:
    """End the membership; the person keeps their account elsewhere."""
    await members.remove(user_id)
