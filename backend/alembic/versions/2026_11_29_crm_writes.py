"""What is written to CRMs: places in the feed, both sides' last agreement, the queue and its rounds."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "crm_writes"
down_revision = "crm_hosts"
branch_labels = None
depends_on = None

_TABLES = ("crm_contact_keys", "crm_writes", "crm_pushes")
_FOLLOWERS = """
SELECT 'cdp.segments', c.seq FROM cdp_segment_cursors AS c WHERE c.tenant_id = tenant
UNION ALL
SELECT 'cdp.traits', c.seq FROM cdp_trait_cursors AS c WHERE c.tenant_id = tenant
UNION ALL
SELECT 'cdp.webhooks', w.change_seq - 1 FROM cdp_webhooks AS w
WHERE w.tenant_id = tenant AND (w.enabled OR coalesce(w.off_at, w.updated_at) >= off_before)
"""
_CRM = """
UNION ALL
SELECT 'crm', a.change_seq FROM crm_accounts AS a
WHERE a.tenant_id = tenant AND a.change_seq IS NOT NULL AND a.followed_at >= off_before
"""


def _followers(body: str) -> None:
    op.execute(
        "CREATE OR REPLACE FUNCTION cdp_feed_followers(tenant integer, off_before timestamptz) "
        "RETURNS TABLE (follower text, passed bigint) "
        f"LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$ {body} $$"
    )


def _tenant() -> sa.Column[int]:
    return sa.Column(
        "tenant_id",
        sa.Integer(),
        server_default=sa.text("current_tenant()"),
        autoincrement=False,
        nullable=False,
    )


def _time(name: str, *, nullable: bool = True, now: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(), nullable=nullable, server_default=sa.text("now()") if now else None)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default=sa.text("false"), nullable=False)


def _texts(name: str) -> sa.Column[list[str]]:
    return sa.Column(name, postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False)


def _of_account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", "account_id"],
        ["crm_accounts.tenant_id", "crm_accounts.id"],
        name=op.f(f"fk_{table}_tenant_id_account_id_crm_accounts"),
        ondelete="CASCADE",
    )


def upgrade() -> None:
    for name in ("change_seq", "transition_seq"):
        op.add_column("crm_accounts", sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column("crm_accounts", _time("followed_at"))
    op.add_column("crm_accounts", _time("next_write_at"))
    op.add_column("crm_accounts", _flag("clear_on_erasure"))
    op.add_column(
        "crm_contacts",
        sa.Column("fields", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
    )
    op.create_table(
        "crm_contact_keys",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        _tenant(),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id", "external_id"],
            ["crm_contacts.tenant_id", "crm_contacts.account_id", "crm_contacts.external_id"],
            name=op.f("fk_crm_contact_keys_tenant_id_account_id_external_id_crm_contacts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "account_id", "key", "external_id", name=op.f("pk_crm_contact_keys")
        ),
    )
    op.create_index(
        "ix_crm_contact_keys_contact", "crm_contact_keys", ["tenant_id", "account_id", "external_id"]
    )
    op.create_table(
        "crm_writes",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        _flag("looked"),
        _texts("clears"),
        sa.Column("keys", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        _time("queued_at", nullable=False),
        _time("next_at"),
        _count("attempts"),
        sa.Column("error_code", sa.String(), nullable=True),
        _texts("properties"),
        _tenant(),
        _of_account("crm_writes"),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", "external_id", name=op.f("pk_crm_writes")),
    )
    op.create_index("ix_crm_writes_due", "crm_writes", ["tenant_id", "account_id", "next_at"])
    op.create_table(
        "crm_pushes",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        _time("started_at", nullable=False),
        _time("finished_at", nullable=False),
        *(_count(name) for name in ("compared", "written", "values", "told", "failed")),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        _tenant(),
        sa.Column("id", sa.Uuid(), nullable=False),
        _time("created_at", nullable=False, now=True),
        _of_account("crm_pushes"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_crm_pushes")),
    )
    op.create_index("ix_crm_pushes_newest", "crm_pushes", ["tenant_id", "account_id", "started_at", "id"])
    for table in _TABLES:
        rls.protect(op, table)
    op.execute(f"CREATE POLICY feed_followed ON crm_accounts FOR SELECT TO {rls.OWNER_ROLE} USING (true)")
    _followers(_FOLLOWERS + _CRM)


def downgrade() -> None:
    _followers(_FOLLOWERS)
    op.execute("DROP POLICY feed_followed ON crm_accounts")
    for table in reversed(_TABLES):
        op.drop_table(table)
    op.drop_column("crm_contacts", "fields")
    for name in ("clear_on_erasure", "next_write_at", "followed_at", "transition_seq", "change_seq"):
        op.drop_column("crm_accounts", name)
