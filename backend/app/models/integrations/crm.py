"""CRMs: each connected account, every synchronisation, which contacts were told of, what is written, and deals."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, Micros, TenantKeyed, TenantOwned, tenant_fk
from app.models.integrations.kinds import CreatedAs

_ZERO, _NO, _NONE = text("0"), text("false"), text("'{}'")


class CrmAccount(TenantOwned, CreatedAt, Base):
    """A CRM's account, and how it is read. `*_until` is how far, by the CRM's own clock; `reading` a reading under way.

    `next_sync_at` and `last_synced_at` are the domain's time. `change_seq` and `transition_seq` are its places in the
    feed of changed profiles and in the segments' log, null while nothing is written to it; `followed_at` (real time)
    is when it was there last.
    """

    __tablename__ = "crm_accounts"
    __table_args__ = (
        tenant_fk("connection_id", "connections"),
        UniqueConstraint("tenant_id", "provider", "external_id"),
        Index("ix_crm_accounts_external", "provider", "external_id"),
    )

    connection_id: Mapped[UUID]
    provider: Mapped[str]
    external_id: Mapped[str]
    """The provider's id of the account: HubSpot's hub id, Salesforce's org."""
    name: Mapped[str]
    currency: Mapped[str | None]
    """What a deal without a currency of its own is counted in."""
    enabled: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    mapping: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """`{"property", "to", "name", "direction", "wins"}` of each contact property that is told or written."""
    deal_mapping: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    """`{"property", "to", "name"}` of each deal property that is written; none of them is told."""
    won_event: Mapped[str | None]
    """The event that a won deal is told as; None tells of none."""
    contacts_until: Mapped[datetime | None]
    deals_until: Mapped[datetime | None]
    reading: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=_NONE)
    next_sync_at: Mapped[datetime | None]
    last_synced_at: Mapped[datetime | None]
    error_code: Mapped[str | None]
    error: Mapped[str | None]
    change_seq: Mapped[int | None] = mapped_column(BigInteger)
    transition_seq: Mapped[int | None] = mapped_column(BigInteger)
    followed_at: Mapped[datetime | None]
    next_write_at: Mapped[datetime | None]
    """Real time: until then the CRM asked us to stay away, or fails."""
    refused: Mapped[dict[str, dict[str, str]]] = mapped_column(JSONB, server_default=_NONE)
    """By property of the mapping, `{"code", "message"}`: why the CRM takes no value of it. Not written meanwhile."""
    deal_refused: Mapped[dict[str, dict[str, str]]] = mapped_column(JSONB, server_default=_NONE)
    """The same of deals."""
    create_segment_id: Mapped[UUID | None]
    """Whose people are created there as contacts; None creates nobody."""
    create_as: Mapped[CreatedAs] = mapped_column(Text(), server_default=text("'contact'"))
    create_per_day: Mapped[int] = mapped_column(Integer, server_default=text("100"))
    create_after: Mapped[UUID | None]
    """The last of the segment's people that creating has come to; null: it begins with the first."""
    clear_on_erasure: Mapped[bool] = mapped_column(Boolean, server_default=_NO)
    """Whether what was written of a person is taken out of the CRM when they are erased here."""
    gone_until: Mapped[dict[str, str]] = mapped_column(JSONB, server_default=_NONE)
    """By kind, how far its deletions are read, by the CRM's own clock."""
    next_sweep_at: Mapped[datetime | None]
    """The domain's time: when its deletions are read next."""


