"""Rates of exchange by which limits of one currency hold for accounts of another."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.inputs import Input
from app.schemas.text import Line
from app.schemas.times import Moment

Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["EUR"])]
Rate = Annotated[Decimal, Field(gt=0, max_digits=24, decimal_places=12, examples=["1.0843"])]


class FxRateRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    base: str
    quote: str
    rate: Decimal = Field(description="Units of `quote` for one unit of `base`, exact, as text.")
    as_of: datetime
    source: str
    recorded_by: str


class FxRateCreate(Input):
    """One unit of `base` was worth `rate` units of `quote`.

    The gate needs the account's currency as `base` and the limits' as `quote`. It derives none from the other way
    round, and where the last one is older than 48 h (by the policy) raises hold.
    """

    base: Currency
    quote: Currency
    rate: Rate
    as_of: Moment = Field(description="When it was so; not in the future.")
    source: Line = Field(description="Who says so, such as `ECB reference rates`.")
