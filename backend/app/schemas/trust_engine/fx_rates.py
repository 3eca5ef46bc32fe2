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

    id: UUID = Field(description="The rate's id.")
    base: str = Field(description="The currency of which one unit is worth `rate`.")
    quote: str = Field(description="The currency that `rate` is in.")
    rate: Decimal = Field(description="Units of `quote` for one unit of `base`, exact, as text.")
    as_of: datetime = Field(description="When it held, UTC.")
    source: str = Field(description="Where it was taken from.")
    recorded_by: str = Field(description="Who recorded it.")


class FxRateCreate(Input):
    """One unit of `base` was worth `rate` units of `quote`.

    The gate needs the account's currency as `base` and the limits' as `quote`. It derives none from the other way
    round, and where the last one is older than 48 h (by the policy) raises hold.
    """

    base: Currency = Field(description="The currency of which one unit is worth `rate`.")
    quote: Currency = Field(description="The currency that `rate` is in.")
    rate: Rate = Field(description="Units of `quote` for one of `base`, an exact decimal.")
    as_of: Moment = Field(description="When it was so; not in the future.")
    source: Line = Field(description="Who says so, such as `ECB reference rates`.")
