"""What people allowed and refused, and the proof of it.

A receipt is one assertion, kept for ever; a register holds the last grant and the last refusal of a purpose for one
identifier. Registers fold like the events do: the greater time wins, whatever came first, and a merge or a split of
profiles moves no row.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, TenantKeyed, TenantOwned

_EMPTY = text("'{}'")


class CdpConsentReceipt(TenantOwned, Base):
    """One assertion of one purpose. What events repeat within a day is one receipt."""

    __tablename__ = "cdp_consent_receipts"
    __table_args__ = (Index("ix_cdp_consent_receipts_person", "tenant_id", "person_key", "at", "id"),)

    person_key: Mapped[UUID]
    purpose: Mapped[str]
    decision: Mapped[str]
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    source: Mapped[str]
    wording_version: Mapped[str | None]
    proof: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=_EMPTY)
    message_id: Mapped[str | None]
    event_id: Mapped[UUID | None]
    asserted_by: Mapped[str | None]


class CdpConsent(TenantKeyed, Base):
    """The last grant and the last refusal of a purpose by one identifier, each with where it came from."""

    __tablename__ = "cdp_consents"

    person_key: Mapped[UUID] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(primary_key=True)
    granted_at: Mapped[datetime | None]
    granted_source: Mapped[str | None]
    refused_at: Mapped[datetime | None]
    refused_source: Mapped[str | None]


class CdpConsentString(TenantKeyed, Base):
    """The last TCF or GPP string of an identifier, as it was received."""

    __tablename__ = "cdp_consent_strings"

    person_key: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
    at: Mapped[datetime]
    message_id: Mapped[str]


class CdpConsentSummary(TenantKeyed, Base):
    """How many people granted, refused and said nothing, by purpose, as it was counted at one time."""

    __tablename__ = "cdp_consent_summaries"

    computed_at: Mapped[datetime]
    people: Mapped[int] = mapped_column(BigInteger)
    purposes: Mapped[dict[str, Any]] = mapped_column(JSONB)


class CdpConsentSettings(TenantKeyed, Base):
    """A tenant's policy of silence, and which purposes its SDKs' categories stand for."""

    __tablename__ = "cdp_consent_settings"

    policy: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=_EMPTY)
    categories: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=_EMPTY)
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    updated_at: Mapped[datetime]
    updated_by: Mapped[str]
