"""How a person wishes to be told."""

from typing import Annotated, Self

from pydantic import BaseModel, Field, StringConstraints, model_validator

from app.models.notifications.kinds import Digest, NotificationKind
from app.schemas.inputs import Input
from app.schemas.tenants import Timezone

Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""A time of the day on the person's clocks."""

_DIGEST = "`immediate`: each mail at once; `daily`: one a day. What is critical always comes at once."
_QUIET = "Mails wait while it is quiet, what is critical apart; both ends, or neither."


class ChoiceRead(BaseModel):
    kind: NotificationKind = Field(description="What is told of.")
    name: str = Field(description="The same, in words.")
    in_app: bool = Field(description="It comes into the inbox.")
    email: bool = Field(description="It comes by mail.")
    whatsapp: bool = Field(description="It comes in WhatsApp, once you have confirmed a number.")
    may_hear: bool = Field(description="Whether your role is told of it at all.")


class ChoicePatch(Input):
    kind: NotificationKind = Field(description="What is told of.")
    in_app: bool | None = Field(None, description="Into the inbox; left out, it stays.")
    email: bool | None = Field(None, description="By mail; left out, it stays.")
    whatsapp: bool | None = Field(None, description="In WhatsApp; left out, it stays.")


class PreferencesRead(BaseModel):
    choices: list[ChoiceRead] = Field(description="Every kind, by which ways it comes.")
    digest: Digest = Field(description=_DIGEST)
    digest_at: str = Field(description="When the daily mail leaves, on your clocks.")
    quiet_from: str | None = Field(description=_QUIET)
    quiet_until: str | None = Field(description=_QUIET)
    timezone: str = Field(description="Of your clocks, IANA.")
    timezone_is_the_companys: bool = Field(description="You chose none: it is the company's.")


class PreferencesPatch(Input):
    """Fields that are left out stay as they are."""

    choices: list[ChoicePatch] = Field(default_factory=list, max_length=20, description="What changes.")
    digest: Digest | None = Field(None, description=_DIGEST)
    digest_at: Clock | None = Field(None, description="When the daily mail leaves, on your clocks.")
    quiet_from: Clock | None = Field(None, description=f"{_QUIET} Null ends them.")
    quiet_until: Clock | None = Field(None, description=f"{_QUIET} Null ends them.")
    timezone: Timezone | None = Field(None, description="Of your clocks, IANA; null for the company's.")

    @model_validator(mode="after")
    def _some_cannot_be_null(self) -> Self:
        for name in self.model_fields_set & {"digest", "digest_at"}:
            if getattr(self, name) is None:
                raise ValueError(f"{name} cannot be null")
        return self
