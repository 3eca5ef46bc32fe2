"""Rates of exchange, with their dates and sources."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.api.deps import CursorParams, ScopeDep
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.pages import CursorPage
from app.schemas.trust_engine.fx_rates import Currency, FxRateCreate, FxRateRead
from app.services.trust_engine.fx_rates.service import FxRates

router = APIRouter(prefix="/trust/fx-rates", tags=["trust"])

Reader = Annotated[Principal, requires("trust_engine.fx_rates:read")]
Writer = Annotated[Principal, requires("trust_engine.fx_rates:write")]


async def fx_rates(scope: ScopeDep) -> FxRates:
    return FxRates(scope)


Rates = Annotated[FxRates, Depends(fx_rates)]


class RateFilter(CursorParams):
    base: Currency | None = Field(None, description="Only rates of one unit of this currency.")
    quote: Currency | None = Field(None, description="Only rates in this currency.")


@router.get("")
async def list_fx_rates(
    rates: Rates, asked: Annotated[RateFilter, Query()], _: Reader
) -> CursorPage[FxRateRead]:
    """The latest date first."""
    rows, cursor = await rates.listed(
        base=asked.base, quote=asked.quote, cursor=asked.cursor, limit=asked.limit
    )
    items = [FxRateRead.model_validate(row) for row in rows]
    return CursorPage(items=items, next_cursor=cursor, limit=asked.limit)


@router.post("", status_code=201)
async def record_fx_rate(body: FxRateCreate, rates: Rates, _: Writer) -> FxRateRead:
    """Record a rate; what was recorded stays."""
    row = await rates.record(body.base, body.quote, body.rate, as_of=body.as_of, source=body.source)
    return FxRateRead.model_validate(row)
