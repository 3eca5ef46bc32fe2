from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.inputs import Input
from app.schemas.text import NO_NUL

CrmProviderName = Literal["hubspot", "salesforce"]
CrmFieldTo = Literal["email", "phone", "user_id", "trait", "computed", "lifecycle", "segment"]
CrmDealFieldTo = Literal["first_touch", "last_touch", "lifetime_value"]
CrmTouchPart = Literal["source", "medium", "campaign", "platform"]
CrmKind = Literal["contacts", "deals"]
CrmDirection = Literal["from", "to", "both"]
CrmCreatedAs = Literal["contact", "lead"]
CrmWins = Literal["crm", "ours", "newest"]
CrmSort = Literal["name", "-name", "created_at", "-created_at", "last_synced_at", "-last_synced_at"]


class CrmProviderRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    provider: CrmProviderName = Field(description="The CRM.")
    name: str = Field(description="As people read it.")
    signs_in: bool = Field(description="People can sign in there: our own app is set up.")


class CrmAuthorizeAsk(Input):
    writes: bool = Field(False, description="Ask for the right to write contacts too.")
    writes_deals: bool = Field(False, description="Ask for the right to write contacts and deals too.")


class CrmAuthorizeRead(BaseModel):
    authorize_url: str = Field(description="Send the browser here; it comes back to /connect.")
    state: str = Field(description="What the CRM gives back with the browser; sealed.")


class CrmField(Input):
    property: str = Field(
        min_length=1,
        max_length=100,
        pattern=r"^[A-Za-z0-9_]+$",
        description="A contact's property at the CRM.",
    )
    to: CrmFieldTo = Field(
        description=(
            "What of ours it stands for: an identifier; a trait; a computed trait (`rfm.cell`, `churn.orders`), the "
            "lifecycle stage, or whether the person is in a segment, which go to the CRM alone."
        )
    )
    name: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        pattern=NO_NUL,
        description="The trait's name, or the segment's id; of these alone.",
    )
    direction: CrmDirection = Field(
        "from", description="`from` the CRM, `to` the CRM, or both ways. Identifiers are read alone."
    )
    wins: CrmWins = Field(
        "newest", description="Of both ways: whose value stands where both have changed since they agreed."
    )


class CrmDealField(Input):
    property: str = Field(
        min_length=1,
        max_length=100,
        pattern=r"^[A-Za-z0-9_]+$",
        description="A deal's property at the CRM, which somebody in the company made for this.",
    )
    to: CrmDealFieldTo = Field(
        description=(
            "What of the person whose deal it is stands there: how they came first or last before it was won or lost, "
            "or what they have bought here, less refunds, in the deal's currency. What is not known is not written."
        )
    )
    name: CrmTouchPart | None = Field(
        None,
        description=(
            "Which part of a touch: the link's `source`, `medium` or `campaign` (utm), or the ad `platform` that was "
            "clicked."
        ),
    )


class CrmPatch(Input):
    enabled: bool | None = Field(None, description="Whether it is read.")
    mapping: Annotated[list[CrmField], Field(min_length=1, max_length=100)] | None = Field(
        None, description="What is told of each contact. Another mapping reads all of them again."
    )
    deal_mapping: Annotated[list[CrmDealField], Field(max_length=20)] | None = Field(
        None,
        description="What is written to each deal; an empty list writes nothing. Deals are then read again.",
    )
    won_event: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        pattern=NO_NUL,
        description="The event that a won deal is told as, such as `Order Completed`; null tells of none.",
    )
    create_segment_id: UUID | None = Field(
        None,
        description=(
            "The segment whose people are created there, as far as they allow e-mail and it does not know them; null "
            "creates nobody."
        ),
    )
    create_as: CrmCreatedAs | None = Field(None, description="As what they are created: one of `creates_as`.")
    create_per_day: int | None = Field(
        None, ge=1, le=10_000, description="The most that are created in a day, UTC."
    )
    clear_on_erasure: bool | None = Field(
        None, description="Whether what was written of a person is emptied there when they are erased here."
    )


