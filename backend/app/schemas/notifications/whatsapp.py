"""WhatsApp: the company's number and templates, and one's own number."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.models.notifications.kinds import (
    WhatsAppConsentAct,
    WhatsAppConsentState,
    WhatsAppConsentWay,
    WhatsAppTemplateStatus,
)
from app.schemas.inputs import Input
from app.schemas.text import NO_NUL

GraphId = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{5,32}$")]
GraphToken = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=20, max_length=1_000, pattern=r"^[\x21-\x7e]+$"),
]
AppSecret = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9a-f]{32}$")]
Number = Annotated[str, StringConstraints(strip_whitespace=True, min_length=5, max_length=40, pattern=NO_NUL)]


class WhatsAppTemplateRead(BaseModel):
    name: str = Field(description="Its name at Meta.")
    status: WhatsAppTemplateStatus = Field(
        description="How Meta last judged it. `missing`: it was not handed in; `differs`: it is not ours any more."
    )
    category: str | None = Field(description="Meta's category: only what is UTILITY is sent.")
    reason: str | None = Field(description="Meta's word for why it was rejected.")
    is_usable: bool = Field(description="Messages are sent by it.")
    mend: str | None = Field(description="What to do where it is not usable; null where it is.")


class WhatsAppRead(BaseModel):
    phone_number_id: str = Field(description="Meta's id of the number.")
    waba_id: str = Field(description="Meta's id of the WhatsApp Business account.")
    display_number: str = Field(description="The number, as people see it.")
    verified_name: str = Field(description="The name that stands over its messages.")
    quality: str | None = Field(description="Meta's rating of the number; null where it says none.")
    enabled: bool = Field(description="Off: nothing is sent, and what would be comes by mail.")
    callback_url: str = Field(description="The webhook's address, for Meta's app dashboard.")
    webhook_verified_at: datetime | None = Field(
        description="When Meta last proved our verify token, UTC; null: without it nobody can confirm a number."
    )
    heard_at: datetime | None = Field(description="When the webhook last told something, UTC.")
    last_error: str | None = Field(
        description="Meta's code for why the last call failed; null where it did not."
    )
    last_error_at: datetime | None = Field(description="When that was, UTC.")
    created_at: datetime = Field(description="When it was connected, UTC.")
    templates: list[WhatsAppTemplateRead] = Field(description="Ours, and how Meta last judged each.")


class WhatsAppChannelRead(BaseModel):
    whatsapp: WhatsAppRead | None = Field(description="Null while no number is connected.")


class WhatsAppConnect(Input):
    phone_number_id: GraphId = Field(description="Meta's id of the number, not the number itself.")
    waba_id: GraphId = Field(description="Meta's id of the WhatsApp Business account that has it.")
    token: GraphToken = Field(
        description="A system user's token with whatsapp_business_messaging and whatsapp_business_management."
    )
    app_secret: AppSecret = Field(
        description="Of the app that the token is of: it signs what the webhook tells."
    )


class WhatsAppConnected(BaseModel):
    whatsapp: WhatsAppRead = Field(description="As it is now.")
    verify_token: str | None = Field(
        description="For Meta's app dashboard, beside the address; shown this once. Null where it stays the same."
    )


class WhatsAppPatch(Input):
    enabled: bool = Field(description="Off: nothing is sent, and what would be comes by mail.")


class WhatsAppReceiptRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    act: WhatsAppConsentAct = Field(description="What you did.")
    way: WhatsAppConsentWay = Field(
        description="How: in the dashboard, by sending the code, by a word; `moved`: somebody else has the number."
    )
    number: str = Field(description="Of which number, E.164.")
    wording: str = Field(description="The version of the words that were agreed to.")
    at: datetime = Field(description="When, UTC, by the domain's clock.")


class OwnWhatsAppRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    company_number: str | None = Field(description="Who would write; null while the company has no number.")
    company_name: str = Field(description="The name that stands over its messages.")
    words: str = Field(description="What you agree to by sending the code.")
    number: str | None = Field(description="Yours, E.164; null while you have given none.")
    state: WhatsAppConsentState | None = Field(description="Only who is `confirmed` is written to.")
    code_until: datetime | None = Field(
        description="Until when a code confirms it, UTC; null where none waits."
    )
    confirmed_at: datetime | None = Field(description="When you agreed, UTC, by the domain's clock.")
    stopped_at: datetime | None = Field(description="When you ended it, UTC, by the domain's clock.")
    window_is_open: bool = Field(
        description="You wrote within a day: messages come in full, not by a template."
    )
    falls_back: bool = Field(description="What WhatsApp cannot bring comes by mail.")
    last_error: str | None = Field(description="Why the last message did not reach you, in words.")
    receipts: list[WhatsAppReceiptRead] = Field(description="What you agreed to and ended; the newest 20.")


class OwnWhatsAppPut(Input):
    number: Number = Field(description="With its country's code: +36 30 123 4567.")


class OwnWhatsAppAsked(BaseModel):
    own: OwnWhatsAppRead = Field(description="As it is now.")
    code: str = Field(description="To be sent from the number to the company's; shown this once.")
    link: str = Field(description="Opens WhatsApp with the code written already.")


class OwnWhatsAppPatch(Input):
    falls_back: bool = Field(description="What WhatsApp cannot bring comes by mail.")


class WhatsAppTold(BaseModel):
    received: bool = Field(description="It was taken.")
