"""Ad accounts: which are used, and how."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from app.api.deps import PageQuery, ScopeDep
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.integrations.ad_accounts import AdAccountPatch, AdAccountRead, SyncQueued
from app.schemas.pages import Page
from app.services.integrations.ad_accounts.service import AdAccountService

router = APIRouter(prefix="/integrations/ad-accounts", tags=["integrations"])


def ad_account_service(scope: ScopeDep) -> AdAccountService:
    return AdAccountService(scope)


AdAccounts = Annotated[AdAccountService, Depends(ad_account_service)]
Reader = Annotated[Principal, requires("integrations.ad_accounts:read")]
Writer = Annotated[Principal, requires("integrations.ad_accounts:write")]


@router.get("")
async def list_ad_accounts(query: PageQuery, accounts: AdAccounts, _: Reader) -> Page[AdAccountRead]:
    found = await accounts.page(page=query.page, limit=query.limit)
    return Page[AdAccountRead].of(found, [AdAccountRead.model_validate(each) for each in found.items])


@router.patch("/{account_id}")
async def change_ad_account(
    account_id: UUID, body: AdAccountPatch, accounts: AdAccounts, _: Writer
) -> AdAccountRead:
    """Enabling an account takes the lease to write to it, where the connection may write and nobody else does."""
    wanted = {name: value for name, value in body.model_dump(exclude_unset=True).items() if value is not None}
    return AdAccountRead.model_validate(await accounts.change(account_id, wanted))


@router.post("/{account_id}/sync", status_code=202)
async def sync_ad_account(account_id: UUID, accounts: AdAccounts, _: Writer) -> SyncQueued:
    """Read campaigns, metrics and edits from the platform now."""
    return SyncQueued(task=await accounts.request_sync(account_id))
