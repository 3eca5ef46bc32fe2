"""Signals: what was measured, when, with its evidence."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.api.deps import CursorParams, ScopeDep
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.pages import CursorPage
from app.schemas.trust_engine.signals import SignalRead
from app.services.trust_engine.signals.service import Component, Signals

router = APIRouter(prefix="/trust/signals", tags=["trust"])

Reader = Annotated[Principal, requires("trust_engine.signals:read")]


async def signals(scope: ScopeDep) -> Signals:
    return Signals(scope)


class SignalFilter(CursorParams):
    ad_account_id: UUID | None = Field(None, description="Of one account alone.")
    component: Component | None = Field(None, description="Only measurements of this component.")


@router.get("")
async def list_signals(
    found: Annotated[Signals, Depends(signals)], asked: Annotated[SignalFilter, Query()], _: Reader
) -> CursorPage[SignalRead]:
    """Newest first."""
    rows, cursor = await found.newest(
        ad_account_id=asked.ad_account_id, component=asked.component, cursor=asked.cursor, limit=asked.limit
    )
    return CursorPage(
        items=[SignalRead.model_validate(row) for row in rows], next_cursor=cursor, limit=asked.limit
    )