class CrmCreation(TenantKeyed, Base):
    """An address, by its keyed hash, of somebody who was created at a CRM, known there before, or could not be.

    It stays, so that nobody whom a person deletes there is created again. `creating`: sent, and not answered yet;
    `put_off`: it failed for a reason that passes.
    """

    __tablename__ = "crm_creations"
    __table_args__ = (
        tenant_fk("account_id", "crm_accounts", ondelete="CASCADE"),
        Index("ix_crm_creations_made", "tenant_id", "account_id", "at"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[UUID] = mapped_column(primary_key=True)
    state: Mapped[str]
    detail: Mapped[str | None]
    """The contact's id there, or the code of why there is none."""
    at: Mapped[datetime]
    """Real time: when it was tried last, or was met."""


class CrmSync(TenantOwned, CreatedAt, Base):
    """One synchronisation: what was read, what of it was told, and how it ended. Times are the domain's."""

    __tablename__ = "crm_syncs"
    __table_args__ = (
        tenant_fk("account_id", "crm_accounts", ondelete="CASCADE"),
        Index("ix_crm_syncs_newest", "tenant_id", "account_id", "started_at", "id"),
    )

    account_id: Mapped[UUID]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    contacts_read: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    contacts_told: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    contacts_unnamed: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    """Without an identifier by which somebody could be known."""
    deals_read: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    deals_told: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    rejected: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    """Events that were not taken in: the event log says why."""
    contacts_gone: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    deals_gone: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    """Of those that are known here, how many were found deleted there, or merged into another."""
    error_code: Mapped[str | None]
    error: Mapped[str | None]


class CrmContact(TenantKeyed, Base):
    """A contact that was told of: nothing readable of the person.

    `keys` are the hashed identifiers that it names; `digest` tells one set of told values from another. `fields` has,
    by each property that is written, keyed hashes of what both sides had when they last agreed, of what is on its way
    there, and of what was told from there.
    """

    __tablename__ = "crm_contacts"
    __table_args__ = (tenant_fk("account_id", "crm_accounts", ondelete="CASCADE"),)

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    modified_at: Mapped[datetime]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    keys: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()))
    fields: Mapped[dict[str, list[str | None]]] = mapped_column(JSONB, server_default=_NONE)


class CrmContactKey(TenantKeyed, Base):
    """A contact by a hashed identifier that it names: an array has no index under row-level security."""

    __tablename__ = "crm_contact_keys"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "account_id", "external_id"],
            ["crm_contacts.tenant_id", "crm_contacts.account_id", "crm_contacts.external_id"],
            ondelete="CASCADE",
        ),
        Index("ix_crm_contact_keys_contact", "tenant_id", "account_id", "external_id"),
        Index("ix_crm_contact_keys_key", "tenant_id", "key"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[UUID] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)


class CrmDeparture(TenantKeyed, Base):
    """A contact that was known here, and is no longer there under its id. `gone_at` is the CRM's time.

    `keys` and `fields` are the contact's own, as `CrmContact` has them: an erasure finds it, and one that is restored
    goes on where it was.
    """

    __tablename__ = "crm_departures"
    __table_args__ = (
        tenant_fk("account_id", "crm_accounts", ondelete="CASCADE"),
        Index("ix_crm_departures_newest", "tenant_id", "account_id", "noticed_at"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    why: Mapped[str]
    """`deleted`, `merged`, or `privacy`: for good, as the law wants it."""
    merged_into: Mapped[str | None]
    gone_at: Mapped[datetime]
    noticed_at: Mapped[datetime]
    keys: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()))
    fields: Mapped[dict[str, list[str | None]]] = mapped_column(JSONB, server_default=_NONE)


class CrmDepartureKey(TenantKeyed, Base):
    """A contact that is gone by a hashed identifier that it named, as `CrmContactKey`."""

    __tablename__ = "crm_departure_keys"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "account_id", "external_id"],
            ["crm_departures.tenant_id", "crm_departures.account_id", "crm_departures.external_id"],
            ondelete="CASCADE",
        ),
        Index("ix_crm_departure_keys_contact", "tenant_id", "account_id", "external_id"),
        Index("ix_crm_departure_keys_key", "tenant_id", "key"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[UUID] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)


