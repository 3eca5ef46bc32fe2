"""CRMs: accounts, synchronisations, the contacts that were told of, and deals."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "crm"
down_revision = "audience_receipts"
branch_labels = None
depends_on = None

_TABLES = ("crm_accounts", "crm_syncs", "crm_contacts", "crm_deals")


def _tenant() -> sa.Column[int]:
    return sa.Column(
        "tenant_id",
        sa.Integer(),
        server_default=sa.text("current_tenant()"),
        autoincrement=False,
        nullable=False,
    )


def _uuid(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=False)


def _text(name: str, *, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _time(name: str, *, nullable: bool = True, now: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(), nullable=nullable, server_default=sa.text("now()") if now else None)


def _flag(name: str, default: str = "false") -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default=sa.text(default), nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False)


def _of_account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", "account_id"],
        ["crm_accounts.tenant_id", "crm_accounts.id"],
        name=op.f(f"fk_{table}_tenant_id_account_id_crm_accounts"),
        ondelete="CASCADE",
    )


def upgrade() -> None:
    op.create_table(
        "crm_accounts",
        _uuid("connection_id"),
        _text("provider", nullable=False),
        _text("external_id", nullable=False),
        _text("name", nullable=False),
        _text("currency"),
        _flag("enabled", "true"),
        sa.Column("mapping", postgresql.JSONB(), nullable=False),
        _text("won_event"),
        _time("contacts_until"),
        _time("deals_until"),
        sa.Column("reading", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        _time("next_sync_at"),
        _time("last_synced_at"),
        _text("error_code"),
        _text("error"),
        _tenant(),
        _uuid("id"),
        _time("created_at", nullable=False, now=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["connections.tenant_id", "connections.id"],
            name=op.f("fk_crm_accounts_tenant_id_connection_id_connections"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_crm_accounts")),
        sa.UniqueConstraint(
            "tenant_id",
            "provider",
            "external_id",
            name=op.f("uq_crm_accounts_tenant_id_provider_external_id"),
        ),
    )
    op.create_table(
        "crm_syncs",
        _uuid("account_id"),
        _time("started_at", nullable=False),
        _time("finished_at"),
        *(_count(name) for name in ("contacts_read", "contacts_told", "contacts_unnamed")),
        *(_count(name) for name in ("deals_read", "deals_told", "rejected")),
        _text("error_code"),
        _text("error"),
        _tenant(),
        _uuid("id"),
        _time("created_at", nullable=False, now=True),
        _of_account("crm_syncs"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_crm_syncs")),
    )
    op.create_index("ix_crm_syncs_newest", "crm_syncs", ["tenant_id", "account_id", "started_at", "id"])
    op.create_table(
        "crm_contacts",
        _uuid("account_id"),
        _text("external_id", nullable=False),
        _time("modified_at", nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("keys", postgresql.ARRAY(sa.Uuid()), nullable=False),
        _tenant(),
        _of_account("crm_contacts"),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", "external_id", name=op.f("pk_crm_contacts")),
    )
    op.create_table(
        "crm_deals",
        _uuid("account_id"),
        _text("external_id", nullable=False),
        _text("pipeline"),
        _text("stage"),
        _flag("is_closed"),
        _flag("is_won"),
        sa.Column("amount_micros", sa.BigInteger(), nullable=True),
        _text("currency"),
        _time("closed_at"),
        _time("modified_at", nullable=False),
        sa.Column("contacts", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        _flag("told"),
        _count("told_times"),
        sa.Column("told_micros", sa.BigInteger(), nullable=True),
        _text("told_currency"),
        _time("told_at"),
        _tenant(),
        _of_account("crm_deals"),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", "external_id", name=op.f("pk_crm_deals")),
    )
    op.create_index(
        "ix_crm_deals_newest", "crm_deals", ["tenant_id", "account_id", "modified_at", "external_id"]
    )
    for table in _TABLES:
        rls.protect(op, table)


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
