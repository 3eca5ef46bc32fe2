"""What sources send, the clock's correction of an event, splits that are one act, people by consent, the law of a request."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "sources_and_privacy"
down_revision = "transfers"
branch_labels = None
depends_on = None

_TABLES = ("cdp_schema_queue", "cdp_source_schemas", "cdp_consent_summaries")
_JSONB = postgresql.JSONB(astext_type=sa.Text())

# Until now a split was as many assertions as it kept pairs apart, written with one time: they are one act.
_ACTS = """
UPDATE cdp_identity_edges AS e SET act = split.act
FROM (
  SELECT asserted_by, decided_at, min(assertion::text)::uuid AS act FROM cdp_identity_edges
  WHERE tenant_id = :tenant AND kind = 'apart' GROUP BY asserted_by, decided_at
) AS split
WHERE e.tenant_id = :tenant AND e.kind <> 'observed' AND e.asserted_by = split.asserted_by
  AND e.decided_at = split.decided_at
"""


def _tenant() -> sa.Column[int]:
    return sa.Column(
        "tenant_id",
        sa.Integer(),
        server_default=sa.text("current_tenant()"),
        autoincrement=False,
        nullable=False,
    )


def upgrade() -> None:
    _schemas()
    op.create_table(
        "cdp_consent_summaries",
        sa.Column("computed_at", UtcDateTime(), nullable=False),
        sa.Column("people", sa.BigInteger(), nullable=False),
        sa.Column("purposes", _JSONB, nullable=False),
        _tenant(),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_cdp_consent_summaries")),
    )
    op.add_column("cdp_events", sa.Column("clock_shift_ms", sa.BigInteger(), nullable=True))
    op.create_index("ix_cdp_event_verdicts_message", "cdp_event_verdicts", ["tenant_id", "message_id"])
    op.add_column(
        "cdp_privacy_requests",
        sa.Column("law", sa.String(), server_default=sa.text("'gdpr'"), nullable=False),
    )
    for column in ("act", "lifted_by"):
        op.add_column("cdp_identity_edges", sa.Column(column, sa.Uuid(), nullable=True))
        op.create_index(
            f"ix_cdp_identity_edges_{column}",
            "cdp_identity_edges",
            ["tenant_id", column],
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )
    _name_acts()
    for table in _TABLES:
        rls.protect(op, table)


def _schemas() -> None:
    op.create_table(
        "cdp_schema_queue",
        sa.Column("said", _JSONB, nullable=False),
        sa.Column("received_at", postgresql.ARRAY(UtcDateTime()), nullable=False),
        sa.Column("event_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        _tenant(),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_cdp_schema_queue")),
    )
    op.create_table(
        "cdp_source_schemas",
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("event_type", sa.String(), nullable=False),
        sa.Column("event_name", sa.String(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("days", _JSONB, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("sampled", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("properties", _JSONB, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("properties_left_out", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("recent", _JSONB, server_default=sa.text("'[]'"), nullable=False),
        _tenant(),
        sa.PrimaryKeyConstraint(
            "tenant_id", "source_id", "event_type", "event_name", name=op.f("pk_cdp_source_schemas")
        ),
    )


def _name_acts() -> None:
    connection = op.get_bind()
    for tenant_id in connection.scalars(sa.text("SELECT id FROM tenants ORDER BY id")).all():
        # The owner too sees a tenant's rows only where that tenant is bound.
        connection.execute(
            sa.text("SELECT set_config('app.tenant_id', :tenant, true)"), {"tenant": str(tenant_id)}
        )
        connection.execute(sa.text(_ACTS), {"tenant": tenant_id})
    connection.execute(sa.text("SELECT set_config('app.tenant_id', '', true)"))


def downgrade() -> None:
    for column in ("lifted_by", "act"):
        op.drop_index(f"ix_cdp_identity_edges_{column}", "cdp_identity_edges")
        op.drop_column("cdp_identity_edges", column)
    op.drop_column("cdp_privacy_requests", "law")
    op.drop_index("ix_cdp_event_verdicts_message", "cdp_event_verdicts")
    op.drop_column("cdp_events", "clock_shift_ms")
    for table in reversed(_TABLES):
        op.drop_table(table)
