"""Who is who: identifiers, the ledger of what was asserted of them, and the work that waits.

An event is anchored to one identifier for ever (`cdp_events.person_key`); merges, splits and undo move identifiers
between profiles and touch no event. An identifier keeps the fold of the events that are anchored to it.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, Integer, LargeBinary, SmallInteger, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantKeyed, TenantOwned, UtcDateTime
from app.db.sealed import sealed_for

_EMPTY = text("'{}'")


class CdpIdentifier(TenantKeyed, CreatedAt, Base):
    """One identifier, by its keyed hash, with the fold of its events.

    `traits` and `click_ids` are last-writer-wins registers, `{name: [value, time, message_id]}`; `revenue` and
    `refunded` are micros by currency. `first_seen_at` and `first_message_id` are the first sighting in any event,
    `first_event_at` the first event anchored here.
    """

    __tablename__ = "cdp_identifiers"
    __table_args__ = (
        Index("ix_cdp_identifiers_profile", "tenant_id", "profile_id"),
        {"postgresql_with": {"fillfactor": "80"}},
    )

    key: Mapped[UUID] = mapped_column(primary_key=True)
    type: Mapped[str]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary, info=sealed_for("cdp.identifiers"))
    profile_id: Mapped[UUID]
    first_seen_at: Mapped[datetime]
    first_message_id: Mapped[str]
    last_seen_on: Mapped[date]
    event_count: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    order_count: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    refund_count: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    revenue: Mapped[dict[str, int]] = mapped_column(JSONB, server_default=_EMPTY)
    refunded: Mapped[dict[str, int]] = mapped_column(JSONB, server_default=_EMPTY)
    first_event_at: Mapped[datetime | None]
    last_event_at: Mapped[datetime | None]
    first_order_at: Mapped[datetime | None]
    last_order_at: Mapped[datetime | None]
    traits: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default=_EMPTY, info=sealed_for("cdp.traits", path='$.*[0]."$sealed"')
    )
    click_ids: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=_EMPTY)


_OVERRULABLE = "reason IN ('type_limit', 'too_many_identifiers', 'too_many_merges')"
"""Reasons of a refusal that a stronger one replaces, where an earlier assertion arrives late."""


class CdpIdentityEdge(TenantKeyed, Base):
    """One link that an assertion makes: its anchor `a_key` and another identifier, in order of priority (`place`).

    An assertion is a set of identifiers named together, by its hash; it stands where it was first made. What a
    removal takes away stays in the ledger and counts no more. All that a person said at once is one `act`, undone as
    one; what a merge had to lift to be possible names that merge in `lifted_by`, and comes back with its undo. The
    first row of an act keeps which ids of profiles it `ended` and `founded`, bystanders' too: its undo gives them back.
    """

    __tablename__ = "cdp_identity_edges"
    __table_args__ = (
        Index("ix_cdp_identity_edges_a", "tenant_id", "a_key"),
        Index("ix_cdp_identity_edges_b", "tenant_id", "b_key"),
        Index(
            "ix_cdp_identity_edges_refused",
            "tenant_id",
            "decided_at",
            postgresql_where=text("reason IS NOT NULL"),
        ),
        Index(
            "ix_cdp_identity_edges_by_hand", "tenant_id", "kind", postgresql_where=text("kind <> 'observed'")
        ),
        Index("ix_cdp_identity_edges_act", "tenant_id", "act", postgresql_where=text("act IS NOT NULL")),
        Index(
            "ix_cdp_identity_edges_lifted_by",
            "tenant_id",
            "lifted_by",
            postgresql_where=text("lifted_by IS NOT NULL"),
        ),
        Index("ix_cdp_identity_edges_ids", "tenant_id", postgresql_where=text("ended IS NOT NULL")),
        Index(
            "ix_cdp_identity_edges_overrulable_a",
            "tenant_id",
            "a_key",
            "asserted_at",
            postgresql_where=text(_OVERRULABLE),
        ),
        Index(
            "ix_cdp_identity_edges_overrulable_b",
            "tenant_id",
            "b_key",
            "asserted_at",
            postgresql_where=text(_OVERRULABLE),
        ),
    )

    assertion: Mapped[UUID] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str]
    a_key: Mapped[UUID]
    b_key: Mapped[UUID]
    asserted_at: Mapped[datetime]
    message_id: Mapped[str]
    event_id: Mapped[UUID | None]
    received_at: Mapped[datetime | None]
    source_id: Mapped[UUID | None]
    asserted_by: Mapped[str | None]
    joined: Mapped[bool]
    reason: Mapped[str | None]
    decided_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[str | None]
    act: Mapped[UUID | None]
    lifted_by: Mapped[UUID | None]
    ended: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid()))
    founded: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid()))


class CdpIdentityQueueItem(TenantOwned, Base):
    """The events of one write, to be resolved. The row goes in the transaction of what it led to."""

    __tablename__ = "cdp_identity_queue"

    queued_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    received_at: Mapped[list[datetime]] = mapped_column(ARRAY(UtcDateTime()))
    event_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()))


class CdpIdentityQuarantined(TenantOwned, Base):
    """An event (`id`) that could not be resolved though everything around it could; stored, and not counted yet.

    `code` is a stable word for the failure, `reason` what it said; `person_key` is the event's own.
    """

    __tablename__ = "cdp_identity_quarantine"
    __table_args__ = (
        Index("ix_cdp_identity_quarantine_newest", "tenant_id", "quarantined_at", "id"),
        Index("ix_cdp_identity_quarantine_person_key", "tenant_id", "person_key"),
    )

    received_at: Mapped[datetime]
    person_key: Mapped[UUID | None]
    quarantined_at: Mapped[datetime]
    code: Mapped[str]
    reason: Mapped[str]


class CdpIdentitySettings(TenantKeyed, Base):
    """A tenant's own rules; what is absent follows the defaults. `version` counts changes."""

    __tablename__ = "cdp_identity_settings"

    rules: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=_EMPTY)
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    updated_by: Mapped[str]


class CdpProfileChange(TenantKeyed, Base):
    """The feed of what changed. In one tenant, `seq` grows in the order of the commits.

    `reason` is `events`, `graph` (identifiers moved), `ended` (the ids are no profiles any more), `erased` (nor may
    be), `lifecycle` or another feature's own word; `event_names` and `traits` say what these profiles have in common
    that is new.
    """

    __tablename__ = "cdp_profile_changes"
    __table_args__ = (Index("ix_cdp_profile_changes_at", "at", postgresql_using="brin"),)

    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime]
    reason: Mapped[str]
    profile_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()))
    event_names: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    traits: Mapped[list[str]] = mapped_column(ARRAY(Text()))
