"""Actions: what automation or a person wants changed on a platform, and how far it got."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from app.db.base import Base, CreatedAt, Micros, TenantOwned, tenant_fk


class AutopilotAction(TenantOwned, CreatedAt, Base):
    """One change of one entity. `before` and `after` are absolute; money is micros.

    Times are the domain's, but for `executing_at`, which is real: recovery after a crash reads it.
    """

    __tablename__ = "autopilot_actions"
    __table_args__ = (
        tenant_fk("ad_account_id", "ad_accounts", ondelete="CASCADE"),
        tenant_fk("rollback_of", "autopilot_actions"),
        tenant_fk("other_half", "autopilot_actions"),
        tenant_fk("plan_id", "autopilot_plans"),
        tenant_fk("envelope_id", "autopilot_envelopes"),
        UniqueConstraint("tenant_id", "idempotency_key"),
        Index("ix_autopilot_actions_newest", "tenant_id", "proposed_at", "id"),
        Index("ix_autopilot_actions_state", "tenant_id", "state"),
        Index(
            "ix_autopilot_actions_plan", "tenant_id", "plan_id", postgresql_where=text("plan_id IS NOT NULL")
        ),
        Index(
            "ix_autopilot_actions_envelope",
            "tenant_id",
            "envelope_id",
            postgresql_where=text("envelope_id IS NOT NULL"),
        ),
        Index(
            "ix_autopilot_actions_statuses",
            "tenant_id",
            "applied_at",
            postgresql_where=text("operation = 'set_status'"),
        ),
        Index(
            "ix_autopilot_actions_strategy",
            "tenant_id",
            "strategy",
            "proposed_at",
            postgresql_where=text("strategy IS NOT NULL"),
        ),
        Index("ix_autopilot_actions_entity", "tenant_id", "ad_account_id", "entity", "applied_at"),
    )

    ad_account_id: Mapped[UUID]
    campaign_id: Mapped[UUID | None]
    platform: Mapped[str]
    account: Mapped[str]
    entity_type: Mapped[str]
    entity: Mapped[str]
    entity_name: Mapped[str]
    operation: Mapped[str]
    before: Mapped[dict[str, Any]] = mapped_column(JSONB)
    after: Mapped[dict[str, Any]] = mapped_column(JSONB)
    currency: Mapped[str]
    justified_by: Mapped[list[str]] = mapped_column(ARRAY(Text))
    spend_only: Mapped[bool] = mapped_column(server_default=text("false"))
    """The reason needs nothing but what was spent."""
    reason: Mapped[str]
    evidence: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    origin: Mapped[str]
    requested_label: Mapped[str]
    strategy: Mapped[str | None]
    safety: Mapped[bool] = mapped_column(server_default=text("false"))
    learning: Mapped[bool] = mapped_column(server_default=text("false"))
    rollback_of: Mapped[UUID | None]
    other_half: Mapped[UUID | None]
    """The other action of a move across accounts."""
    plan_id: Mapped[UUID | None]
    """The plan that it is a cut or a raise of."""
    envelope_id: Mapped[UUID | None]
    """The standing envelope whose yes it has."""
    idempotency_key: Mapped[str]
    state: Mapped[str]
    decision_id: Mapped[UUID | None]
    verdict: Mapped[str | None]
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    permit_id: Mapped[UUID | None]
    permit_expires_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    approved_by: Mapped[str | None]
    approval_reason: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    proposed_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    executing_at: Mapped[datetime | None]
    applied_at: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]
    watch_until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    halted: Mapped[str | None]
    """Why no attempt of it may begin any more, where it had passed the gate when nobody wanted it any longer."""
    error_code: Mapped[str | None]
    error_detail: Mapped[str | None]

    @property
    def was_looked_at(self) -> bool:
        """Whether a person said yes to this very action: who says yes beforehand has not seen it."""
        return self.approved_by is not None and self.envelope_id is None


class AutopilotPlan(TenantOwned, CreatedAt, Base):
    """Cuts and raises within one account: a raise takes only what the platform holds of the cuts. Domain times."""

    __tablename__ = "autopilot_plans"
    __table_args__ = (
        tenant_fk("ad_account_id", "ad_accounts", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "idempotency_key"),
        Index("ix_autopilot_plans_account", "tenant_id", "ad_account_id", "made_at"),
    )

    ad_account_id: Mapped[UUID]
    strategy: Mapped[str]
    idempotency_key: Mapped[str]
    state: Mapped[str]
    """`cutting` until every cut has ended, then `ended`."""
    raises: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """What is wanted once the cuts hold, as it was planned."""
    freed_micros: Mapped[Micros | None]
    """What the cuts that the platform holds gave, a day."""
    note: Mapped[str | None]
    """How it ended, in words."""
    approved_by: Mapped[str | None]
    approval_reason: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    """After this nothing is raised any more."""
    ended_at: Mapped[datetime | None]


class AutopilotActionEvent(TenantOwned, CreatedAt, Base):
    """One step of an action's life; append-only."""

    __tablename__ = "autopilot_action_events"
    __table_args__ = (
        tenant_fk("action_id", "autopilot_actions", ondelete="CASCADE"),
        Index("ix_autopilot_action_events_action", "tenant_id", "action_id", "created_at"),
    )

    action_id: Mapped[UUID]
    at: Mapped[datetime]
    from_state: Mapped[str | None]
    to_state: Mapped[str]
    actor: Mapped[str]
    note: Mapped[str | None]
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
