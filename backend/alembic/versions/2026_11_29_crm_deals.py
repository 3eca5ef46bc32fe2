"""Deals that are written; who is gone by whom they named; how far creating is; when a conversion was tried first."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "crm_deals_written"
down_revision = "rules"
branch_labels = None
depends_on = None

_MADE = ("crm_departure_keys", "crm_deal_contacts")
_FILLED = (
    *("crm_contacts", "crm_contact_keys", "crm_departures", "crm_departure_keys", "crm_deals"),
    *("crm_deal_contacts", "conversion_deliveries", "cdp_privacy_requests"),
)
_OF_ONE = """
UPDATE cdp_privacy_requests AS r SET status = 'overtaken', finished_at = r.requested_at
FROM cdp_privacy_requests AS o WHERE r.status = 'proposed' AND o.status = 'proposed'
  AND o.tenant_id = r.tenant_id AND o.profile_id = r.profile_id AND o.id < r.id
"""
_TRIED = """
UPDATE conversion_deliveries SET first_tried_at = coalesce(sent_at, created_at)
WHERE sent_at IS NOT NULL OR (attempts > 0 AND status IN ('queued', 'failed', 'sent', 'dead', 'acknowledged'))
"""


def _tenant() -> sa.Column[int]:
    return sa.Column(
        "tenant_id",
        sa.Integer(),
        server_default=sa.text("current_tenant()"),
        autoincrement=False,
        nullable=False,
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False)


def _json(name: str, default: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB(), server_default=sa.text(f"'{default}'"), nullable=False)


def _within(table: str, columns: tuple[str, ...], target: str) -> sa.ForeignKeyConstraint:
    names = ("tenant_id", "account_id", "external_id")
    return sa.ForeignKeyConstraint(
        list(columns),
        [f"{target}.{name}" for name in names],
        name=op.f(f"fk_{table}_{'_'.join(columns)}_{target}"),
        ondelete="CASCADE",
    )


def upgrade() -> None:
    op.add_column("crm_accounts", sa.Column("create_after", sa.Uuid(), nullable=True))
    op.add_column("crm_accounts", _json("deal_mapping", "[]"))
    op.add_column("crm_accounts", _json("deal_refused", "{}"))
    op.add_column("crm_pushes", sa.Column("deals", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("crm_deals", _json("fields", "{}"))
    op.add_column("crm_deals", sa.Column("written_of", sa.String(), nullable=True))
    op.add_column("crm_deals", sa.Column("ended_at", UtcDateTime(), nullable=True))
    op.add_column(
        "crm_deals", sa.Column("stays_told", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column(
        "crm_writes", sa.Column("kind", sa.String(), server_default=sa.text("'contacts'"), nullable=False)
    )
    op.drop_constraint("pk_crm_writes", "crm_writes")
    op.create_primary_key("pk_crm_writes", "crm_writes", ["tenant_id", "account_id", "kind", "external_id"])
    op.create_table(
        "crm_departure_keys",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        _text("external_id"),
        _tenant(),
        _within("crm_departure_keys", ("tenant_id", "account_id", "external_id"), "crm_departures"),
        sa.PrimaryKeyConstraint(
            "tenant_id", "account_id", "key", "external_id", name=op.f("pk_crm_departure_keys")
        ),
    )
    op.create_table(
        "crm_deal_contacts",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        _text("contact"),
        _text("deal"),
        _tenant(),
        _within("crm_deal_contacts", ("tenant_id", "account_id", "deal"), "crm_deals"),
        sa.PrimaryKeyConstraint(
            "tenant_id", "account_id", "contact", "deal", name=op.f("pk_crm_deal_contacts")
        ),
    )
    for table, last in (("crm_departure_keys", "external_id"), ("crm_deal_contacts", "deal")):
        name = f"ix_{table}_{'contact' if last == 'external_id' else last}"
        op.create_index(name, table, ["tenant_id", "account_id", last])
    for table in ("crm_contact_keys", "crm_departure_keys"):
        op.create_index(f"ix_{table}_key", table, ["tenant_id", "key"])
    for table in _MADE:
        rls.protect(op, table)
    op.add_column("conversion_deliveries", sa.Column("first_tried_at", UtcDateTime(), nullable=True))
    _fill()
    op.create_index(
        "uq_cdp_privacy_requests_proposed",
        "cdp_privacy_requests",
        ["tenant_id", "profile_id"],
        unique=True,
        postgresql_where=sa.text("status = 'proposed'"),
    )


def _fill() -> None:
    """The owner too is bound by row-level security: what follows reads every tenant's rows."""
    for table in _FILLED:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    for key, table in (("crm_contact_keys", "crm_contacts"), ("crm_departure_keys", "crm_departures")):
        op.execute(
            f"INSERT INTO {key} (tenant_id, account_id, key, external_id) "  # noqa: S608 - of those two
            f"SELECT tenant_id, account_id, unnest(keys), external_id FROM {table} ON CONFLICT DO NOTHING"
        )
    op.execute(
        "INSERT INTO crm_deal_contacts (tenant_id, account_id, contact, deal) "
        "SELECT tenant_id, account_id, unnest(contacts), external_id FROM crm_deals ON CONFLICT DO NOTHING"
    )
    op.execute(_TRIED)
    op.execute(_OF_ONE)
    for table in _FILLED:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.drop_index("uq_cdp_privacy_requests_proposed", "cdp_privacy_requests")
    op.execute("ALTER TABLE cdp_privacy_requests NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE cdp_privacy_requests SET status = 'dismissed' WHERE status = 'overtaken'")
    op.execute("ALTER TABLE cdp_privacy_requests FORCE ROW LEVEL SECURITY")
    op.drop_column("conversion_deliveries", "first_tried_at")
    for table in reversed(_MADE):
        op.drop_table(table)
    op.drop_index("ix_crm_contact_keys_key", "crm_contact_keys")
    op.execute("ALTER TABLE crm_writes NO FORCE ROW LEVEL SECURITY")
    op.execute("DELETE FROM crm_writes WHERE kind <> 'contacts'")
    op.execute("ALTER TABLE crm_writes FORCE ROW LEVEL SECURITY")
    op.drop_constraint("pk_crm_writes", "crm_writes")
    op.create_primary_key("pk_crm_writes", "crm_writes", ["tenant_id", "account_id", "external_id"])
    op.drop_column("crm_writes", "kind")
    for name in ("stays_told", "ended_at", "written_of", "fields"):
        op.drop_column("crm_deals", name)
    op.drop_column("crm_pushes", "deals")
    for name in ("deal_refused", "deal_mapping", "create_after"):
        op.drop_column("crm_accounts", name)
