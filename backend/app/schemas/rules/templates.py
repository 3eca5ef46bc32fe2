"""Templates of rules."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.inputs import Input
from app.schemas.rules.tree import Currency
from app.schemas.text import Line


class TemplateParameter(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    name: str = Field(description="The key of the number in `values`.")
    kind: Literal["money", "number", "percent"] = Field(description="Money is in units of the currency.")
    label: str = Field(description="What it is, in words.")
    least: float = Field(description="No less than this.")
    most: float = Field(description="No more than this.")
    default: float | None = Field(description="Taken where none is given; null: it must be given.")


class TemplateRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    name: str = Field(description="The template's name.")
    title: str = Field(description="What people read.")
    description: str = Field(description="What it does.")
    cooldown_hours: int = Field(description="Hours in which it acts on a campaign once.")
    speaks_of_money: bool = Field(description="Whether a currency matters to it.")
    parameters: list[TemplateParameter] = Field(description="The numbers that it asks for.")


Value = Annotated[Decimal, Field(max_digits=18, decimal_places=6)]
Key = Annotated[str, Field(max_length=40, pattern=r"^[a-z_]+$")]


class TemplateUse(Input):
    name: Line | None = Field(None, description="The rule's name; the template's title where left out.")
    currency: Currency | None = Field(None, description="Of the amounts; the company's where left out.")
    values: Annotated[dict[Key, Value], Field(max_length=10)] = Field(
        default_factory=dict, description="The template's numbers by their names."
    )