class CrmCreationAsk(Input):
    segment_id: UUID | None = Field(
        None, description="The segment whose people would be created there; null is the one chosen."
    )


class CrmCreationPreviewRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    members: int = Field(description="The segment's people.")
    with_email: int = Field(description="Of those, how many have an address.")
    allowed: int = Field(description="Of those, how many allow e-mail.")
    known: int = Field(
        description="Of those with an address, how many the CRM knows, or who were dealt with before."
    )
    to_create: int = Field(description="How many would be created: with an address, allowed, and not known.")
    is_whole: bool = Field(
        description="False: the segment is larger than what was looked at; these count its first."
    )


class CrmRefusedRead(BaseModel):
    property: str = Field(description="The property's name at the CRM.")
    code: str = Field(description="A stable code of why the CRM takes no value of it.")
    message: str = Field(description="The same in the CRM's words.")


class CrmAccountRead(BaseModel):
    id: UUID = Field(description="The account's id here.")
    provider: CrmProviderName = Field(description="The CRM.")
    external_id: str = Field(description="The CRM's id of the account.")
    name: str = Field(description="As people read it.")
    currency: str | None = Field(description="What a deal without a currency of its own is counted in.")
    enabled: bool = Field(description="Whether it is read.")
    status: Literal["active", "needs_sign_in", "disconnected"] = Field(description="How its connection is.")
    mapping: list[CrmField] = Field(description="What is told of each contact.")
    refused: list[CrmRefusedRead] = Field(
        description="Properties that are not written, since the CRM refused them; saving the mapping tries them again."
    )
    deal_mapping: list[CrmDealField] = Field(description="What is written to each deal.")
    deal_refused: list[CrmRefusedRead] = Field(
        description="The same as `refused`, of the properties of deals."
    )
    won_event: str | None = Field(description="The event that a won deal is told as; null tells of none.")
    is_writable: bool = Field(description="Contacts of this CRM can be written at all.")
    can_write: bool = Field(
        description="Its sign-in allows writing. Where it does not, nothing is written until somebody signs in anew."
    )
    can_write_deals: bool = Field(description="The same of deals.")
    clear_on_erasure: bool = Field(description="Whether erasures empty there what was written.")
    next_write_at: datetime | None = Field(
        description="Nothing is written before, UTC, since the CRM failed; null is at once."
    )
    departures: int = Field(description="Contacts that were known, and are deleted or merged there.")
    deals_misreported: int = Field(
        description="Deals whose conversion an ad platform holds at another amount than they are worth now."
    )
    webhook_at: datetime | None = Field(description="When it last said something by itself, UTC.")
    webhook_notices: int = Field(description="How many notifications of it were taken.")
    webhooks_refused: int = Field(description="Deliveries in its name whose signature or time was wrong.")
    webhook_refused_at: datetime | None = Field(description="When the last of those came, UTC.")
    webhook_refused_why: Literal["signature", "too_old"] | None = Field(
        description="What was wrong with it: `signature` is the app's secret, or the registered address."
    )
    creates_as: list[CrmCreatedAs] = Field(description="As what contacts can be created there.")
    create_segment_id: UUID | None = Field(
        description="The segment whose people are created there; null creates nobody."
    )
    create_as: CrmCreatedAs = Field(description="As what they are created.")
    create_per_day: int = Field(description="The most that are created in a day, UTC.")
    created: int = Field(description="Contacts that were created from here.")
    not_created: int = Field(description="People whom the CRM did not take.")
    waiting: int = Field(description="Contacts and deals that wait to be compared and written.")
    faults: int = Field(description="Contacts and deals that could not be written.")
    contacts: int = Field(description="How many contacts have been told of.")
    deals: int = Field(description="How many deals are known.")
    deals_told: int = Field(description="How many of them are told as won.")
    is_reading: bool = Field(description="A reading has begun and not ended.")
    last_synced_at: datetime | None = Field(description="When all was read last, UTC.")
    next_sync_at: datetime | None = Field(
        description="When it is read next, UTC; null is as soon as possible."
    )
    error_code: str | None = Field(description="A stable code of why the last synchronisation failed.")
    error: str | None = Field(description="The same in the CRM's words.")
    created_at: datetime = Field(description="When it was connected first, UTC.")


class CrmPropertyRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    name: str = Field(description="The property's name at the CRM.")
    label: str = Field(description="As people read it there.")
    type: str = Field(description="The CRM's word for its type.")
    is_read_only: bool = Field(description="Only the CRM itself sets it.")
    is_standard: bool = Field(
        description="The CRM made it, and nobody in the company: of deals such are not written."
    )


class CrmPropertiesRead(BaseModel):
    items: list[CrmPropertyRead] = Field(
        description="Which properties contacts, or deals, have there, by name."
    )


class CrmSyncRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The synchronisation's id.")
    started_at: datetime = Field(description="When it began, UTC.")
    finished_at: datetime | None = Field(description="When it ended, UTC.")
    contacts_read: int = Field(description="Contacts that had been modified.")
    contacts_told: int = Field(description="Of those, how many were told anew.")
    contacts_unnamed: int = Field(description="Of those, how many name nobody: no identifier is filled in.")
    deals_read: int = Field(description="Deals that had been modified.")
    deals_told: int = Field(description="Of those, how many were told as won, or as taken back.")
    rejected: int = Field(description="Events that were not taken in; the event log says why.")
    contacts_gone: int = Field(
        description="Contacts that were known, and were found deleted or merged there."
    )
    deals_gone: int = Field(description="Deals that were known, and were found deleted there.")
    error_code: str | None = Field(description="A stable code of why it failed.")
    error: str | None = Field(description="The same in the CRM's words.")


class CrmPushRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The round's id.")
    started_at: datetime = Field(description="When it began, UTC.")
    finished_at: datetime = Field(description="When it ended, UTC.")
    compared: int = Field(description="Contacts and deals that were read there, to be compared with ours.")
    written: int = Field(description="Contacts that were written.")
    deals: int = Field(description="Deals that were written.")
    values: int = Field(description="Values that were written.")
    told: int = Field(description="Contacts whose value there stood, and was told here.")
    created: int = Field(description="Contacts that were created.")
    failed: int = Field(description="Contacts and deals that could not be written.")
    error_code: str | None = Field(description="A stable code of what ended the round early.")
    error: str | None = Field(description="The same in the CRM's words.")


class CrmFaultRead(BaseModel):
    kind: CrmKind = Field(description="Whether it is a contact or a deal.")
    contact: str = Field(description="The contact's, or the deal's, id at the CRM.")
    code: str = Field(
        description="A stable code of why. `integrations.crm.ambiguous`: it names several people; "
        "`integrations.crm.no_right`: an erasure has promised to empty it, and the sign-in may not."
    )
    properties: list[str] = Field(description="Which properties could not be written.")
    attempts: int = Field(description="How often it was tried.")
    next_at: datetime | None = Field(
        description="When it is tried again, UTC; null: once the contact or the person has changed."
    )


class CrmFaultsRead(BaseModel):
    items: list[CrmFaultRead] = Field(
        description="The first hundred contacts and deals that could not be written."
    )


class CrmDepartureRead(BaseModel):
    contact: str = Field(description="The contact's id at the CRM.")
    why: Literal["deleted", "merged", "privacy"] = Field(
        description="`privacy`: for good, as its person may ask; an erasure is proposed then."
    )
    merged_into: str | None = Field(
        description="The contact that it is part of now, as far as that was told."
    )
    gone_at: datetime = Field(description="When it went, UTC, by the CRM's clock.")
    noticed_at: datetime = Field(description="When that was noticed here, UTC.")


class CrmDeparturesRead(BaseModel):
    items: list[CrmDepartureRead] = Field(
        description="The last hundred contacts that are no longer there. Nothing is written to them."
    )


class CrmSyncAsked(BaseModel):
    task: str = Field(description="The task that will do it.")
