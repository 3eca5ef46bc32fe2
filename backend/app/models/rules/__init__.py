"""Rules over campaigns, each evaluation of them, and what each led to."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Index, Integer, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantOwned, tenant_fk


class Rule(TenantOwned, CreatedAt, Base):
    """What a company wants done when. `version` counts changes of what it asks or does; times are the domain's."""

    __tablename__ = "rules"
    __table_args__ = (
        Index(
            "uq_rules_name",
            "tenant_id",
            text("lower(name)"),
            unique=True,
            postgresql_where=text("archived_at IS NULL"),
        ),
        Index(
            "ix_rules_next_run", "tenant_id", "next_run_at", postgresql_where=text("next_run_at IS NOT NULL")
        ),
    )

    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default=text("''"))
    definition: Mapped[dict[str, Any]] = mapped_column(JSONB)
    schedule: Mapped[dict[str, Any]] = mapped_column(JSONB)
    cooldown_hours: Mapped[int] = mapped_column(Integer)
    enabled: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    template: Mapped[str | None]
    next_run_at: Mapped[datetime | None]
    """None while it is switched off."""
    last_run_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]
    created_by: Mapped[UUID | None]
    archived_at: Mapped[datetime | None]


class RuleEvaluation(TenantOwned, Base):
    """A rule held against every campaign of its set: `due_at` is the time of its schedule that it stands for."""

    __tablename__ = "rule_evaluations"
    __table_args__ = (
        tenant_fk("rule_id", "rules", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "rule_id", "due_at"),
        Index("ix_rule_evaluations_newest", "tenant_id", "rule_id", "evaluated_at", "id"),
        Index("ix_rule_evaluations_age", "tenant_id", "evaluated_at"),
    )

    rule_id: Mapped[UUID]
    version: Mapped[int] = mapped_column(Integer)
    due_at: Mapped[datetime]
    evaluated_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    """None while it still acts, or where it was interrupted: what stands here was done all the same."""
    considered: Mapped[int] = mapped_column(Integer)
    held: Mapped[int] = mapped_column(Integer)
    unknown: Mapped[int] = mapped_column(Integer)
    acted: Mapped[int] = mapped_column(Integer)
    unknown_by_reason: Mapped[dict[str, Any]] = mapped_column(JSONB)
    idle_by_reason: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """Of those for which it held and nothing was done."""
    unknown_examples: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)


class RuleFiring(TenantOwned, Base):
    """A campaign for which a rule held and something was done: the figures that were read, and what was done."""

    __tablename__ = "rule_firings"
    __table_args__ = (
        tenant_fk("evaluation_id", "rule_evaluations", ondelete="CASCADE"),
        tenant_fk("rule_id", "rules", ondelete="CASCADE"),
        tenant_fk("campaign_id", "campaigns", ondelete="CASCADE"),
        Index("ix_rule_firings_newest", "tenant_id", "rule_id", "fired_at", "id"),
        Index("ix_rule_firings_evaluation", "tenant_id", "evaluation_id"),
        Index("ix_rule_firings_campaign", "tenant_id", "campaign_id"),
    )

    evaluation_id: Mapped[UUID]
    rule_id: Mapped[UUID]
    campaign_id: Mapped[UUID]
    campaign_name: Mapped[str]
    currency: Mapped[str]
    fired_at: Mapped[datetime]
    figures: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """What was done or left, in the order of the rule's actions."""
    action_id: Mapped[UUID | None]
    """The action that was proposed to the gate."""