class CrmNotice(TenantKeyed, Base):
    """An object that the CRM said something has happened to: it is to be looked at there. Times are real.

    `version` counts why, as with `CrmWrite`. `occurred_at` is when the last of it happened, by the CRM's clock.
    """

    __tablename__ = "crm_notices"
    __table_args__ = (
        tenant_fk("account_id", "crm_accounts", ondelete="CASCADE"),
        Index("ix_crm_notices_due", "tenant_id", "account_id", "next_at"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    merged_into: Mapped[str | None]
    privacy: Mapped[bool] = mapped_column(Boolean, server_default=_NO)
    occurred_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(BigInteger, server_default=text("1"))
    attempts: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    next_at: Mapped[datetime]


class CrmWebhook(TenantKeyed, Base):
    """How an account's webhooks fare. A row of its own, so that a delivery waits for nobody. Times are real."""

    __tablename__ = "crm_webhooks"
    __table_args__ = (tenant_fk("account_id", "crm_accounts", ondelete="CASCADE"),)

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    last_at: Mapped[datetime | None]
    taken: Mapped[int] = mapped_column(BigInteger, server_default=_ZERO)
    """Notifications; what came twice counts once."""
    refused: Mapped[int] = mapped_column(BigInteger, server_default=_ZERO)
    """Deliveries in this account's name whose signature or time was wrong."""
    refused_at: Mapped[datetime | None]
    refused_why: Mapped[str | None]


class CrmWrite(TenantKeyed, Base):
    """A contact, or a deal, that both sides are to be compared of, since either has changed. Times are real.

    `version` counts why: a row that was added to while it was worked at stays. `looked` says that the CRM's side has
    changed. `next_at` null: it failed for a reason that passes with a change alone. `clears` are properties to be
    emptied, of somebody who is erased here by `request_id`, and `standing` the keyed hashes of what of ours may stand
    in each; `keys` are what that modification must not bring back.
    """

    __tablename__ = "crm_writes"
    __table_args__ = (
        tenant_fk("account_id", "crm_accounts", ondelete="CASCADE"),
        Index("ix_crm_writes_due", "tenant_id", "account_id", "next_at"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True, server_default=text("'contacts'"))
    external_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, server_default=text("1"))
    looked: Mapped[bool] = mapped_column(Boolean, server_default=_NO)
    clears: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default=_NONE)
    standing: Mapped[dict[str, list[str]]] = mapped_column(JSONB, server_default=_NONE)
    keys: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()), server_default=_NONE)
    request_id: Mapped[UUID | None]
    queued_at: Mapped[datetime]
    next_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    error_code: Mapped[str | None]
    properties: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default=_NONE)
    """Which could not be written; no value."""


class CrmPush(TenantOwned, CreatedAt, Base):
    """One round of writing: how many objects were compared, what came of it, and how it ended. Times are real."""

    __tablename__ = "crm_pushes"
    __table_args__ = (
        tenant_fk("account_id", "crm_accounts", ondelete="CASCADE"),
        Index("ix_crm_pushes_newest", "tenant_id", "account_id", "started_at", "id"),
    )

    account_id: Mapped[UUID]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    compared: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    written: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    """Contacts."""
    deals: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    """Deals that were written."""
    values: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    told: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    """Contacts whose value there won, and was told here."""
    created: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    failed: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    error_code: Mapped[str | None]
    error: Mapped[str | None]


class CrmDeal(TenantKeyed, Base):
    """A deal as the CRM holds it, without its name, which is often a person's; and what of it was told.

    `told_times` counts how often it was told as won; `told_micros` is the value that was told last, None while it is
    not told, or was taken back. `fields` has, as with contacts, what was agreed of each property that is written;
    `written_of` is the contact whose person's values these are.
    """

    __tablename__ = "crm_deals"
    __table_args__ = (
        tenant_fk("account_id", "crm_accounts", ondelete="CASCADE"),
        Index("ix_crm_deals_newest", "tenant_id", "account_id", "modified_at", "external_id"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    pipeline: Mapped[str | None]
    stage: Mapped[str | None]
    is_closed: Mapped[bool] = mapped_column(Boolean, server_default=_NO)
    is_won: Mapped[bool] = mapped_column(Boolean, server_default=_NO)
    amount_micros: Mapped[Micros | None]
    currency: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    modified_at: Mapped[datetime]
    contacts: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default=_NONE)
    """The contacts' ids at the CRM."""
    fields: Mapped[dict[str, list[str | None]]] = mapped_column(JSONB, server_default=_NONE)
    written_of: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    """When it was won or lost, as that was known when it was seen: what its person did later brought nothing about."""
    told: Mapped[bool] = mapped_column(Boolean, server_default=_NO)
    told_times: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    told_micros: Mapped[Micros | None]
    told_currency: Mapped[str | None]
    told_at: Mapped[datetime | None]
    """When the order that was told last is said to have happened."""
    gone_at: Mapped[datetime | None]
    """When it was deleted there, by the CRM's clock."""
    stays_told: Mapped[bool] = mapped_column(Boolean, server_default=_NO)
    """It is gone, and nobody is known whom that could be told of."""


class CrmDealContact(TenantKeyed, Base):
    """Whose a deal is, by the contact: an array has no index under row-level security."""

    __tablename__ = "crm_deal_contacts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "account_id", "deal"],
            ["crm_deals.tenant_id", "crm_deals.account_id", "crm_deals.external_id"],
            ondelete="CASCADE",
        ),
        Index("ix_crm_deal_contacts_deal", "tenant_id", "account_id", "deal"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    contact: Mapped[str] = mapped_column(primary_key=True)
    deal: Mapped[str] = mapped_column(primary_key=True)
