from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response, status
from pydantic import Field

from app.api.deps import PageParams, ScopeDep, Search
from app.api.ids import KeyId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.api_keys import ApiKeyCreate, ApiKeyCreated, ApiKeyRead, ApiKeySort
from app.schemas.pages import Page
from app.services.api_keys.service import ApiKeyService

router = APIRouter(prefix="/api-keys", tags=["api keys"])

CanRead = Annotated[Principal, requires("api_keys:read")]
CanWrite = Annotated[Principal, requires("api_keys:write")]


async def api_key_service(scope: ScopeDep) -> ApiKeyService:
    return ApiKeyService(scope)


ApiKeys = Annotated[ApiKeyService, Depends(api_key_service)]


class ApiKeyFilter(PageParams):
    sort: ApiKeySort = Field("-created_at", description="A leading minus turns the order round.")
    q: Search = None


@router.get("")
async def list_api_keys(
    query: Annotated[ApiKeyFilter, Query()], keys: ApiKeys, _: CanRead
) -> Page[ApiKeyRead]:
    """Live, expired and revoked ones."""
    found = await keys.page(page=query.page, limit=query.limit, sort=query.sort, search=query.q)
    return Page[ApiKeyRead].of(found, [ApiKeyRead.model_validate(each) for each in found.items])


@router.post("", status_code=status.HTTP_201_CREATED)
async def create_api_key(
    body: ApiKeyCreate, keys: ApiKeys, principal: CanWrite, response: Response
) -> ApiKeyCreated:
    """A key for a program; it may do what `scopes` names and its maker may do."""
    row, key = await keys.create(principal, body.name, body.scopes, body.expires_at)
    response.headers["Cache-Control"] = "no-store"
    return ApiKeyCreated(**ApiKeyRead.model_validate(row).model_dump(), key=key)


@router.delete("/{key_id}", status_code=status.HTTP_204_NO_CONTENT)
async def revoke_api_key(key_id: KeyId, keys: ApiKeys, _: CanWrite) -> None:
    """It stops working within two seconds."""
    await keys.revoke(key_id)
