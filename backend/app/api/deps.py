"""Dependencies of endpoints, as named types."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Query
from pydantic import BaseModel, Field
from redis.asyncio import Redis
from starlette.requests import HTTPConnection

from app.auth.deps import CurrentPrincipal
from app.core.config import Settings
from app.core.rate_limits import RateLimiter
from app.db.readers import TenantReader
from app.db.session import Doors, Scopes, TenantScope, open_scope, scopes_for
from app.schemas.text import NO_NUL
from app.services.cdp.answers.service import Answers


async def get_settings_of(connection: HTTPConnection) -> Settings:
    settings: Settings = connection.app.state.settings
    return settings


async def get_redis(connection: HTTPConnection) -> Redis:
    redis: Redis = connection.app.state.redis
    return redis


async def tenant_scope(connection: HTTPConnection, principal: CurrentPrincipal) -> AsyncIterator[TenantScope]:
    state = connection.app.state
    async with open_scope(
        state.engine, principal.tenant_id, actor=principal.actor, clock=state.clock
    ) as scope:
        yield scope


async def tenant_scopes(connection: HTTPConnection, principal: CurrentPrincipal) -> Scopes:
    state = connection.app.state
    return scopes_for(state.engine, principal.tenant_id, actor=principal.actor, clock=state.clock)


async def tenant_reader(connection: HTTPConnection, principal: CurrentPrincipal) -> TenantReader:
    state = connection.app.state
    await state.clock.sync()
    return TenantReader(state.readers, principal.tenant_id, state.clock)


async def get_limiter(connection: HTTPConnection) -> RateLimiter:
    limiter: RateLimiter = connection.app.state.limiter
    return limiter


async def get_doors(connection: HTTPConnection) -> Doors:
    state = connection.app.state
    return Doors(state.engine, state.clock)


async def get_answers(connection: HTTPConnection) -> Answers:
    answers: Answers = connection.app.state.answers
    return answers


class PageParams(BaseModel):
    page: int = Field(1, ge=1, le=100_000, description="Which page; the first is 1.")
    limit: int = Field(50, ge=1, le=200, description="Rows of a page, at most.")


Search = Annotated[
    str | None, Field(max_length=200, pattern=NO_NUL, description="Part of the name, in any case.")
]


class CursorParams(BaseModel):
    cursor: str | None = Field(
        None, max_length=200, description="The `next_cursor` of the page before; left out for the first page."
    )
    limit: int = Field(50, ge=1, le=200, description="Rows of a page, at most.")


Fresh = Annotated[
    bool, Query(description="Ask anew, rather than be given an answer of half a minute ago at the most.")
]
ScopeDep = Annotated[TenantScope, Depends(tenant_scope, scope="function")]
ReaderDep = Annotated[TenantReader, Depends(tenant_reader)]
ScopesDep = Annotated[Scopes, Depends(tenant_scopes)]
SettingsDep = Annotated[Settings, Depends(get_settings_of)]
DoorsDep = Annotated[Doors, Depends(get_doors)]
LimiterDep = Annotated[RateLimiter, Depends(get_limiter)]
AnswersDep = Annotated[Answers, Depends(get_answers)]
RedisDep = Annotated[Redis, Depends(get_redis)]
PageQuery = Annotated[PageParams, Query()]
CursorQuery = Annotated[CursorParams, Query()]
