"""Ad accounts: which are used, and how."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.api.deps import PageParams, ScopeDep, Search
from app.api.ids import AccountId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.integrations.ad_accounts import AdAccountPatch, AdAccountRead, AdAccountSort, SyncQueued
from app.schemas.integrations.connections import PlatformName
from app.schemas.pages import Page
from app.services.integrations.ad_accounts.service import AdAccountService

router = APIRouter(prefix="/integrations/ad-accounts", tags=["integrations"])


async def ad_account_service(scope: ScopeDep) -> AdAccountService:
    return AdAccountService(scope)


AdAccounts = Annotated[AdAccountService, Depends(ad_account_service)]
Reader = Annotated[Principal, requires("integrations.ad_accounts:read")]
Writer = Annotated[Principal, requires("integrations.ad_accounts:write")]


class AdAccountFilter(PageParams):
    sort: AdAccountSort = Field("name", description="A leading minus turns the order round.")
    q: Search = None
    platform: PlatformName | None = Field(None, description="Only of this ad platform.")
    connection_id: UUID | None = Field(None, description="Only what this connection reaches.")
    enabled: bool | None = Field(None, description="Only what is switched on, or off.")


@router.get("")
async def list_ad_accounts(
    asked: Annotated[AdAccountFilter, Query()], accounts: AdAccounts, _: Reader
) -> Page[AdAccountRead]:
    """The ad accounts that fit the filters, a page of them."""
    found = await accounts.page(
        page=asked.page,
        limit=asked.limit,
        sort=asked.sort,
        search=asked.q,
        platform=asked.platform,
        connection_id=asked.connection_id,
        enabled=asked.enabled,
    )
    return Page[AdAccountRead].of(found, [AdAccountRead.model_validate(each) for each in found.items])


@router.patch("/{account_id}")
async def change_ad_account(
    account_id: AccountId, body: AdAccountPatch, accounts: AdAccounts, _: Writer
) -> AdAccountRead:
    """Enabling an account takes the lease to write to it, where the connection may write and nobody else does."""
    wanted = {name: value for name, value in body.model_dump(exclude_unset=True).items() if value is not None}
    return AdAccountRead.model_validate(await accounts.change(account_id, wanted))


@router.post("/{account_id}/sync", status_code=202)
async def sync_ad_account(account_id: AccountId, accounts: AdAccounts, _: Writer) -> SyncQueued:
    """Read campaigns, metrics and edits from the platform now."""
    return SyncQueued(task=await accounts.request_sync(account_id))
