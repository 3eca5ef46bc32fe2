from datetime import datetime
from typing import Annotated, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from app.schemas.currencies import CURRENCIES
from app.schemas.inputs import Input
from app.schemas.text import Line


def _known_timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("use a name of the IANA time zone database, such as Europe/Berlin")
    return name


def _known_currency(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError("use an ISO 4217 code, such as EUR")
    return code


Timezone = Annotated[str, Field(max_length=64), AfterValidator(_known_timezone)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), AfterValidator(_known_currency)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class TenantRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int = Field(description="The tenant's id.")
    name: str = Field(description="The company's name.")
    slug: str = Field(description="The same, fit for an address.")
    timezone: str = Field(description="Of the company's days, IANA.")
    currency: str = Field(description="Of the company's limits, ISO 4217.")
    country: str | None = Field(description="ISO 3166; null where it was never told.")
    created_at: datetime = Field(description="When it was made, UTC.")


class TenantCreate(Input):
    name: Line = Field(description="The company's name.")
    timezone: Timezone = Field("UTC", description="Of the company's days, IANA.")
    currency: Currency = Field("USD", description="Of the company's limits, ISO 4217.")
    country: Country | None = Field(None, description="ISO 3166-1 alpha-2.")


class TenantPatch(Input):
    """Fields that are left out stay as they are."""

    name: Line | None = Field(None, description="The company's name.")
    timezone: Timezone | None = Field(None, description="Of the company's days, IANA.")
    currency: Currency | None = Field(None, description="Of the company's limits, ISO 4217.")
    country: Country | None = Field(None, description="ISO 3166-1 alpha-2; null forgets it.")

    @model_validator(mode="after")
    def _only_country_can_be_null(self) -> Self:
        for name in self.model_fields_set - {"country"}:
            if getattr(self, name) is None:
                raise ValueError(f"{name} cannot be null")
        return self
